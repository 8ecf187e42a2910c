# Perl's builtins that work on the descriptor itself never put plaintext on a
# TLS connection: send and recv croak, shutdown sends close_notify first.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Recorder;
use ISS::Test;
use IO::Socket::SSL;
use Socket qw(MSG_PEEK MSG_NOSIGNAL);
use Storable;
use Test::More;

my $SECRET = 'THE-SECRET-TEXT';
my $SEND =
qr{^Use of send\(\) not implemented in IO::Socket::SSL; use print/printf/syswrite instead};
my $RECV =
qr{^Use of recv\(\) not implemented in IO::Socket::SSL; use read/sysread instead};

# Ways to send or receive, each with the message that must refuse it.
my %REFUSED = (
    'send'            => [$SEND, sub { send $_[0], $SECRET, 0 }],
    'send with flags' => [$SEND, sub { send $_[0], $SECRET, MSG_NOSIGNAL }],
    'send to an address' =>
      [$SEND, sub { send $_[0], $SECRET, 0, getpeername $_[0] }],
    'send on a glob'     => [$SEND, sub { send *{ $_[0] }, $SECRET, 0 }],
    'send on a bareword' =>
      [$SEND, sub { local *WORD = $_[0]; send WORD, $SECRET, 0 }],
    'send from a string' =>
      [$SEND, sub { eval q{send $_[0], $SECRET, 0; 1} or die $@ }],
    'the method send' => [$SEND, sub { $_[0]->send($SECRET) }],
    'recv'         => [$RECV, sub { recv $_[0], my $buffer, 10, 0 }],
    'recv to peek' => [$RECV, sub { recv $_[0], my $buffer, 1,  MSG_PEEK }],
    'the method recv' => [$RECV, sub { $_[0]->recv(my $buffer, 10) }],
);

if ($] >= 5.016) {
    $REFUSED{'&CORE::send'} =
      [$SEND, sub { no strict 'refs'; &{'CORE::send'}($_[0], $SECRET, 0) }];
}

sub refuses {
    my ($sock) = @_;

    for my $name (sort keys %REFUSED) {
        my ($message, $code) = @{ $REFUSED{$name} };
        like(died(sub { $code->($sock) }), $message, "$name croaks");
    }
    my $error = died(sub { send $sock, $SECRET, 0 });
    my $line  = __LINE__ - 1;
    like(
        $error,
        qr/ at \Q${\__FILE__}\E line $line\.$/,
        '... at the line of the caller'
    );
    return;
}

each_version(
    sub {
        my ($version) = @_;

        my ($sock, $peer, $record) = recorded_pair(
            version => $version,
            peer    => sub {
                my ($sock, $me) = @_;
                $me->tell(scalar <$sock>);
                print $sock "answer\n";
                $me->tell(read_all($sock), $sock->eof_reason);
            }
        );
        refuses($sock);
        print $sock "question\n";
        is(($peer->hear)[0], "question\n", 'the connection still works');
        is(scalar <$sock>,   "answer\n",   '... both ways');
        close $sock;
        is_deeply(
            [$peer->hear],
            ['', 'close_notify'],
            '... and nothing else was sent'
        );
        unlike($record->(), qr/$SECRET/, 'nothing goes out in the clear');
    }
);

for my $role (qw(client server)) {
    my @args  = $role eq 'client' ? client_args() : server_args();
    my $go_on = $role eq 'client' ? 'connect_SSL' : 'accept_SSL';

    subtest "a handshake under way, and one that failed, $role" => sub {
        my ($tcp, $peer) = raw_recorder();
        $tcp->blocking(0);
        my $sock = IO::Socket::SSL->start_SSL(
            $tcp, @args,
            SSL_startHandshake    => 0,
            SSL_keepSocketOnError => 1
        );
        is(send($sock, 'plain', 0), 5, 'before the handshake, send works');
        $sock->$go_on;
        refuses($sock);
        ok(shutdown($sock, 0), 'shutdown for reading');
        $peer->tell("no TLS at all\r\n");
        readable($sock);
        ok(!$sock->$go_on, 'the handshake fails');
        refuses($sock);
        $peer->tell('end');
        ok(shutdown($sock, 1), 'shutdown for writing');
        my ($record) = $peer->hear;
        like($record, qr/\Aplain/,
            'the text from before the handshake was sent in the clear');
        unlike($record, qr/$SECRET/, '... and none afterwards');
    };
}

subtest 'plain sockets' => sub {
    my ($tcp, $peer) = raw_pair(
        sub {
            my ($tcp, $me) = @_;
            recv $tcp, my $buffer, 100, 0;
            send $tcp, "heard $buffer", 0;
            $me->tell(read_all($tcp));
        }
    );
    is(send($tcp, 'hello', 0), 5, 'send');
    ok(defined recv($tcp, my $buffer, 100, 0), 'recv');
    is($buffer,            'heard hello', '... which receives');
    is($tcp->send('more'), 4,             'the method send');
    ok(shutdown($tcp, 1), 'shutdown');
    is(($peer->hear)[0], 'more', '... ends the data');
    close $tcp;
    no warnings;
    is(send($tcp, 'x', 0), undef, 'send on a closed socket');
    ok($!{EBADF}, '... EBADF');
    is(shutdown($tcp, 1), undef, 'shutdown on a closed socket');
    ok($!{EBADF}, '... EBADF');
    like(
        died(sub { my $nothing; send $nothing, 'x', 0 }),
        qr/undefined value as a (?:symbol|filehandle)/,
        'undef is not a handle'
    );
};

