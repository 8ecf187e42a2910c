# start_SSL on every kind of socket, as client and as server, and the state of
# the socket after a failure.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::INET;
use IO::Socket::SSL;
use Socket;
use Symbol qw(gensym);
use Test::More;

@My::Socket::ISA = ('IO::Socket::SSL');
@My::Plain::ISA  = ('IO::Socket::INET');

# Each connects a plain socket of its kind to an address.
my %KIND = (
    'IO::Socket::INET' => sub { IO::Socket::INET->new($_[0]) },
    'a subclass of it' => sub { My::Plain->new($_[0]) },
    'a glob'           => sub { plain_glob($_[0]) },
);
$KIND{'IO::Socket::IP'} = sub { IO::Socket::IP->new(PeerAddr => $_[0]) }
  if eval { require IO::Socket::IP };

sub plain_glob {
    my ($host, $port) = split /:/, $_[0];

    socket(my $glob, PF_INET, SOCK_STREAM, 0) or die "socket: $!";
    connect($glob, pack_sockaddr_in($port, inet_aton($host)))
      or die "connect: $!";
    return $glob;
}

sub other_side {
    my (@args) = @_;

    return plain_server(
        sub {
            my ($tcp, $me) = @_;
            my $sock = IO::Socket::SSL->start_SSL($tcp, @args)
              or die "start_SSL: $SSL_ERROR\n";
            print $sock "hello\n";
            $me->tell(scalar <$sock>);
        }
    );
}

my %ROLE = (
    client => [[client_args()], [server_args()]],
    server => [[server_args()], [client_args()]],
);
for my $kind (sort keys %KIND) {
    for my $role (sort keys %ROLE) {
        my ($mine, $theirs) = @{ $ROLE{$role} };

        subtest "$kind, $role" => sub {
            my ($peer, $address) = other_side(@$theirs);
            my $plain  = $KIND{$kind}->($address);
            my $fileno = fileno $plain;
            my $sock   = IO::Socket::SSL->start_SSL($plain, @$mine);
            is($sock, $plain, 'the socket itself is returned')
              or diag $SSL_ERROR;
            is(ref $sock,      'IO::Socket::SSL', '... in its new class');
            is($sock->opened,  1,                 'it is opened');
            is($sock->is_SSL,  'rw',              '... under TLS');
            is(fileno($sock),  $fileno,   'the descriptor is the same');
            is(scalar <$sock>, "hello\n", 'it reads');
            print $sock "hello to you\n";
            is_deeply([$peer->hear], ["hello to you\n"], 'it writes');
            ok(close $sock, 'it closes');
        };
    }
}

subtest 'start_SSL of a subclass' => sub {
    my ($peer, $address) = other_side(server_args());
    my $sock =
      My::Socket->start_SSL(IO::Socket::INET->new($address), client_args());
    is(ref $sock,      'My::Socket', 'the socket is of the subclass');
    is(scalar <$sock>, "hello\n",    'it reads');
};

subtest 'SSL_startHandshake => 0' => sub {
    my ($tcp, $peer) = raw_pair(
        sub {
            my ($tcp, $me) = @_;
            syswrite $tcp, "plain\n";
            my $sock = IO::Socket::SSL->start_SSL($tcp, server_args())
              or die "start_SSL: $SSL_ERROR\n";
            print $sock "secret\n";
            $me->hear;
        }
    );
    my $sock =
      IO::Socket::SSL->start_SSL($tcp, client_args(SSL_startHandshake => 0));
    is(ref $sock, 'IO::Socket::SSL', 'the socket has its new class');
    is(scalar($sock->is_SSL), undef, 'TLS is not on');
    ok(!$sock->opened, 'it is not opened');
    sysread $sock, my $plain, 6;
    is($plain,             "plain\n", 'plain text can be read');
    is($sock->connect_SSL, $sock,     'connect_SSL returns the socket')
      or diag $SSL_ERROR;
    is($sock->opened,  1,          'now it is opened');
    is(scalar <$sock>, "secret\n", 'and it reads under TLS');
};

subtest 'start_SSL makes a non-blocking handshake block' => sub {
    my ($tcp, $peer) = raw_pair(
        sub {
            my ($tcp, $me) = @_;
            IO::Socket::SSL->start_SSL($tcp, server_args());
            $me->hear;
        }
    );
    $tcp->blocking(0);
    my $sock = IO::Socket::SSL->start_SSL($tcp, client_args());
    is($sock && $sock->opened, 1, 'the handshake is done')
      or diag $SSL_ERROR;
    ok(!$tcp->blocking, 'the socket is still non-blocking');
};

# --- failure ----------------------------------------------------------------

