# $sock->deadline and SSL_deadline: all that follows ends by then, however many
# calls it takes and whatever the peer does, at little cost of processor time.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Test::More;
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC CLOCK_PROCESS_CPUTIME_ID);

my $TIME  = $ENV{ISS_TEST_SLOW} ? 3 : 0.4;
my $OVER  = qr/^SSL read: the deadline is over\z/;
my $SLACK = $ISS::Test::DEADLINE / 60;

# The processor time of a slow machine, and of valgrind, is not ours to judge.
my $JUDGES_CPU = !$ENV{LD_PRELOAD} && !$ENV{ISS_TEST_SLOW};

# The operation fails in time, with ETIMEDOUT, and mostly sleeps.
sub ends_in_time {
    my ($name, $operation, %that) = @_;

    my $start = clock_gettime(CLOCK_MONOTONIC);
    my $cpu   = clock_gettime(CLOCK_PROCESS_CPUTIME_ID);
    local $! = 0;
    my $result = $operation->();
    my $error  = $! + 0;
    my $used   = clock_gettime(CLOCK_PROCESS_CPUTIME_ID) - $cpu;
    my $took   = clock_gettime(CLOCK_MONOTONIC) - $start;
    $! = $error;
    ok(!$result,       "$name: it fails");
    ok($!{ETIMEDOUT}, '... with ETIMEDOUT') or diag "$!, $SSL_ERROR";
    like("$SSL_ERROR", $that{text} || $OVER, '... the text');
    ok($took < $TIME + $SLACK, '... in time') or diag $took;
  SKIP: {
        skip 'no judgement of processor time', 1 if !$JUDGES_CPU;
        my $wait = $took > $TIME ? $took : $TIME;
        ok($used < 0.05 * $wait + 0.01, '... and mostly sleeps')
          or diag "$used s of $took s";
    }
    return;
}

my %READS = (
    'sysread'  => sub { sysread $_[0], my $buffer, 10 },
    'read'     => sub { read $_[0],    my $buffer, 10; },
    'readline' => sub { my $sock = $_[0]; scalar <$sock> },
    'getc'     => sub { getc $_[0] },
    'peek'     => sub { $_[0]->peek(my $buffer, 10) },
    'stop_SSL' => sub { $_[0]->stop_SSL },
);

each_setting(
    sub {
        my @setting = @_;
        for my $name (sort keys %READS) {
            my ($sock, $peer) =
              tls_pair(@setting, peer => sub { $_[1]->hear });
            ok($sock->deadline($TIME), 'a deadline is set');
            ends_in_time("a silent peer, $name",
                sub { $READS{$name}->($sock) });
            ok($sock->blocking, '... the socket still blocks');
        }
    }
);

subtest 'many calls, and a peer that sends a byte now and then' => sub {
    my ($sock, $peer) = tls_pair(
        peer => sub {
            my ($sock, $me) = @_;
            local $SIG{PIPE} = 'IGNORE';
            1 while $me->quiet_for(0.05) && defined syswrite $sock, 'x';
        }
    );
    $sock->deadline($TIME);
    my ($bytes, $last) = ('', undef);
    ends_in_time(
        'reading a line from it',
        sub {
            while (1) {
                $last = <$sock>;
                return if !defined $last;
                $bytes .= $last;
            }
        }
    );
    cmp_ok(length $bytes, '>=', 1, 'what came before was read');
    $peer = undef;
};

subtest 'a peer that floods us' => sub {
    my ($sock, $peer) = tls_pair(
        peer => sub {
            my ($sock) = @_;
            local $SIG{PIPE} = 'IGNORE';
            1 while defined syswrite $sock, 'x' x 16_384;
        }
    );
    $sock->deadline($TIME);
    my $count;
    1 while $count = sysread $sock, my $buffer, 16_384;
    is($count, undef, 'a loop that reads ends, though more has come');
    ok($!{ETIMEDOUT}, '... with ETIMEDOUT') or diag $!;
    $sock->deadline($TIME);
    ends_in_time('stop_SSL', sub { $sock->stop_SSL });
};

subtest 'a peer that never reads' => sub {
    for my $call (qw(print write)) {
        my ($sock, $peer) = tls_pair(peer => sub { $_[1]->hear });
        my $data = 'x' x 20_000_000;
        $sock->deadline($TIME);
        ends_in_time(
            $call,
            sub { ($sock->$call($data) || 0) == length $data },
            text => qr/^SSL write: the deadline is over\z/
        );
        ends_in_time(
            "... then stop_SSL",
            sub { $sock->stop_SSL },
            text => qr/^SSL (?:read|write): the deadline is over\z/
        );
        $sock->deadline($TIME);
        my $start = clock_gettime(CLOCK_MONOTONIC);
        $sock->close;
        cmp_ok(clock_gettime(CLOCK_MONOTONIC) - $start,
            '<', $TIME + $SLACK, '... close ends, too');
    }
};