subtest 'after stop_SSL' => sub {
    my ($sock, $peer) = tls_pair(
        peer => sub {
            my ($sock, $me) = @_;
            $sock->stop_SSL or die $SSL_ERROR;
            recv $sock, my $buffer, 100, 0;
            $me->tell($buffer);
            send $sock, 'back', 0;
        }
    );
    $sock->stop_SSL or die $SSL_ERROR;
    is(send($sock, 'plain', 0), 5,       'send works again');
    is(($peer->hear)[0],        'plain', '... in the clear');
    recv $sock, my $buffer, 100, 0;
    is($buffer, 'back', '... and recv');
};

my %SHUTDOWN = (
    'the builtin' => sub { shutdown $_[0], $_[1] },
    'the method'  => sub { $_[0]->shutdown($_[1]) },
);
for my $name (sort keys %SHUTDOWN) {
    my $shutdown = $SHUTDOWN{$name};

    each_setting(
        sub {
            my @setting = @_;

            my ($sock, $peer) = tls_pair(@setting, peer => \&tell_all);
            print $sock 'last words';
            ok($shutdown->($sock, 2), "$name, both ways");
            is_deeply(
                [$peer->hear],
                ['last words', 'close_notify'],
                '... sends close_notify'
            );
            is($sock->is_SSL, 'r', '... and is_SSL says so');
            local $SIG{PIPE} = 'DEFAULT';
            is(syswrite($sock, $SECRET), undef, 'nothing can be written');
            ok($!{EPERM},   '... EPERM');
            ok(close $sock, 'it closes');
        }
    );
    subtest "$name, one way" => sub {
        my ($sock, $peer, $record) = recorded_pair(
            version => 'TLSv1_3',
            peer    => sub {
                my ($sock, $me) = @_;
                my $all = '';
                $all .= $_ while defined($_ = getc $sock) && $_ ne '!';
                $me->tell($all);
                print $sock "answer\n";
                $me->hear;
            },
        );
        ok($shutdown->($sock, 0), 'for reading');
        is($sock->is_SSL, 'rw', '... sends no close_notify');
        print $sock 'question!';
        is(($peer->hear)[0], 'question', '... and writing goes on');
        ok($shutdown->($sock, 1), 'for writing');
        is(syswrite($sock, $SECRET), undef, '... ends it');
        unlike($record->(), qr/$SECRET/, '... nothing goes out in the clear');
    };
}

subtest 'data of the peer after our shutdown' => sub {
    my ($sock, $peer) = tls_pair(
        peer => sub {
            my ($sock, $me) = @_;
            sysread $sock, my $buffer, 100;
            print $sock "the answer\n";
            $me->tell(sysread($sock, $buffer, 100), $sock->eof_reason);
        }
    );
    print $sock 'question';
    ok(shutdown($sock, 1), 'shutdown for writing');
    is(scalar <$sock>, "the answer\n", 'can be read');
    is_deeply(
        [$peer->hear],
        [0, 'close_notify'],
        '... and the peer sees our close_notify'
    );
};

subtest 'a socket that is busy' => sub {
    my $pair = sub {
        my ($sock, $peer) = tls_pair(
            peer => sub {
                my ($sock, $me) = @_;
                $me->hear;
                $me->tell(length read_all($sock), $sock->eof_reason);
            }
        );
        $sock->blocking(0);
        return ($sock, $peer);
    };
    my $is_busy = sub {
        my ($sock) = @_;
        is(shutdown($sock, 1), undef, 'shutdown fails');
        ok($!{EWOULDBLOCK}, '... with EWOULDBLOCK');
        cmp_ok($SSL_ERROR, '==', SSL_WANT_WRITE, '... and SSL_WANT_WRITE');
    };

    my ($sock, $peer) = $pair->();
    my $chunk = 'x' x 16_384;
    my $total = fill($sock, $chunk);
    $is_busy->($sock);
    $peer->tell('read');
    $total += complete($sock, sub { syswrite $sock, $chunk });
    ok(
        complete($sock, sub { shutdown $sock, 1 }),
        'when the last write is done, it succeeds'
    );
    is_deeply(
        [$peer->hear],
        [$total, 'close_notify'],
        '... and nothing is lost'
    );

    ($sock, $peer) = $pair->();
    $total = 0;
    $total++ while Storable::pstore($sock, \$chunk) && $total < 10_000;
    $is_busy->($sock);
    $peer->tell('read');
    ok(
        complete($sock, sub { shutdown $sock, 1 }),
        'data written by C code is sent first'
    );
    my ($length, $reason) = $peer->hear;
    cmp_ok($length, '>', $total * length $chunk, '... and not lost');
    is($reason, 'close_notify', '... then close_notify');
};

subtest 'a peer that has gone' => sub {
    my ($sock, $peer) = tls_pair(
        peer => sub {
            my ($sock, $me) = @_;
            close_with_reset($sock);
            $me->tell('closed');
        }
    );
    $peer->hear;
    local $SIG{PIPE} = sub { fail('SIGPIPE') };
    ok(!shutdown($sock, 1), 'shutdown fails as it does on a plain socket');
    ok(close $sock,         'close works');
};

subtest 'a socket that was untied' => sub {
    my ($sock, $peer, $record) = recorded_pair(peer => \&tell_all);
    {
        no warnings 'untie';
        untie *$sock;
    }
    like(
        died(sub { syswrite $sock, $SECRET }),
        qr/^cannot use syswrite on a TLS socket that was untied/,
        'syswrite croaks'
    );
    like(
        died(sub { sysread $sock, my $buffer, 10 }),
        qr/^cannot use sysread on a TLS socket that was untied/,
        'sysread croaks'
    );
    refuses($sock);
    $sock->syswrite('under TLS');
    $sock->close;
    is(($peer->hear)[0], 'under TLS', 'the methods still work');
    unlike($record->(), qr/$SECRET/, 'nothing goes out in the clear');
};

done_testing;