my %FAILURE = (
    'a peer that is not trusted' => [
        sub { IO::Socket::SSL->start_SSL($_[0], server_args()) },
        [SSL_ca_file => cert('other-ca')],
        qr/certificate verify failed/
    ],
    'a peer that does not speak TLS' => [
        sub { syswrite $_[0], "220 ready to talk\r\n" },
        [], qr/wrong version number/
    ],
    'a peer that never answers' =>
      [sub { }, [Timeout => 0.2], qr/tim(?:e|ed) ?out/i],
);
for my $claim (sort keys %FAILURE) {
    my ($behaviour, $args, $reason) = @{ $FAILURE{$claim} };

    subtest $claim => sub {
        for my $class ('IO::Socket::INET', 'GLOB') {
            my ($tcp, $peer) = raw_pair(
                sub {
                    my ($tcp, $me) = @_;
                    $behaviour->($tcp);
                    $me->hear;
                }
            );
            my $plain = $tcp;
            if ($class eq 'GLOB') {
                $plain = gensym;
                open($plain, '+<&=', $tcp) or die "fdopen: $!";
            }
            local ($@, $!);
            my @result =
              IO::Socket::SSL->start_SSL($plain, client_args(@$args));
            is_deeply(\@result, [], "$class: start_SSL returns nothing");
            like($SSL_ERROR, $reason, '... and $SSL_ERROR says why');
            like($@,         $reason, '... and so does $@');
            is(ref $plain,   $class, 'the class is the one before');
            is(tied *$plain, undef,  'it is not tied');
            ok(defined fileno $plain, 'it is still open');
            ok($plain->blocking,      'it blocks, as before')
              if $class ne 'GLOB';
        }
    };
}

# A socket of new and SSL_startHandshake => 0 was always meant for TLS.
my %AFTER = (
    print    => sub { print { $_[0] } "secret\n" },
    syswrite => sub { syswrite $_[0], "secret\n" },
    write    => sub { $_[0]->write("secret\n") },
    readline => sub { scalar readline $_[0] },
    sysread  => sub { sysread $_[0], my $byte, 1 },
);
subtest 'a socket that was a TLS socket before' => sub {
    my ($peer, $address) = plain_server(
        sub {
            my ($tcp, $me) = @_;
            syswrite $tcp, "220 ready to talk\r\n";
            my $all = '';
            1 while sysread $tcp, $all, 1000, length $all;
            $me->tell($all);
        }
    );
    my $sock = My::Socket->new(
        PeerAddr => $address,
        client_args(SSL_startHandshake => 0)
    );
    is_deeply([IO::Socket::SSL->start_SSL($sock, client_args())],
        [], 'start_SSL fails');
    my $reason = "$SSL_ERROR";
    is(ref $sock,     'My::Socket', 'the class is the one before');
    is($sock->opened, -1,           'opened is -1');
    for my $how (sort keys %AFTER) {
        is($AFTER{$how}->($sock), undef,   "$how fails");
        is("$SSL_ERROR",          $reason, '... for the first reason');
    }
    is_deeply([IO::Socket::SSL->start_SSL($sock, client_args())],
        [], 'start_SSL can be tried again');
    is($sock->syswrite('secret'), undef, '... and writing still fails');
    is_deeply(
        [
            IO::Socket::SSL->start_SSL(
                $sock, client_args(SSL_cipher_list => 'NONE-SUCH')
            )
        ],
        [],
        'a third time with a wrong option'
    );
    is($sock->syswrite('secret'),     undef, '... and writing still fails');
    is($sock->stop_SSL,               $sock, 'stop_SSL ends that');
    is($sock->syswrite("in clear\n"), 9,     '... and it writes in clear');
    close $sock;
    my ($all) = $peer->hear;
    like($all, qr/in clear/, 'which arrives');
    unlike($all, qr/secret/, '... and nothing of the rest');
};

subtest 'a glob by its name' => sub {
    my ($peer, $address) = other_side(server_args());
    my ($host, $port) = split /:/, $address;
    socket(NAMED, PF_INET, SOCK_STREAM, 0) or die "socket: $!";
    connect(NAMED, pack_sockaddr_in($port, inet_aton($host)))
      or die "connect: $!";

    my $sock = IO::Socket::SSL->start_SSL(*NAMED, client_args());
    is($sock,          \*NAMED,   'start_SSL returns that glob');
    is(scalar <NAMED>, "hello\n", 'it reads under TLS');
    print NAMED "you too\n";
    is(($peer->hear)[0], "you too\n", '... and writes');
};

subtest 'a socket that is not connected' => sub {
    my $plain = IO::Socket::INET->new(Proto => 'tcp');
    is_deeply([IO::Socket::SSL->start_SSL($plain, client_args())],
        [], 'start_SSL returns nothing');
    isnt("$SSL_ERROR", '', '... with a reason');
    is(ref $plain, 'IO::Socket::INET', 'the class is the one before');
};

subtest 'a closed socket' => sub {
    my $plain = IO::Socket::INET->new(Proto => 'tcp');
    close $plain;
    is_deeply([IO::Socket::SSL->start_SSL($plain, client_args())],
        [], 'start_SSL returns nothing');
    isnt("$SSL_ERROR", '', '... with a reason');
};

done_testing;
