# accept: in list context, with a class, with clients that do not speak TLS,
# on non-blocking listeners; and accept_SSL called by hand.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::INET;
use IO::Socket::SSL;
use Socket;
use Test::More;

@My::Connection::ISA = ('IO::Socket::SSL');

sub tls_listener {
    return IO::Socket::SSL->new(
        LocalAddr => '127.0.0.1',
        Listen    => 5,
        server_args(@_)
    ) || die "cannot listen: $SSL_ERROR, $!";
}

# A client that says hello and tells us the answer it got.
sub client {
    my ($listener, @args) = @_;

    return peer(
        sub {
            my ($me) = @_;
            my $client = IO::Socket::SSL->new(
                PeerAddr => address($listener),
                client_args(@args)
            );
            return $me->tell("failed: $SSL_ERROR") if !$client;
            print $client "hello\n";
            $me->tell(scalar <$client>);
        }
    );
}

sub served {
    my ($accepted, $peer) = @_;

    is(scalar <$accepted>, "hello\n", 'the client is heard');
    print $accepted "served\n";
    is_deeply([$peer->hear], ["served\n"], 'and answered');
    return;
}

each_version(
    sub {
        my ($version) = @_;

        my $listener = tls_listener(SSL_version => $version);
        my $peer     = client($listener);
        my @accepted = $listener->accept;
        is(scalar @accepted, 2, 'list context gives two values');
        my ($accepted, $address) = @accepted;
        isa_ok($accepted, 'IO::Socket::SSL', 'the first');
        is($address, getpeername($accepted),
            'the second is the packed address of the peer');
        is((unpack_sockaddr_in($address))[0],
            $accepted->peerport, '... with the port');
        served($accepted, $peer);
    }
);

subtest 'accept with a class' => sub {
    my $listener = tls_listener();
    my $peer     = client($listener);
    my $accepted = $listener->accept('My::Connection');
    is(ref $accepted, 'My::Connection', 'the socket is of that class');
    served($accepted, $peer);
};

subtest 'a client that does not speak TLS' => sub {
    my $listener = tls_listener();
    my $plain    = IO::Socket::INET->new(address($listener)) or die $!;
    print $plain "GET / HTTP/1.0\r\n\r\n";

    my @accepted = $listener->accept;
    is_deeply(\@accepted, [], 'accept returns the empty list');
    like($SSL_ERROR, qr/http request/,
        '$SSL_ERROR says what the client sent');
    is($listener->errstr, "$SSL_ERROR",
        'errstr of the listener returns it, too');
    is($listener->opened, 1, 'the listener stays open');

    my $peer = client($listener);
    served(scalar $listener->accept, $peer);
};

subtest 'a client that goes away' => sub {
    my $listener = tls_listener();
    my $plain    = IO::Socket::INET->new(address($listener)) or die $!;
    close $plain;

    is_deeply([$listener->accept], [], 'accept returns the empty list');
    isnt("$SSL_ERROR", '', '... with a reason');
    my $peer = client($listener);
    served(scalar $listener->accept, $peer);
};

subtest 'a client that does not trust us' => sub {
    my $listener = tls_listener();
    my $peer     = client($listener, SSL_ca_file => cert('other-ca'));

    is_deeply([$listener->accept], [], 'accept returns the empty list');
    like($SSL_ERROR, qr/alert unknown ca/i, '$SSL_ERROR names the alert');
    like(($peer->hear)[0], qr/^failed/,     'the client has failed');
};

subtest 'a non-blocking listener' => sub {
    my $listener = tls_listener(Blocking => 0);
    local $! = 0;
    is_deeply([$listener->accept], [], 'no client: the empty list');
    ok($!{EWOULDBLOCK}, '... and EWOULDBLOCK');

    # A client that starts its handshake a moment after it has connected.
    my $peer = peer(
        sub {
            my ($me) = @_;
            my $client = IO::Socket::SSL->new(
                PeerAddr           => address($listener),
                SSL_startHandshake => 0,
                client_args()
            ) or die "connect: $!";
            $me->tell('connected');
            $me->quiet_for(0.1);
            $client->connect_SSL or die "connect_SSL: $SSL_ERROR\n";
            print $client "hello\n";
            $me->tell(scalar <$client>);
        }
    );
    $peer->hear;
    readable($listener);
    my ($accepted, $address) = $listener->accept;
    isa_ok($accepted, 'IO::Socket::SSL', 'accept finishes the handshake: it')
      or diag $SSL_ERROR;
    is($accepted->is_SSL, 'rw',                   '... speaks TLS');
    is($address,          getpeername($accepted), '... has an address');
    ok($accepted->blocking,  '... and blocks, as accept(2) makes it');
    ok(!$listener->blocking, 'the listener still does not block');
    served($accepted, $peer);
};

subtest 'a non-blocking listener with a Timeout' => sub {
    my $listener = tls_listener(Blocking => 0, Timeout => 0.2);
    my $silent   = IO::Socket::INET->new(address($listener)) or die $!;
    readable($listener);
    local $! = 0;
    is_deeply([$listener->accept], [], 'a silent client: the empty list');
    ok($!{ETIMEDOUT}, '... with ETIMEDOUT') or diag $!;
    $listener->timeout(60);
    my $peer = client($listener);
    readable($listener);
    served(scalar $listener->accept, $peer);
};

