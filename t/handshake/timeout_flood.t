# A peer that never stops sending: OpenSSL would go on as long as data arrives,
# and must be stopped all the same, for Timeout, signals and event loops.
use strict;
use warnings;

use Errno;
use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

my $TIMEOUT = 0.3;

# A client ignores these while it waits for a handshake (RFC 5246, 7.4.1.1).
my $HELLO_REQUEST = "\x16\x03\x03\x00\x04\x00\x00\x00\x00";

# Writes the same bytes until nobody reads them any more.
sub flood {
    my ($handle, $bytes) = @_;

    local $SIG{PIPE} = 'IGNORE';
    1 while defined syswrite $handle, $bytes;
    return;
}

sub timed_out {
    my ($result, $what) = @_;

    is($result, undef, "$what fails");
    ok($!{ETIMEDOUT}, '... with ETIMEDOUT') or diag "$!, $SSL_ERROR";
    return;
}

for my $blocking (1, 0) {
    my $mode = $blocking ? 'blocking' : 'non-blocking';
    my ($tcp, $peer) = raw_pair(sub { flood($_[0], $HELLO_REQUEST x 1000) });
    $tcp->blocking($blocking);
    timed_out(
        scalar IO::Socket::SSL->start_SSL($tcp,
            client_args(Timeout => $TIMEOUT)),
        "$mode: a handshake that gets HelloRequests without end"
    );
}

{
    my ($tcp, $peer) = raw_pair(sub { flood($_[0], $HELLO_REQUEST x 1000) });
    $tcp->blocking(0);
    my $sock =
      IO::Socket::SSL->start_SSL($tcp, client_args(SSL_startHandshake => 0));
    for (1 .. 3) {
        ok(readable($sock), 'non-blocking, without Timeout: more has come');
        is(scalar $sock->connect_SSL, undef,  '... but connect_SSL returns');
        is($SSL_ERROR + 0, SSL_WANT_READ + 0, '... to be called again')
          or diag $SSL_ERROR;
    }
}

{
    my $client = $$;
    my ($tcp, $peer) = raw_pair(
        sub {
            my ($handle) = @_;
            my $bytes = $HELLO_REQUEST x 100_000;

            # more than fits into the sockets: the client is reading
            syswrite $handle, $bytes for 1 .. 12;
            kill 'USR1', $client;
            flood($handle, $bytes);
        }
    );
    my $died = died(
        sub {
            local $SIG{USR1} = sub { die "the handler\n" };
            IO::Socket::SSL->start_SSL($tcp, client_args());
        }
    );
    is(
        $died,
        "the handler\n",
        'blocking, without Timeout: signals are handled'
    );
}

each_version(
    sub {
        my ($version) = @_;

        my ($sock, $peer) = tls_pair(
            version => $version,
            peer    => sub { flood($_[0], 'x' x 16_384) }
        );
        timed_out(
            scalar $sock->stop_SSL(Timeout => $TIMEOUT),
            'waiting for the end of endless data'
        );
    }
);

subtest 'data that arrives in time' => sub {
    my ($sock, $peer) = tls_pair(
        peer => sub {
            my ($sock, $me) = @_;
            print $sock 'x' x 200_000;
            $sock->stop_SSL(SSL_fast_shutdown => 1);
            $me->tell('sent');
            $me->hear;
        }
    );
    $peer->hear;
    ok($sock->stop_SSL(Timeout => 20), 'is read to its end');
};

# A handle that reads one message and then nothing more.
{

    package Once;
    sub new { return bless { tcp => $_[1], left => 1 }, $_[0] }
    sub syswrite { return syswrite $_[0]{tcp}, $_[1] }

    sub sysread {
        return sysread $_[0]{tcp}, $_[1], $_[2] if $_[0]{left}-- > 0;
        $! = Errno::EAGAIN();
        return;
    }
}

# The client's callback runs once the server has sent its flight and waits.
# It must run before the timeout, so slow machines, which raise
# ISS_TEST_DEADLINE, get more time.
subtest 'a callback that reads from its own connection' => sub {
    my $patience = $TIMEOUT * $ISS::Test::DEADLINE / 60;
    my $refused;
    my ($tcp, $peer) = raw_pair(
        sub {
            my ($tcp, $me) = @_;
            my $sock = IO::Socket::SSL->start_SSL(Once->new($tcp),
                server_args(SSL_usebio => 1));
            $me->hear;
        }
    );
    my $sock = IO::Socket::SSL->start_SSL(
        $tcp,
        client_args(
            SSL_version         => 'TLSv1_2',
            SSL_startHandshake  => 0,
            SSL_io_timeout      => $patience,
            SSL_verify_callback => sub {
                $refused = $! if !defined sysread $tcp, my $buffer, 1;
                return 1;
            }
        )
    );
    timed_out(scalar $sock->connect_SSL(Timeout => $patience),
        'the handshake');
    is($refused + 0, Errno::EDEADLK(), 'the callback was refused');
};

done_testing;
