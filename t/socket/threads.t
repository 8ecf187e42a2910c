# ithreads: a socket may be made in one thread, used in another and closed in
# a third, one after the other; a new thread does not harm the sockets it
# inherits.
use strict;
use warnings;

use Config;

BEGIN {
    if (!$Config{useithreads}) {
        require Test::More;
        Test::More::plan(skip_all => 'this Perl has no threads');
    }
}
use threads;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::FileStore;
use ISS::Recorder;
use ISS::Sessions;
use ISS::Test;
use IO::Socket::SSL;
use File::Temp qw(tempdir);
use Storable   qw(store_fd fd_retrieve);
use Test::More;

# A peer that echoes lines.
sub echo {
    my ($sock) = @_;
    while (my $line = <$sock>) {
        print $sock "echo $line";
    }
    return;
}

# The same after a handshake on a plain socket.
sub serve {
    my ($tcp) = @_;
    my $sock = IO::Socket::SSL->start_SSL($tcp, server_args())
      or die "start_SSL: $SSL_ERROR\n";
    return echo($sock);
}

each_version(
    sub {
        my ($version) = @_;

        my ($sock, $peer) = tls_pair(version => $version, peer => \&echo);
        print $sock "one\n";
        is(scalar <$sock>, "echo one\n", 'in the thread that made it');
        my $heard = threads->create(
            sub {
                print $sock "two\n";
                return scalar <$sock>;
            }
        )->join;
        is($heard, "echo two\n", 'in another');
        print $sock "three\n";
        is(scalar <$sock>, "echo three\n", '... and in the first again');
        ok(close $sock, 'it closes');
    }
);

subtest 'threads that do nothing' => sub {
    my ($sock, $peer) = tls_pair(peer => \&echo);
    $_->join for map {
        threads->create(sub { 1 })
    } 1 .. 5;
    print $sock "still\n";
    is(scalar <$sock>,
        "echo still\n", 'do not close the sockets they inherit');
};

# The peer ends TLS, too, and goes on reading in the clear.
subtest 'closed in one thread' => sub {
    my ($sock, $peer) = tls_pair(
        peer => sub {
            my ($sock, $me) = @_;
            read_all($sock);
            $sock->stop_SSL or die "stop_SSL: $SSL_ERROR\n";
            $me->tell('ended');
            $me->tell(read_all($sock));
        }
    );
    threads->create(sub { close $sock })->join;
    is_deeply([$peer->hear], ['ended'], 'the peer sees the end');
    ok(!(print {$sock} 'secret'), 'another thread cannot write');
    ok($!{EPERM},                 '... and fails with EPERM');
    close $sock;
    is_deeply([$peer->hear], [''], '... and nothing goes out in the clear');
};

each_version(
    sub {
        my ($version) = @_;

        my $server  = resuming_server(SSL_version => $version);
        my $context = client_context(SSL_session_cache_size => 1);
        my @args    = (SSL_reuse_ctx => $context);
        is(resumed($server, @args), 0, 'a session of the main thread');
        my $there =
          threads->create(sub { return resumed($server, @args) })->join;
        is($there,                  1, '... is resumed by another');
        is(resumed($server, @args), 1, '... and the other way round');
    }
);

subtest 'callbacks are those of the thread' => sub {
    my $where   = 'first';
    my $context = IO::Socket::SSL::SSL_Context->new(client_args());
    my ($tcp) =
      raw_pair(sub { IO::Socket::SSL->start_SSL($_[0], server_args()) });
    my $sock = IO::Socket::SSL->start_SSL(
        $tcp,
        client_args(
            SSL_startHandshake  => 0,
            SSL_verify_callback => sub { $where = 'called'; return $_[0] }
        )
    );
    my $seen = threads->create(
        sub {
            $sock->connect_SSL or return "failed: $SSL_ERROR";
            return $where;
        }
    )->join;
    is($seen,  'called', 'the thread sees the effect of its callback');
    is($where, 'first',  'the first thread does not');
};

sub greet {
    my ($sock) = @_;
    print $sock "hello\n";
    close $sock;
    return;
}

subtest 'each thread its own connection' => sub {
    my ($server, $address) = tls_server(\&greet);
    my @heard = map { $_->join } map {
        threads->create(
            sub {
                my $sock =
                  IO::Socket::SSL->new(PeerAddr => $address, client_args())
                  or return "failed: $SSL_ERROR";
                return scalar <$sock>;
            }
        )
    } 1 .. 4;
    is_deeply(\@heard, [("hello\n") x 4], 'at the same time');
};

