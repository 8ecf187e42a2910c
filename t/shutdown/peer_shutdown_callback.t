# SSL_on_peer_shutdown: the sub handles the peer's close_notify.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

# The peer sends close_notify, waits for ours, and goes on in plain text.
sub ending {
    my ($sock, $me) = @_;

    print $sock "under TLS\n";
    $sock->stop_SSL(SSL_fast_shutdown => 1);
    $me->tell('sent');
    my $count = sysread($sock, my $buffer, 10);
    $me->tell(defined $count ? $count : "$SSL_ERROR");
    if ($sock->can('stop_SSL')) {
        $sock->stop_SSL or die "stop_SSL: $SSL_ERROR\n";
    }
    syswrite $sock, "plain\n";
    $me->hear;
    return;
}

each_setting(
    sub {
        my @seen;
        my ($sock, $peer) = tls_pair(
            @_,
            mine => {
                SSL_on_peer_shutdown => sub { push @seen, @_; return 0 }
            },
            peer => \&ending
        );
        is(scalar <$sock>, "under TLS\n", 'data before it is read');
        is_deeply(\@seen, [], 'the sub is not called for data');
        $peer->hear;

        is(sysread($sock, my $buffer, 10), 0, 'the read returns its result');
        is_deeply(\@seen, [$sock], 'the sub is called once, with the socket');
        ok($peer->quiet_for(0.2), 'no close_notify is sent in return');
        is($sock->is_SSL, 'w', 'the write side is under TLS');

        ok($sock->stop_SSL, 'stop_SSL sends ours');
        is_deeply([$peer->hear], [0], '... and the peer gets it');
        is(scalar <$sock>, "plain\n", 'plain data follows');
    }
);

subtest 'the result of the sub is what the read returns' => sub {
    for my $value (0, 42, undef) {
        my ($sock) = tls_pair(
            mine => { SSL_on_peer_shutdown => sub { return $value } },
            peer =>
              sub { $_[0]->stop_SSL(SSL_fast_shutdown => 1); $_[1]->hear }
        );
        is(sysread($sock, my $buffer, 10),
            $value, 'it is ' . (defined $value ? $value : 'undef'));
    }
};

subtest 'a false value means: not given' => sub {
    for my $value (undef, '', 0) {
        my ($sock) = tls_pair(
            mine => { SSL_on_peer_shutdown => $value },
            peer => sub {
                my ($sock, $me) = @_;
                print $sock "line\n";
                $sock->stop_SSL(SSL_fast_shutdown => 1);
                $me->hear;
            }
        );
        my $shown = defined $value ? "'$value'" : 'undef';
        is(scalar <$sock>,                 "line\n", "$shown: data is read");
        is(sysread($sock, my $buffer, 10), 0,        "$shown: then the end");
    }
};

subtest 'a sub that stops TLS itself' => sub {
    my ($sock, $peer) = tls_pair(
        mine => {
            SSL_on_peer_shutdown => sub { $_[0]->stop_SSL; return 0 }
        },
        peer => \&ending
    );
    is(scalar <$sock>,                 "under TLS\n", 'data before the end');
    is(sysread($sock, my $buffer, 10), 0,  'the read that ended TLS');
    is(ref $sock,      'IO::Socket::INET', 'the class is the one before');
    is(scalar <$sock>, "plain\n",          'plain data follows');
};

subtest 'plain data may follow at once' => sub {
    my ($sock, $peer) = tls_pair(
        mine => { SSL_on_peer_shutdown => sub { return 0 } },
        peer => sub {
            my ($sock, $me) = @_;
            $sock->stop_SSL(SSL_fast_shutdown => 1);
            syswrite $sock, "plain\n";
            my $count = sysread($sock, my $buffer, 10);
            $me->tell($count, $buffer);
        }
    );
    is(sysread($sock, my $buffer, 10), 0, 'the end of TLS');
    is(scalar <$sock>, "plain\n",         'then the plain data of the peer');
    syswrite $sock, 'secret';
    is_deeply([$peer->hear], [6, 'secret'], 'our side is still under TLS');
};

subtest 'data before the end' => sub {
    my $called = 0;
    my ($sock) = tls_pair(
        mine => { SSL_on_peer_shutdown => sub { $called++; return 0 } },
        peer => sub {
            my ($sock, $me) = @_;
            print $sock 'data';
            $sock->stop_SSL(SSL_fast_shutdown => 1);
            $me->hear;
        }
    );
    is($sock->read(my $buffer, 10),
        4, 'the read that sees both returns the count');
    is($buffer,                  'data', '... and the data');
    is($called,                  0,      'the sub is not called yet');
    is($sock->read($buffer, 10), 0,      'the next read returns its result');
    is($called,                  1,      '... and the sub is called');
    is($buffer,                  '',     '... and empties the buffer');
};

subtest 'a sub that dies' => sub {
    my ($sock) = tls_pair(
        mine => { SSL_on_peer_shutdown => sub { die "from the sub\n" } },
        peer => sub { $_[0]->stop_SSL(SSL_fast_shutdown => 1); $_[1]->hear }
    );
    is(
        died(sub { sysread($sock, my $buffer, 10) }),
        "from the sub\n",
        'the read dies as the sub did'
    );
    ok(close $sock, 'the socket can be closed');
};

subtest 'a truncation does not call it' => sub {
    my $called = 0;
    my ($sock) = tls_pair(
        version => 'TLSv1_2',
        mine    => { SSL_on_peer_shutdown => sub { $called++ } },
        peer    => sub { $_[0]->close(SSL_no_shutdown => 1) }
    );
    is(sysread($sock, my $buffer, 10), 0, 'the end of TCP');
    is($called,                        0, 'does not call the sub');
};

done_testing;
