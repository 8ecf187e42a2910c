# IO::Socket::SSL::OCSP_Cache: entries while they are good, no more of them
# than it was told to keep; and caches of the user's.
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

subtest 'how long an entry is good' => sub {
    my %good = (
        'until its next update' => entry(nextUpdate => $NOW + $HOUR),
        'as it always was'      => entry(
            thisUpdate => 0,
            nextUpdate => $NOW + $HOUR
        ),
        'some minutes longer, for clocks differ' =>
          entry(nextUpdate => $NOW - 200),
        'some minutes before it begins' =>
          entry(thisUpdate => $NOW + 200, nextUpdate => $NOW + $HOUR),
        'without word of a first update' => { nextUpdate => $NOW + $HOUR },
        'a day without word of the next' => entry(),
    );
    my %bad = (
        'after its next update' => entry(nextUpdate => $NOW - $HOUR),
        'before it begins'      =>
          entry(thisUpdate => $NOW + $HOUR, nextUpdate => $NOW + 2 * $HOUR),
        'more than a day without word of the next' =>
          entry(thisUpdate => $NOW - 25 * $HOUR),
    );
    my $cache = IO::Socket::SSL::OCSP_Cache->new;
    for my $when (sort keys %good) {
        $cache->put('key', $good{$when});
        is($cache->get('key'), $good{$when}, "good: $when");
        is($cache->get('key'), $good{$when}, '... as often as asked');
    }
    for my $when (sort keys %bad) {
        $cache->put('key', $bad{$when});
        is(scalar $cache->get('key'), undef, "not good: $when");
    }
    is_deeply([$cache->get('nobody')], [], 'a key that nobody put there');
};

subtest 'the least recently used makes room' => sub {
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
    is($has->(qw(b c d e)), 'bde', 'one that was used stays');
    $put->('d');
    is($has->(qw(b d e)), 'bde', 'putting what is there drops nothing');
    $put->($_) for 1 .. 1000;
    is($has->('a' .. 'e', 1 .. 1000),
        '9989991000', 'and never more than that');

    $cache = IO::Socket::SSL::OCSP_Cache->new;
    $put->(1 .. 1000);
    my $kept = () = grep { $cache->get($_) } 1 .. 1000;
    cmp_ok($kept, '>', 10,   'without a size there is room');
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

# A cache of the user's own, that tells what it is asked.
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
    is(unpack('H*', substr $key, -4), '02021001', '... by the DER of its id');
    is_deeply({ $sock->ocsp_resolver->requests },
        {}, 'nothing is left to be asked');
    undef $sock;

    $cache->{die} = "cache!\n";
    is(died($connect), "cache!\n", 'what a cache dies with is thrown');
    delete $cache->{die};
    undef $server;

    ($server, $port) = $world->stapling_server($leaf);
    $sock = $connect->();
    my $resolver = $sock->ocsp_resolver;
    is_deeply({ $resolver->requests },
        {}, 'what the cache knows is not asked again');
    is($resolver->hard_error, '', '... and it was good');

    $cache->{entries}{$key}{nextUpdate} = $NOW - $HOUR;
    is_deeply([(scalar %{ { $sock->ocsp_resolver->requests } }) ? 1 : 0],
        [1], "what a user's cache keeps too long is asked again");
    @{ $cache->{entries}{$key} }{qw(nextUpdate statusType)} = ($next, 1);
    like($sock->ocsp_resolver->hard_error,
        qr/revoked/, 'what it knows to be revoked is an error');
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
        'one that does not say how long it is good is not kept');
    is($sock->ocsp_resolver->hard_error,
        '', '... but stands for its connection');
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
        '', 'a context remembers for its connections');
    undef $sock;
    $sock = $connect->();
    is($sock->ocsp_resolver->hard_error, undef, '... and not for others');
    return;
}
