# Timeout on everything that waits for a peer, either a silent one or one that
# sends a byte now and then.
use strict;
use warnings;

use Errno qw(EAGAIN);
use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::INET;
use IO::Socket::SSL;
use Socket qw(SOL_SOCKET SO_RCVTIMEO);
use Test::More;

my $TIMEOUT = 0.3;    # a whole number would hide a lost fraction

# A TLS record of a handshake message that never ends, byte by byte.
my $TRICKLE = "\x16\x03\x03\x40\x00\x02\x00\x3f\x00" . ("\0" x 10_000);

my %PEER = (
    'a silent peer'       => sub { },
    'a byte every 100 ms' => sub {
        my ($tcp, $me) = @_;
        for my $byte (split //, $TRICKLE) {
            defined syswrite($tcp, $byte) or return;
            $me->quiet_for(0.1)           or return;
        }
    },
);

# Every operation gets the address of the peer.
my %OPERATION = (
    'new' => sub {
        my ($address) = @_;
        return IO::Socket::SSL->new(
            PeerAddr => $address,
            Timeout  => $TIMEOUT,
            client_args()
        );
    },
    'start_SSL, client' => sub {
        return IO::Socket::SSL->start_SSL(plain(@_),
            client_args(Timeout => $TIMEOUT));
    },
    'start_SSL, server' => sub {
        return IO::Socket::SSL->start_SSL(plain(@_),
            server_args(Timeout => $TIMEOUT));
    },
    'start_SSL, Timeout of the socket' => sub {
        my $plain = plain(@_);
        $plain->timeout($TIMEOUT);
        return IO::Socket::SSL->start_SSL($plain, client_args());
    },
    'connect_SSL' => sub {
        my $sock = upgraded(plain(@_), client_args());
        return $sock->connect_SSL(Timeout => $TIMEOUT);
    },
    'accept_SSL' => sub {
        my $sock = upgraded(plain(@_), server_args());
        return $sock->accept_SSL(Timeout => $TIMEOUT);
    },
);

sub plain {
    my ($address) = @_;
    return IO::Socket::INET->new($address) || die "connect: $!";
}

sub upgraded {
    my ($plain, @args) = @_;
    return IO::Socket::SSL->start_SSL($plain, @args, SSL_startHandshake => 0)
      || die "start_SSL: $SSL_ERROR";
}

for my $kind (sort keys %PEER) {
    for my $name (sort keys %OPERATION) {
        my ($server, $address) = plain_server(
            sub {
                my ($tcp, $me) = @_;
                local $SIG{PIPE} = 'IGNORE';
                $PEER{$kind}->($tcp, $me);
                $me->hear;
            }
        );
        local $! = 0;
        is_deeply([$OPERATION{$name}->($address)],
            [], "$name, $kind: it fails");
        ok($!{ETIMEDOUT}, '... with ETIMEDOUT') or diag $!;
        like($SSL_ERROR, qr/tim(?:e|ed) ?out/i, '... and $SSL_ERROR says so');
    }
}

subtest 'the blocking mode' => sub {
    for my $blocking (0, 1) {
        my ($tcp, $peer) = raw_pair(sub { });
        my $sock = upgraded($tcp, client_args());
        $sock->blocking($blocking);
        $sock->connect_SSL(Timeout => $TIMEOUT);
        is(!!$sock->blocking, !!$blocking, 'is unchanged');
    }
};

subtest 'after a handshake that timed out' => sub {
    my ($tcp, $peer) = raw_pair(sub { });
    my $sock = upgraded($tcp, client_args());
    $sock->connect_SSL(Timeout => $TIMEOUT);
    ok(!syswrite($sock, 'x'),               'nothing can be written');
    ok(!sysread($sock, my $buffer, 10),     '... or read');
    ok(!$sock->opened || $sock->opened < 0, 'it is not opened');
};

subtest 'a handshake in time' => sub {
    my ($sock, $peer) = raw_pair(
        sub {
            my ($tcp, $me) = @_;
            my $sock = IO::Socket::SSL->start_SSL($tcp, server_args())
              or die "start_SSL: $SSL_ERROR\n";
            $me->hear;
            print $sock "late\n";
        }
    );
    ok(IO::Socket::SSL->start_SSL($sock, client_args(Timeout => 20)),
        'it succeeds')
      or diag $SSL_ERROR;
    ok($sock->blocking, 'the socket blocks');
    $peer->tell('go');
    is(scalar <$sock>, "late\n", 'that Timeout does not apply to reading');
};

