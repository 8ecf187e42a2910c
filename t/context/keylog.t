# SSL_keylog_file, SSL_keylog_callback and SSLKEYLOGFILE (RFC 9850).
use strict;
use warnings;

use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::SSL;
use ISS::OpenSSL;
use ISS::Program;
use ISS::Test;
use Test::More;

my $dir  = tempdir('iss-keylog-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $file = "$dir/keys";

sub slurp {
    open my $in, '<', $_[0] or return '';
    local $/;
    return scalar <$in>;
}

my %LABELS = (
    TLSv1_2 => [qw(CLIENT_RANDOM)],
    TLSv1_3 => [
        sort qw(CLIENT_HANDSHAKE_TRAFFIC_SECRET EXPORTER_SECRET
          SERVER_HANDSHAKE_TRAFFIC_SECRET CLIENT_TRAFFIC_SECRET_0
          SERVER_TRAFFIC_SECRET_0)
    ],
);

each_setting(
    sub {
        my %setting = @_;
        unlink $file;
        my @told;
        my ($sock, $peer) = tls_pair(
            @_,
            mine => {
                SSL_keylog_file     => $file,
                SSL_keylog_callback => sub { push @told, [@_] },
            },
            peer => sub { },
        );
        my @lines = map { $_->[1] } @told;
        is_deeply(
            [sort map { (split)[0] } @lines],
            $LABELS{ $setting{version} },
            'the callback hears of each secret'
        );
        is((grep { $_->[0] != $sock } @told), 0, '... of this socket');
        is(
            slurp($file),
            join('', map { "$_\n" } @lines),
            '... so does the file'
        );
        is((stat $file)[2] & 07777, 0600, '... which is for its owner alone');
        my ($again, $its_peer) =
          tls_pair(@_, mine => { SSL_keylog_file => $file }, peer => sub { });
        is(() = slurp($file) =~ /\n/g, 2 * @lines, '... and is appended to');
    }
);

# s_client and we log the same secrets.
SKIP: {
    skip 'there is no openssl command', 1 if !find_openssl();
    unlink $file;
    my ($sock, $client) = accept_s_client(
        ['-keylogfile' => "$dir/theirs", '-quiet', '-CAfile' => cert('ca')],
        server_args(SSL_keylog_file => $file));
    print {$sock} "hello\n";
    $client->wait_for(qr/hello/);
    close $sock;
    $client->finish;
    my $theirs = join "\n", sort grep { !/^#/ } split /\n/,
      slurp("$dir/theirs");
    is(join("\n", sort split /\n/, slurp($file)),
        $theirs, 's_client -keylogfile has the same lines');
}

# Callbacks that die, or close the socket.
{
    my $died = died(
        sub {
            failing_pair(
                mine => { SSL_keylog_callback => sub { die "my own\n" } });
        }
    );
    is($died, "my own\n", 'an exception of the callback is thrown');
    my ($sock) =
      failing_pair(mine => { SSL_keylog_callback => sub { $_[0]->close } });
    ok(!$sock, 'a callback may close the socket');
    like(
        died(
            sub {
                IO::Socket::SSL::SSL_Context->new(SSL_keylog_callback => 5);
            }
        ),
        qr/^SSL_keylog_callback must be a code reference/,
        'a wrong value'
    );
}

# Files that cannot be written.
{
    my $ctx =
      IO::Socket::SSL::SSL_Context->new(SSL_keylog_file => "$dir/no/keys");
    ok(!$ctx, 'without the folder there is no context');
    like($SSL_ERROR, qr{^SSL_keylog_file: \Q$dir\E/no/keys: \w},
        '... and why');
    chmod 0644, $file;
    my ($warning) = warnings_of(
        sub { IO::Socket::SSL::SSL_Context->new(SSL_keylog_file => $file) });
    like(
        $warning,
        qr/^SSL_keylog_file: others than its owner can read it at \S+/,
        'a file that others can read: a warning'
    );
  SKIP: {
        skip 'there is no /dev/full', 3 if !-w '/dev/full';
        my $sock;
        my @warnings = grep { !/others than/ } warnings_of(
            sub {
                ($sock) = tls_pair(
                    mine => { SSL_keylog_file => '/dev/full' },
                    peer => sub { }
                );
            }
        );
        ok($sock, 'a full disk does not end the connection');
        is(scalar @warnings, 1, '... but warns once');
        like(
            $warnings[0],
            qr{^SSL_keylog_file: cannot write to /dev/full: },
            '... of the file'
        );
    }
}

# The variable counts only with the import word, and never under taint.
my $PROGRAM = <<'END';
my $ctx = IO::Socket::SSL::SSL_Context->new(SSL_verify_mode => 0);
print $ctx ? 'made' : $IO::Socket::SSL::SSL_ERROR, "\n";
END

sub program {
    my ($import, @switches) = @_;
    unlink $file;
    my (undef, $said) = ISS::Program->run(
        [
            $^X, @switches, (map { "-I$_" } @INC),
            "-MIO::Socket::SSL$import", '-e', $PROGRAM
        ],
        env => { SSLKEYLOGFILE => $file }
    );
    return $said;
}
is(program(''), "made\n", 'SSLKEYLOGFILE without the import word');
ok(!-e $file, '... means nothing');
is(program('=keylog'), "made\n", 'with the import word');
ok(-e $file, '... the file is made');
like(
    program('=keylog', '-T'),
qr/^SSLKEYLOGFILE is ignored: no key log under setuid, setgid or taint at .*\nmade\n\z/,
    'under -T it is ignored, with a warning'
);
ok(!-e $file, '... and not made');
{
    (my $asks = $PROGRAM) =~
      s/SSL_verify_mode => 0/SSL_keylog_file => '$file'/;
    my (undef, $said) = ISS::Program->run(
        [$^X, '-T', (map { "-I$_" } @INC), '-MIO::Socket::SSL', '-e', $asks]);
    is(
        $said,
        "no key log under setuid, setgid or taint\n",
        'under -T the option fails'
    );
}

# Root can take other ids.
SKIP: {
    skip 'only root can take other ids', 4 if $> != 0 || $< != 0;
    my $nobody = 65_534;
    my @ids    = (
        ['another effective user',  sub { $> = $nobody }],
        ['another effective group', sub { $) = "$nobody $nobody" }]
    );
    for my $case (@ids) {
        my ($what, $change) = @$case;
        unlink $file;
        my $other = peer(
            sub {
                my ($me) = @_;
                my $log = "$dir/of-another";
                $change->();
                $me->tell(
                    IO::Socket::SSL::SSL_Context->new(
                        SSL_verify_mode => 0,
                        SSL_keylog_file => $log
                    ) ? 'made' : "$SSL_ERROR",
                    -e $log ? 'a file' : 'no file'
                );
            }
        );
        my ($said, $log) = $other->hear;
        is(
            $said,
            'no key log under setuid, setgid or taint',
            "$what: the option fails"
        );
        is($log, 'no file', '... and nothing is written');
    }
}

done_testing();
