# IO::Socket::SSL::OCSP_Cache returns entries while they are valid and keeps
# no more than its size; and caches of the user.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::OCSP;
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

my $NOW  = time;
my $HOUR = 3600;

sub entry { return { statusType => 0, thisUpdate => $NOW - $HOUR, @_ } }

subtest 'how long an entry is valid' => sub {
    my %good = (
        'until its next update'        => entry(nextUpdate => $NOW + $HOUR),
        'its first update is long ago' => entry(
            thisUpdate => 0,
            nextUpdate => $NOW + $HOUR
        ),
        'some minutes longer, for clocks differ' =>
          entry(nextUpdate => $NOW - 200),
        'some minutes before it begins' =>
          entry(thisUpdate => $NOW + 200, nextUpdate => $NOW + $HOUR),
        'without a first update' => { nextUpdate => $NOW + $HOUR },
        'within a day, without a next update' => entry(),
    );
    my %bad = (
        'after its next update'   => entry(nextUpdate => $NOW - $HOUR),
        'before its first update' =>
          entry(thisUpdate => $NOW + $HOUR, nextUpdate => $NOW + 2 * $HOUR),
        'more than a day without word of the next' =>
          entry(thisUpdate => $NOW - 25 * $HOUR),
    );
    my $cache = IO::Socket::SSL::OCSP_Cache->new;
    for my $when (sort keys %good) {
        $cache->put('key', $good{$when});
        is($cache->get('key'), $good{$when}, "valid: $when");
        is($cache->get('key'), $good{$when}, '... also the second time');
    }
    for my $when (sort keys %bad) {
        $cache->put('key', $bad{$when});
        is(scalar $cache->get('key'), undef, "not valid: $when");
    }
    is_deeply([$cache->get('nobody')], [], 'an unknown key');
};

subtest 'the least recently used entry is dropped' => sub {
    my $cache = IO::Socket::SSL::OCSP_Cache->new(3);
    my $put   = sub {
        $cache->put($_, entry(nextUpdate => $NOW + $HOUR, name => $_)) for @_;
    };
    my $has = sub {
        return join '', grep { $cache->get($_) } @_;
    };
    $put->(qw(a b c));
    is($has->(qw(a b c)), 'abc', 'three fit');
    $put->('d');
    is($has->(qw(a b c d)), 'bcd', 'the fourth drops the first');
    $cache->get('b');
    $put->('e');
    is($has->(qw(b c d e)), 'bde', 'a recently used entry stays');
    $put->('d');
    is($has->(qw(b d e)), 'bde', 'replacing an entry drops none');
    $put->($_) for 1 .. 1000;
    is($has->('a' .. 'e', 1 .. 1000),
        '9989991000', '... and the size is never exceeded');

    $cache = IO::Socket::SSL::OCSP_Cache->new;
    $put->(1 .. 1000);
    my $kept = () = grep { $cache->get($_) } 1 .. 1000;
    cmp_ok($kept, '>', 10,   'the default size has room');
    cmp_ok($kept, '<', 1000, '... but not for everything');
};

subtest 'wrong arguments' => sub {
    for my $size (0, -1, 'many', '') {
        like(
            died(sub { IO::Socket::SSL::OCSP_Cache->new($size) }),
            qr/size of a cache .* at \Q$0\E/,
            "a size of '$size'"
        );
    }
    like(
        died(sub { IO::Socket::SSL::OCSP_Cache->new->put('key', 1) }),
        qr/must be a hash/,
        'an entry that is none'
    );
};

SKIP: {
    my $missing = ISS::OCSP->missing;
    skip $missing, 1 if $missing;
    subtest 'staples' => \&staples;
}
done_testing;

# A user's cache that logs its calls.
package OwnCache;

sub new { return bless { entries => {}, log => [] }, shift }

sub get {
    my ($self, $key) = @_;
    push @{ $self->{log} }, 'get ' . unpack 'H*', $key;
    die $self->{die} if $self->{die};
    return $self->{entries}{$key};
}

sub put {
    my ($self, $key, $entry) = @_;
    push @{ $self->{log} }, 'put ' . unpack 'H*', $key;
    die $self->{die} if $self->{die};
    return $self->{entries}{$key} = $entry;
}

package main;

