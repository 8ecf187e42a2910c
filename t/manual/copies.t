# close of a copy of a socket in a child, as in a forking server.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

# Runs the code on the copy in a child; returns what the peer read, and how
# the data ended.
sub after_child {
    my ($version, $code) = @_;

    my ($sock, $peer) = tls_pair(
        version => $version,
        peer    => sub {
            my ($sock, $me) = @_;
            $me->tell(scalar(readline $sock), $sock->eof_reason);
        }
    );
    peer(sub { $code->($sock) })->done;
    print $sock "of the parent\n";
    return $peer->hear;
}

each_version(
    sub {
        my ($version) = @_;

        is_deeply(
            [after_child($version, sub { $_[0]->close })],
            [undef, 'close_notify'],
            'closing a copy affects the original: the peer sees the end'
        );
        for my $close ('close', 'stop_SSL') {
            is_deeply(
                [
                    after_child(
                        $version, sub { $_[0]->$close(SSL_no_shutdown => 1) }
                    )
                ],
                ["of the parent\n", undef],
                "... not by $close(SSL_no_shutdown => 1)"
            );
        }
        is_deeply(
            [after_child($version, sub { undef $_[0] })],
            ["of the parent\n", undef],
            '... nor by going out of scope'
        );
    }
);

done_testing();
