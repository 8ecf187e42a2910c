# TLS over any handle that has sysread and syswrite (SSL_usebio): another TLS
# socket, a pipe, an object of the program's own.  IO::Socket::SSL loads this
# file on demand.
package IO::Socket::SSL::Pump;

use strict;
use warnings;
no warnings 'redefine';    # IO::Socket::SSL defines what loads this file

use Scalar::Util qw(blessed);
use Symbol qw(gensym);

# A socket of the class over the handle; TLS has not begun.
sub new_socket {
    my ($class, $handle) = @_;
    my $socket = bless gensym, $class;

    ${*$socket}{_SSL_bio_handle} = $handle;
    return $socket;
}

# The descriptor to select on; -1 if the handle has none.
sub descriptor {
    my ($handle) = @_;
    my $fd =
        _can($handle, 'fileno') ? $handle->fileno
      : ref $handle && !blessed($handle) ? fileno $handle
      :                                    undef;

    return defined $fd ? $fd : -1;
}

sub _can {
    my ($handle, $method) = @_;

    return blessed($handle) && $handle->can($method);
}

# Close the handle.  An object of the program's may have no close.
sub close_handle {
    my ($handle) = @_;

    return $handle->close if _can($handle, 'close');
    return blessed($handle) ? 1 : close $handle;
}

# xs/pump.c calls these three.  They return bytes ('' at the end) or undef, a
# count or undef, and a count: numbers of their own, since an object could die
# where xs/pump.c asks it.  Some handles return a negative count on failure.
sub read_from {
    my ($handle, $len) = @_;
    my $buffer = '';
    my $got =
        _can($handle, 'sysread')
      ? $handle->sysread($buffer, $len)
      : sysread $handle, $buffer, $len;

    return if !defined $got || $got < 0;
    return $got ? $buffer : '';
}

sub write_to {
    my ($handle, $bytes) = @_;

    my $count =
        _can($handle, 'syswrite')
      ? $handle->syswrite($bytes, length $bytes)
      : syswrite $handle, $bytes;

    return if !defined $count || $count < 0;
    return 0 + $count;
}

sub pending_in {
    my ($handle) = @_;

    return _can($handle, 'pending') ? 0 + ($handle->pending || 0) : 0;
}

1;
