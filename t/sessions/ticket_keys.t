# SSL_ticket_keys: session tickets under keys in files, as nginx has them.
use strict;
use warnings;

use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Sessions;
use ISS::Test;
use IO::Socket::SSL;
use Test::More;
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

my $dir = tempdir('iss-tickets-XXXXXX', TMPDIR => 1, CLEANUP => 1);

# A file with a key, whose bytes follow from its letter.
sub key_file {
    my ($name, $letter, $size) = @_;

    my $file = "$dir/$name";
    unlink $file;
    open my $out, '>:raw', $file or die "$file: $!";
    print {$out} join '',
      map { chr((ord($letter) + $_) % 256) } 1 .. $size || 80;
    close $out;
    chmod 0600, $file;
    return $file;
}
my ($first, $second) = map { key_file("$_.key", $_) } 'a', 'b';
my $short = key_file('short.key', 'c', 48);

sub server {
    my ($version, $keys, @more) = @_;
    return resuming_server(
        SSL_version     => $version,
        SSL_ticket_keys => $keys,
        @more
    );
}

# Whether a client with a new cache resumes at these servers, one after the
# other: "0" or "1" for each.
sub fares {
    my (@servers) = @_;

    my @args = (
        SSL_session_cache => IO::Socket::SSL::Session_Cache->new(1),
        SSL_session_key   => 'key'
    );
    return join '', map { resumed($_, @args) } @servers;
}

each_version(
    sub {
        my ($version) = @_;

        my @by = ([$first], [$second, $first], [$second]);
        my ($old, $both, $new) = map { server($version, $_) } @by;
        is(fares($old, server($version, $first), $old),
            '011', 'servers with the same file resume, untold');
        is(fares($old, $new),  '00', 'with another key they do not');
        is(fares($old, $both), '01', 'the second file decrypts');
        is(fares($old, $both, $new), '011', '... and its ticket is renewed');
        is(fares($old, $both, $old),
            '010', '... under the first, which an older server lacks');
        is(fares(map { server($version, $short) } 1 .. 2),
            '01', 'a file of 48 bytes');
        is(
            fares($old, server($version, $first, SSL_cipher_list => 'HIGH')),
            '00',
            'a server with other rules does not resume'
        );
        is(
            fares(
                map {
                    server(
                        $version, $first,
                        SSL_session_id_context => 'the same',
                        @$_
                    )
                } [],
                [SSL_cipher_list => 'HIGH']
            ),
            '01',
            '... unless SSL_session_id_context says so'
        );
    }
);

# Rules by content: the same CA elsewhere is the same, another one is not.
{
    my @cas = map { "$dir/$_.pem" } qw(here there other);
    for (0 .. 2) {
        open my $in,  '<', cert($_ < 2 ? 'ca' : 'other-ca') or die $!;
        open my $out, '>', $cas[$_]                         or die $!;
        print {$out} do { local $/; <$in> };
        close $out;
    }
    my ($here, $there, $other) = map {
        server(
            'TLSv1_3', $first,
            SSL_verify_mode => SSL_VERIFY_PEER,
            SSL_ca_file     => $_
        )
    } @cas;
    is(fares($here, $there), '01', 'a CA file counts by its content');
    is(fares($here, $other), '00', '... so another one ends sessions');
}

# The own certificate is renewed: it does not count, but its names do.
each_version(
    sub {
        my ($version) = @_;
        my $old = server($version, $first);
        is(fares($old, server($version, $first, identity('server-ecdsa'))),
            '01', 'another certificate for the same names');
        is(
            fares(
                $old,
                server(
                    $version, $first,
                    SSL_cert_file => {
                        ''     => cert('server'),
                        '%ecc' => cert('server-ecdsa')
                    },
                    SSL_key_file => {
                        ''     => key('server'),
                        '%ecc' => key('server-ecdsa')
                    }
                )
            ),
            '01',
            '... an additional one'
        );
        my @args = (
            SSL_session_cache   => IO::Socket::SSL::Session_Cache->new(1),
            SSL_session_key     => 'key',
            SSL_verifycn_scheme => 'none'
        );
        resumed($old, @args);
        is(resumed(server($version, $first, identity('server2')), @args),
            0, '... but not one for other names');
    }
);

