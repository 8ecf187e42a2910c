# Whom a connection is meant for: the name in SNI, the name that is checked,
# and by which scheme.  Methods of the socket class.
package IO::Socket::SSL;

use strict;
use warnings;

use Carp;

sub _ask_scheme {
    my ($callback, $host, $cert) = @_;

    return $callback->(
        $host,
        scalar(_cert_field($cert, 'cn')),
        _cert_field($cert, 'subjectAltNames')
    );
}

sub verify_hostname {
    my ($self, $name, $scheme, $suffix) = @_;

    return _verify_name($self, undef, $name,
        defined $scheme ? $scheme : 'default', $suffix);
}

sub verify_hostname_of_cert {
    my ($name, $cert, $scheme, $suffix) = @_;

    return _verify_name(undef, $cert, $name,
        defined $scheme ? $scheme : 'default', $suffix);
}

1;
