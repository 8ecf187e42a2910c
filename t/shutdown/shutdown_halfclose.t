# Each direction has its own close_notify: is_SSL, reading and writing after
# the peer's and after ours.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

# After our close_notify the peer may still write under TLS.
each_setting(
    sub {
        my ($sock, $peer) = tls_pair(
            @_,
            peer => sub {
                my ($sock, $me) = @_;
                $me->hear;
                print $sock "still here\n";
                $me->hear;
            }
        );
        ok($sock->stop_SSL(SSL_fast_shutdown => 1),
            'our close_notify is sent');
        is($sock->is_SSL, 'r', 'then only the read side is under TLS');
        is($sock->opened, 1,   'the socket is still opened');
        $peer->tell('go on');
        is(scalar <$sock>, "still here\n", 'the peer can be heard');
        is($sock->is_SSL,  'r', 'and the read side is still under TLS');
    }
);

# After our close_notify, what we write is plain text.
each_version(
    sub {
        my ($version) = @_;

        my ($sock, $peer) = tls_pair(
            version => $version,
            peer    => sub {
                my ($sock, $me) = @_;
                my $count = sysread($sock, my $buffer, 10);
                $sock->stop_SSL or die "stop_SSL: $SSL_ERROR\n";
                $me->tell($count, scalar <$sock>);
            }
        );
        $sock->stop_SSL(SSL_fast_shutdown => 1);
        is(syswrite($sock, "plain\n"), 6, 'the write side is plain now');
        is_deeply(
            [$peer->hear],
            [0, "plain\n"],
            'the peer gets an end of file, then plain text'
        );
        is(sysread($sock, my $buffer, 10),
            0, 'then the peer has ended TLS, too');
    }
);

# After the peer's close_notify, ours is sent automatically.
each_setting(
    sub {
        my ($sock, $peer) = tls_pair(
            @_,
            peer => sub {
                my ($sock, $me) = @_;
                $sock->stop_SSL or return $me->tell("stop_SSL: $SSL_ERROR");
                $me->tell('stopped', ref $sock);
                syswrite $sock, "plain\n";
                $me->hear;
            }
        );
        is(sysread($sock, my $buffer, 10), 0, 'the end of file is read');
        is_deeply(
            [$peer->hear],
            ['stopped', 'IO::Socket::INET'],
            'the stop_SSL of the peer needs no action of ours'
        );
        is($sock->opened, 1, 'the socket is still opened');

        for my $time ('first', 'second') {
            local $! = 0;
            ok(!sysread($sock, $buffer, 10), "$time read: refused");
            ok($!{EPERM},                    '... with EPERM') or diag $!;
            local $! = 0;
            ok(!syswrite($sock, 'x'), "$time write: refused");
            ok($!{EPERM},             '... with EPERM') or diag $!;
            local $! = 0;
            ok(!print({$sock} 'x'), "$time print: refused");
            ok($!{EPERM},           '... with EPERM') or diag $!;
        }
        is(scalar <$sock>, undef, 'no line of plain text is read');

        ok($sock->stop_SSL, 'stop_SSL succeeds') or diag $SSL_ERROR;
        is(scalar <$sock>, "plain\n", 'then the plain text can be read');
    }
);

# Ways to read other than read and sysread (and getc, which reads a byte), and
# their results at the end.
my %MEETS_END = (
    'readline'           => [sub { scalar readline $_[0] },           undef],
    'readline in a list' => [sub { join '|', readline $_[0] },        ''],
    'getline'            => [sub { scalar $_[0]->getline },           undef],
    'getlines'           => [sub { join '|', $_[0]->getlines },       ''],
    'peek'               => [sub { $_[0]->peek(my $buffer, 10) },     0],
    'eof'                => [sub { eof $_[0] },                       1],
    'eof as a method'    => [sub { $_[0]->eof },                      1],
    'the slurped rest'   => [sub { local $/; scalar readline $_[0] }, undef],
);

# The peer ends its half, and tells all that it then hears.
sub half_closing {
    my ($sock, $me) = @_;

    print $sock "question\n";
    $sock->stop_SSL(SSL_fast_shutdown => 1);
    tell_all($sock, $me);
    $me->hear;
    return;
}

each_setting(
    sub {
        for my $form (sort keys %MEETS_END) {
            my ($read, $end)  = @{ $MEETS_END{$form} };
            my ($sock, $peer) = tls_pair(@_, peer => \&half_closing);
            is(scalar <$sock>, "question\n", 'a line');
            for my $time ('once', 'twice') {
                local $! = 0;
                is($read->($sock), $end, "$form meets the end $time");
                is($! + 0,         0,    '... which is not an error');
                is($sock->is_SSL,  'w',  '... the write side is under TLS');
                is(*$sock{HASH}{_SSL_write_closed}, undef, '... and open');
                ok(print({$sock} "print $time, "), '... print works');
            }
            is(syswrite($sock, 'syswrite'), 8, '... syswrite works');
            ok(close $sock, '... close ends the other half');
            is_deeply(
                [$peer->hear],
                ['print once, print twice, syswrite', 'close_notify'],
                '... the peer got all'
            );
        }
    }
);

# read, sysread and getc answer close_notify; that ends writing, too.
my %ANSWERS_END = (
    'sysread'             => [sub { sysread $_[0], my $buffer, 10 },  0],
    'sysread as a method' => [sub { $_[0]->sysread(my $buffer, 10) }, 0],
    'read'                => [sub { read $_[0], my $buffer, 10 },     0],
    'read as a method'    => [sub { $_[0]->read(my $buffer, 10) },    0],
    'getc'                => [sub { getc $_[0] },                     undef],
);

