#!/usr/bin/perl
# Asks whether the certificate of a server has been revoked, by OCSP: first the
# response that the server staples, then the responders of its issuers.
#
#   ocsp_client.pl [--ca ca.pem] [--must-staple] host:port
#
# Exits with 0 if the certificate is good, 1 if it has been revoked or no
# connection came about, and 2 if nobody could tell.
use strict;
use warnings;

use Getopt::Long qw(GetOptions);
use IO::Socket::SSL;

my %opt;
GetOptions(\%opt, 'ca=s', 'must-staple') && @ARGV == 1
  or die "usage: $0 [--ca FILE] [--must-staple] host:port\n";

my $mode   = $opt{'must-staple'} ? SSL_OCSP_MUST_STAPLE : SSL_OCSP_TRY_STAPLE;
my $server = IO::Socket::SSL->new(
    PeerAddr      => $ARGV[0],
    Timeout       => 20,
    SSL_ocsp_mode => $mode | SSL_OCSP_FULL_CHAIN,
    $opt{ca} ? (SSL_ca_file => $opt{ca}) : (),
);
if (!$server) {    # this includes: a staple says that it is revoked
    print "no connection: $@\n";
    exit 1;
}

print 'stapled: ', $server->tls_info->{stapled} ? 'yes' : 'no', "\n";
my $resolver = $server->ocsp_resolver;
my $revoked  = $resolver->resolve_blocking(timeout => 10);
if ($revoked) {
    print "revoked: $revoked\n";
    exit 1;
}
my $doubt = $resolver->soft_error;
print defined $doubt ? "cannot tell: $doubt\n" : "good\n";
exit(defined $doubt ? 2 : 0);
