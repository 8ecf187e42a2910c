# The handshake of a socket, at once or by its first read, write or fact, and
# what becomes of the socket if it fails.  IO::Socket::SSL does the rest.
package IO::Socket::SSL::Handshake;

use strict;
use warnings;

use Errno qw(EDEADLK);

our @CARP_NOT =
  qw(IO::Socket::SSL IO::Socket::SSL::SSL_Context IO::Socket::SSL::Defaults
  IO::Socket);

# Begin or go on.  The socket; the empty list, with $SSL_ERROR set, if it must
# wait or has failed.
sub run {
    my ($self, $server, %options) = @_;
    my $hash = \%{*$self};

    if ($hash->{_SSL_half_stopped}) {
        return $self->_set_error(
            'our half of TLS is stopped; call stop_SSL for the other one', 0)
          if IO::Socket::SSL::is_SSL($self) ne '';
        $self->_forget(undef);
    }
    return $self if $self->_is_open;
    my $args = $hash->{_SSL_arguments};
    return $self->_set_error(
        'a callback used the connection for which it was called', EDEADLK)
      if $hash->{_SSL_running} && $hash->{_SSL_running} == $args;
    local $hash->{_SSL_running} = $args;
    my $seconds =
      IO::Socket::SSL::_limit(
        exists $options{Timeout} ? $options{Timeout} : $self->timeout);
    my $begins = !$hash->{_SSL_opening};
    if ($begins) {
        my ($begun, $died) =
          IO::Socket::SSL::_try(sub { _begin($self, $server) });
        if (defined $died) {
            _forget_begun($self, $args);
            die $died;    ## no critic (RequireCarping)
        }
        $begun || return _failed($self, $args);
    }
    my $wait = $hash->{_SSL_wait} || defined $seconds && $self->blocking;

    # A socket that blocks waits by itself, no longer than its SO_RCVTIMEO says.
    undef $wait
      if !defined $seconds && !$hash->{_SSL_bio_handle} && $self->blocking;
    my ($done, $died) =
      IO::Socket::SSL::_try(
        sub { $self->_handshake($server, $seconds, $wait ? 1 : 0) });
    return _died($self, $args, $died) if defined $died;
    return                            if !defined $done;
    return _failed($self, $args)      if !$done && !_is_inner_call();
    return                            if !$done;
    return $self;
}

# Did the core refuse it because a callback of that very handshake called it?
# Then the handshake goes on, and the socket is not ours to clean up.
sub _is_inner_call {
    return if $! != EDEADLK;
    $@ = "$IO::Socket::SSL::SSL_ERROR";
    return 1;
}

# SSL_startHandshake => 'lazy': set up TLS; the first read, write or fact does
# the handshake.
sub begin_lazily {
    my ($self, $server, @timeout) = @_;
    my $args = ${*$self}{_SSL_arguments};
    my $seconds =
      IO::Socket::SSL::_limit(@timeout ? $timeout[0] : $self->timeout);
    my ($begun, $died) = IO::Socket::SSL::_try(
        sub {
            _begin($self, $server)
              && $self->_handshake_later($server, $seconds);
        }
    );
    if (defined $died) {
        _forget_begun($self, $args);
        die $died;    ## no critic (RequireCarping)
    }
    return _failed($self, $args) if !$begun;
    ${*$self}{_SSL_lazy} = 1;
    return $self;
}

# Set up TLS and tie the handle: from here on nothing goes over this socket in
# the clear.
sub _begin {
    my ($self, $server) = @_;
    my $ctx = $self->_context($server) || return;

    $self->_begin($ctx, $server) || return;
    IO::Socket::SSL::SSL_HANDLE::tie_to($self);
    return $self;
}

# Has a callback ended TLS on this socket since it had these arguments?  Then
# stop_SSL has given the socket back to the program, which may have begun anew:
# whoever worked on the old connection must leave the socket alone.
sub was_ended {
    my ($self, $args) = @_;

    return (${*$self}{_SSL_arguments} || 0) != ($args || 0);
}

sub _forget_begun {
    my ($self, $args) = @_;

    IO::Socket::SSL::_forget($self) unless was_ended($self, $args);
    return;
}

# The handshake begun with these arguments failed; the empty list, with $@ set.
sub _failed {
    my ($self, $args) = @_;

    return broken($self) unless was_ended($self, $args);
    $@ = "$IO::Socket::SSL::SSL_ERROR";
    return;
}

# Clean up after a failed handshake; the empty list, with $@ set.  A callback
# may have reblessed the socket, so no methods are called here.
sub broken {
    my ($self) = @_;
    my $hash   = \%{*$self};
    my $args   = $hash->{_SSL_arguments};
    my ($errno, $text) = ($! + 0, "$IO::Socket::SSL::SSL_ERROR");

    IO::Socket::SSL::_mark_failed($self);
    if (my $trap = $args->{SSL_error_trap}) {
        IO::Socket::SSL::_forget($self);
        $trap->($self, $text);
    }
    elsif (!$args->{SSL_keepSocketOnError}) {
        IO::Socket::SSL::_forget($self);
        CORE::close($self);
    }
    $! = $errno;
    $@ = $text;
    return;
}

# A lazy handshake has failed: the program's sub gets the plain socket.
sub trap_error {
    my ($self) = @_;
    my $args   = ${*$self}{_SSL_arguments} || return;
    my $trap   = $args->{SSL_error_trap}   || return;
    my ($errno, $text) = ($! + 0, "$IO::Socket::SSL::SSL_ERROR");

    IO::Socket::SSL::_forget($self);
    $trap->($self, $text);
    $! = $errno;
    return;
}

# A callback died in the handshake: clean up like broken, then rethrow.
sub _died {
    my ($self, $args, $error) = @_;

    my ($text) = IO::Socket::SSL::_try(sub { "a callback died: $error" });
    IO::Socket::SSL::_tell_error($self,
        defined $text ? $text : 'a callback died', 0);
    _failed($self, $args);
    die $error;    ## no critic (RequireCarping)
}

1;
