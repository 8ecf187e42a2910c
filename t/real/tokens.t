# Keys in a token, by pkcs11-provider and SoftHSM: RSA and EC, TLS 1.2 and 1.3,
# as a server and as a client, in two children.
use strict;
use warnings;

use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;

use ISS::Unpacked 'ISS_TEST_TOKENS';

use IO::Socket::SSL;
use ISS::Program;
use ISS::Test;

# The first file that matches in the folder of the unpacked packages or, where
# they are installed, in the system's.
sub file {
    my @patterns = @_;
    my $root     = ISS::Unpacked->root('ISS_TEST_TOKENS');
    return (
        grep { -e }
          map {
            my $at = $_;
            map { glob "'$at'$_" } @patterns
          } $root,
        q{}
    )[0];
}

my $util = ISS::Unpacked->find('ISS_TEST_TOKENS', 'softhsm2-util')
  or plan skip_all => 'there is no softhsm2-util';
my $module =
  file('/usr/lib/softhsm/libsofthsm2.so', '/usr/lib/*/softhsm/libsofthsm2.so')
  or plan skip_all => 'there is no libsofthsm2.so';
my $provider = file('/usr/lib/*/ossl-modules/pkcs11.so')
  or plan skip_all => 'there is no pkcs11-provider';
($ENV{OPENSSL_MODULES}) = $provider =~ m{^(.*)/};

my $PIN = '471100';
my $dir = tempdir('iss-tokens-XXXXXX', TMPDIR => 1, CLEANUP => 1);
mkdir "$dir/tokens" or die $!;
open my $out, '>', "$dir/conf" or die $!;
print {$out}
  "directories.tokendir = $dir/tokens\nobjectstore.backend = file\n";
close $out;
local $ENV{SOFTHSM2_CONF}          = "$dir/conf";
local $ENV{PKCS11_PROVIDER_MODULE} = $module;

sub softhsm {
    my (@arguments) = @_;
    my ($status, $said) =
      ISS::Program->run(
        [$util, '--module', $module, @arguments, '--pin', $PIN]);
    is($status, 0, "softhsm2-util $arguments[0]") or diag $said;
    return;
}
softhsm('--init-token', '--free', '--label' => 'iss', '--so-pin' => $PIN);
my %CERT = (rsa => 'server', ec => 'server-ecdsa');
my $id   = 10;
for my $name (sort keys %CERT) {
    softhsm(
        '--import' => key($CERT{$name}),
        '--token'  => 'iss',
        '--label'  => $name,
        '--id'     => $id++
    );
}

# What a peer needs to use that key; the certificate is in a file.
sub by_token {
    my ($name, $pin) = @_;
    return (
        SSL_provider  => 'pkcs11',
        SSL_cert_file => cert($CERT{$name}),
        SSL_key_file  => undef,
        SSL_key => "pkcs11:token=iss;object=$name;type=private?pin-value="
          . ($pin || $PIN)
    );
}

each_version(
    sub {
        my ($version) = @_;
        for my $name (sort keys %CERT) {
            my @servers = map {
                [
                    tls_server(
                        sub { print { $_[0] } "hello\n"; $_[0]->close },
                        SSL_version => $version,
                        by_token($name)
                    )
                ]
            } 1 .. 2;
            for my $child (0, 1) {
                my $sock = IO::Socket::SSL->new(
                    PeerAddr => $servers[$child][1],
                    client_args()
                );
                is($sock ? scalar <$sock> : "$SSL_ERROR",
                    "hello\n", "a server with $name, child $child");
            }
            my ($asks, $address) = tls_server(
                sub {
                    print { $_[0] } $_[0]->peer_certificate('cn'), "\n";
                    $_[0]->close;
                },
                SSL_version         => $version,
                SSL_verify_mode     => SSL_VERIFY_PEER,
                SSL_ca_file         => cert('ca'),
                SSL_verify_callback => sub { 1 }
            );
            my $client = peer(
                sub {
                    my ($me) = @_;
                    my $sock = IO::Socket::SSL->new(
                        PeerAddr => $address,
                        client_args(by_token($name))
                    );
                    $me->tell($sock ? scalar <$sock> : "$SSL_ERROR");
                }
            );
            is(($client->hear)[0], "localhost\n", "a client with $name");
        }
    }
);

# A wrong PIN, in a process of its own.
my $wrong = peer(
    sub {
        my ($me) = @_;
        my $ctx = IO::Socket::SSL::SSL_Context->new(
            SSL_server => 1,
            by_token('rsa', '999999')
        );
        $me->tell($ctx ? 'good' : "$SSL_ERROR");
    }
);
my ($said) = $wrong->hear;
like($said, qr/^SSL_key: /, 'a wrong PIN fails');
unlike($said, qr/999999/, '... and is told nowhere');
done_testing();