# Runs the code in a new thread and returns its result.
sub in_thread {
    my ($code) = @_;
    return scalar threads->create({ context => 'scalar' }, $code)->join;
}

each_setting(
    sub {
        my %setting = @_;

        my %as    = (client => \&client_args, server => \&server_args);
        my @mine  = $as{ $setting{role} }->(SSL_version => $setting{version});
        my $other = $setting{role} eq 'client' ? 'server' : 'client';
        my ($tcp, $peer) = raw_pair(
            sub {
                my ($tcp, $me) = @_;
                $me->hear;
                my $sock = IO::Socket::SSL->start_SSL($tcp, $as{$other}->())
                  or die $SSL_ERROR;
                echo($sock);
                $me->tell($sock->eof_reason);
            }
        );
        $tcp->blocking(0);
        my $sock =
          IO::Socket::SSL->start_SSL($tcp, @mine, SSL_startHandshake => 0);
        my $go_on = $setting{role} eq 'client' ? 'connect_SSL' : 'accept_SSL';
        ok(!$sock->$go_on, 'a handshake that starts in this thread');
        $peer->tell('your turn');
        my $version = in_thread(
            sub {
                complete($sock, sub { scalar $sock->$go_on })
                  or return "failed: $SSL_ERROR";
                $sock->blocking(1);
                print $sock "shaken\n";
                return $sock->get_sslversion . ' ' . <$sock>;
            }
        );
        is(
            $version,
            "$setting{version} echo shaken\n",
            '... is done in a thread'
        );
        is(
            in_thread(
                sub {
                    print $sock "used\n";
                    return scalar <$sock>;
                }
            ),
            "echo used\n",
            'reading and writing in another'
        );
        ok(in_thread(sub { $sock->$go_on }), '... and so it is in a third');
        ok(in_thread(sub { close $sock }),   '... which may close it');
        is(($peer->hear)[0], 'close_notify', '... with close_notify');
        ok(!print({$sock} 'x'), 'the first thread cannot write any more');
        ok(close $sock,         '... and may close its copy');
    }
);

subtest 'made in a thread, used here' => sub {
    my ($sock, $peer) = tls_pair(
        peer => sub {
            my ($sock, $me) = @_;
            echo($sock);
            $me->tell($sock->eof_reason);
        }
    );
    my $fd = in_thread(
        sub {
            threads->create(
                sub {
                    print $sock "deep\n";
                    return scalar <$sock>;
                }
            )->join;
        }
    );
    is($fd, "echo deep\n", 'threads in threads');
    print $sock "here\n";
    is(scalar <$sock>, "echo here\n", '... do not harm the socket');
    undef $sock;
    is(($peer->hear)[0], 'truncated', 'the last copy closes the descriptor');
};

subtest 'C code in threads' => sub {
    my ($sock, $peer) = tls_pair(
        peer => sub {
            my ($sock, $me) = @_;
            store_fd([@{ fd_retrieve($sock) }, 'back'], $sock) for 1 .. 2;
            my $rest = read_all($sock);
            $me->tell($rest, $sock->eof_reason);
        }
    );
    my $mirrored = in_thread(
        sub {
            store_fd(['thread'], $sock);
            return join ' ', @{ fd_retrieve($sock) };
        }
    );
    is($mirrored, 'thread back', 'Storable in a thread');
    store_fd(['here'], $sock);
    is_deeply(fd_retrieve($sock), ['here', 'back'], '... and here');

    open my $memory, '+>', \my $image or die $!;
    Storable::pstore($memory, \'words') for 1 .. 3;
    close $memory;
    Storable::pstore($sock, \'words');
    in_thread(sub { 1 });
    in_thread(sub { Storable::pstore($sock, \'words') });
    Storable::pstore($sock, \'words');
    ok(close $sock, 'close');
    is_deeply(
        [$peer->hear],
        [$image, 'close_notify'],
        'what several threads wrote arrives in order, once'
    );
};

subtest 'data that C code has written in this thread' => sub {
    my ($sock, $peer, $record) = recorded_pair(
        version => 'TLSv1_2',
        peer    => \&read_all
    );
    pipe my $end, my $told or die "pipe: $!";
    my $thread = threads->create(sub { sysread $end, my $byte, 1 });
    Storable::pstore($sock, \'words');
    syswrite $told, 'x';
    $thread->join;
    Storable::pstore($sock, \'words');
    close $sock;
    is(data_records($record->()),
        1, 'is not sent by another thread that ends');
};

