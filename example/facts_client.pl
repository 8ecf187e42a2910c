#!/usr/bin/perl
# Connects, and prints everything that is known about the connection, or why there
# is none.
#
#   facts_client.pl [--ca ca.pem] [--report] [--keylog FILE]
#       [--cert PEM|FILE-URI|TOKEN-URI --key PEM|FILE-URI|TOKEN-URI]
#       localhost:8443
#
# --report prints the messages of the handshake.  --keylog writes the secrets of
# the connection, with which Wireshark decrypts it.  Certificate and key may be
# texts instead of files, for example from a vault, or URIs:
# pkcs11:token=mine;object=client.
use strict;
use warnings;

use Getopt::Long qw(GetOptions);
use IO::Socket::SSL;

my %opt;
GetOptions(\%opt, 'ca=s', 'cert=s', 'key=s', 'keylog=s', 'report')
  && @ARGV == 1
  or die "usage: $0 [--ca FILE] [--report] [--keylog FILE] host:port\n";

my %tls = (
    SSL_ca_file          => $opt{ca},
    SSL_cert             => $opt{cert},
    SSL_key              => $opt{key},
    SSL_keylog_file      => $opt{keylog},
    SSL_handshake_report => $opt{report},
);
delete @tls{ grep { !defined $tls{$_} } keys %tls };

my $sock = IO::Socket::SSL->new(
    PeerAddr     => $ARGV[0],
    SSL_deadline => 20,
    %tls
);
print IO::Socket::SSL->handshake_report if !$sock && $opt{report};
fail(IO::Socket::SSL->ssl_error_info)   if !$sock;
print $sock->handshake_report           if $opt{report};

my $info = $sock->tls_info;
for my $fact (qw(version cipher group sigalg alpn resumed verify_name)) {
    printf "%-12s %s\n", $fact, $info->{$fact}
      if defined $info->{$fact};
}
printf "%-12s %s, until %s\n", 'certificate', $_->{subject},
  scalar gmtime $_->{not_after}
  for @{ $info->{peer_chain} };

# What an authentication over this connection can be bound to.
for my $type ($sock->channel_bindings) {
    printf "%-12s %s %s\n", 'binding', $type, unpack 'H*',
      $sock->channel_binding($type);
}
printf "%-12s %s\n", 'exported', unpack 'H*',
  $sock->export_keying_material('EXPERIMENTAL-example', 16);
$sock->close;

sub fail {
    my ($why) = @_;

    print "$why->{kind}: $why->{text}\n";
    print "what to do: $why->{hint}\n"           if $why->{hint};
    print "certificate: $why->{cert}{subject}\n" if $why->{cert};
    exit 1;
}