# Peers that let us wait for a moment.
sub slow_client {
    my ($address) = @_;
    return peer(
        sub {
            my ($me) = @_;
            $me->quiet_for(0.1);
            IO::Socket::SSL->new(PeerAddr => $address, client_args());
        }
    );
}

sub slow_server {
    return plain_server(
        sub {
            my ($tcp, $me) = @_;
            $me->quiet_for(0.1);
            my $sock = IO::Socket::SSL->start_SSL($tcp, server_args())
              or return;
            $me->quiet_for(0.1);
            $sock->stop_SSL;
        }
    );
}

my %UNLIMITED = (
    'new' => sub {
        my ($address, $none) = @_;
        return IO::Socket::SSL->new(
            PeerAddr => $address,
            Timeout  => $none,
            client_args()
        );
    },
    'connect_SSL' => sub {
        my ($address, $none) = @_;
        my $sock = upgraded(plain($address), client_args());
        return $sock->connect_SSL(Timeout => $none);
    },
    'start_SSL' => sub {
        my ($address, $none) = @_;
        return IO::Socket::SSL->start_SSL(plain($address),
            client_args(Timeout => $none));
    },
    'start_SSL, Timeout of the socket' => sub {
        my ($address, $none) = @_;
        my $plain = plain($address);
        ${*$plain}{io_socket_timeout} = $none;
        return IO::Socket::SSL->start_SSL($plain, client_args());
    },
    'stop_SSL' => sub {
        my ($address, $none) = @_;
        my $sock =
          IO::Socket::SSL->new(PeerAddr => $address, client_args());
        return $sock && $sock->stop_SSL(Timeout => $none);
    },
    'accept' => sub {
        my (undef, $none) = @_;
        my $listener = IO::Socket::SSL->new(
            LocalAddr => '127.0.0.1',
            Listen    => 5,
            Timeout   => $none,
            server_args()
        );
        my $client = slow_client(address($listener));
        return $listener->accept;
    },
    'accept_SSL' => sub {
        my (undef, $none) = @_;
        my $listener = listener();
        my $client   = slow_client(address($listener));
        my $sock     = upgraded(scalar $listener->accept, server_args());
        return $sock->accept_SSL(Timeout => $none);
    },
);

subtest 'Timeout => 0, an empty string or undef is no timeout' => sub {
    for my $none (0, '0.0', '', undef) {
        my $text = defined $none ? "'$none'" : 'undef';
        for my $name (sort keys %UNLIMITED) {
            my ($server, $address) = slow_server();
            my $done;
            my @warned = warnings_of(
                sub { $done = $UNLIMITED{$name}->($address, $none) });
            ok($done, "$name with $text waits") or diag "$SSL_ERROR, $!";
            is("@warned", '', '... without a warning');
        }
    }
};

subtest 'a timeout of the TCP connect' => sub {

    # A listener whose queue is full no longer answers.
    my $listener = listener(Listen => 1);
    my @filler;
    for (1 .. 10) {
        my $filler = IO::Socket::INET->new(
            PeerAddr => address($listener),
            Blocking => 0
        );
        push @filler, $filler;
    }
    local $! = 0;
    my @result = IO::Socket::SSL->new(
        PeerAddr => address($listener),
        Timeout  => $TIMEOUT,
        client_args()
    );
    is_deeply(\@result, [], 'new fails');
    ok($!{ETIMEDOUT}, '... with ETIMEDOUT') or diag $!;
};

# A program may bound a blocking socket with this instead.
for my $role ('client', 'server') {
    subtest "SO_RCVTIMEO, $role" => sub {
        my $listener = listener();
        my $tcp      = plain(address($listener));
        setsockopt $tcp, SOL_SOCKET, SO_RCVTIMEO, pack 'l!l!', 0, 300_000
          or plan skip_all => "SO_RCVTIMEO: $!";
        my @args =
          $role eq 'client' ? client_args() : server_args(SSL_server => 1);
        my @result = IO::Socket::SSL->start_SSL($tcp, @args);
        my $errno  = $! + 0;

        is_deeply(\@result, [], 'start_SSL fails');
        is($errno, EAGAIN, '... with EAGAIN');
        is(ref $tcp, 'IO::Socket::INET', '... and leaves the plain socket');
    };
}

done_testing;
