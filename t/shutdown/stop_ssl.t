# stop_SSL: its result, the state of the socket, and plain data after it.
use strict;
use warnings;

use Errno;
use POSIX ();
use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

# The peer answers our close_notify and goes on in plain text.
sub answer {
    my ($sock, $me) = @_;

    my $count = sysread($sock, my $buffer, 10);
    $sock->stop_SSL or die "stop_SSL: $SSL_ERROR\n";
    syswrite $sock, "plain from the peer\n";
    $me->tell($count, scalar <$sock>, ref $sock);
    return;
}

# The same, after a handshake on a plain socket.
sub start_and_answer {
    my ($tcp, $me) = @_;

    my $sock = IO::Socket::SSL->start_SSL($tcp, server_args())
      or die "start_SSL: $SSL_ERROR\n";
    return answer($sock, $me);
}

# Our keys in the glob's hash.
sub traces {
    my ($sock) = @_;
    return [sort grep { /^_SSL/ } keys %{ *$sock{HASH} || {} }];
}

sub speaks_plainly {
    my ($sock, $peer) = @_;

    is(scalar <$sock>, "plain from the peer\n", 'plain text can be read');
    syswrite $sock, "plain from us\n";
    my ($count, $line, $class) = $peer->hear;
    is($count, 0,                  'the peer saw our close_notify');
    is($line,  "plain from us\n",  '... and our plain text');
    is($class, 'IO::Socket::INET', 'the peer got its class back');
    return;
}

each_setting(
    sub {
        my ($sock, $peer) = tls_pair(@_, peer => \&answer);
        my $fileno = fileno $sock;
        ok($sock->stop_SSL, 'stop_SSL is true') or diag $SSL_ERROR;
        is(ref $sock,   'IO::Socket::INET', 'the class is the one before');
        is(tied *$sock, undef,              'the handle is not tied');
        is_deeply(traces($sock), [], 'none of our keys is left in the glob');
        is(fileno $sock, $fileno, 'the descriptor is the same');
        speaks_plainly($sock, $peer);
    }
);

subtest 'a plain glob' => sub {
    my ($tcp, $peer) = raw_pair(\&start_and_answer);
    open(my $glob, '+<&=', $tcp) or die "fdopen: $!";
    my $sock = IO::Socket::SSL->start_SSL($glob, client_args());
    is(ref $sock, 'IO::Socket::SSL', 'is blessed by start_SSL');
    is($sock,     $glob,             '... itself, not a copy');

    ok($sock->stop_SSL, 'stop_SSL is true');
    is(tied *$glob, undef, 'the handle is not tied');
    is_deeply(traces($glob), [], 'none of our keys is left in the glob');
    speaks_plainly($glob, $peer);
};

subtest 'a socket made by new' => sub {
    my ($peer, $address) = plain_server(\&start_and_answer);
    my $sock = IO::Socket::SSL->new(PeerAddr => $address, client_args());
    is($sock->stop_SSL, $sock,             'stop_SSL returns the socket');
    is(ref $sock,       'IO::Socket::SSL', 'it stays an IO::Socket::SSL');
    is(tied *$sock,     undef,             'the handle is not tied');
    is(scalar($sock->is_SSL), undef,       'there is no TLS on it');
    speaks_plainly($sock, $peer);
    ok($sock->stop_SSL, 'stop_SSL without TLS is true');
    ok($sock->close,    'and it can be closed');
    $peer->done;
};

subtest 'much that nobody reads' => sub {
    each_version(
        sub {
            my ($sock, $peer) = tls_pair(
                version => $_[0],
                peer    => sub {
                    my ($sock, $me) = @_;
                    my $count = print {$sock} 'x' x 1_000_000;
                    $sock->stop_SSL or die "stop_SSL: $SSL_ERROR\n";
                    $me->tell($count);
                }
            );
            ok($sock->stop_SSL, 'stop_SSL reads as far as the end')
              or diag "$!, $SSL_ERROR";
            is_deeply([$peer->hear], [1_000_000], '... of all that came');
        }
    );
};

subtest 'SSL_no_shutdown' => sub {
    my ($sock, $peer) = raw_pair(
        sub {
            my ($tcp, $me) = @_;
            my $sock = IO::Socket::SSL->start_SSL($tcp, server_args());
            $me->hear;
            $sock->stop_SSL(SSL_no_shutdown => 1);
            $me->tell(scalar <$sock>);
        }
    );
    IO::Socket::SSL->start_SSL($sock, client_args(SSL_version => 'TLSv1_2'))
      or die $SSL_ERROR;
    ok($sock->stop_SSL(SSL_no_shutdown => 1), 'it is true at once');
    is(ref $sock, 'IO::Socket::INET', 'the class is the one before');
    syswrite $sock, "a plain line\n";
    $peer->tell('go');
    is_deeply([$peer->hear], ["a plain line\n"],
        'no close_notify came before our plain line');
};

each_setting(
    sub {
        my @setting = @_;

        my ($sock, $peer) = tls_pair(
            @setting,
            peer => sub {
                my ($sock, $me) = @_;
                my $count = sysread($sock, my $buffer, 10);
                $me->tell($count);
                $me->hear;
            }
        );
        is($sock->stop_SSL(SSL_fast_shutdown => 1),
            $sock, 'SSL_fast_shutdown does not wait');
        is_deeply([$peer->hear], [0], 'the peer sees the end of file');
    }
);