# Files that change.  The server looks once a second at most.
{
    my $file = key_file('turns.key', 'd');
    my $ctx  = IO::Socket::SSL::SSL_Context->new(
        server_args(SSL_ticket_keys => $file));
    local $SIG{__WARN__} = sub {
        open my $out, '>>', "$dir/warnings" or return;
        print {$out} @_;
    };
    my $turning = resuming_server(SSL_reuse_ctx => $ctx);
    my $cache   = IO::Socket::SSL::Session_Cache->new(1);
    my @args    = (SSL_session_cache => $cache, SSL_session_key => 'key');
    resumed($turning, @args) for 1 .. 2;
    key_file('turns.key', 'e');
    my $until = clock_gettime(CLOCK_MONOTONIC) + 1.1;
    my $new   = server(undef, key_file('same.key', 'e'));
    my $still;
    do { $still = resumed($turning, @args) }
      while clock_gettime(CLOCK_MONOTONIC) < $until;
    is(resumed($new, @args), 1, 'a new key in the file is used')
      or diag "before: $still";
    key_file('turns.key', 'f', 5);
    $until = clock_gettime(CLOCK_MONOTONIC) + 1.1;
    do { resumed($turning, @args) }
      while clock_gettime(CLOCK_MONOTONIC) < $until;
    is(resumed($turning, @args),
        1, 'a file that is broken later: the old key');
    open my $in, '<', "$dir/warnings";
    like(
        join('', <$in>),
qr{\Athe old ticket keys stay: SSL_ticket_keys: \S+turns.key has 5 bytes, not 48 or 80 at \S+ line \d+\.\n\z},
        '... and one warning'
    );
}

# What is refused.
sub error_of {
    my (@args) = @_;
    return refused(
        sub { IO::Socket::SSL::SSL_Context->new(server_args(@args)) });
}
for my $size (1, 15, 47, 49, 79, 81, 200) {
    my $file = key_file('odd.key', 'a', $size);
    is(
        error_of(SSL_ticket_keys => [$first, $file]),
        "SSL_ticket_keys: $file has $size bytes, not 48 or 80",
        "a file of $size bytes"
    );
}
for my $mode (0604, 0640, 0602) {
    my $file = key_file('open.key', 'a');
    chmod $mode, $file;
    is(
        error_of(SSL_ticket_keys => $file),
        "SSL_ticket_keys: $file: others than its owner can read or write it",
        sprintf 'a file of mode %04o',
        $mode
    );
}
like(
    error_of(SSL_ticket_keys => "$dir/none.key"),
    qr{^SSL_ticket_keys: \Q$dir\E/none.key: \w},
    'a file that is missing'
);
like(
    error_of(SSL_ticket_keys => $first, SSL_ticket_keycb => sub { }),
qr/^it died: SSL_ticket_keys and SSL_ticket_keycb cannot both be given at \Q$0\E/,
    'with SSL_ticket_keycb'
);
like(
    refused(
        sub { IO::Socket::SSL::SSL_Context->new(SSL_ticket_keys => $first) }
    ),
    qr/^it died: SSL_ticket_keys is for servers at \Q$0\E/,
    'a client'
);
IO::Socket::SSL::set_defaults(SSL_ticket_keys => $first);
ok(
    IO::Socket::SSL::SSL_Context->new(client_args()),
    '... which a default does not disturb'
);
IO::Socket::SSL::set_defaults(SSL_ticket_keys => undef);
is(fares(map { server('TLSv1_3', $_) } '', ''), '00', "'' means: not given");

done_testing();
