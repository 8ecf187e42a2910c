# Perl code that runs in the middle of an operation and frees or changes what
# the operation uses: the last reference to the socket, a buffer, a string.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Socket qw(AF_UNIX PF_UNSPEC SOCK_STREAM);
use Test::More;

{

    package Says;
    use overload '""' => sub { $_[0][0]->(); 'text' };
    sub when_asked { bless [$_[1]], $_[0] }
}
{

    package Frees;
    use overload
      '0+' => sub { @{ $_[0][0] } = (); 1 },
      '""' => sub { @{ $_[0][0] } = (); '1' };
    sub new { return bless [$_[1]], $_[0] }
}
{

    package Fetches;
    sub TIESCALAR { bless [$_[1]], $_[0] }
    sub FETCH     { $_[0][0]->(); 10 }
}

# A socket in the middle of a handshake, which the next operation will finish,
# calling the callback on the way.  The peer then sends the data and closes.
sub under_way {
    my ($callback, $data) = @_;

    my ($sock, $peer) = raw_pair(
        sub {
            my ($tcp, $me) = @_;
            $me->hear;
            my $peer = IO::Socket::SSL->start_SSL($tcp, server_args())
              or return;
            print $peer $data;
            close $peer;
        }
    );
    $sock->blocking(0);
    IO::Socket::SSL->start_SSL(
        $sock,
        client_args(
            SSL_startHandshake  => 0,
            SSL_verify_callback => $callback,
        )
    );
    $sock->connect_SSL;
    $sock->blocking(1);
    $peer->tell('go');
    return ($sock, $peer);
}

my %TAKES = (
    sysread  => sub { sysread $_[0], my $buffer, 10 },
    read     => sub { $_[0]->read(my $buffer, 3) },
    peek     => sub { $_[0]->peek(my $buffer, 10) },
    readline => sub { my $line  = readline $_[0] },
    getlines => sub { my @lines = readline $_[0]; scalar @lines },
    getc     => sub { my $byte  = getc $_[0] },
    eof      => sub { !eof $_[0] },
    syswrite => sub { syswrite $_[0], 'text' },
    print    => sub { print { $_[0] } 'text' },
);

for my $name (sort keys %TAKES) {
    my ($sock, $peer);
    ($sock, $peer) = under_way(sub { undef $sock; 1 }, "a line\n" x 3);
    ok($TAKES{$name}->($sock),
        "$name goes on after a callback drops the last reference");
    is($sock, undef, '... and the socket is freed afterwards');
}

my %SENDS = (
    print  => sub { print { $_[0] } $_[1] },
    printf => sub { printf { $_[0] } '%s', $_[1] },
    say    => sub { $_[0]->say($_[1]) },
    write  => sub { $_[0]->write($_[1]) },
);

for my $name (sort keys %SENDS) {
    my ($sock, $peer) = tls_pair();
    ok(
        $SENDS{$name}->($sock, Says->when_asked(sub { undef $sock })),
        "$name of an object that drops the last reference"
    );
    is($sock, undef, '... finishes before the socket is freed');

    ($sock, $peer) = tls_pair();
    ok(!$SENDS{$name}->($sock, Says->when_asked(sub { close $sock })),
        "$name of an object that closes the socket fails");
    is($! + 0, Errno::EBADF(), '... with EBADF');
    like($SSL_ERROR, qr/closed during the operation/, '... and says why');
}

my %END = (
    sysread  => sub { sysread $_[0], my $buffer, 10 },
    readline => sub { readline $_[0] },
    getlines => sub { my @lines = readline $_[0]; return },
    getc     => sub { getc $_[0] },
    eof      => sub { !eof $_[0] },
);

for my $name (sort keys %END) {
    for my $deed (sub { close $_[0]; return }, sub { undef $_[0]; return }) {
        my ($sock, $peer);
        ($sock, $peer) = tls_pair(
            mine => { SSL_on_peer_shutdown => sub { $deed->($sock) } },
            peer => sub {
                my ($sock, $me) = @_;
                $sock->stop_SSL(SSL_fast_shutdown => 1);
                $me->hear;
            }
        );
        ok(!$END{$name}->($sock),
            "$name ends when SSL_on_peer_shutdown closes");
    }
}

# Things that a callback may do to the buffer that is being read into.
our %held;
my %CHANGES = (
    'upgrades it'          => sub { utf8::upgrade($held{buffer}) },
    'copies it'            => sub { our $copy     = $held{buffer} },
    'makes it a glob'      => sub { $held{buffer} = *STDOUT },
    'makes it a reference' => sub { $held{buffer} = [] },
    'undefines it'         => sub { undef $held{buffer} },
    'ties it'              => sub { tie $held{buffer}, 'Nothing' },
);

for my $name (sort keys %CHANGES) {
    my $called = 0;
    my ($sock, $peer) = under_way(
        sub {
            $called++;
            eval { $CHANGES{$name}->() };
            1;
        },
        'D' x 9000
    );
    %held = (buffer => "\xe9" x 20_000);
    is(sysread($sock, $held{buffer}, 16_000),
        9000, "a callback that takes the buffer and $name: sysread");
    is($held{buffer}, 'D' x 9000, '... fills the buffer nevertheless');
    cmp_ok($called, '>=', 1, '... and the callback was called');
}

subtest 'a callback that deletes the buffer' => sub {
    my ($sock, $peer) = under_way(sub { %held = (); 1 }, 'D' x 9000);
    %held = (buffer => 'x' x 20_000);
    is(sysread($sock, $held{buffer}, 16_000), 9000, 'sysread still succeeds');
    is_deeply(\%held, {}, 'the buffer stays deleted');
};