sub staples {
    my $world = ISS::OCSP->new;
    my $uri   = 'http://127.0.0.1:1/never-asked';
    my $leaf  = $world->certificate(serial => 0x1001, uri => $uri);
    my $next  = $NOW + $HOUR;
    my $cache = OwnCache->new;
    my ($server, $port) = $world->stapling_server($leaf,
        $world->response(of => $leaf, this => $NOW - $HOUR, next => $next));
    my $connect = sub {
        return IO::Socket::SSL->new(
            PeerAddr => "127.0.0.1:$port",
            client_args(SSL_ocsp_cache => $cache, @_)
        );
    };

    my $sock = $connect->();
    ok($sock, 'a good staple') or diag $SSL_ERROR;
    my ($key) = keys %{ $cache->{entries} };
    is_deeply(
        $cache->{entries}{$key},
        {
            statusType => 0,
            thisUpdate => $NOW - $HOUR,
            nextUpdate => $next
        },
        '... is put into the cache'
    );
    is(unpack('H*', substr $key, -4),
        '02021001', '... under the DER of its id');
    is_deeply({ $sock->ocsp_resolver->requests },
        {}, 'nothing is left to ask');
    undef $sock;

    $cache->{die} = "cache!\n";
    is(died($connect), "cache!\n", 'an exception of the cache is passed on');
    delete $cache->{die};
    undef $server;

    ($server, $port) = $world->stapling_server($leaf);
    $sock = $connect->();
    my $resolver = $sock->ocsp_resolver;
    is_deeply({ $resolver->requests },
        {}, 'a cached answer is not requested again');
    is($resolver->hard_error, '', '... and is good');

    $cache->{entries}{$key}{nextUpdate} = $NOW - $HOUR;
    is_deeply([(scalar %{ { $sock->ocsp_resolver->requests } }) ? 1 : 0],
        [1], "an outdated answer of a user's cache is requested again");
    for my $none (undef, '', 'good', 3) {
        @{ $cache->{entries}{$key} }{qw(nextUpdate statusType)} =
          ($next, $none);
        is(
            scalar(my @asked = $sock->ocsp_resolver->requests) / 2,
            1, 'asked again: the status is ' . ($none // 'missing')
        );
    }
    @{ $cache->{entries}{$key} }{qw(nextUpdate statusType)} = ($next, 1);
    like($sock->ocsp_resolver->hard_error,
        qr/revoked/, 'a cached revocation is an error');
    undef $sock;
    undef $resolver;
    undef $server;

    $cache = OwnCache->new;
    my $revoked = $world->response(
        of     => $leaf,
        status => 'revoked',
        this   => $NOW - $HOUR,
        next   => $next
    );
    ($server, $port) = $world->stapling_server($leaf, $revoked);
    $connect->();
    is_deeply(
        $cache->{entries}{$key},
        {
            statusType           => 1,
            thisUpdate           => $NOW - $HOUR,
            nextUpdate           => $next,
            revocationTime       => 1_577_836_800,
            revocationReason     => 1,
            revocationReason_str => 'keyCompromise'
        },
        'what a revoked staple says is kept, too'
    );
    undef $server;

    $cache = OwnCache->new;
    my $fleeting = $world->response(of => $leaf, next => undef);
    ($server, $port) = $world->stapling_server($leaf, $fleeting);
    $sock = $connect->();
    is_deeply($cache->{entries}, {},
        'an answer without a next update is not kept');
    is($sock->ocsp_resolver->hard_error,
        '', '... but counts for its connection');
    undef $sock;
    undef $server;

    # Without SSL_ocsp_cache each context has one.
    ($server, $port) =
      $world->stapling_server($leaf, $world->response(of => $leaf));
    my $ctx = IO::Socket::SSL::SSL_Context->new(client_args());
    $sock = $connect->(SSL_reuse_ctx => $ctx);
    undef $sock;
    undef $server;
    ($server, $port) = $world->stapling_server($leaf);
    $sock = $connect->(SSL_reuse_ctx => $ctx);
    is($sock->ocsp_resolver->hard_error,
        '', 'a context caches for its connections');
    undef $sock;
    $sock = $connect->();
    is($sock->ocsp_resolver->hard_error,
        undef, '... not for those of other contexts');
    return;
}