each_version(
    sub {
        my ($version) = @_;

        for my $form (sort keys %ANSWERS_END) {
            my ($read, $end) = @{ $ANSWERS_END{$form} };
            my ($sock, $peer) =
              tls_pair(version => $version, peer => \&half_closing);
            is(scalar <$sock>, "question\n", 'a line');
            is(scalar <$sock>, undef,        'then the end');
            ok(print({$sock} 'answer'), 'then an answer');
            is($read->($sock), $end, "$form reads the end");
            is($! + 0,         0,    '... which is not an error');
            is($sock->is_SSL,  '',   '... and ends both halves');
            is_deeply(
                [@{ *$sock{HASH} }{qw(_SSL_read_closed _SSL_write_closed)}],
                [-1, -1], '... by itself');
            is_deeply(
                [$peer->hear],
                ['answer', 'close_notify'],
                '... the peer got the answer and the end'
            );
            stays_refused($sock, $_) for 1 .. 2;
        }
    }
);

# After both halves have ended, whatever is read or written fails with EPERM.
# No way to read changes that for another.
sub stays_refused {
    my ($sock, $time) = @_;
    my %way = (
        (map { $_ => $MEETS_END{$_}[0] } grep { !/eof/ } keys %MEETS_END),
        (map { $_ => $ANSWERS_END{$_}[0] } keys %ANSWERS_END),
        'print'              => sub { print { $_[0] } 'x' },
        'print of nothing'   => sub { print { $_[0] } '' },
        'syswrite'           => sub { syswrite $_[0], 'x' },
        'write as a method'  => sub { scalar $_[0]->write('x') },
        'printf as a method' => sub { scalar $_[0]->printf('x') },
    );

    for my $name (sort keys %way) {
        sysread $sock, my $buffer, 0;
        local $! = 0;
        ok(!$way{$name}->($sock), "$name, time $time: refused");
        ok($!{EPERM},             '... with EPERM') or diag $!;
        isnt("$SSL_ERROR", '', '... and a text');
    }
    ok(eof $sock, 'eof is true');
    is($sock->is_SSL, '', 'nothing is under TLS');
    return;
}

# After both close_notify, the end of TCP is an end of file.
each_version(
    sub {
        my ($version) = @_;

        my ($sock, $peer) = tls_pair(
            version => $version,
            peer    => sub {
                my ($sock, $me) = @_;
                $sock->stop_SSL or die "stop_SSL: $SSL_ERROR\n";
                CORE::close($sock);
                $me->tell('closed');
            }
        );
        is(sysread($sock, my $buffer, 10), 0, 'close_notify reads as 0');
        $peer->hear;
        is(sysread($sock, $buffer, 10), 0, 'and so does the end of TCP');
        ok(close $sock, 'close succeeds');
    }
);

# stop_SSL discards unread data of the peer; whether it then succeeds or
# fails, its result, the class and $SSL_ERROR agree.
each_version(
    sub {
        my ($version) = @_;

        my ($sock, $peer) = tls_pair(
            version => $version,
            peer    => sub {
                my ($sock, $me) = @_;
                print $sock "unread\n";
                my $count = sysread($sock, my $buffer, 10);
                $me->tell(defined $count ? $count : $SSL_ERROR);
            }
        );
        readable($sock);
        my $result = $sock->stop_SSL;
        is_deeply([$peer->hear], [0], 'the peer sees our close_notify');
        is(
            ref $sock,
            $result ? 'IO::Socket::INET' : 'IO::Socket::SSL',
            'the class changes only if stop_SSL succeeds'
        );
        isnt("$SSL_ERROR", '', 'a failure has a reason') if !$result;
    }
);

subtest 'close sends close_notify and does not wait' => sub {
    my ($sock, $peer) = tls_pair(
        peer => sub {
            my ($sock, $me) = @_;
            $me->hear;
            tell_all($sock, $me);
        }
    );
    ok(close $sock, 'close succeeds');
    $peer->tell('go');
    is_deeply(
        [$peer->hear],
        ['', 'close_notify'],
        'the peer sees how the connection ended'
    );
};

subtest 'close with SSL_no_shutdown sends none' => sub {
    my ($sock, $peer) = tls_pair(
        version => 'TLSv1_2',
        peer    => \&tell_all
    );
    ok($sock->close(SSL_no_shutdown => 1), 'close succeeds');
    is_deeply(
        [$peer->hear],
        ['', 'truncated'],
        'the peer sees how the connection ended'
    );
};

subtest 'going out of scope sends none' => sub {
    my ($sock, $peer) = tls_pair(
        version => 'TLSv1_2',
        peer    => \&tell_all
    );
    undef $sock;
    is_deeply(
        [$peer->hear],
        ['', 'truncated'],
        'the peer sees how the connection ended'
    );
};

subtest 'a child that ends leaves the connection alone' => sub {
    my ($sock, $peer) = tls_pair(
        peer => sub {
            my ($sock, $me) = @_;
            $me->tell(scalar <$sock>);
        }
    );
    my $child = peer(
        sub {
            $sock->close(SSL_no_shutdown => 1);
        }
    );
    $child->done;
    print $sock "after the child\n";
    is_deeply([$peer->hear], ["after the child\n"], 'the parent can write');
};

done_testing;
