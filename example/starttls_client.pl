#!/usr/bin/perl
# A connection that begins in the clear, goes under TLS, and comes back: the
# client's half, to be tried with starttls_server.pl.
#
#   starttls_client.pl --ca ca.pem [--name localhost] 127.0.0.1:4000
use strict;
use warnings;

use Getopt::Long qw(GetOptions);
use IO::Socket::INET;
use IO::Socket::SSL;

my %opt = (name => 'localhost');
GetOptions(\%opt, 'ca=s', 'name=s') && @ARGV == 1
  or die "usage: $0 [--ca FILE] [--name NAME] host:port\n";

my $server = IO::Socket::INET->new(PeerAddr => $ARGV[0], Timeout => 20)
  or die "cannot connect to $ARGV[0]: $@\n";
$server->autoflush(1);
talk('hello in the clear');

# Nothing that was said in the clear counts any more: whoever is in between
# may have said it.
talk('STARTTLS') eq 'go ahead' or die "no TLS to be had there\n";
IO::Socket::SSL->start_SSL(
    $server,
    SSL_verifycn_name   => $opt{name},
    SSL_verifycn_scheme => 'smtp',
    SSL_hostname        => $opt{name},
    Timeout             => 20,
    $opt{ca} ? (SSL_ca_file => $opt{ca}) : ()
) or die "handshake: $SSL_ERROR\n";
talk('hello under ' . $server->get_sslversion);

talk('PLAIN') eq 'so be it'      or die "TLS has to stay\n";
$server->stop_SSL(Timeout => 20) or die "stop_SSL: $SSL_ERROR\n";
talk('hello in the clear again');
print {$server} "QUIT\r\n";
close $server;

# A line there, a line back.
sub talk {
    my ($line) = @_;

    print {$server} "$line\r\n" or die "cannot send: $!\n";
    my $reply = <$server>;
    die "the server hung up\n" if !defined $reply;
    $reply =~ s/\r?\n\z//;
    printf "%-13s %s -> %s\n",
      ref $server eq 'IO::Socket::SSL'
      ? $server->get_sslversion
      : 'plain', $line, $reply;
    return $reply;
}
