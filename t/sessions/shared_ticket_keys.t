# IO::Socket::SSL::Ticket_Keys: servers make keys for tickets and share them.
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
use Time::HiRes qw(time);

my $dir    = tempdir('iss-keys-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $secret = 'the secret of all the machines!!';

sub folder { return ISS::FileStore::folder($dir) }

sub keys_in {
    my ($folder, %args) = @_;
    return IO::Socket::SSL::Ticket_Keys->new(
        backend => sub { ISS::FileStore->new(dir => $folder) },
        secret  => $secret,
        %args
    );
}

# A server of a process of its own.
sub server {
    my ($version, $keys, @more) = @_;
    return resuming_server(
        SSL_version     => $version,
        SSL_ticket_keys => $keys,
        @more
    );
}

sub break_it {
    my ($folder) = @_;
    open my $out, '>', "$folder/broken" or die $!;
    return;
}

each_version(
    sub {
        my ($version) = @_;

        my $folder = folder();
        my ($one, $two) = map { server($version, keys_in($folder)) } 1 .. 2;
        is(fares($one, $two, $one, $two),
            '0111', 'servers with the same backend resume, untold');
        my ($file) = ISS::FileStore::values_in($folder);
        like(pack('H*', $file =~ m{/([0-9a-f]+)\z}),
            qr/\Aiss:[\w-]{43}\z/,
            '... a key is under a name that says nothing');
        is(-s $file, 1 + 32 + 64 + 16, '... encrypted');
        open my $in, '<', "$folder/seconds" or die $!;
        is(scalar <$in>, 3600 * (24 + 2), '... for a day and two periods');
        is(fares($one, server($version, keys_in(folder()))),
            '00', 'another backend');
        is(
            fares(
                $one, server($version, keys_in($folder, secret => 'x' x 32))
            ),
            '00',
            'another secret'
        );
        my $both =
          server($version, keys_in($folder, secret => ['x' x 32, $secret]));
        is(fares($one, $both), '01', 'an older secret reads');
        is(
            fares(
                $one, $both,
                server($version, keys_in($folder, secret => 'x' x 32))
            ),
            '011',
            '... and its ticket is renewed'
        );
        is(
            fares(
                $one,
                server($version, keys_in($folder), SSL_cipher_list => 'HIGH')
            ),
            '00',
            'other rules'
        );
        rotating($version);
        broken($version);
        reloaded($version);
    }
);

# Visits at two servers for three periods and more.
sub rotating {
    my ($version) = @_;
    my $folder = folder();
    my @servers =
      map { server($version, keys_in($folder, rotate => 1)) } 1 .. 2;
    my @client = keeps_session();
    my $end    = time + 60;
    my $fares  = '';
    my $keys;

    do {
        $fares .= resumed($servers[length($fares) % 2], @client);
        $keys = ISS::FileStore::values_in($folder);
    } until $keys >= 4 || time > $end;
    like($fares, qr/\A01+\z/, 'three rotations, and every ticket is good')
      or diag $fares;
    cmp_ok($keys, '>=', 4, '... with a key for each period');
    return;
}

# A backend that is gone.
sub broken {
    my ($version) = @_;
    my $folder = folder();
    my @told;
    my $one    = server($version, keys_in($folder));
    my @client = keeps_session();

    resumed($one, @client);
    break_it($folder);
    is(join('', map { resumed($one, @client) } 1 .. 2),
        '11', 'a backend that is gone: the known keys go on serving');
    my $told = "$folder/told";
    my $new  = server(
        $version,
        keys_in(
            $folder,
            on_error => sub {
                open my $out, '>>', $told or return;
                print {$out} "@_";
            }
        )
    );
    is(fares($one, $new, $new),
        '000', '... and without one there are full handshakes');
    open my $in, '<', $told or die $!;
    like(
        join('', <$in>),
        qr/^get the store is broken$/m,
        '... which on_error hears of'
    );
    return;
}

sub reloaded {
    my ($version) = @_;
    my $ctx = IO::Socket::SSL::SSL_Context->new(
        server_args(
            SSL_version     => $version,
            SSL_ticket_keys => keys_in(folder())
        )
    );
    my $server = resuming_server(SSL_reuse_ctx => $ctx);
    my @client = keeps_session();
    resumed($server, @client);
    ok($ctx->reload, 'a context that is reloaded');
    is(resumed(resuming_server(SSL_reuse_ctx => $ctx), @client),
        1, '... has the same keys');
    return;
}

# What is refused.
my @backend = (backend => ISS::FileStore->new(dir => $dir));
for my $case (
    [[secret => $secret], 'Ticket_Keys needs a backend'],
    [[@backend],          'Ticket_Keys needs a secret'],
    [
        [@backend, secret => 'x' x 31],
        'secret: a secret must have 32 bytes or more, not 31'
    ],
    [
        [@backend, secret => "\x{100}" x 32],
        'secret must be bytes; it has wide characters'
    ],
    [
        [@backend, secret => $secret, rotate => 0],
        'rotate must be a whole number of 1 to 604800'
    ],
    [
        [@backend, secret => $secret, keep => 1.5],
        'keep must be a whole number of 1 to 1000'
    ],
    [
        [@backend, secret => $secret, rotate => 86_400, keep => 8],
        'rotate * keep must be at most 604800 seconds'
    ],
    [
        [@backend, secret => $secret, timeout => 5],
        q(Ticket_Keys has no argument 'timeout')
    ],
  )
{
    my ($args, $why) = @$case;
    like(died(sub { IO::Socket::SSL::Ticket_Keys->new(@$args) }),
        qr/^\Q$why\E at \Q$0\E/, $why);
}
my $keys = keys_in($dir);
for my $case (
    [
        [SSL_ticket_keycb => sub { }],
        'SSL_ticket_keys and SSL_ticket_keycb cannot both be given'
    ],
    [
        [
            SSL_session_cache =>
              ISS::FileStore::store($dir, secret => $secret)
        ],
        'a Session_Store and SSL_ticket_keys cannot both be given'
    ],
    [
        [SSL_ticket_keys => bless {}, 'Other'],
        'SSL_ticket_keys must be files or an IO::Socket::SSL::Ticket_Keys'
    ],
  )
{
    my ($args, $why) = @$case;
    like(
        died(
            sub {
                IO::Socket::SSL::SSL_Context->new(
                    server_args(SSL_ticket_keys => $keys, @$args));
            }
        ),
        qr/^\Q$why\E at \Q$0\E/,
        $why
    );
}

done_testing();