subtest 'a non-blocking listener, SSL_startHandshake => 0' => sub {
    my $listener = tls_listener(Blocking => 0, SSL_startHandshake => 0);
    my $silent   = IO::Socket::INET->new(address($listener)) or die $!;
    readable($listener);
    my $accepted = $listener->accept;
    is(scalar($accepted->is_SSL),
        undef, 'accept does not wait for the handshake');
    ok($accepted->blocking, 'the socket blocks all the same');
};

subtest 'SSL_startHandshake => 0 and accept_SSL' => sub {
    my $listener = tls_listener(SSL_startHandshake => 0);
    my $peer     = client($listener);
    my $accepted = $listener->accept;
    is(scalar($accepted->is_SSL), undef, 'accept starts no handshake');
    ok(!$accepted->opened, 'the socket is not opened');
    is($accepted->accept_SSL, $accepted, 'accept_SSL returns the socket')
      or diag $SSL_ERROR;
    is($accepted->opened, 1, 'now it is opened');
    served($accepted, $peer);
};

subtest 'accept_SSL of a listener with a plain socket' => sub {
    my $listener = tls_listener(SSL_startHandshake => 0);
    my $peer     = client($listener);
    my $plain    = $listener->accept;
    is($listener->accept_SSL($plain), $plain, 'it returns that socket')
      or diag $SSL_ERROR;
    served($plain, $peer);
};

# Net::Server called the accept of its own base class until 2010.
subtest 'accept_SSL with a socket that was accepted elsewhere' => sub {
    my $listener = tls_listener();
    my $peer     = client($listener);
    my $bare     = IO::Socket->can('accept')->($listener, 'IO::Socket::SSL');
    is($listener->accept_SSL($bare), $bare, 'it returns that socket')
      or diag $SSL_ERROR;
    served($bare, $peer);
    like(
        died(sub { $listener->accept_SSL('x') }),
        qr/^accept_SSL needs a socket at \Q$0\E line/,
        'text instead of a socket croaks'
    );
};

subtest 'accept with a class without TLS' => sub {
    my $listener = tls_listener();
    my $client   = IO::Socket::INET->new(address($listener)) or die $!;
    print $client "in the clear\n";
    my ($accepted, $address) = $listener->accept('IO::Socket::INET');
    is(ref $accepted, 'IO::Socket::INET',     'the socket is of that class');
    is($address,      getpeername($accepted), '... with the address');
    is(scalar <$accepted>, "in the clear\n",  '... and plain');
    is_deeply([grep { /SSL/ } keys %{*$accepted}],
        [], '... with no key of ours');
};

subtest 'accept_SSL of a listener with a plain socket' => sub {
    my $listener = My::Connection->new(
        LocalAddr => '127.0.0.1',
        Listen    => 5,
        server_args()
    );
    my $peer  = client($listener);
    my $plain = $listener->accept('IO::Socket::INET');
    is($listener->accept_SSL($plain, Timeout => 60),
        $plain, 'it returns that socket')
      or diag $SSL_ERROR;
    is(ref $plain, 'My::Connection', '... in the class of the listener');
    served($plain, $peer);
    $plain->stop_SSL(SSL_no_shutdown => 1);
    is(ref $plain, 'IO::Socket::INET', 'stop_SSL gives its class back');
};

subtest 'accept_SSL with a plain, non-blocking socket' => sub {
    my $listener = tls_listener();
    my $peer     = client($listener);
    my $plain    = $listener->accept('IO::Socket::INET');
    $plain->blocking(0);
    ok(complete($plain, sub { $listener->accept_SSL($plain) }),
        'it succeeds in the end')
      or diag $SSL_ERROR;
    $plain->blocking(1);
    served($plain, $peer);
};

subtest 'accept_SSL with a plain socket fails' => sub {
    my $listener = tls_listener();
    my $client   = IO::Socket::INET->new(address($listener)) or die $!;
    print $client "GET / HTTP/1.0\r\n\r\n";
    my $plain = $listener->accept('IO::Socket::INET');
    is_deeply([$listener->accept_SSL($plain)], [], 'the empty list');
    like($SSL_ERROR, qr/http request/, '... with a reason');
    is(ref $plain, 'IO::Socket::INET', 'the socket has its class back');
    ok($plain->opened, '... and stays open');
    close $plain;
    is_deeply([$listener->accept_SSL($plain)], [], 'a closed one: the same');
    ok($!{EBADF}, '... with EBADF') or diag $!;
};

subtest 'the Timeout of a listener' => sub {
    my $listener = tls_listener(Timeout => 0.2);
    local $! = 0;
    is_deeply([$listener->accept], [], 'no client: the empty list');
    ok($!{ETIMEDOUT}, '... with ETIMEDOUT') or diag $!;

    my $silent = IO::Socket::INET->new(address($listener)) or die $!;
    local $! = 0;
    is_deeply([$listener->accept], [], 'a silent client: the empty list');
    ok($!{ETIMEDOUT}, '... with ETIMEDOUT') or diag $!;
};

done_testing;
