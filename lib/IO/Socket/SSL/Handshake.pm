# The handshake of a socket, at once or by its first read, write or fact, and
# what becomes of the socket if it fails.  IO::Socket::SSL does the rest.
package IO::Socket::SSL::Handshake;

use strict;
use warnings;

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
    my $begins = !$hash->{_SSL_opening};
    if ($begins) {
        my ($begun, $died) =
          IO::Socket::SSL::_try(sub { _begin($self, $server) });
        if (defined $died) {
            $self->_forget;
            die $died;    ## no critic (RequireCarping)
        }
        $begun || return broken($self);
    }
    my $seconds =
      IO::Socket::SSL::_limit(
        exists $options{Timeout} ? $options{Timeout} : $self->timeout);
    my $wait = $hash->{_SSL_wait} || defined $seconds && $self->blocking;
    my ($done, $died) =
      IO::Socket::SSL::_try(
        sub { $self->_handshake($server, $seconds, $wait ? 1 : 0) });
    return _died($self, $died) if defined $died;
    return                     if !defined $done;
    return broken($self)       if !$done;
    return $self;
}

# SSL_startHandshake => 'lazy': set up TLS; the first read, write or fact does
# the handshake.
sub begin_lazily {
    my ($self, $server, @timeout) = @_;
    my $seconds =
      IO::Socket::SSL::_limit(@timeout ? $timeout[0] : $self->timeout);
    my ($begun, $died) = IO::Socket::SSL::_try(
        sub {
            _begin($self, $server)
              && $self->_handshake_later($server, $seconds);
        }
    );
    if (defined $died) {
        $self->_forget;
        die $died;    ## no critic (RequireCarping)
    }
    return broken($self) if !$begun;
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

# Clean up after a failed handshake; the empty list, with $@ set.
sub broken {
    my ($self) = @_;
    my $hash   = \%{*$self};
    my $args   = $hash->{_SSL_arguments};
    my ($errno, $text) = ($! + 0, "$IO::Socket::SSL::SSL_ERROR");

    IO::Socket::SSL::_mark_failed($self);
    if (my $trap = $args->{SSL_error_trap}) {
        $self->_forget;
        $trap->($self, $text);
    }
    elsif (!$args->{SSL_keepSocketOnError}) {
        $self->_forget;
        CORE::close($self);
    }
    $! = $errno;
    $@ = $text;
    return;
}

# A lazy handshake has failed: the program's sub gets the plain socket.
sub trap_error {
    my ($self) = @_;
    my $trap = ${*$self}{_SSL_arguments}{SSL_error_trap} || return;
    my ($errno, $text) = ($! + 0, "$IO::Socket::SSL::SSL_ERROR");

    $self->_forget;
    $trap->($self, $text);
    $! = $errno;
    return;
}

# A callback died in the handshake: clean up like broken, then rethrow.
sub _died {
    my ($self, $error) = @_;

    my ($text) = IO::Socket::SSL::_try(sub { "a callback died: $error" });
    IO::Socket::SSL::_tell_error($self,
        defined $text ? $text : 'a callback died', 0);
    broken($self);
    die $error;    ## no critic (RequireCarping)
}

1;
