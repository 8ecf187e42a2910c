# SSL_handshake_timeout limits a handshake from accept or connect on, also on
# sockets that do not block.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Test::More;
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

my $TIMEOUT = 0.3;
my $SLACK   = $ISS::Test::DEADLINE / 60;
my $ENOUGH  = $ISS::Test::DEADLINE / 300;    # for a handshake

# A handshake message that never ends.
my $TRICKLE = "\x16\x03\x03\x40\x00\x02\x00\x3f\x00" . ("\0" x 10_000);

# A client ignores these (RFC 5246, 7.4.1.1).
my $HELLO_REQUEST = "\x16\x03\x03\x00\x04\x00\x00\x00\x00";

my %PEER = (
    'a silent peer'      => sub { },
    'a byte every 50 ms' => sub {
        my ($tcp, $me) = @_;
        for my $byte (split //, $TRICKLE) {
            defined syswrite($tcp, $byte) or return;
            $me->quiet_for(0.05)          or return;
        }
    },
    'a flood' => sub {
        my ($tcp) = @_;
        1 while defined syswrite $tcp, $HELLO_REQUEST x 1000;
    },
);

for my $kind (sort keys %PEER) {
    for my $args ([server_args()], [client_args()]) {
        next if $kind eq 'a flood' && $args->[0] eq 'SSL_server';
        my ($tcp, $peer) = raw_pair(
            sub {
                local $SIG{PIPE} = 'IGNORE';
                $PEER{$kind}->(@_);
            }
        );
        my $start = clock_gettime(CLOCK_MONOTONIC);
        my $cpu   = (times)[0] + (times)[1];
        local $! = 0;
        my $sock = IO::Socket::SSL->start_SSL($tcp, @$args,
            SSL_handshake_timeout => $TIMEOUT);
        my $error = $! + 0;
        my $took  = clock_gettime(CLOCK_MONOTONIC) - $start;
        is($sock, undef, "$kind, $args->[0]: start_SSL fails");
        $! = $error;
        ok($!{ETIMEDOUT}, '... with ETIMEDOUT') or diag "$!, $SSL_ERROR";
        ok($took >= $TIMEOUT && $took < $TIMEOUT + $SLACK, '... in time')
          or diag $took;
        cmp_ok((times)[0] + (times)[1] - $cpu,
            '<=', 0.05 * $took + 0.02, '... and mostly sleeps')
          if !$ENV{LD_PRELOAD} && !$ENV{ISS_TEST_SLOW};
    }
}

subtest 'accept, whose next client is served' => sub {
    my $listener = IO::Socket::SSL->new(
        Listen                => 5,
        LocalAddr             => '127.0.0.1',
        SSL_handshake_timeout => $ENOUGH,
        server_args()
    );
    my $silent = IO::Socket::INET->new(address($listener));
    is(scalar $listener->accept, undef, 'a silent client');
    ok($!{ETIMEDOUT}, '... ETIMEDOUT') or diag $!;
    my $address = address($listener);
    my $client  = peer(
        sub {
            my ($me) = @_;
            my $sock =
              IO::Socket::SSL->new(PeerAddr => $address, client_args());
            $me->tell(scalar <$sock>);
        }
    );
    my $sock = $listener->accept or diag $SSL_ERROR;
    print $sock "hello\n";
    is(($client->hear)[0], "hello\n", 'the next one is served');
};

subtest 'a socket that does not block' => sub {
    my ($tcp, $peer) = raw_pair(sub { });
    my $sock = IO::Socket::SSL->start_SSL(
        $tcp,
        client_args(
            SSL_startHandshake    => 0,
            SSL_handshake_timeout => $TIMEOUT
        )
    );
    $sock->blocking(0);
    is($sock->connect_SSL, undef,             'under way');
    is($SSL_ERROR + 0,     SSL_WANT_READ + 0, '... it must wait');
    ok(!IO::Select->new($sock)->can_read($TIMEOUT + 0.05), 'in vain');
    is($sock->connect_SSL, undef, 'the next call');
    ok($!{ETIMEDOUT}, '... tells that it is too late') or diag $!;
    ok(!syswrite($sock, 'x'), '... and nothing can be written');
};

subtest 'after a handshake in time' => sub {
    my ($sock, $peer) = tls_pair(
        mine => { SSL_handshake_timeout => 600 },
        peer => sub {
            my ($sock, $me) = @_;
            $me->hear;
            print $sock "late\n";
        }
    );
    is($sock->deadline, undef, 'nothing is limited');
    $peer->tell('go');
    is(scalar <$sock>, "late\n", '... and data comes');
};

done_testing;
