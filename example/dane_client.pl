#!/usr/bin/perl
# Accepts a server if one of the TLSA records of its domain matches (DANE), and says
# which one.
#
#   dig +short TLSA _443._tcp.www.example.com
#   dane_client.pl [--ca ca.pem] www.example.com:443 '3 1 1 8755CDAA...' ...
#
# Each record is one argument, as dig prints it.  Take them from a resolver that
# validates DNSSEC and that you reach safely ("dig TLSA ..." then shows the flag
# "ad"): records that somebody could forge prove nothing.  They begin with
#
#   0  a CA, which vouches for the server; CAs, dates and names are checked, too
#   1  the server's certificate or key; likewise
#   2  a CA of the domain's own, in place of those that are known here; the server
#      must send it, dates and names are checked
#   3  the server's certificate or key; only the name is checked
use strict;
use warnings;

use Getopt::Long qw(GetOptions);
use IO::Socket::SSL;

my %opt;
GetOptions(\%opt, 'ca=s') && @ARGV > 1
  or die "usage: $0 [--ca FILE] host:port RECORD ...\n";
my ($address, @records) = @ARGV;

my $server = IO::Socket::SSL->new(
    PeerAddr => $address,
    Timeout  => 20,
    SSL_tlsa => \@records,
    defined $opt{ca} ? (SSL_ca_file => $opt{ca}) : (),
) or fail($SSL_ERROR, IO::Socket::SSL->ssl_error_info);

my $info = $server->tls_info;
print "accepted by the record $info->{dane}: $info->{peer}{subject}, until ",
  scalar gmtime $info->{peer}{not_after}, "\n";
$server->close;

# Of the kind "dane" are an attack, and a domain that has changed its certificate and
# not its records.  Do not go on without them.
sub fail {
    my ($text, $why) = @_;
    die "cannot connect to $address: $text\n"
      if !$why || $why->{kind} ne 'dane';
    die "$address is refused: $text\n",
      $why->{cert} ? "it shows $why->{cert}{subject}\n" : (),
      $why->{hint} ? "$why->{hint}\n"                   : ();
}