# A signal handler that runs after half of the data has arrived.
my %AFTER = (
    'undefines it'         => [sub { undef $_[0] }, "\0"],
    'makes it a glob'      => [sub { $_[0]     = *STDOUT }, undef],
    'makes it a reference' => [sub { $_[0]     = [] }, undef],
    'makes it wide'        => [sub { $_[0]     = "\x{100}" x 9 }, "\0"],
    'copies it'            => [sub { our $copy = $_[0] }, 'D'],
);

for my $name (sort keys %AFTER) {
    my ($deed, $begin) = @{ $AFTER{$name} };
    my $test = $$;
    my ($done, $buffer) = (0, '');
    my ($sock, $peer);
    local $SIG{USR1} = sub {
        return if !length $buffer || $done++;
        $deed->($buffer);
        $peer->tell('go');
    };
    ($sock, $peer) = tls_pair(
        peer => sub {
            my ($sock, $me) = @_;
            syswrite $sock, 'D' x 5000;
            do { kill USR1 => $test } while $me->quiet_for(0.05);
            print $sock 'E' x 6000;
            close $sock;
        }
    );
    is($sock->read($buffer, 20_000),
        11_000, "a handler that takes the buffer and $name: read");
    is(length $buffer, 11_000, '... the buffer has that length');
    is(substr($buffer, 5000),
        'E' x 6000, '... ends with the data that came later');
    is(
        substr($buffer, 0, 5000),
        $begin x 5000,
        '... and holds no stray memory'
    ) if defined $begin;
}

subtest 'a handler that frees the string being written' => sub {
    my $test = $$;
    my ($data, $writing, $done) = ('a' x 5_000_000, 0, 0);
    my ($sock, $peer);
    local $SIG{USR1} = sub {
        return if !$writing || $done++;
        undef $data;
        my @elsewhere = map { 'b' x 1000 } 1 .. 1000;
        $peer->tell('go');
    };
    ($sock, $peer) = tls_pair(
        peer => sub {
            my ($sock, $me) = @_;
            do { kill USR1 => $test } while $me->quiet_for(0.05);
            my $all = read_all($sock);
            $me->tell(length $all, $all =~ tr/a//);
        }
    );
    $writing = 1;
    is($sock->write($data), 5_000_000, 'write writes all of it');
    $writing = 0;
    $sock->stop_SSL(SSL_fast_shutdown => 1);
    is_deeply(
        [$peer->hear],
        [5_000_000, 5_000_000],
        'the string arrives unchanged'
    );
};

subtest 'a callback that closes the socket, whose descriptor is reused' =>
  sub {
    my ($sock, $peer, @others);
    ($sock, $peer) = under_way(
        sub {
            return 1 if @others;
            close $sock;
            socketpair($others[0], $others[1], AF_UNIX, SOCK_STREAM,
                PF_UNSPEC)
              or die $!;
            $_->blocking(0) for @others;
            return 1;
        },
        'data'
    );
    my $number = fileno $sock;
    ok(!sysread($sock, my $buffer, 10), 'sysread fails');
    is((grep { fileno $_ == $number } @others),
        1, 'the descriptor is in use again');
    for my $other (@others) {
        is(sysread($other, $buffer, 10),
            undef, 'no TLS is written to the other socket');
    }
  };

subtest 'an option that changes the name to be sent' => sub {
    my ($sock, $peer) = raw_pair(
        sub {
            my ($tcp, $me) = @_;
            my $server = IO::Socket::SSL->start_SSL($tcp, server_args())
              or die "the peer's handshake failed: $SSL_ERROR\n";
            $me->tell($server->get_servername);
        }
    );
    IO::Socket::SSL->start_SSL($sock, client_args(SSL_startHandshake => 0));
    # A context that is there already is not made from the arguments.
    ${*$sock}{_SSL_ctx} = IO::Socket::SSL::SSL_Context->new(client_args());
    my $args = ${*$sock}{_SSL_arguments};
    $args->{SSL_hostname} = join '', qw(local host);    # bytes of its own
    tie $args->{SSL_io_timeout}, 'Fetches',
      sub { substr($args->{SSL_hostname}, 0, 9) = 'elsewhere' };
    ok($sock->connect_SSL, 'the handshake is done');
    is_deeply([$peer->hear], ['localhost'],
        'the server hears the name as it was at the beginning');
};

{

    package Nothing;
    sub TIESCALAR { bless [] }
    sub FETCH     { 'tied' }
    sub STORE     { }
}

# The buffer lies in an array that the length or the offset empties.
subtest 'an argument frees another' => sub {
    my %call = (
        'sysread, length' => sub { sysread $_[0], $_[1][0], $_[2] },
        'sysread, offset' => sub { sysread $_[0], $_[1][0], 2, $_[2] },
        'read'            => sub { read $_[0], $_[1][0], $_[2] },
        'peek'            => sub { $_[0]->peek($_[1][0], $_[2]) },
        'syswrite'        => sub { syswrite $_[0], $_[1][0], $_[2] },
        'write'           => sub { $_[0]->write($_[1][0], 2, $_[2]) },
        'print'           => sub { print { $_[0] } $_[2], $_[1][0] },
        'printf'          => sub { $_[0]->printf('%s%s', $_[2], $_[1][0]) },
    );
    my ($sock, $peer) = tls_pair(
        peer => sub { print { $_[0] } 'x' x 1000; read_all($_[0]) });
    for my $name (sort keys %call) {
        my @buffers = ('a long buffer ' x 1000);
        my $number  = Frees->new(\@buffers);
        ok($call{$name}->($sock, \@buffers, $number), $name);
        is(scalar @buffers, 0, '... without its buffer');
    }
};

done_testing;
