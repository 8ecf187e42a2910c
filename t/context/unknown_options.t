# An option with an unknown name warns once for each place in a program, with a
# guess, and changes nothing.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::SSL;
use ISS::Test;
use Test::More;

my $here = __FILE__;

my %GUESS = (
    SSL_verify_mod   => 'SSL_verify_mode',
    SSL_fingerprints => 'SSL_fingerprint',
    SSL_check_clr    => 'SSL_check_crl',
    SSL_ocspmode     => 'SSL_ocsp_mode',
    SSL_Verify_Mode  => 'SSL_verify_mode',
    SSL_cafile       => 'SSL_ca_file',
    SSL_hostnam      => 'SSL_hostname',
);

for my $name (sort keys %GUESS) {
    my $line;
    my @warnings = warnings_of(
        sub {
            $line = __LINE__ + 1;
            IO::Socket::SSL::SSL_Context->new($name => 1) for 1 .. 3;
        }
    );
    is_deeply(
        \@warnings,
        [
"unknown option $name (did you mean $GUESS{$name}?) at $here line $line.\n"
        ],
        "$name: one warning, where it was written"
    );
}
is_deeply(
    [
        map { s/ at .*//sr } warnings_of(
            sub { IO::Socket::SSL::SSL_Context->new(SSL_zzzzzz => 1) }
        )
    ],
    ['unknown option SSL_zzzzzz'],
    'no guess where nothing is near'
);

is_deeply(
    [
        warnings_of(
            sub {
                IO::Socket::SSL::SSL_Context->new(
                    SSL_OP_NO_RENEGOTIATION => 1 << 30);
            }
        )
    ],
    [],
    'the option that the driver of MongoDB gives does not warn'
);

# A program that was written for a later version relies on what it names.
for my $later (qw(security_level verify_connection groups early_data)) {
    my ($warning) =
      warnings_of(sub { IO::Socket::SSL::SSL_Context->new("SSL_$later" => 1) }
      );
    like(
        $warning,
        qr/^unknown option SSL_$later\b/,
        "an option of a later version is unknown: SSL_$later"
    );
}

# Where options can be given.
my ($server, $address) = tls_server(sub { });
my %PLACE = (
    'new' => sub {
        IO::Socket::SSL->new(
            PeerAddr => $address,
            client_args(SSL_hostnam => 1)
        );
    },
    'a listener' => sub {
        IO::Socket::SSL->new(
            Listen    => 1,
            LocalAddr => '127.0.0.1',
            server_args(SSL_verify_mod => 3)
        );
    },
    'start_SSL' => sub {
        my $tcp = IO::Socket::INET->new($address);
        IO::Socket::SSL->start_SSL($tcp, client_args(SSL_hostnam => 1));
    },
    'set_defaults' => sub { IO::Socket::SSL::set_defaults(SSL_vers => 1) },
    'set_client_defaults' =>
      sub { IO::Socket::SSL::set_client_defaults(SSL_vers2 => 1) },
    'set_server_defaults' =>
      sub { IO::Socket::SSL::set_server_defaults(SSL_vers3 => 1) },
);
for my $name (sort keys %PLACE) {
    my ($first, @more) = warnings_of($PLACE{$name});
    like(
        $first,
        qr/^unknown option SSL_\w+.* at \Q$here\E line \d+\.$/,
        "$name: warns at its line"
    );
    is(scalar @more, 0, '... once');
}
{
    no warnings 'IO::Socket::SSL';
    IO::Socket::SSL::set_defaults(SSL_vers => undef);
    IO::Socket::SSL::set_client_defaults(SSL_vers2 => undef);
    IO::Socket::SSL::set_server_defaults(SSL_vers3 => undef);
}

# What reload changes can only be options.
{
    my $context = IO::Socket::SSL::SSL_Context->new(client_args());
    my @warnings =
      warnings_of(sub { $context->reload(SSL_ca_fil => 1, verify_mode => 1) }
      );
    is(scalar @warnings, 2, 'reload: warns of both');
    like(
        $warnings[0],
        qr/^unknown option SSL_ca_fil \(did you mean SSL_ca_file/,
        '... of a misspelt one'
    );
    like(
        $warnings[1],
        qr/^unknown option verify_mode \(did you mean SSL_verify_mode/,
        '... and of one without SSL_'
    );
}

# Who does not want it.
{
    no warnings 'IO::Socket::SSL';
    is_deeply(
        [
            warnings_of(
                sub { IO::Socket::SSL::SSL_Context->new(SSL_zzzzz => 1) }
            )
        ],
        [],
        'not where the category is off'
    );
}
ok(
    IO::Socket::SSL::SSL_Context->new(SSL_verify_mode => 0, SSL_ca => undef),
    'nothing fails for it'
);
is_deeply(
    [
        warnings_of(
            sub {
                IO::Socket::SSL->new(
                    PeerAddr => $address,
                    SSL      => 1,
                    client_args()
                );
            }
        )
    ],
    [],
    'names that are not ours are not looked at'
);

# Every option of the manual and of the core's tables is known.
{
    open my $pod, '<', "$FindBin::Bin/../../lib/IO/Socket/SSL.pod"
      or die "the manual: $!";
    my @options = grep { /^SSL_[a-z]/ } map { /^=item (SSL_\w+)/g } <$pod>;
    cmp_ok(scalar @options, '>', 60, 'options of the manual');
    is_deeply(
        [
            warnings_of(
                sub {
                    IO::Socket::SSL::set_defaults($_ => undef) for @options;
                }
            )
        ],
        [],
        '... are all known'
    );
}

done_testing();
