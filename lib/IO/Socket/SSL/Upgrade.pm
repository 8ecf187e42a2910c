# start_SSL and stop_SSL: a plain socket becomes a TLS socket, and a TLS socket
# plain again.  Methods of the socket class, which imports them.
package IO::Socket::SSL::Upgrade;

use strict;
use warnings;

use Carp;
use Errno        qw(EBADF);
use Scalar::Util qw(blessed reftype);

our @CARP_NOT = qw(IO::Socket::SSL);

sub start_SSL {
    my ($class, $socket, @args) = @_;
    croak 'start_SSL: options come in pairs, or as a hash'
      if @args % 2 && !ref $args[0];
    my %args = @args == 1 ? %{ $args[0] } : @args;

    IO::Socket::SSL::_debug(2, 'start_SSL') if $IO::Socket::SSL::DEBUG;
    $class  = ref $class if ref $class;
    $socket = \$_[1]     if ref \$socket eq 'GLOB';    # not the copy in @args
    if ($args{SSL_usebio}) {
        $socket = IO::Socket::SSL::Pump::new_socket($class, $socket);
        return _start($socket, %args);
    }
    _take_over('start_SSL', $class, $socket) || return;
    return _start($socket, %args);
}

# Bless an open socket without TLS into a class; the empty list if it is not
# one.
sub _take_over {
    my ($method, $class, $socket) = @_;

    # stop_SSL has ended our half before, and the peer its own since then.
    $socket->stop_SSL(SSL_no_shutdown => 1)
      if blessed($socket)
      && $socket->isa('IO::Socket::SSL')
      && ${*$socket}{_SSL_half_stopped}
      && IO::Socket::SSL::is_SSL($socket) eq '';
    my $was = blessed($socket);

    if ((reftype($socket) || '') ne 'GLOB'
        || !defined IO::Socket::SSL::fileno($socket))
    {
        return $class->_set_error("$method needs an open socket", EBADF);
    }
    if (   defined $was
        && $was->isa('IO::Socket::SSL')
        && defined IO::Socket::SSL::is_SSL($socket)
        && !_has_failed($socket))
    {
        return $class->_set_error('TLS is already active on this socket', 0);
    }
    bless $socket, $class;
    ${*$socket}{_SSL_ioclass_upgraded} = $was;
    return $socket;
}

# Has the last handshake failed?
sub _has_failed {
    my ($socket) = @_;
    my $opened = ${*$socket}{_SSL_opened};

    return defined $opened && $opened eq '-1';
}

# accept_SSL of a listener for a plain socket: it gets the class of the
# listener.  While the handshake of a non-blocking socket is under way it keeps
# that class, and accept_SSL goes on like for any other TLS socket.
sub accept_plain {
    my ($listener, $socket, @options) = @_;

    croak 'accept_SSL needs a socket'
      if (reftype($socket) || '') ne 'GLOB';
    _take_over('accept_SSL', ref $listener, $socket) || return;
    $listener->_lend_to($socket);
    ${*$socket}{_SSL_arguments}{SSL_keepSocketOnError} = 1;
    my ($ok, $died) = IO::Socket::SSL::_try(
        sub { IO::Socket::SSL::Handshake::run($socket, 1, @options) });
    return $socket if $ok;
    return         if !defined $died && ${*$socket}{_SSL_opening};
    return _not_started($socket, $died);
}

