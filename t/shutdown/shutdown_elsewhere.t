# A shutdown behind our back, by another program that shares the descriptor:
# close and stop_SSL do not hang, whatever the peer does.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Program;
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

my $SHUTDOWN = 'open my $sock, "+<&=", $ARGV[0] or die $!;'
  . ' shutdown $sock, $ARGV[1] or die $!';

sub shut_elsewhere {
    my ($sock, $how) = @_;
    my ($status, $said) =
      ISS::Program->run([$^X, '-e', $SHUTDOWN, fileno $sock, $how],
        inherit => [$sock]);
    die "shutdown: $said\n" if $status;
    return;
}

my @HOW = ('the read side', 'the write side', 'both sides');

# The peer neither reads nor closes until we are done.
for my $version (versions()) {
    for my $how (0 .. 2) {
        my $claim = "$version, $HOW[$how]";

        my ($sock, $peer) = tls_pair(version => $version);
        shut_elsewhere($sock, $how);
        ok($sock->close, "$claim: close returns");
        is(fileno $sock, undef, '... and the socket is closed');

        ($sock, $peer) = tls_pair(version => $version);
        shut_elsewhere($sock, $how);
        ok($sock->close(SSL_no_shutdown => 1),
            "$claim: close with SSL_no_shutdown returns");
    }
}

# The manual of 1.77 warns of this case: the peer's close_notify cannot come,
# because ours is not sent.
for my $version (versions()) {
    for my $how (1, 2) {
        my ($sock, $peer) = tls_pair(version => $version);
        shut_elsewhere($sock, $how);
        ok(!$sock->stop_SSL, "$version, $HOW[$how]: stop_SSL fails");
        like($SSL_ERROR, qr/\w/, "... and says why: $SSL_ERROR");
        ok(
            $sock->close(SSL_fast_shutdown => 0),
            '... a close that waits returns'
        );
        is(fileno $sock, undef, '... and the socket is closed');
    }
}

# Data that was sent before arrives.
my ($sock, $peer) = tls_pair(peer => \&tell_all);
print $sock 'all of it';
shut_elsewhere($sock, 1);
is_deeply(
    [$peer->hear],
    ['all of it', 'truncated'],
    'the peer gets the data, and no close_notify'
);
ok($sock->close, 'and the socket can be closed');

done_testing();