subtest 'stop_SSL in a thread' => sub {
    my ($sock, $peer) = tls_pair(peer => sub { $_[0]->stop_SSL });
    my @layers = PerlIO::get_layers($sock);
    is(pop @layers, 'IO::Socket::SSL', 'the handle has our layer');
    is(
        in_thread(
            sub {
                $sock->stop_SSL or return "failed: $SSL_ERROR";
                return join ' ', PerlIO::get_layers($sock);
            }
        ),
        "@layers",
        '... which goes in the thread that stops TLS'
    );
};

subtest 'a duplicate in a thread' => sub {
    my ($sock) = tls_pair();
    my $errno = in_thread(
        sub {
            open my $dup, '>&', $sock and return 'opened';
            return $! + 0;
        }
    );
    is($errno, Errno::EOPNOTSUPP(), 'is refused');
    like(
        in_thread(
            sub {
                died(sub { send $sock, 'x', 0 });
            }
        ),
        qr/^Use of send\(\) not implemented/,
        'the builtin send croaks'
    );
    like(
        in_thread(
            sub {
                died(
                    sub {
                        my $in = $sock;
                        eval q{recv $in, my $x, 1, 0};
                        die $@;
                    }
                );
            }
        ),
        qr/^Use of recv\(\) not implemented/,
        '... compiled in the thread, too'
    );
};

subtest 'a context of the first thread' => sub {
    my $calls   = 0;
    my $context = IO::Socket::SSL::SSL_Context->new(
        client_args(SSL_verify_callback => sub { $calls++; return $_[0] }));
    my ($server, $address) = tls_server(\&greet);
    my @heard = map { $_->join } map {
        threads->create(
            sub {
                my $sock = IO::Socket::SSL->new(
                    PeerAddr          => $address,
                    SSL_reuse_ctx     => $context,
                    SSL_hostname      => 'localhost',
                    SSL_verifycn_name => 'localhost'
                ) or return "failed: $SSL_ERROR";
                return join ' ', $calls > 0 ? 'called' : 'not called',
                  <$sock>;
            }
        )
    } 1 .. 4;
    is_deeply(
        \@heard,
        [("called hello\n") x 4],
        'serves several at the same time, each with its own callback'
    );
    is($calls, 0, '... and not in the first');
};

subtest 'a thread in a callback' => sub {
    my ($tcp, $peer) = raw_pair(\&serve);
    my @refused;
    my $busy = sub {
        my $count = $tcp->syswrite('x');
        return defined $count ? 'written' : $! + 0;
    };
    my $sock = IO::Socket::SSL->start_SSL(
        $tcp,
        client_args(
            SSL_verify_callback => sub {
                push @refused, in_thread($busy) if !@refused;
                return $_[0];
            }
        )
    ) or die $SSL_ERROR;
    is_deeply(\@refused, [Errno::EDEADLK()], 'cannot use the connection');
    print $sock "after\n";
    is(scalar <$sock>, "echo after\n", '... which works when it has ended');
};

subtest 'SSL_usebio in a thread' => sub {
    my ($tcp, $peer) = raw_pair(\&serve);
    my $sock = in_thread(
        sub {
            IO::Socket::SSL->start_SSL($tcp, client_args(SSL_usebio => 1))
              or $SSL_ERROR;
        }
    );
    print $sock "here\n";
    is(scalar <$sock>, "echo here\n", 'can be used in the first one');
    ok($sock->close, '... and closed');
};

subtest 'a store that a thread makes' => sub {
    my $dir     = tempdir('iss-store-XXXXXX', TMPDIR => 1, CLEANUP => 1);
    my $context = in_thread(
        sub {
            IO::Socket::SSL::SSL_Context->new(
                server_args(
                    SSL_server        => 1,
                    SSL_session_cache => IO::Socket::SSL::Session_Store->new(
                        backend => ISS::FileStore->new(dir => $dir),
                        secret  => 's' x 32
                    )
                )
            );
        }
    );
    isa_ok($context, 'IO::Socket::SSL::SSL_Context');
    my ($tcp, $peer) = raw_pair(
        sub {
            my ($tcp, $me) = @_;
            my $sock = IO::Socket::SSL->start_SSL($tcp, client_args())
              or die "start_SSL: $SSL_ERROR\n";
            $me->tell(scalar <$sock>);
        }
    );
    my $sock = IO::Socket::SSL->start_SSL(
        $tcp,
        SSL_server    => 1,
        SSL_reuse_ctx => $context
    ) or diag $SSL_ERROR;
    print $sock "hello\n";
    is(($peer->hear)[0], "hello\n", 'is used in the first one');
};

done_testing;
