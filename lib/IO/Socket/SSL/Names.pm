# Checking a name at the program's request.  Methods of the socket class.  The
# name that a handshake checks is chosen by src/options/peer_policy.c.
package IO::Socket::SSL;

use strict;
use warnings;

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
