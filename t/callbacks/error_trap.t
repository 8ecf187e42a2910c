# SSL_error_trap gets the socket of a failed handshake, which stays open.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::INET;
use IO::Socket::SSL;
use Test::More;

subtest 'a plain client of a TLS server' => sub {
    my @trapped;
    my $listener = IO::Socket::SSL->new(
        LocalAddr => '127.0.0.1',
        Listen    => 5,
        server_args(
            SSL_error_trap => sub {
                my ($sock, $message) = @_;
                push @trapped, $message, defined fileno $sock;
                print $sock "HTTP/1.0 400 This is HTTPS\r\n\r\n";
                close $sock;
            }
        )
    ) or die "listen: $SSL_ERROR";
    my $client = peer(
        sub {
            my ($me) = @_;
            my $plain = IO::Socket::INET->new(address($listener)) or die $!;
            print $plain "GET / HTTP/1.0\r\n\r\n";
            $me->tell(scalar <$plain>);
        }
    );
    is_deeply([$listener->accept], [], 'accept returns the empty list');
    is(scalar @trapped, 2, 'the trap was called once');
    like($trapped[0], qr/http request/, 'with the message');
    ok($trapped[1], 'and with an open socket');
    is_deeply(
        [$client->hear],
        ["HTTP/1.0 400 This is HTTPS\r\n"],
        'the trap can answer in plain text'
    );
};

sub greet_in_plain {
    my ($tcp, $me) = @_;
    syswrite $tcp, "220 plain\r\n";
    $me->hear;
    return;
}

subtest 'a client' => sub {
    my ($server, $address) = plain_server(\&greet_in_plain);
    my @trapped;
    my @result = IO::Socket::SSL->new(
        PeerAddr => $address,
        client_args(
            SSL_error_trap => sub { push @trapped, @_, fileno $_[0] }
        )
    );
    is_deeply(\@result, [], 'new returns the empty list');
    my ($sock, $message, $fileno) = @trapped;
    isa_ok($sock, 'IO::Socket', 'what the trap got');
    like($message, qr/wrong version number/, 'and the message');
    ok(defined $fileno, 'the socket was open');
    is(fileno $sock, $fileno, 'and still is, because the trap kept it');
};

subtest 'the trap is not called' => sub {
    my $called = 0;
    my ($sock) = tls_pair(mine => { SSL_error_trap => sub { $called++ } });
    close $sock;
    is($called, 0, 'for a handshake that succeeds');
};

subtest 'a trap that dies' => sub {
    my ($server, $address) = plain_server(\&greet_in_plain);
    is(
        died(
            sub {
                IO::Socket::SSL->new(
                    PeerAddr => $address,
                    client_args(SSL_error_trap => sub { die "trapped\n" })
                );
            }
        ),
        "trapped\n",
        'its exception arrives'
    );
};

done_testing;