# Begin TLS on a socket that has been blessed into this class.
sub _start {
    my ($self, %args) = @_;
    my $start   = $args{SSL_startHandshake};
    my $seconds = delete $args{Timeout};
    my $hash    = \%{*$self};
    my ($ok, $died) = IO::Socket::SSL::_try(
        sub {
            $self->configure_SSL({ SSL_keepSocketOnError => 1, %args });
        }
    );

    return _not_started($self, $died) unless $ok;
    return $self if defined $start && !$start;

    my $args = $hash->{_SSL_arguments};
    my @timeout =
      (Timeout => defined $seconds ? $seconds : $hash->{io_socket_timeout});
    if (defined $start && $start eq 'lazy') {
        ($ok, $died) = IO::Socket::SSL::_try(
            sub {
                IO::Socket::SSL::Handshake::begin_lazily($self,
                    $args->{SSL_server}, $timeout[1]);
            }
        );
    }
    else {
        $hash->{_SSL_wait} = 1;
        my $handshake = $args->{SSL_server} ? 'accept_SSL' : 'connect_SSL';
        ($ok, $died) =
          IO::Socket::SSL::_try(sub { $self->$handshake(@timeout) });
        delete $hash->{_SSL_wait};
    }
    return $self if $ok;
    return _not_started($self, $died)
      unless IO::Socket::SSL::Handshake::was_ended($self, $args);
    die $died if defined $died;    ## no critic (RequireCarping)
    return;
}

# TLS did not begin: the socket gets its former class back and stays open.  If
# that is a class of ours and the handshake had begun, reading and writing fail
# until stop_SSL or another start_SSL: a program that goes on without looking at
# the result must not write in the clear.  Dies with the error if it is given,
# else returns the empty list.
sub _not_started {
    my ($self,  $error) = @_;
    my ($errno, $text)  = ($! + 0, "$IO::Socket::SSL::SSL_ERROR");
    my $was = ${*$self}{_SSL_ioclass_upgraded};

    if (   defined $was
        && $was->isa('IO::Socket::SSL')
        && defined IO::Socket::SSL::is_SSL($self))
    {
        IO::Socket::SSL::_mark_failed($self);
        delete ${*$self}{_SSL_ioclass_upgraded};
        bless $self, $was;
    }
    else {
        IO::Socket::SSL::_forget($self);
        _downgrade($self);
    }
    die $error if defined $error;    ## no critic (RequireCarping)
    $! = $errno;
    $@ = $text;
    return;
}

# Give a socket the class back that it had before start_SSL, and remove all
# keys of this module from its hash.
sub _downgrade {
    my ($self) = @_;
    my $hash = \%{*$self};

    return $self unless exists $hash->{_SSL_ioclass_upgraded};
    my $was = $hash->{_SSL_ioclass_upgraded};
    delete @$hash{ grep { /^_SSL_/ } keys %$hash };
    if (defined $was) {
        bless $self, $was unless ref $self eq $was;
    }
    else {
        IO::Socket::SSL::_unbless($self);
    }
    return $self;
}

sub stop_SSL {
    my $self = shift;
    my %args = @_ == 1 ? %{ $_[0] } : @_;
    my $hash = \%{*$self};
    my $down = !exists $args{_SSL_ioclass_downgrade}
      || $args{_SSL_ioclass_downgrade};

    IO::Socket::SSL::_debug(2, 'stop_SSL') if $IO::Socket::SSL::DEBUG;
    if (defined IO::Socket::SSL::is_SSL($self)) {
        my $fast = $args{SSL_fast_shutdown} ? 1 : 0;
        my $quiet =
          $args{SSL_no_shutdown} || !IO::Socket::SSL::_has_object($self);

        # Another thread may have finished the handshake: then _SSL_opened is
        # not 1 here, but _SSL_opening is still true.
        if (!$quiet
            && (($hash->{_SSL_opened} || 0) == 1 || $hash->{_SSL_opening}))
        {
            my $seconds = IO::Socket::SSL::_limit($args{Timeout});
            my $how     = $fast && !$down ? 2 : $fast;       # 2 for close
            my $done    = $self->_shutdown($how, $seconds,
                defined $seconds && $self->blocking ? 1 : 0);
            return unless $done;
            if ($down && $fast && IO::Socket::SSL::is_SSL($self) eq 'r') {
                $self->_write_plain;
                $hash->{_SSL_half_stopped} = 1;
                return $self;
            }
        }
    }
    IO::Socket::SSL::_forget($self, undef);
    delete $hash->{_SSL_ctx} if $args{SSL_ctx_free};
    return $self             if !$down;
    _downgrade($self);
    my $original = $hash->{_SSL_bio_handle};
    return defined $original ? $original : $self;
}

1;
