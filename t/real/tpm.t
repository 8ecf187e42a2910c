# Keys in a TPM, by tpm2-openssl and the software TPM swtpm: RSA and EC, TLS 1.2
# and 1.3, as a server that asks for a certificate and as a client.
use strict;
use warnings;

use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;

use ISS::Unpacked 'ISS_TEST_TPM';

use IO::Socket::SSL;
use ISS::Program;
use ISS::Test;

plan skip_all => 'this OpenSSL has no providers'
  if !IO::Socket::SSL->can_do('provider');
my ($swtpm, $tpm2) =
  map { ISS::Unpacked->find('ISS_TEST_TPM', $_) } qw(swtpm tpm2);
plan skip_all => 'there is no swtpm'             if !$swtpm;
plan skip_all => 'there is no tpm2 (tpm2-tools)' if !$tpm2;
my $root = ISS::Unpacked->root('ISS_TEST_TPM');
my ($module) = grep { -e } glob "'$root'/usr/lib/*/ossl-modules/tpm2.so";
plan skip_all => 'there is no tpm2-openssl' if !$module;
($ENV{OPENSSL_MODULES}) = $module =~ m{^(.*)/};

my $dir    = tempdir('iss-tpm-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $socket = "$dir/socket";
$ENV{TPM2TOOLS_TCTI} = $ENV{TPM2OPENSSL_TCTI} = "swtpm:path=$socket";
$ENV{TSS2_LOG}       = 'all+NONE';
my $chip = ISS::Program->start(
    [
        $swtpm,                          'socket',
        '--tpm2',                        '--tpmstate',
        "dir=$dir",                      '--server',
        "type=unixio,path=$socket",      '--ctrl',
        "type=unixio,path=$socket.ctrl", '--flags',
        'not-need-init,startup-clear'
    ]
);

# (wait status, output)
sub tool {
    my ($command, @arguments) = @_;
    return ISS::Program->run([$tpm2, $command, @arguments]);
}

# It has room for three objects, and a program that dies leaves its own.
sub make_room { return (tool('flushcontext', '-t'))[0] == 0 }

# It is ready when it answers.
for (1 .. 1000) {
    last if -S $socket && make_room();
    ## no critic (ProhibitSleepViaSelect)
    select undef, undef, undef, 0.05;
}

my %CERT   = (rsa => 'server',     ecc => 'server-ecdsa');
my %HANDLE = (rsa => '0x81000001', ecc => '0x81000002');

sub works {
    my ($status, $said) = tool(@_);
    is($status, 0, "tpm2 $_[0]") or diag $said;
    return;
}

# tpm2_import reads an older format of RSA alone.
my %FILE = (rsa => key('server-rsa'), ecc => key('server-ecdsa'));
works('createprimary', '-Q', '-C', 'o', '-c', "$dir/primary");
for my $kind (sort keys %CERT) {
    my $key = "$dir/$kind";
    works(
        'import', '-Q', '-C', "$dir/primary", '-G', $kind,
        '-i' => $FILE{$kind},
        '-u' => "$key.pub",
        '-r' => "$key.priv"
    );
    make_room();
    works(
        'load', '-Q', '-C', "$dir/primary",
        '-u' => "$key.pub",
        '-r' => "$key.priv",
        '-c' => "$key.loaded"
    );
    works('evictcontrol', '-Q', '-C', 'o', '-c', "$key.loaded",
        $HANDLE{$kind});
    make_room();
}

# What a peer needs to use that key; the certificate is in a file.
sub by_tpm {
    my ($kind) = @_;
    return (
        SSL_provider  => 'tpm2',
        SSL_cert_file => cert($CERT{$kind}),
        SSL_key_file  => undef,
        SSL_key       => "handle:$HANDLE{$kind}"
    );
}

sub tell_name {
    my ($sock) = @_;
    print {$sock} $sock->peer_certificate('cn'), "\n";
    return $sock->close;
}

# The line that a client gets, or its error.  In a process of its own, which
# ends: one program at a time has the TPM.
sub heard {
    my ($address, @arguments) = @_;
    my $client = peer(
        sub {
            my ($me) = @_;
            my $sock = IO::Socket::SSL->new(
                PeerAddr => $address,
                client_args(@arguments)
            );
            $me->tell($sock ? scalar <$sock> : "$SSL_ERROR");
        }
    );
    return ($client->hear)[0];
}

my @ASK = (
    SSL_verify_mode => SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
    SSL_ca_file     => cert('ca')
);
each_version(
    sub {
        my ($version) = @_;
        my @version = (SSL_version => $version);
        for my $kind (sort keys %CERT) {
            make_room();
            my ($server, $address) =
              tls_server(\&tell_name, @ASK, @version, by_tpm($kind));
            is(
                heard($address, identity('client')),
                "Test Client\n",
                "a server with $kind"
            );
            undef $server;
            make_room();
            ($server, $address) =
              tls_server(\&tell_name, @ASK, @version,
                SSL_verify_callback => sub { 1 });
            is(heard($address, by_tpm($kind)),
                "localhost\n", "a client with $kind");
        }
    }
);

make_room();
my $wrong = peer(
    sub {
        my ($me) = @_;
        my $ctx = IO::Socket::SSL::SSL_Context->new(
            SSL_server => 1,
            by_tpm('ecc'),
            SSL_cert_file => cert('server2')
        );
        $me->tell($ctx ? 'good' : "$SSL_ERROR");
    }
);
like(
    ($wrong->hear)[0],
    qr/private key in SSL_key does not match the certificate/,
    'a key of another certificate'
);
done_testing();
