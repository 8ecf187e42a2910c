# Threads at the same time: contexts, one context and one cache of sessions for
# all, sockets that threads inherit and drop.  make tsan runs this under
# helgrind.
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
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

my $THREADS = 3;
my $ROUNDS  = 2;

# One after the other: all connections wait in the queue of the listener.
my ($server, $address) = tls_server(
    sub {
        my ($sock) = @_;
        print {$sock} scalar <$sock>;
        $sock->close;
    }
);
my $shared =
  IO::Socket::SSL::SSL_Context->new(client_args(SSL_session_cache_size => 5))
  or die $SSL_ERROR;
my $inherited =
  IO::Socket::SSL->new(PeerAddr => $address, client_args())
  or die $SSL_ERROR;

sub connect_once {
    my @how  = @_;
    my $sock = IO::Socket::SSL->new(PeerAddr => $address, @how)
      or return "failed: $SSL_ERROR";
    print {$sock} "hello\n";
    my $line = <$sock>;
    close $sock;
    return $line;
}

# What every thread does; a copy of $inherited goes when the thread ends.
sub work {
    my @lines;
    for (1 .. $ROUNDS) {
        push @lines, connect_once(client_args(), SSL_reuse_ctx => $shared);
        push @lines, connect_once(client_args());
    }
    return join '', @lines, map { $_->join } threads->create(sub { "end\n" });
}

my @others =
  map { threads->create({ context => 'scalar' }, \&work) } 1 .. $THREADS;
print {$inherited} "still\n";
is(scalar <$inherited>, "still\n", 'a socket that all have copies of');
my $want = "hello\n" x (2 * $ROUNDS) . "end\n";
is_deeply([map { $_->join } @others],
    [($want) x $THREADS], 'all connections of all threads');
close $inherited;
done_testing;