each_version(
    sub {
        my ($version) = @_;
        my ($sock, $peer) = tls_pair(
            version => $version,
            peer    => sub {
                my ($sock, $me) = @_;
                answer(@_);
                my $again = IO::Socket::SSL->start_SSL($sock, server_args());
                $me->tell($again ? 'again' : "$SSL_ERROR");
            }
        );
        $sock->stop_SSL(SSL_fast_shutdown => 1);
        is_deeply([$sock->connect_SSL], [],
            'connect_SSL fails while the half of the peer goes on');
        like($SSL_ERROR, qr/stop_SSL/, '... with the reason');
        sysread $sock, my $buffer, 100 for 1 .. 2;
        syswrite $sock, "plain from us\n";
        $peer->hear;
        is($sock->connect_SSL, $sock, '... after its end TLS begins anew')
          or diag $SSL_ERROR;
        is_deeply([$peer->hear], ['again'], '... on both sides');
        is($sock->is_SSL, 'rw', '... in both directions');
    }
);

# FTP's CCC: the reply comes in clear after the peer's close_notify.
each_setting(
    sub {
        my ($sock, $peer) = tls_pair(@_, peer => \&answer);
        ok($sock->stop_SSL(SSL_fast_shutdown => 1), 'our half is stopped');
        is(sysread($sock, my $buffer, 100), 0, 'the half of the peer ends');
        is(sysread($sock, $buffer,    100),
            20, '... and what follows is read in clear');
        is($buffer, "plain from the peer\n",       '... as it was sent');
        is(syswrite($sock, "plain from us\n"), 14, '... and written');
        is(($peer->hear)[1], "plain from us\n",    '... and arrives');
    }
);

each_version(
    sub {
        my ($version) = @_;
        my ($sock, $peer) = tls_pair(
            version => $version,
            peer    => sub {
                my ($sock, $me) = @_;
                $sock->close(SSL_no_shutdown => 1);
                $me->tell('closed');
            }
        );
        $peer->hear;
        is(sysread($sock, my $buffer, 10), 0, 'a truncated end is read');
        is($sock->stop_SSL(SSL_fast_shutdown => 1),
            undef, '... stop_SSL fails for it');
        is(sysread($sock, $buffer, 10), 0, '... which ends no reading');
        local $! = 0;
        is(syswrite($sock, 'x'), undef, '... writing fails');
        ok($!{EPIPE}, '... with EPIPE') or diag $!;
    }
);

each_setting(
    sub {
        my @setting = @_;

        my ($sock, $peer) = tls_pair(
            @setting,
            peer => sub {
                my ($sock, $me) = @_;
                $me->hear;
                $sock->stop_SSL or die "stop_SSL: $SSL_ERROR\n";
                $me->tell('stopped');
            }
        );
        $sock->blocking(0);
        local $! = 0;
        my @result = $sock->stop_SSL;
        ok(!$result[0],     'non-blocking, without an answer: false');
        ok($!{EWOULDBLOCK}, '... with EWOULDBLOCK');
        cmp_ok($SSL_ERROR, '==', SSL_WANT_READ, '... and SSL_WANT_READ');
        is(ref $sock, 'IO::Socket::SSL', 'the class is still ours');
        $peer->tell('go');
        ok(
            complete($sock, sub { $sock->stop_SSL }),
            'called again, it succeeds in the end'
        );
        is(ref $sock, 'IO::Socket::INET', 'the class is the one before');
        ok(!$sock->blocking, 'the socket is still non-blocking');
    }
);

each_version(
    sub {
        my ($version) = @_;

        my ($sock, $peer) =
          tls_pair(version => $version, peer => sub { $_[1]->hear });
        local $! = 0;
        ok(!$sock->stop_SSL(Timeout => 0.2),
            'a peer that never answers: false after the Timeout');
        ok($!{ETIMEDOUT},   '... with ETIMEDOUT') or diag $!;
        ok($sock->blocking, '... and the socket still blocks');
    }
);

each_version(
    sub {
        my ($version) = @_;

        my ($sock, $peer) = tls_pair(version => $version);
        $peer->kill;
        local $SIG{PIPE} = sub { fail('no SIGPIPE') };
        my @result = $sock->stop_SSL;
        ok(!$result[0], 'a peer that died: false');
        isnt("$SSL_ERROR", '', '... with a reason');
        ok($sock->close, 'the socket can be closed');
        is(fileno $sock, undef, '... and its descriptor is gone');
    }
);

# Somebody on the way has changed a record.
subtest 'a connection that has failed' => sub {
    my ($sock, $peer) = tls_pair(
        peer => sub {
            my ($sock, $me) = @_;
            my $record = "\x17\x03\x03\x00\x20" . 'x' x 32;
            POSIX::write($sock->fileno, $record, length $record);
            my $seen = '';
            while (POSIX::read($sock->fileno, my $bytes, 1000) > 0) {
                $seen .= $bytes;
            }
            $me->tell($seen =~ /secret/ ? 'in the clear' : 'nothing');
        }
    );
    is(sysread($sock, my $buffer, 10), undef, 'reading fails');
    local $! = 0;
    is(scalar $sock->stop_SSL,
        undef, 'stop_SSL does not say that all is well');
    ok($!, '... and says why');
    like($SSL_ERROR, qr/bad record mac/,
        '... $SSL_ERROR has the first error');
    ok(!$sock->write('secret'), 'nothing is written after it');
    ok(close $sock,             'close closes it');
    is_deeply([$peer->hear], ['nothing'], 'the peer has seen nothing');
};

done_testing;
