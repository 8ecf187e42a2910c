# Storable uses the PerlIO of a handle; its images are sent and received under
# TLS, in as few records as possible.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Recorder;
use ISS::Test;
use IO::Socket::SSL;
use Storable qw(store_fd nstore_fd fd_retrieve freeze);
use Test::More;

sub nested {
    my $data = {
        SECRET => [map { { number => $_, text => "text $_" } } 1 .. 300],
        undef  => undef,
        ref    => \\'reference',
        wide   => "\x{263a}",
        large  => 'SECRET' x 10_000,
    };
    $data->{self} = $data->{SECRET}[7];
    return $data;
}

# The peer sends back so many images.
sub mirror {
    my ($times, $store) = @_;
    return sub {
        my ($sock) = @_;
        for (1 .. $times) {
            my $data = fd_retrieve($sock);
            $store->($data, $sock) or die "store: $!";
        }
        print $sock "over\n";
    };
}

each_version(
    sub {
        my ($version) = @_;

        my ($sock, $peer) =
          tls_pair(version => $version, peer => mirror(3, \&store_fd));
        for my $round (1 .. 3) {
            ok(store_fd(nested(), $sock), "store_fd, round $round");
            is_deeply(fd_retrieve($sock), nested(), '... and fd_retrieve');
        }
        is(scalar <$sock>,
            "over\n", 'a line directly after an image can be read');
        ok(close $sock, 'close');

        ($sock, $peer) =
          tls_pair(version => $version, peer => mirror(1, \&nstore_fd));
        ok(nstore_fd([1, 2, 3], $sock), 'nstore_fd');
        is_deeply(fd_retrieve($sock), [1, 2, 3], '... and fd_retrieve');

        ($sock, $peer) = tls_pair(
            version => $version,
            role    => 'server',
            peer    => mirror(1, \&store_fd)
        );
        store_fd(nested(), $sock);
        is_deeply(fd_retrieve($sock), nested(), 'as a server');
    }
);

# In TLS 1.3 the Finished message and the close_notify are counted, too.
my %more = (TLSv1_2 => 0, TLSv1_3 => 2);

each_version(
    sub {
        my ($version) = @_;

        my ($sock, $peer, $record) = recorded_pair(
            version => $version,
            peer    => mirror(2, \&store_fd)
        );
        for my $data (['SECRET', 1 .. 1000], nested()) {
            store_fd($data, $sock);
            is_deeply(fd_retrieve($sock), $data, 'through the relay');
        }
        close $sock;
        my $bytes = $record->();
        unlike($bytes, qr/SECRET|pst0/, 'no plaintext on the wire');

        # Storable writes the images in more than a thousand pieces.
        my $full = 16_384;
        my $rest = int length(freeze(nested())) / $full;
        is(
            data_records($bytes) - $more{$version},
            1 + 1 + $rest,
            'an image takes as few records as it can'
        );
    }
);

subtest 'a non-blocking socket' => sub {
    my ($sock, $peer) = tls_pair(
        peer => sub {
            my ($sock, $me) = @_;
            my $data = fd_retrieve($sock);
            $me->hear;
            store_fd($data, $sock);
        }
    );
    $sock->blocking(0);
    ok(store_fd({ a => 1 }, $sock), 'stores');
    $! = 0;
    my $nothing = eval { fd_retrieve($sock) };
    my $errno   = $! + 0;
    is($nothing, undef, 'cannot retrieve what has not arrived');
    ok(do { $! = $errno; $!{EWOULDBLOCK} }, '... with EWOULDBLOCK');
    $peer->tell('now');
    do { readable($sock) } until defined $sock->peek(my $buffer, 1);
    is_deeply(fd_retrieve($sock), { a => 1 }, 'retrieves what has arrived');
};

subtest 'a peer that goes away' => sub {
    my ($sock, $peer) = tls_pair(
        peer => sub {
            my ($sock) = @_;
            open my $memory, '+>', \my $image or die $!;
            Storable::nstore_fd([1 .. 100], $memory);
            print $sock substr $image, 0, 50;
            close $sock;
        }
    );
    is(eval { fd_retrieve($sock) },
        undef, 'half an image cannot be retrieved');
    ok(eof $sock, '... and the end of file follows');
    ok(!eval { store_fd([1 .. 100], $sock) }, 'storing fails');
  SKIP: {
        skip 'this IO::Handle only checks the reading side', 1
          if !eval { IO::Handle->VERSION('1.44') };
        ok($sock->error, '... and the handle has an error');
    }
};

done_testing;
