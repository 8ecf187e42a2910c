# C code that uses the PerlIO of a TLS socket bypasses the tie, but speaks TLS
# too: in order with other data, not lost at a close, and never in the clear.
# Storable's pstore and pretrieve serve as such code.
use strict;
use warnings;

use Digest::MD5;
use Fcntl qw(F_GETFL);
use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Recorder;
use ISS::Test;
use IO::Socket::SSL;
use POSIX ();
use Storable;
use Test::More;

my $SECRET = 'THE-SECRET-TEXT';

# Writes from C, without a flush; c_bytes returns the bytes that it writes.
sub c_write { return Storable::pstore($_[0], \$_[1]) }

sub c_bytes {
    my ($value) = @_;
    open my $memory, '+>', \my $bytes or die $!;
    c_write($memory, $value);
    close $memory;
    return $bytes;
}

each_setting(
    sub {
        my %setting = @_;

        my ($sock, $peer) = tls_pair(%setting, peer => \&tell_all);
        c_write($sock, 'one');
        print $sock '-two-';
        c_write($sock, 'three');
        syswrite $sock, '-four-';
        c_write($sock, 'five');
        $sock->write('-six-');
        c_write($sock, 'seven');
        ok(close $sock, 'close sends data that C code has written');
        is_deeply(
            [$peer->hear],
            [
                c_bytes('one') . '-two-'
                  . c_bytes('three')
                  . '-four-'
                  . c_bytes('five') . '-six-'
                  . c_bytes('seven'),
                'close_notify'
            ],
            'everything arrives in order, the close_notify last'
        );
    }
);

each_version(
    sub {
        my ($version) = @_;

        my ($sock, $peer) = tls_pair(
            version => $version,
            peer    => sub {
                my ($sock) = @_;
                while (sysread $sock, my $some, 1000) {
                    print $sock length($some), "\n";
                }
            }
        );
        my $bytes = length c_bytes('question');
        for my $read (
            sub { scalar <$sock> },
            sub { sysread $sock, my $buffer, 100; $buffer },
            sub { read $sock, my $buffer, length($bytes) + 1; $buffer },
            sub { local $/ = \(length($bytes) + 1); $sock->getline },
            sub {
                readable($sock) if !$sock->peek(my $nothing, 1);
                $sock->peek(my $buffer, 100);
                scalar <$sock>;
            },
          )
        {
            c_write($sock, 'question');
            is($read->(), "$bytes\n", 'a read sends the question first');
        }
        c_write($sock, 'question');
        ok($sock->flush,    'flush');
        ok(readable($sock), '... sends it, too');
        is(scalar <$sock>, "$bytes\n", '... unchanged');
    }
);

for my $way ('close', 'out of scope') {
    my ($sock, $peer) = tls_pair(
        peer => sub {
            my ($sock, $me) = @_;
            print $sock "welcome\n";
            tell_all($sock, $me);
        }
    );
    <$sock>;
    c_write($sock, 'last words');
    $way eq 'close' ? close $sock : undef $sock;
    is_deeply(
        [$peer->hear],
        [
            c_bytes('last words'),
            $way eq 'close' ? 'close_notify' : 'truncated'
        ],
        "$way loses nothing"
    );
}

subtest 'the end of a process' => sub {
    my ($server, $address) = tls_server(
        sub {
            my ($sock, $me) = @_;
            print $sock "welcome\n";
            tell_all($sock, $me);
        }
    );
    my $said = perl_says(
        '-w', '-MStorable', '-MIO::Socket::SSL', '-e', <<'--',
        our $sock = IO::Socket::SSL->new(@ARGV) or die $SSL_ERROR;
        <$sock>;
        Storable::pstore($sock, \'last words');
--
        PeerAddr => $address,
        client_args()
    );
    is($said, '', 'prints nothing');
    is_deeply(
        [$server->hear],
        [c_bytes('last words'), 'truncated'],
        '... and loses nothing'
    );
};

subtest 'fork' => sub {
    my ($sock, $peer) = tls_pair(peer => \&tell_all);
    c_write($sock, 'once');
    defined(my $pid = fork) or die "fork: $!";
    if (!$pid) {
        undef $sock;
        POSIX::_exit(0);
    }
    waitpid $pid, 0;
    close $sock;
    is_deeply(
        [$peer->hear],
        [c_bytes('once'), 'close_notify'],
        'unsent data is sent once'
    );
};

