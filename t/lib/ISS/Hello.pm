# The offers of a client's ClientHello (RFC 8446, section 4.1.2), read from
# the wire by a peer that does not speak TLS.
#
#   my $hello = client_hello(client_args());
#   is_deeply($hello->{suites}, [0x1301, ...]);       # in its order
#   is_deeply($hello->{versions}, [0x0304, 0x0303]);  # of TLS 1.3 clients
package ISS::Hello;

use strict;
use warnings;

use Exporter qw(import);
use IO::Socket::SSL;
use ISS::Test;

our @EXPORT = qw(client_hello tls12_suites);

use constant {
    SUPPORTED_VERSIONS => 43,
    NO_RENEGOTIATION   => 0x00ff,    # a signal, not a suite (RFC 5746)
};

# The handshake itself fails.
sub client_hello {
    my (@args) = @_;

    my ($tcp, $peer) = raw_pair(
        sub {
            my ($tcp, $me) = @_;
            my ($type, $length) = unpack 'C x2 n', _take($tcp, 5);
            die "a record of type $type\n" if $type != 22;
            $me->tell(_take($tcp, $length));
            close $tcp;
        }
    );
    my $made = IO::Socket::SSL->start_SSL($tcp, @args);
    die "a handshake with nobody\n" if $made;
    return _parsed($peer->hear);
}

# Only the suites of TLS 1.2 and older, which SSL_cipher_list sets.
sub tls12_suites {
    my ($hello) = @_;
    return grep { $_ >> 8 != 0x13 } @{ $hello->{suites} };
}

sub _take {
    my ($tcp, $wanted) = @_;

    my $taken = '';
    while (length $taken < $wanted) {
        sysread($tcp, $taken, $wanted - length $taken, length $taken)
          or die "the client ended early\n";
    }
    return $taken;
}

sub _parsed {
    my ($message) = @_;

    # type, length, version, random; then fields with a length
    my ($session, $suites, $methods, $extensions) =
      unpack 'x4 x2 x32 C/a n/a C/a n/a', $message;
    my %extension;
    while (length $extensions) {
        my ($type, $body) = unpack 'n n/a', $extensions;
        $extension{$type} = $body;
        substr $extensions, 0, 4 + length $body, '';
    }
    my $versions = $extension{ +SUPPORTED_VERSIONS };
    return {
        suites   => [grep { $_ != NO_RENEGOTIATION } unpack 'n*', $suites],
        versions => defined $versions
        ? [unpack 'n*', unpack 'C/a', $versions]
        : [],
        extensions => \%extension,
    };
}

1;
