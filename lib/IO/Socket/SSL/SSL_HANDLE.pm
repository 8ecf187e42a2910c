# The class that a socket's handle is tied to while TLS is on.  Its object
# refers weakly to the glob, so the tie does not keep the socket alive.  Reading
# and writing are in xs/SSL_HANDLE.xsi.
package IO::Socket::SSL::SSL_HANDLE;

use strict;
use warnings;

use Carp;
use Errno qw(EBADF);
use Scalar::Util qw(blessed weaken);

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

# Call a method of the socket's class.  If the socket was reblessed into a
# class without TLS, that method would come back to this tie, so the socket is
# an IO::Socket::SSL during the call.
sub _call {
    my ($self, $method) = @_;
    my $socket = $$self || return;
    my $class  = blessed($socket);

    return $socket->$method
      if defined $class && $class->isa('IO::Socket::SSL');
    bless $socket, 'IO::Socket::SSL';
    my $result = $socket->$method;
    if (defined $class) {
        bless $socket, $class;
    } else {
        IO::Socket::SSL::_unbless($socket);
    }
    return $result;
}

sub FILENO { return shift->_call('fileno') }

sub CLOSE { return shift->_call('close') }

# The handle carries bytes already; true, for programs that do
# "binmode($sock) or die".
sub BINMODE { return 1 }

sub TELL {
    $! = EBADF;
    return -1;
}

sub SEEK {
    $! = Errno::ESPIPE();
    return '';
}

sub OPEN {
    croak 'cannot open a TLS socket: close it first';
}

1;
