# IO::Socket::SSL::Session_Store: servers that keep their sessions in a store.
use strict;
use warnings;

use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::FileStore;
use ISS::Sessions qw(:DEFAULT fares);
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

my $dir    = tempdir('iss-store-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $secret = 'the secret of all the machines!!';

sub folder { return ISS::FileStore::folder($dir) }

sub store {
    my ($folder, %args) = @_;
    return ISS::FileStore::store($folder, secret => $secret, %args);
}

sub values_in { return ISS::FileStore::values_in(@_) }

sub server {
    my ($version, $store, @more) = @_;
    return resuming_server(
        SSL_version       => $version,
        SSL_session_cache => $store,
        @more
    );
}

each_version(
    sub {
        my ($version) = @_;
        my $single = $version eq 'TLSv1_3';

        my $folder  = folder();
        my @servers = map { server($version, store($folder)) } 1 .. 2;
        is(fares(@servers[0, 1, 0, 1]),
            '0111', 'servers with the same store resume, untold');
        is(scalar(values_in($folder)), 1, '... each client has one value')
          or diag join "\n", values_in($folder);
        my ($file) = values_in($folder);
        like(pack('H*', $file =~ m{/([0-9a-f]+)\z}),
            qr/\Aiss:[\w-]{43}\z/, '... under a key that says nothing');
        is(fares($servers[0], server($version, store(folder()))),
            '00', 'another store');
        is(
            fares(
                $servers[0],
                server($version, store($folder, secret => 'x' x 32))
            ),
            '00',
            'another secret'
        );
        is(
            fares(
                $servers[0],
                server(
                    $version, store($folder, secret => ['x' x 32, $secret])
                )
            ),
            '01',
            'an older secret reads'
        );
        is(
            fares(
                $servers[0],
                server($version, store($folder), SSL_cipher_list => 'HIGH')
            ),
            '00',
            'other rules'
        );
        is(
            fares(
                $servers[0], server($version, store($folder, prefix => 'x'))
            ),
            '00',
            'another prefix'
        );
        is(
            fares(
                map { server($version, store($folder, loses => 1)) } 1 .. 2
            ),
            $single ? '00' : '01',
            'who does not win the delete misses'
        );
        is(
            fares(
                map { server($version, store($folder, cannot_tell => 1)) }
                  1 .. 2
            ),
            '01',
            'a store that cannot tell'
        );
        after_retry($version);
        second_taker($version);
        damaged($version);
        broken($version);
    }
);

# A server of TLS 1.3 with another group asks for a second ClientHello, and
# OpenSSL looks for the session again.
sub after_retry {
    my ($version) = @_;
    my $folder    = folder();
    my @args      = (keeps_session(), SSL_ecdh_curve => 'P-256:P-384');
    my @servers =
      map { server($version, store($folder), SSL_ecdh_curve => 'P-384') }
      1 .. 2;

    is(join('', map { resumed($_, @args) } @servers[0, 1, 0]),
        '011', 'after a HelloRetryRequest');
    return;
}

# The same session offered twice.
sub second_taker {
    my ($version) = @_;

    my $folder = folder();
    my $server = server($version, store($folder));
    my @args   = keeps_session();
    resumed($server, @args);
    my ($file) = values_in($folder);
    my $first  = resumed($server, @args);
    my @left   = grep { $_ eq $file } values_in($folder);
    is(
        $first . @left,
        $version eq 'TLSv1_3' ? '10' : '11',
        'a session of TLS 1.3 is taken, one of TLS 1.2 stays'
    );
    return;
}

# Each byte counts.
sub damaged {
    my ($version) = @_;

    my $folder = folder();
    my $server = server($version, store($folder));
    my $wrong  = 0;
    for my $at (0, 1, 20, 32, 33, 60, -17, -16, -1) {
        my @args = keeps_session();
        unlink values_in($folder);
        resumed($server, @args);
        my ($file) = values_in($folder);
        open my $both, '+<:raw', $file or die $!;
        my $size  = -s $both;
        my $place = $at < 0 ? $size + $at : $at;
        seek $both, $place, 0;
        read $both, my $byte, 1;
        seek $both, $place, 0;
        print {$both} $byte ^ "\1";
        close $both;
        $wrong++ if resumed($server, @args) ne '0';
    }
    is($wrong, 0, 'a damaged value is a miss');
    return;
}

# A store that fails, and comes back.
sub broken {
    my ($version) = @_;

    my $folder = folder();
    my $told   = "$folder/told";
    my $server = server(
        $version,
        store(
            $folder,
            on_error => sub {
                open my $out, '>>', $told or return;
                print {$out} join(' ', @_);
            }
        )
    );
    my @args  = keeps_session();
    my $fares = join '', map { resumed($server, @args) } 1 .. 2;
    { open my $out, '>', "$folder/broken" or die $! }
    $fares .= join '', map { resumed($server, @args) } 1 .. 3;
    unlink "$folder/broken";
    $fares .= join '', map { resumed($server, @args) } 1 .. 2;
    is($fares, '0100001',
        'a store that dies means full handshakes, no failure');
    open my $in, '<', $told;
    like(
        join('', <$in>),
        qr/^(?:get|set) the store is broken$/m,
        '... which on_error hears of'
    );
    return;
}

# For how many seconds a value is stored.
sub seconds_of {
    my ($store, @args) = @_;
    my $folder = folder();
    fares(server('TLSv1_3', store($folder, @$store), @args));
    open my $in, '<', "$folder/seconds" or die $!;
    return scalar <$in>;
}
is(seconds_of([]), 7200, 'the default timeout');
is(seconds_of([timeout => 604_800]),
    7200, '... is that of SSL_session_timeout, too');
is(seconds_of([timeout => 100]),
    100, q(the shorter timeout counts: the store's));
is(seconds_of([timeout => 100], SSL_session_timeout => 50),
    50, '... SSL_session_timeout');
is(seconds_of([timeout => 604_800], SSL_session_timeout => 604_800),
    604_800, '... the longest');

# Without on_error.
{
    my $folder = folder();
    { open my $out, '>', "$folder/broken" or die $! }
    my $ctx = IO::Socket::SSL::SSL_Context->new(
        server_args(SSL_session_cache => store($folder)));
    my @warnings = warnings_of(
        sub {
            for (1 .. 3) {
                my ($sock, $peer) = tls_pair(
                    role => 'server',
                    mine => { SSL_reuse_ctx => $ctx }
                );
            }
        }
    );
    is(scalar @warnings, 1, 'a store that fails: one warning a minute')
      or diag @warnings;
    like(
        $warnings[0],
        qr/^Session_Store: set: the store is broken\b/,
        '... which says what failed'
    );
    cmp_ok($ctx->stats->{store_errors}, '>=', 3, '... and all are counted');
}

# Another object is for clients alone.
{

    package Cache::Of::Clients;    ## no critic (ProhibitMultiplePackages)
    sub get_session { die "a server asks\n" }
    sub add_session { die "a server adds\n" }
}
each_version(
    sub {
        my ($version) = @_;
        my $server = server($version, bless {}, 'Cache::Of::Clients');
        is(fares($server, $server),
            '01', 'another object on a server is ignored');
    }
);

# What is refused.
my @backend = (backend => ISS::FileStore->new(dir => $dir));
for my $case (
    [[secret => $secret], 'Session_Store needs a backend'],
    [[@backend],          'Session_Store needs a secret'],
    [
        [@backend, secret => 'x' x 31],
        'secret: a secret must have 32 bytes or more, not 31'
    ],
    [
        [@backend, secret => "\x{100}" x 32],
        'secret must be bytes; it has wide characters'
    ],
    [[backend => 5,  secret => $secret], 'Session_Store needs a backend'],
    [[backend => [], secret => $secret], 'backend must be an object'],
    [
        [@backend, secret => $secret, timeout => 0],
        'timeout must be 1 to 604800 seconds'
    ],
    [
        [@backend, secret => $secret, timeout => 604_801],
        'timeout must be 1 to 604800 seconds'
    ],
    [
        [@backend, secret => $secret, on_error => 5],
        'on_error must be a code reference'
    ],
    [
        [@backend, secret => $secret, ttl => 5],
        q(Session_Store has no argument 'ttl')
    ],
  )
{
    my ($args, $why) = @$case;
    like(died(sub { IO::Socket::SSL::Session_Store->new(@$args) }),
        qr/^\Q$why\E.* at \Q$0\E/, $why);
}
for my $option (qw(SSL_ticket_keys SSL_ticket_keycb)) {
    like(
        died(
            sub {
                IO::Socket::SSL::SSL_Context->new(
                    server_args(
                        SSL_session_cache => store($dir),
                        $option           => $0
                    )
                );
            }
        ),
        qr/^a Session_Store and $option cannot both be given at \Q$0\E/,
        "with $option"
    );
}
done_testing();
