#!/usr/bin/perl
# A server that runs for years: it takes up renewed certificates and ticket keys
# without a restart, and answers the challenges of a certificate authority.
#
#   reload_server.pl --cert server.pem --key server.key
#       [--ticket-key new.key --ticket-key old.key] [--challenges FOLDER]
#       [--port 8443] [--host 127.0.0.1]
#
# For a challenge by tls-alpn-01 (RFC 8737) the folder has a file with the name of
# the host, in which the ACME client has written the key authorization.  A ticket
# key is made with: openssl rand 80 > new.key; chmod 600 new.key.
#
# SIGHUP looks for new files now instead of within ten seconds.  Each client gets
# a line with the serial number of the certificate, and the counters of the
# server.
use strict;
use warnings;

use Getopt::Long qw(GetOptions);
use IO::Socket::SSL;
use IO::Socket::SSL::Utils qw(CERT_asHash);

my %opt = (host => '127.0.0.1', port => 0, 'ticket-key' => []);
GetOptions(\%opt, 'host=s', 'port=i', 'cert=s', 'key=s', 'ticket-key=s@',
    'challenges=s')
  && defined $opt{cert}
  && defined $opt{key}
  or die "usage: $0 --cert FILE --key FILE [--ticket-key FILE ...]\n";

# A name that comes here is valid, so it cannot lead out of the folder.
sub key_authorization {
    my ($sock, $name) = @_;

    open my $file, '<', "$opt{challenges}/$name" or return;
    chomp(my $text = <$file>);
    return $text;
}

sub told {
    my ($error) = @_;

    warn defined $error ? "$error\n" : "the new certificate is served\n";
    return;
}

my $listener = IO::Socket::SSL->new(
    LocalAddr             => $opt{host},
    LocalPort             => $opt{port},
    Listen                => 128,
    ReuseAddr             => 1,
    SSL_cert_file         => $opt{cert},
    SSL_key_file          => $opt{key},
    SSL_reload            => 10,
    SSL_handshake_timeout => 10,
    SSL_reload_callback   => sub { told($_[1]) },
    @{ $opt{'ticket-key'} }  ? (SSL_ticket_keys => $opt{'ticket-key'})  : (),
    defined $opt{challenges} ? (SSL_acme        => \&key_authorization) : (),
) or die "cannot serve: ", $@ || $SSL_ERROR, "\n";

local $SIG{HUP} = sub { told($listener->reload ? undef : $SSL_ERROR) };
$| = 1;
printf "%s:%d\n", $listener->sockhost, $listener->sockport;

while (1) {
    my $client = $listener->accept;
    if (!$client) {
        my $why = IO::Socket::SSL->ssl_error_info;
        warn "$why->{kind}: $why->{text}\n" if $why;
        next;
    }
    my $stats = IO::Socket::SSL::stats();
    my $mine  = CERT_asHash($client->sock_certificate);
    print {$client} "certificate $mine->{serial}; ",
      join(', ', map { "$_ $stats->{$_}" } qw(accepted resumed reloaded)),
      "\n";
    $client->close;
}
