# The tied handle.  Its object is a reference to a weakened reference to the
# glob, so that the socket goes when its last user goes.  Reading and writing
# are in xs/SSL_HANDLE.xsi.
package IO::Socket::SSL::SSL_HANDLE;

use strict;
use warnings;

use Carp;
use Errno qw(EBADF);
use Scalar::Util qw(weaken);

sub TIEHANDLE {
    my ($class, $glob) = @_;

    weaken($glob);
    return bless \$glob, $class;
}

sub tie_to {
    my ($socket) = @_;

    tie *$socket, __PACKAGE__, $socket;
    return;
}

sub untie_from {
    my ($socket) = @_;

    no warnings 'untie';
    untie *$socket if ref tied *$socket eq __PACKAGE__;
    return;
}

# The descriptor under the tie.
sub real_fileno {
    my ($socket) = @_;

    my $io = *{$socket}{IO} or return;
    return IO::Socket::SSL::_real_fileno($socket);
}

sub FILENO {
    my ($self) = @_;

    return $$self && $$self->fileno;
}

sub CLOSE {
    my ($self) = @_;

    return $$self && $$self->close;
}

sub BINMODE { return 0 }

sub TELL {
    $! = EBADF;
    return -1;
}

sub SEEK {
    $! = Errno::ESPIPE();
    return '';
}

sub OPEN {
    croak 'open on a TLS socket: close it first';
}

1;
