# One connection to the server: TCP, the dialogue of STARTTLS, a handshake, and
# what it tells.  Counts handshakes, and keeps to the deadlines.
package IO::Socket::SSL::Check::Probe;

use strict;
use warnings;

use Errno qw(EINPROGRESS EINTR ETIMEDOUT);
use IO::Socket;
use Socket qw(IPPROTO_TCP NI_NUMERICHOST NI_NUMERICSERV SOCK_STREAM
  SOL_SOCKET SO_ERROR TCP_NODELAY getnameinfo);
use Time::HiRes ();

use IO::Socket::SSL;
use IO::Socket::SSL::Check::StartTLS;

my $HANDSHAKE           = 22;   # content type, RFC 8446, 5.1
my $CERTIFICATE_REQUEST = 13;   # message, RFC 8446, 4.3.2
my $PROMPT              = 1;    # seconds for what follows a handshake at once

# %plan: port, name, starttls, timeout (seconds of one connection), until (the
# end of the whole check), left (how many handshakes), ssl (arguments of all),
# progress (a sub).
sub new {
    my ($class, %plan) = @_;

    return bless { handshakes => 0, %plan }, $class;
}

sub now {
    return Time::HiRes::clock_gettime(Time::HiRes::CLOCK_MONOTONIC());
}

sub ms_since { return _ms(now() - $_[0]) }

sub handshakes { return $_[0]{handshakes} }

# Is there time and a handshake left?
sub may_go_on {
    my ($self) = @_;

    return $self->{left} > 0 && now() < $self->{until};
}

# Connect to an address (a hash of sockaddr, family and text) and do a
# handshake with these arguments.  Returns a hash:
#
#   sock     under TLS; undef: it failed
#   stage    of a failure: budget, connect, starttls, context, tls
#   error    of connect {errno text}, of StartTLS.pm, or ssl_error_info
#   times    connect_ms, starttls_ms, handshake_ms, as far as it came
#   asked    did the server ask for a certificate of ours?
sub handshake {
    my ($self, $address, $what, %ssl) = @_;
    my %result = (times => {});

    if (!$self->may_go_on) {
        return { %result, stage => 'budget', error => {} };
    }
    $self->{progress}->($what, $address->{text}) if $self->{progress};
    my $until = now() + $self->{timeout};
    $until = $self->{until} if $self->{until} < $until;
    my $tcp = _timed(\%result, 'connect', sub { _connect($address, $until) });
    return _failed(\%result, 'connect', $tcp) if !ref $tcp;
    if (my $kind = $self->{starttls}) {
        my $problem = _timed(
            \%result,
            'starttls',
            sub {
                IO::Socket::SSL::Check::StartTLS::begin(
                    $kind, $tcp, $until,
                    name => $self->{name},
                    port => $self->{port},
                    us   => _our_address($tcp)
                );
            }
        );
        if ($problem) {
            CORE::close $tcp;
            return { %result, stage => 'starttls', error => $problem };
        }
    }
    return $self->_tls($tcp, $until, \%result, %{ $self->{ssl} }, %ssl);
}

sub _timed {
    my ($result, $step, $code) = @_;
    my $begin = now();
    my $value = $code->();

    $result->{times}{"${step}_ms"} = _ms(now() - $begin);
    return $value;
}

sub _ms { return 0 + sprintf '%.1f', 1000 * $_[0] }

sub _failed {
    my ($result, $stage, $errno) = @_;

    local $! = $errno;
    return {
        %$result,
        stage => $stage,
        error => { errno => $errno, text => "$!" }
    };
}

# A connected socket, or the number of the error.
sub _connect {
    my ($address, $until) = @_;
    my $socket = IO::Socket->new;

    $socket->socket($address->{number}, SOCK_STREAM, IPPROTO_TCP)
      || return $! + 0;
    $socket->blocking(0);
    if (!CORE::connect $socket, $address->{sockaddr}) {
        return $! + 0 if $! != EINPROGRESS && $! != EINTR;
        my $left;
        while (($left = $until - now()) > 0) {
            my $bits = '';
            vec($bits, fileno $socket, 1) = 1;
            last if select(undef, $bits, undef, $left) > 0;
        }
        return ETIMEDOUT if $left <= 0;
        my $errno = unpack 'i', getsockopt $socket, SOL_SOCKET, SO_ERROR;
        return $errno if $errno;
    }
    $socket->blocking(1);
    setsockopt $socket, IPPROTO_TCP, TCP_NODELAY, 1;
    return $socket;
}

sub _our_address {
    my ($tcp) = @_;
    my ($error, $host) =
      getnameinfo(getsockname $tcp, NI_NUMERICHOST | NI_NUMERICSERV);

    $host =~ s/%.*// if defined $host;
    return defined $host ? $host : '127.0.0.1';
}

sub _tls {
    my ($self, $tcp, $until, $result, %ssl) = @_;
    my $left = $until - now();
    my $sock = IO::Socket::SSL->start_SSL(
        $tcp,
        SSL_startHandshake    => 0,
        SSL_keepSocketOnError => 0,
        SSL_deadline          => $left > 0.001 ? $left : 0.001,
        %ssl
    );
    if (!$sock) {
        CORE::close $tcp;
        return {
            %$result,
            stage => 'context',
            error => IO::Socket::SSL->ssl_error_info || {}
        };
    }

    $self->{handshakes}++;
    $self->{left}--;
    $sock->set_msg_callback(\&_note, $result);
    my $done =
      _timed($result, 'handshake', sub { $sock->connect_SSL ? 1 : 0 });
    return { %$result, sock => $sock } if $done;
    my $error = IO::Socket::SSL->ssl_error_info || {};
    return { %$result, stage => 'tls', error => $error };
}

# Look into the handshake: did the server ask for a certificate?
sub _note {
    my ($sock, $sent, $version, $type, $bytes, $length, $ssl, $result) = @_;

    $result->{asked} = 1
      if !$sent
      && $type == $HANDSHAKE
      && length $bytes
      && ord $bytes == $CERTIFICATE_REQUEST;
    return;
}

# Take in what a server of TLS 1.3 sends after the handshake by itself: tickets,
# or the alert that it wants a certificate.  Data is left where it is.  Returns
# ssl_error_info of a failure, or undef.
sub settle {
    my ($self, $sock) = @_;
    my $until = now() + $PROMPT;

    $until = $self->{until} if $self->{until} < $until;
    $sock->blocking(0);
    while ((my $left = $until - now()) > 0) {
        my $bits = '';
        vec($bits, fileno $sock, 1) = 1;
        next   if (select $bits, undef, undef, $left) <= 0;
        return if defined $sock->peek(my $byte, 1);
        return if $SSL_ERROR == SSL_WANT_READ || $SSL_ERROR == SSL_WANT_WRITE;
        return IO::Socket::SSL->ssl_error_info;
    }
    return;
}

# End a connection with close_notify, without waiting for that of the peer.
sub finish {
    my ($self, $result) = @_;
    my $sock = delete $result->{sock} || return;

    local $SIG{PIPE} = 'IGNORE';
    $sock->close(SSL_fast_shutdown => 1);
    return;
}

1;
