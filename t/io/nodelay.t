# Nagle's algorithm is off on TLS sockets: with TLS 1.3 it would delay the
# first reply of a server by 40 ms, until an acknowledgement arrives (see
# bench/latency.pl).
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;

use ISS::Test;
use Socket qw(IPPROTO_TCP TCP_NODELAY);

each_setting(
    sub {
        my @setting = @_;

        my ($sock) = tls_pair(@setting);
        ok(nodelay($sock), 'off by default');

        ($sock) = tls_pair(@setting, mine => { SSL_nodelay => 0 });
        ok(!nodelay($sock), 'left on with SSL_nodelay => 0');
    }
);

my ($tcp) = raw_pair(sub { });
ok(!nodelay($tcp), 'on for plain sockets');
done_testing;

sub nodelay {
    my ($sock) = @_;
    return $sock->getsockopt(IPPROTO_TCP, TCP_NODELAY);
}
