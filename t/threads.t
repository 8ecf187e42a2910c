# ithreads: a socket may be made in one thread, used in another and closed in
# a third, one after the other; a new thread does no harm to what it inherits.
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
use lib "$FindBin::Bin/lib";
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

# A peer that echoes lines.
sub echo {
    my ($sock) = @_;
    while (my $line = <$sock>) {
        print $sock "echo $line";
    }
    return;
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
        is(scalar <$sock>, "echo three\n", 'and in the first again');
        ok(close $sock, 'it closes');
    }
);

subtest 'threads that do nothing' => sub {
    my ($sock, $peer) = tls_pair(peer => \&echo);
    $_->join for map {
        threads->create(sub { 1 })
    } 1 .. 5;
    print $sock "still\n";
    is(scalar <$sock>, "echo still\n", 'end without closing what they got');
};

# The peer ends its TLS too, and reads on in the clear.
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
    is_deeply([$peer->hear], ['ended'], 'it is closed for the peer');
    ok(!(print {$sock} 'secret'), 'another thread cannot write');
    ok($!{EPERM},                 '... which is not permitted');
    close $sock;
    is_deeply([$peer->hear], [''], '... and nothing goes out in the clear');
};

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
    is($seen,  'called', 'the thread sees what its callback did');
    is($where, 'first',  'the first thread does not');
};

subtest 'each thread its own connection' => sub {
    my $listener = listener();
    my $server   = peer(
        sub {
            my ($me) = @_;
            for (1 .. 4) {
                my $tcp  = $listener->accept or die $!;
                my $sock = IO::Socket::SSL->start_SSL($tcp, server_args())
                  or die "start_SSL: $SSL_ERROR\n";
                print $sock "hello\n";
                close $sock;
            }
        }
    );
    my $address = address($listener);
    my @heard   = map { $_->join } map {
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

done_testing;
