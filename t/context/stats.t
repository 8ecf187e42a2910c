# stats: what a context and the process have counted.
use strict;
use warnings;

use Config;
use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::FileStore;
use ISS::Sessions;
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

my $dir = tempdir('iss-stats-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my @KEYS = qw(accepted bytes_in bytes_out connected early_accepted
  early_rejected failed hits misses reload_failed reloaded renewed resumed
  staples store_errors tickets);

# A server of one context that answers each client with counters of its own.
sub counting_server {
    my ($counters, @args) = @_;
    my $ctx = IO::Socket::SSL::SSL_Context->new(server_args(@args))
      || die $SSL_ERROR;
    my ($peer, $address) = tls_server(
        sub {
            my ($sock) = @_;
            my $stats = $ctx->stats;
            print {$sock} join(' ', map { "$_=$stats->{$_}" } @$counters),
              "\n";
            readline $sock;
            close $sock;
        },
        SSL_reuse_ctx => $ctx
    );
    return { address => $address, peer => $peer };
}

sub visit {
    my ($server, @args) = @_;
    my $sock = connected($server, @args) or return "$SSL_ERROR";
    my $line = get_line($sock);
    close $sock;
    return $line;
}

is_deeply([sort keys %{ IO::Socket::SSL::stats() }],
    \@KEYS, 'the counters of the process');

each_version(
    sub {
        my ($version) = @_;
        my @args   = (SSL_version => $version);
        my $ctx    = client_context(@args, SSL_session_cache_size => 5);
        my $before = IO::Socket::SSL::stats();
        is_deeply([sort keys %{ $ctx->stats }], \@KEYS, '... of a context');

        my $server =
          counting_server([qw(accepted resumed tickets)], @args);
        my @said = map {
            visit($server, SSL_reuse_ctx => $ctx, SSL_session_key => 'key')
        } 1 .. 3;
        my $first = $version eq 'TLSv1_3' ? 2 : 1;
        my $later = $version eq 'TLSv1_3' ? 1 : 0;
        is_deeply(
            \@said,
            [
                "accepted=1 resumed=0 tickets=$first",
                "accepted=2 resumed=1 tickets=" . ($first + $later),
                "accepted=3 resumed=2 tickets=" . ($first + 2 * $later),
            ],
            'a server counts'
        );
        my $stats = $ctx->stats;
        is("@$stats{qw(connected resumed hits misses)}",
            '3 2 2 1', 'a client counts');
        cmp_ok($stats->{bytes_in}, '>', 1500, '... bytes of the wire');
        cmp_ok($stats->{bytes_out}, '>', 500, '... both ways');
        my $sum = IO::Socket::SSL::stats();
        is($sum->{connected} - $before->{connected},
            3, 'the process has the sum');

        like(
            visit(
                $server,
                SSL_reuse_ctx     => $ctx,
                SSL_verifycn_name => 'other.test'
            ),
            qr/hostname/,
            'a failure'
        );
        is_deeply($ctx->stats->{failed}, { name => 1 }, '... has its kind');

        ok($ctx->reload, 'a reload');
        is(refused(sub { $ctx->reload(SSL_cipher_list => 'NO-SUCH') })
              =~ /SSL_cipher_list/, 1, '... and one that fails');
        $stats = $ctx->stats;
        is("@$stats{qw(connected reloaded reload_failed)}",
            '3 1 1', '... are counted, and the counts go on');
    }
);

# Stores.
{
    my $folder = ISS::FileStore::folder($dir);
    my $store  = ISS::FileStore::store(
        $folder,
        secret   => 's' x 32,
        on_error => sub { }
    );
    my $server = counting_server([qw(hits misses store_errors)],
        SSL_session_cache => $store);
    my @client = (
        SSL_session_cache => IO::Socket::SSL::Session_Cache->new(1),
        SSL_session_key   => 'key'
    );
    my @said = map { visit($server, @client) } 1 .. 2;
    unlink ISS::FileStore::values_in($folder);
    push @said, visit($server, @client);
    { open my $out, '>', "$folder/broken" or die $! }
    push @said, visit($server, @client);
    is_deeply(
        [@said[0 .. 2]],
        [
            'hits=0 misses=0 store_errors=0',
            'hits=1 misses=0 store_errors=0',
            'hits=1 misses=1 store_errors=0'
        ],
        'hits and misses of a store'
    );
    like($said[3], qr/\Ahits=1 misses=2 store_errors=[12]\z/,
        'errors of a store');
}

# A ticket under an older key.
{
    my $new = ISS::FileStore::folder($dir);
    my $keys = sub {
        return IO::Socket::SSL::Ticket_Keys->new(
            backend => ISS::FileStore->new(dir => $new),
            secret  => [map { $_ x 32 } @_]
        );
    };
    my @client = (
        SSL_session_cache => IO::Socket::SSL::Session_Cache->new(1),
        SSL_session_key   => 'key'
    );
    my ($old, $both) = map {
        counting_server([qw(renewed resumed)], SSL_ticket_keys => $keys->(@$_))
    } ['a'], ['b', 'a'];
    my @said = map { visit($_, @client) } $old, $both, $both;
    is_deeply(
        \@said,
        [
            'renewed=0 resumed=0',
            'renewed=1 resumed=1',
            'renewed=1 resumed=2'
        ],
        'a renewed ticket'
    );
}

# Threads share a context and its counts.
SKIP: {
    skip 'perl has no threads', 4 if !$Config{useithreads};
    require threads;
    my $server = resuming_server(hold => 1);
    my $ctx    = client_context();
    my @threads = map {
        threads->create(
            sub {
                visit($server, SSL_reuse_ctx => $ctx) for 1 .. 5;
            }
        )
    } 1 .. 4;
    $_->join for @threads;
    is($ctx->stats->{connected}, 20, 'threads count together');

    # ... also while the context is reloaded, and as the server counts.
    my $counts = counting_server([qw(accepted resumed)]);
    $ctx = client_context(SSL_session_cache_size => 5);
    my @args   = (SSL_reuse_ctx => $ctx, SSL_session_key => 'key');
    my $before = IO::Socket::SSL::stats();
    @threads = map {
        threads->create(
            sub {
                for my $time (1 .. 6) {
                    visit($counts, @args);
                    $ctx->reload if $time % 2;
                }
            }
        )
    } 1 .. 4;
    $_->join for @threads;
    my $said  = visit($counts, @args);
    my $stats = $ctx->stats;
    is($said, "accepted=$stats->{connected} resumed=$stats->{resumed}",
        'over reloads by threads both sides count the same');
    is("@$stats{qw(connected reloaded)}",
        '25 12', '... each connection and each reload');
    my $sum = IO::Socket::SSL::stats();
    is_deeply(
        [map { $sum->{$_} - $before->{$_} } qw(connected resumed reloaded)],
        [@$stats{qw(connected resumed reloaded)}],
        '... so does the process'
    );
}

done_testing();