subtest 'nothing is lost' => sub {
    my ($sock, $peer) = tls_pair(
        peer => sub {
            my ($sock, $me) = @_;
            print $sock "one\ntwo\nhalf";
            $me->hear;
            print $sock " a line\n";
            $me->hear;
        }
    );
    is(scalar <$sock>, "one\n", 'a line, and others behind it');
    $sock->deadline(0);
    is(scalar <$sock>, undef, 'after the deadline: none');
    like($SSL_ERROR, $OVER, '... though they have come');
    $sock->deadline($TIME);
    is(scalar <$sock>, "two\n", 'another deadline: the next');
    is(scalar <$sock>, 'half',  'at its end: the part that came, as at EOF');
    ok($!{ETIMEDOUT}, '... with ETIMEDOUT');
    $peer->tell('go');
    is($sock->deadline(undef) && $sock->deadline, undef, 'none any more');
    is(scalar <$sock>, " a line\n", '... and the rest');
};

subtest 'reading alone, writing alone, what is left' => sub {
    my ($sock, $peer) = tls_pair(
        peer => sub {
            my ($sock, $me) = @_;
            $me->tell(scalar <$sock>);
            print $sock "answer\n";
            $me->hear;
        }
    );
    is($sock->deadline, undef, 'none');
    $sock->deadline(0, 'read');
    is($sock->deadline, 0, 'the one for reading is over');
    ok(print({$sock} "request\n"), '... writing works');
    is(($peer->hear)[0], "request\n", '... it arrived');
    $sock->deadline(undef, 'read');
    $sock->deadline(0,     'write');
    is(scalar <$sock>,         "answer\n", 'one for writing: reading works');
    is(syswrite($sock, 'x'),   undef,      '... writing does not');
    $sock->deadline(100, 'write');
    $sock->deadline(50,  'read');
    my $left = $sock->deadline;
    ok($left > 0 && $left <= 50, 'the earlier one is left') or diag $left;
};

subtest 'a socket that does not block' => sub {
    my ($sock, $peer) = tls_pair(peer => sub { $_[1]->hear });
    $sock->blocking(0);
    $sock->deadline($TIME);
    is(sysread($sock, my $buffer, 1), undef, 'nothing to read');
    is($SSL_ERROR + 0, SSL_WANT_READ + 0, '... it must wait');
    $sock->deadline(0);
    is(sysread($sock, $buffer, 1), undef, 'after the deadline');
    ok($!{ETIMEDOUT}, '... the next call tells it') or diag $!;
};

subtest 'wrong arguments' => sub {
    my ($sock, $peer) = tls_pair(peer => sub { $_[1]->hear });
    like(died(sub { $sock->deadline('soon') }),
        qr/deadline must be a number of seconds, not 'soon' at \Q$0/, 'text');
    like(died(sub { $sock->deadline(9**9**9 / 9**9**9) }),
        qr/deadline must be a number of seconds, not '-?NaN' at \Q$0/i,
        'what is not a number');
    like(died(sub { $sock->deadline(1, 'reading') }),
        qr/must be 'read' or 'write' at \Q$0/, 'another way');
    is_deeply([IO::Socket::SSL->can('deadline')->($sock, -1)],
        [1], 'a negative number: it is over');
    is($sock->deadline, 0, '... nothing is left');
    like(
        died(sub { IO::Socket::SSL->new(PeerAddr => '127.0.0.1:1',
            SSL_deadline => 'soon') }),
        qr/SSL_deadline must be a number of seconds, not 'soon'/,
        'SSL_deadline'
    );
    my $plain = IO::Socket::SSL->new(Listen => 1, LocalAddr => '127.0.0.1',
        server_args());
    is(refused(sub { $plain->deadline }),
        'there is no TLS connection on this socket', 'without TLS');
};

subtest 'SSL_deadline counts from new on' => sub {
    my ($server, $address) = plain_server(sub { $_[1]->hear });
    ends_in_time(
        'a handshake with a silent peer',
        sub {
            IO::Socket::SSL->new(
                PeerAddr     => $address,
                SSL_deadline => $TIME,
                client_args()
            );
        },
        text => qr/^SSL connect: the deadline is over\z/
    );
    ends_in_time(
        'an earlier Timeout counts',
        sub {
            IO::Socket::SSL->new(
                PeerAddr     => $address,
                SSL_deadline => 600,
                Timeout      => $TIME,
                client_args()
            );
        },
        text => qr/^SSL connect attempt failed: .*timed? ?out/i
    );
    my $full = listener(Listen => 1);
    my @filler =
      map { IO::Socket::INET->new(PeerAddr => address($full), Blocking => 0) }
      1 .. 10;
    ends_in_time(
        'connecting to a full queue',
        sub {
            IO::Socket::SSL->new(
                PeerAddr     => address($full),
                SSL_deadline => $TIME,
                client_args()
            );
        },
        text => qr/connect/
    );
    my ($tls, $at) = tls_server(
        sub { my ($sock, $me) = @_; print $sock "hello\n"; $me->hear });
    my $sock = IO::Socket::SSL->new(
        PeerAddr     => $at,
        SSL_deadline => $TIME,
        client_args()
    ) or BAIL_OUT("no handshake: $SSL_ERROR");
    is(scalar <$sock>, "hello\n", 'data in time');
    ends_in_time('the next line', sub { scalar <$sock> });
};

subtest 'an earlier SSL_io_timeout counts' => sub {
    my ($sock, $peer) = tls_pair(
        mine => { SSL_io_timeout => $TIME, SSL_deadline => 600 },
        peer => sub { $_[1]->hear }
    );
    ends_in_time('a read', sub { sysread $sock, my $buffer, 1 },
        text => qr/^SSL read error: /);
};

done_testing;
