# The tied handle.  Its object is a reference to a weakened reference to the
# glob, so that the socket goes when its last user goes.  Reading and writing
# are in xs/SSL_HANDLE.xsi.
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

# The descriptor under the tie.
sub real_fileno {
    my ($socket) = @_;

    my $handle = ${*$socket}{_SSL_bio_handle};
    return IO::Socket::SSL::Pump::descriptor($handle) if defined $handle;
    my $io = *{$socket}{IO} or return;
    return IO::Socket::SSL::_real_fileno($socket);
}

# A method of the socket's class.  One that knows nothing of TLS would only
# come back to this tie: the socket is ours for the length of that call.
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

# Bytes are what it carries anyhow: "binmode($s) or die" must live.
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
    croak 'open on a TLS socket: close it first';
}

1;
