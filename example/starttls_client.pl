#!/usr/bin/perl
# A connection that starts in the clear, switches to TLS, and back: the
# client.  Try it with starttls_server.pl.
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

# Do not trust anything received in the clear: an attacker in between may have
# sent it.
talk('STARTTLS') eq 'go ahead' or die "the server refuses TLS\n";
IO::Socket::SSL->start_SSL(
    $server,
    SSL_verifycn_name   => $opt{name},
    SSL_verifycn_scheme => 'smtp',
    SSL_hostname        => $opt{name},
    Timeout             => 20,
    $opt{ca} ? (SSL_ca_file => $opt{ca}) : ()
) or die "handshake: $SSL_ERROR\n";
talk('hello under ' . $server->get_sslversion);

talk('PLAIN') eq 'back to plain' or die "the server refuses to end TLS\n";
$server->stop_SSL(Timeout => 20) or die "stop_SSL: $SSL_ERROR\n";
talk('hello in the clear again');
print {$server} "QUIT\r\n";
close $server;

# Sends a line and returns the reply.
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
