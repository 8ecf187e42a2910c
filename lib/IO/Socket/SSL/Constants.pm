# The constants that IO::Socket::SSL exports; it imports them from here.
package IO::Socket::SSL::Constants;

use strict;
use warnings;

use Exporter qw(import);

my %VALUE = (
    SSL_VERIFY_NONE                 => 0,
    SSL_VERIFY_PEER                 => 1,
    SSL_VERIFY_FAIL_IF_NO_PEER_CERT => 2,
    SSL_VERIFY_CLIENT_ONCE          => 4,

    SSL_OCSP_NO_STAPLE   => 1,
    SSL_OCSP_MUST_STAPLE => 2,
    SSL_OCSP_FAIL_HARD   => 4,
    SSL_OCSP_FULL_CHAIN  => 8,
    SSL_OCSP_TRY_STAPLE  => 16,

    # Types of names in subjectAltName (RFC 5280, 4.2.1.6).
    GEN_DNS   => 2,
    GEN_IPADD => 7,
);

# xs/errors.c defines these: the texts of the first two are those of $SSL_ERROR.
our @EXPORT    = sort keys %VALUE, qw(SSL_WANT_READ SSL_WANT_WRITE);
our @EXPORT_OK = qw(SSL_LATER);

for my $name (keys %VALUE) {
    my $value = $VALUE{$name};
    no strict 'refs';    ## no critic (ProhibitNoStrict)
    *$name = sub () { $value };
}

1;
