# A TLS 1.3 server sends its tickets only after it got the end of the handshake.
# If they meet a closed socket, the kernel resets the connection, and data that
# is on its way is lost.  So a client that wrote, but has heard nothing yet,
# waits in close, for a second at most.
use strict;
use warnings;

use Errno;
use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::OpenSSL;
use ISS::Test;
use IO::Socket::SSL;
use Test::More;
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

my $UPLOADS = 100;
my $LONG    = 600;    # seconds; nobody waits so long
my $context = IO::Socket::SSL::SSL_Context->new(client_args());

sub connected {
    my ($address) = @_;

    return IO::Socket::SSL->new(
        PeerAddr => $address,
        client_args(SSL_reuse_ctx => $context)
    ) || die "connect: $SSL_ERROR\n";
}

for my $length (1000, 300_000) {
    my ($server, $address) = tls_server(
        sub {
            my ($sock, $me) = @_;
            my $arrived = 0;
            while (my $count = sysread($sock, my $part, 100_000)) {
                $arrived += $count;
            }
            $me->tell($arrived, $sock->eof_reason);
        }
    );
    my %outcomes;
    for (1 .. $UPLOADS) {
        my $sock = connected($address);
        print $sock 'x' x $length;
        close $sock;
        $outcomes{ join ', ', $server->hear }++;
    }
    is_deeply(
        \%outcomes,
        { "$length, close_notify" => $UPLOADS },
        "$UPLOADS uploads of $length bytes arrive"
    );
}

SKIP: {
    skip 'there is no openssl command', 1 if !find_openssl();
    my ($server, $port) =
      s_server('-cert' => cert('server'), '-key' => key('server'));
    for my $number (1 .. $UPLOADS) {
        my $sock = connected("127.0.0.1:$port");
        print $sock "upload $number.\n";
        close $sock;
        $server->wait_for(qr/^upload $number\.$/m);
    }
    pass("$UPLOADS uploads to s_server arrive");
}

# A handle that reads the ClientHello and then nothing more.
{

    package Once;
    sub new { return bless { tcp => $_[1], left => 1 }, $_[0] }
    sub syswrite { return syswrite $_[0]{tcp}, $_[1] }

    sub sysread {
        return sysread $_[0]{tcp}, $_[1], $_[2] if $_[0]{left}-- > 0;
        $! = Errno::EAGAIN();
        return;
    }
}

# A server that says nothing after its part of the handshake, and what it does
# then.
sub silent_server {
    my ($then) = @_;

    my ($tcp, $peer) = raw_pair(
        sub {
            my ($tcp, $me) = @_;
            my $sock = IO::Socket::SSL->start_SSL(Once->new($tcp),
                server_args(SSL_usebio => 1));
            $then->($me) if $then;
            $me->hear;
        }
    );
    my $sock =
      IO::Socket::SSL->start_SSL($tcp, client_args(SSL_version => 'TLSv1_3'))
      or die "connect: $SSL_ERROR\n";
    return ($sock, $peer);
}

sub seconds_of {
    my ($code) = @_;

    my $start = clock_gettime(CLOCK_MONOTONIC);
    $code->();
    return clock_gettime(CLOCK_MONOTONIC) - $start;
}

# The shortest time of a few runs: a busy machine only makes them longer.
sub shortest {
    my ($code) = @_;
    return (sort { $a <=> $b } map { $code->() } 1 .. 5)[0];
}

sub time_of_close {
    my ($sock, %args) = @_;
    return seconds_of(sub { $sock->close(%args) or die "close: $!" });
}

{
    my ($sock, $peer) = silent_server();
    print $sock 'x';
    my $took = time_of_close($sock);
    cmp_ok($took, '>', 0.9, 'a server that says nothing: close waits');
    cmp_ok($took, '<', 30,  '... but not for ever');
}

is_deeply(
    [
        map {
            my ($sock, $peer) = silent_server();
            print $sock 'x';
            time_of_close($sock, Timeout => $_) > $_ * 0.9
              ? 'waits'
              : 'does not';
        } 0.2,
        2
    ],
    ['waits', 'waits'],
    '... or as long as Timeout says'
);

cmp_ok(
    shortest(
        sub {
            my ($sock, $peer) = silent_server();
            time_of_close($sock);
        }
    ),
    '<',
    0.5,
    'a client that wrote nothing does not wait'
);

cmp_ok(
    shortest(
        sub {
            my ($sock, $peer) = silent_server();
            print $sock 'x';
            $sock->blocking(0);
            time_of_close($sock, Timeout => 2);
        }
    ),
    '<',
    0.5,
    'nor does a non-blocking one'
);

for my $version (versions()) {
    my $took = shortest(
        sub {
            my ($sock, $peer) = tls_pair(
                version => $version,
                peer    => sub {
                    my ($sock, $me) = @_;
                    readline $sock;
                    print $sock "answer\n";
                    $me->hear;
                }
            );
            print $sock "question\n";
            is(scalar readline $sock, "answer\n", "$version: an answer");
            time_of_close($sock);
        }
    );
    cmp_ok($took, '<', 0.05, '... then close does not wait');
}

{
    my $took = shortest(
        sub {
            my ($sock, $peer) = tls_pair(
                version => 'TLSv1_2',
                peer    => sub { $_[1]->hear }
            );
            print $sock 'x';
            time_of_close($sock);
        }
    );
    cmp_ok($took, '<', 0.05, 'nor does one of TLS 1.2');
}

{
    my $client = $$;
    my $closing;
    local $SIG{USR1} = sub { die "the handler\n" if $closing };
    my ($sock, $peer) = silent_server(
        sub {
            my ($me) = @_;

            # one of them comes while the client waits
            do { kill 'USR1', $client } while $me->quiet_for(0.1);
        }
    );
    print $sock 'x';
    my $died = died(
        sub {
            $closing = 1;
            $sock->close(Timeout => $LONG);
        }
    );
    $closing = 0;
    is($died, "the handler\n", 'signals are handled meanwhile');
    $peer->tell('enough');
}

done_testing;
