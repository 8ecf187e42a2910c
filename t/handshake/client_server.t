# new for clients and listeners, accept, and data in both directions.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

sub tls_listener {
    my $listener = IO::Socket::SSL->new(
        LocalAddr => '127.0.0.1',
        Listen    => 5,
        server_args(@_)
    ) or die "cannot listen: $SSL_ERROR, $!";
    return $listener;
}

# Answers each line of each client with "echo: <line>".
sub echo_server {
    my ($listener) = @_;

    my ($server) = plain_server(
        sub {
            my ($client) = @_;
            while (my $line = <$client>) {
                print $client "echo: $line";
            }
            close $client;
        },
        $listener
    );
    return $server;
}

each_version(
    sub {
        my ($version) = @_;

        my $listener = tls_listener(SSL_version => $version);
        my $peer     = echo_server($listener);
        my $client =
          IO::Socket::SSL->new(PeerAddr => address($listener), client_args());

        isa_ok($client, 'IO::Socket::SSL', 'what new returns');
        is($client->opened,         1,        'a connected client is opened');
        is($client->is_SSL,         'rw',     'TLS is on in both directions');
        is($client->get_sslversion, $version, 'the version is the server\'s');
        is($client->peerhost, '127.0.0.1', 'the base class knows the peer');
        is(fileno($client),   $client->fileno, 'fileno of the tied handle');
        ok($client->blocking, 'the socket is in blocking mode');

        ok((print $client "hello\n"), 'print succeeds');
        is(scalar <$client>, "echo: hello\n", 'the server answers');
        ok(close $client, 'close succeeds');
        is(fileno($client), undef, 'the descriptor is gone');
        ok(!$client->opened, 'a closed socket is not opened');
        is(scalar($client->is_SSL),
            undef, 'there is no TLS on a closed socket');
        ok(!close $client, 'a second close fails');
        ok($!{EBADF},      '... with EBADF');
        $peer->done;
    }
);

each_version(
    sub {
        my ($version) = @_;

        my $listener = tls_listener();
        my $peer     = peer(
            sub {
                my ($me) = @_;
                my $client = IO::Socket::SSL->new(
                    PeerAddr => address($listener),
                    client_args(SSL_version => $version)
                ) or die "connect: $SSL_ERROR\n";
                print $client "from the client\n";
                $me->tell(scalar <$client>);
            }
        );
        my $accepted = $listener->accept;
        isa_ok($accepted, 'IO::Socket::SSL', 'what accept returns');
        is($accepted->opened, 1,    'an accepted socket is opened');
        is($accepted->is_SSL, 'rw', '... under TLS');
        is($accepted->get_sslversion, $version,
            'the client chose the version');
        is(scalar <$accepted>, "from the client\n", 'the client is heard');
        print $accepted "from the server\n";
        is_deeply([$peer->hear], ["from the server\n"],
            'the client hears us');

        is($listener->opened, 1, 'the listener is opened');
        is(scalar($listener->is_SSL), undef,
            'the listener itself has no TLS');
        $peer->done;
    }
);

subtest 'one plain string is the address of the peer' => sub {
    my $listener = tls_listener();
    my $peer     = echo_server($listener);

    IO::Socket::SSL::set_defaults(client_args());
    my $client = IO::Socket::SSL->new(address($listener));
    isa_ok($client, 'IO::Socket::SSL', 'new(ADDRESS)') or diag $SSL_ERROR;
    print $client "one\n";
    is(scalar <$client>, "echo: one\n", 'it talks to that peer');
    close $client;
    $peer->done;
    IO::Socket::SSL::set_defaults();
};

subtest 'several clients, one after the other' => sub {
    my $listener = tls_listener();
    my $peer     = echo_server($listener);

    for my $count (1 .. 3) {
        my $client =
          IO::Socket::SSL->new(PeerAddr => address($listener), client_args());
        print $client "number $count\n";
        is(scalar <$client>, "echo: number $count\n", "client $count");
        close $client;
    }
    $peer->done;
};

subtest 'Blocking => 0 takes effect after the handshake' => sub {
    my $listener = tls_listener();
    my $peer     = echo_server($listener);

    my $client = IO::Socket::SSL->new(
        PeerAddr => address($listener),
        Blocking => 0,
        client_args()
    );
    isa_ok($client, 'IO::Socket::SSL', 'what new returns');
    is($client->opened, 1, 'the handshake is done');
    ok(!$client->blocking, 'the socket does not block');
    close $client;
    $peer->done;
};

subtest 'new_from_fd' => sub {
    my ($tcp, $peer) = raw_pair(
        sub {
            my ($tcp, $me) = @_;
            my $sock = IO::Socket::SSL->start_SSL($tcp, server_args())
              or die "start_SSL: $SSL_ERROR\n";
            print $sock "a line\n";
            $me->hear;
        }
    );
    my $client =
      IO::Socket::SSL->new_from_fd(fileno($tcp), '<+', client_args());
    isa_ok($client, 'IO::Socket::SSL', 'what new_from_fd returns')
      or diag $SSL_ERROR;
    is(scalar <$client>, "a line\n", 'it reads from that descriptor');
    $client->stop_SSL(SSL_no_shutdown => 1);
    is(
        ref $client,
        $IO::Socket::SSL::ISA[0],
        'after stop_SSL it is a socket of the base class'
    );
    $peer->done;
};

# The peer listens, and is a TLS client.
sub tls_client_that_listens {
    return plain_server(
        sub {
            my ($tcp) = @_;
            my $sock = IO::Socket::SSL->start_SSL($tcp, client_args())
              or return;
            print $sock "hello\n";
            print $sock scalar <$sock>;
        }
    );
}

for my $start (undef, 'lazy', 0) {
    my $shown = defined $start ? "SSL_startHandshake => $start" : 'at once';
    subtest "a server that connects, $shown" => sub {
        my ($peer, $address) = tls_client_that_listens();
        my $sock = IO::Socket::SSL->new(
            PeerAddr           => $address,
            SSL_startHandshake => $start,
            SSL_server         => 1,
            server_args()
        ) or die "new: $SSL_ERROR\n";

        is($sock->accept_SSL, $sock, 'accept_SSL may be called as well');
        is(scalar <$sock>,    "hello\n", 'it is the server of that client');
        print $sock "and you\n";
        is(scalar <$sock>, "and you\n", '... in both directions');
        close $sock;
        $peer->done;
    };
}

done_testing;
