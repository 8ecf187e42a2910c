# A write directly followed by close: all data arrives, even if the peer has
# sent something that we have not read (for example TLS 1.3 tickets).
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

my $LENGTH = 4_000_000;

each_setting(
    sub {
        my ($sock, $peer) = tls_pair(
            @_,
            peer => sub {
                my ($sock, $me) = @_;
                my $length = 0;
                while (my $count = sysread($sock, my $part, 100_000)) {
                    $length += $count;
                }
                $me->tell($length, $sock->eof_reason);
            }
        );
        print $sock 'x' x $LENGTH;
        close $sock;
        is_deeply(
            [$peer->hear],
            [$LENGTH, 'close_notify'],
            'all of it arrives, with a clean end'
        );
    }
);

done_testing;