subtest 'reading' => sub {
    my $large = join '', map { "line $_\n" } 1 .. 20_000;
    my ($sock, $peer) = tls_pair(
        peer => sub {
            my ($sock) = @_;
            print $sock "first\n", $large;
            close $sock;
        }
    );
    is(scalar <$sock>, "first\n", 'a line through the tie');
    is(
        Digest::MD5->new->addfile($sock)->hexdigest,
        Digest::MD5::md5_hex($large),
        'the rest from C'
    );
    ok(eof $sock, 'and then the end of file');
    is($sock->eof_reason, 'close_notify', '... with close_notify');
    ok(!$sock->error, '... and no error');
};

subtest 'a format' => sub {
    my ($sock, $peer, $record) = recorded_pair(peer => \&tell_all);
    our $text = $SECRET;
    my $name = select;

    format SECRET_FORMAT =
@<<<<<<<<<<<<<<<<<<<<
$text
.
    select $sock;
    $~ = 'SECRET_FORMAT';
    select $name;
    write $sock;
    close $sock;
    is(($peer->hear)[0], "$SECRET\n", 'is written under TLS');
    unlike($record->(), qr/$SECRET/, '... not in the clear');
};

subtest 'the descriptor' => sub {
    my ($sock, $peer) = tls_pair();
    my ($tcp,  $raw)  = raw_pair(sub { });
    is(fileno($sock), $sock->fileno, 'fileno');
    cmp_ok(fileno $sock, '>', 2, '... is a descriptor');
    ok(defined fcntl($sock, F_GETFL, 0), 'fcntl');
    is((stat $sock)[2], (stat $tcp)[2], 'the builtin stat');
    ok(-S $sock,          '-S');
    ok(getpeername $sock, 'getpeername');
    ok(getsockopt($sock, Socket::SOL_SOCKET(), Socket::SO_TYPE()),
        'getsockopt');
    vec(my $bits = '', fileno $sock, 1) = 1;
    is(select(undef, $bits, undef, 0), 1, 'select');
    ok($sock->blocking(0), 'blocking, the method');
    ok(!$sock->blocking,   '... works');
    binmode $sock;
    binmode $sock, ':raw';
    ok(print({$sock} 'x'), 'binmode has no effect');
    is(Storable::pstore($sock, []) && $sock->flush && 'fine',
        'fine', '... not here either');
};

# The layer stays even if the program removes the tie or pops layers.
subtest 'without the tie' => sub {
    my ($sock, $peer, $record) = recorded_pair(peer => \&tell_all);
    {
        no warnings 'untie';
        untie *$sock;
    }
    print {$sock} "1 $SECRET\n";
    printf {$sock} "2 %s\n", $SECRET;
    binmode $sock, ':pop';
    binmode $sock, ':raw:pop';
    print {$sock} "3 $SECRET\n";
    undef $sock;
    is(
        ($peer->hear)[0],
        join('', map { "$_ $SECRET\n" } 1 .. 3),
        'print is under TLS'
    );
    unlike($record->(), qr/$SECRET/, '... not in the clear');
};

subtest 'stop_SSL' => sub {
    my ($sock, $peer, $record) = recorded_pair(
        peer => sub {
            my ($sock, $me) = @_;
            $me->tell(join '', <$sock>);
            $sock->stop_SSL or die $SSL_ERROR;
            $me->tell(join '', <$sock>);
        }
    );
    my @before = PerlIO::get_layers(*STDIN);
    c_write($sock, 'under TLS');
    ok($sock->stop_SSL, 'stop_SSL');
    is(($peer->hear)[0],
        c_bytes('under TLS'), '... sends what was written before it');
    is(join(' ', PerlIO::get_layers($sock)),
        "@before", '... and our layer goes');
    c_write($sock, 'PLAIN');
    $sock->flush;
    shutdown $sock, 1;
    is(($peer->hear)[0], c_bytes('PLAIN'), '... so that this is plain');
    close $sock;
    like($record->(), qr/PLAIN/, '... on the wire, too');
};

