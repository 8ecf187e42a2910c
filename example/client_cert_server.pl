#!/usr/bin/perl
# A server that knows its clients by their certificates, and what each of them
# may do.
#
#   client_cert_server.pl --cert server.pem --key server.key --ca clients-ca.pem
#       --allow 'Test Client=read,write' [--port 8443] [--host 127.0.0.1]
#
# It prints its address.  A client sends a line with what it wants, such as
# "read", and gets an answer.  "https_client.pl --cert" and "openssl s_client
# -cert" show certificates.
use strict;
use warnings;

use Getopt::Long qw(GetOptions);
use IO::Socket::SSL;

my %opt = (host => '127.0.0.1', port => 0);
GetOptions(\%opt, 'host=s', 'port=i', 'cert=s', 'key=s', 'ca=s', 'allow=s%')
  && $opt{cert}
  && $opt{ca}
  or die "usage: $0 --cert FILE --key FILE --ca FILE --allow NAME=WORD,...\n";

# The certificate proves the name.  What somebody of that name may do is for
# the program to decide: --ca must be a CA of your own.
my %may;
for my $name (keys %{ $opt{allow} || {} }) {
    $may{$name}{$_} = 1 for split /,/, $opt{allow}{$name};
}

my $listener = IO::Socket::SSL->new(
    LocalAddr       => $opt{host},
    LocalPort       => $opt{port},
    Listen          => 128,
    ReuseAddr       => 1,
    Timeout         => 10,
    SSL_io_timeout  => 10,
    SSL_cert_file   => $opt{cert},
    SSL_key_file    => $opt{key},
    SSL_ca_file     => $opt{ca},
    SSL_verify_mode => SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
) or die "cannot serve: $@\n";

$| = 1;
printf "%s:%d\n", $listener->sockhost, $listener->sockport;

while (1) {
    my $client = $listener->accept;
    if (!$client) {
        warn "a client was turned away: $SSL_ERROR\n" if $SSL_ERROR;
        next;
    }
    my $name = $client->peer_certificate('cn');
    my $word = <$client>;
    $word = '' if !defined $word;
    $word =~ s/\r?\n\z//;
    print {$client} "$name, ",
      $may{$name}{$word} ? "you may $word\n" : "you may not $word\n";
    $client->close;
}
