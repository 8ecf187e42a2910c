# The constants that IO::Socket::SSL exports; it imports them from here.
package IO::Socket::SSL::Constants;

use strict;
use warnings;

use Exporter qw(import);
use Scalar::Util qw(dualvar);

my %VALUE = (
    SSL_WANT_READ  => dualvar(2, 'SSL wants a read first!'),
    SSL_WANT_WRITE => dualvar(3, 'SSL wants a write first!'),

    SSL_VERIFY_NONE                 => 0,
    SSL_VERIFY_PEER                 => 1,
    SSL_VERIFY_FAIL_IF_NO_PEER_CERT => 2,
    SSL_VERIFY_CLIENT_ONCE          => 4,

    SSL_OCSP_NO_STAPLE   => 0b00001,
    SSL_OCSP_TRY_STAPLE  => 0b00010,
    SSL_OCSP_MUST_STAPLE => 0b00100,
    SSL_OCSP_FAIL_HARD   => 0b01000,
    SSL_OCSP_FULL_CHAIN  => 0b10000,

    # Types of names in subjectAltName (RFC 5280, 4.2.1.6).
    GEN_DNS   => 2,
    GEN_IPADD => 7,
);

our @EXPORT = sort keys %VALUE;

for my $name (@EXPORT) {
    my $value = $VALUE{$name};
    no strict 'refs';    ## no critic (ProhibitNoStrict)
    *$name = sub () { $value };
}

1;