for my $role (qw(client server)) {
    my @args  = $role eq 'client' ? client_args() : server_args();
    my $go_on = $role eq 'client' ? 'connect_SSL' : 'accept_SSL';

    subtest "a handshake under way, $role" => sub {
        my ($tcp, $peer) = raw_recorder();
        $tcp->blocking(0);
        my $sock =
          IO::Socket::SSL->start_SSL($tcp, @args, SSL_startHandshake => 0);
        $sock->$go_on;
        local $! = 0;
        ok(!c_write($sock, $SECRET), 'nothing can be written');
        ok($!{EWOULDBLOCK},          '... with EWOULDBLOCK');
        $sock->flush;
        is(eval { Storable::pretrieve($sock) }, undef, '... or read');
        $peer->tell('end');
        close $sock;
        unlike(($peer->hear)[0], qr/$SECRET/,
            'nothing goes out in the clear');
    };

    subtest "a handshake that failed, $role" => sub {
        my ($tcp, $peer) = raw_recorder();
        $tcp->blocking(0);
        my $sock = IO::Socket::SSL->start_SSL(
            $tcp, @args,
            SSL_startHandshake    => 0,
            SSL_keepSocketOnError => 1
        );
        $sock->$go_on;
        $peer->tell("no TLS at all\r\n");
        readable($sock);
        ok(!$sock->$go_on,           'it fails');
        ok(!c_write($sock, $SECRET), 'nothing can be written');
        $sock->flush;
        $peer->tell('end');
        close $sock;
        unlike(($peer->hear)[0], qr/$SECRET/,
            'nothing goes out in the clear');
    };
}

subtest 'the other end has gone' => sub {
    my ($sock, $peer) = tls_pair(
        peer => sub {
            my ($sock, $me) = @_;
            close_with_reset($sock);
            $me->tell('closed');
        }
    );
    local $SIG{PIPE} = sub { fail('SIGPIPE') };
    $peer->hear;
    c_write($sock, $SECRET);
    my $flushed = $sock->flush;
    my $errno   = $!;
    ok(!$flushed, 'flush fails');
    ok($errno,    "... and \$! says why ($errno)");
  SKIP: {
        skip 'this IO::Handle only checks the reading side', 1
          if !eval { IO::Handle->VERSION('1.44') };
        ok($sock->error, '... and so does error');
    }
    ok(!c_write($sock, $SECRET), 'nothing more can be written');
};

subtest 'SSL_on_peer_shutdown' => sub {
    my %DO = (
        'is called'            => sub { },
        'may close the socket' => sub { close $_[0] },
        'may stop TLS'         => sub { $_[0]->stop_SSL },
        'may read'             => sub { Storable::pretrieve($_[0]) },
        'may untie'            => sub { no warnings; untie *{ $_[0] } },
    );
    my $calls = 0;
    for my $name (sort keys %DO) {
        my ($sock, $peer) = tls_pair(
            mine => {
                SSL_on_peer_shutdown => sub {
                    $calls++;
                    return $DO{$name}->(@_);
                }
            },
            peer => sub { close $_[0] }
        );
        $calls = 0;
        is(eval { Storable::pretrieve($sock) },
            undef, 'C code sees the end of file');
        is($calls, 1, "... the sub $name");
    }
    my ($sock, $peer) = tls_pair(
        mine => { SSL_on_peer_shutdown => sub { die "from the sub\n" } },
        peer => sub { close $_[0] }
    );
    is(
        died(sub { Storable::pretrieve($sock) }),
        "from the sub\n",
        'the sub may die'
    );
};

# Sends us SIGUSR1 once we have had the time to wait for data.
sub sends_a_signal {
    my $test = $$;
    return peer(
        sub {
            my ($me) = @_;
            1 until $me->quiet_for(0.05);
            kill USR1 => $test;
            $me->hear;
        }
    );
}

subtest 'signals' => sub {
    my $ask = sub {
        my ($sock, $me) = @_;
        $me->tell('ready');
        $me->hear;
        syswrite $sock, c_bytes('answer');
    };
    my ($sock, $peer) = tls_pair(peer => $ask);
    $peer->hear;
    my $handled = 0;
    local $SIG{USR1} = sub { $handled++; $peer->tell('go on') };
    my $child = sends_a_signal();
    is(${ Storable::pretrieve($sock) },
        'answer', 'a read continues after a signal');
    is($handled, 1, '... whose handler has run');

    ($sock, $peer) = tls_pair(peer => $ask);
    $peer->hear;
    local $SIG{USR1} = sub { close $sock };
    $child = sends_a_signal();
    is(eval { Storable::pretrieve($sock) },
        undef, 'a read ends when a handler closes the socket');
    ok(!defined fileno $sock, '... which is closed');

    ($sock, $peer) = tls_pair(peer => $ask);
    $peer->hear;
    local $SIG{USR1} = sub { die "from the handler\n" };
    $child = sends_a_signal();
    is(
        died(sub { Storable::pretrieve($sock) }),
        "from the handler\n",
        'a handler may die'
    );
    $peer->tell('go on');
    is(${ Storable::pretrieve($sock) },
        'answer', '... and reading still works');
};

done_testing;
