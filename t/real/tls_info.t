# tls_info says of a connection what openssl s_client and s_server say of it.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::SSL;
use ISS::OpenSSL;
use ISS::Test;
use Test::More;

plan skip_all => 'there is no openssl command' if !find_openssl();

my %OPTION = (TLSv1_2 => '-tls1_2', TLSv1_3 => '-tls1_3');
my %NAMES  = (
    X25519    => 'X25519',
    secp256r1 => 'prime256v1|P-256|secp256r1',
    secp384r1 => 'secp384r1|P-384',
);

# The first group of the pattern in the output, once it is there.
sub says {
    my ($program, $pattern) = @_;
    my ($found) = $program->wait_for($pattern);
    return $found;
}

# OpenSSL 3.0 and 3.5 have other words for the same.
sub names_group {
    my ($shown, $group) = @_;
    return pass('... this OpenSSL cannot tell the group') if !defined $group;
    my $known = $NAMES{$group} || quotemeta $group;
    return like($shown, qr/^(?:$known)\b/i, '... the group');
}

for my $version (versions()) {
    for my $group ('X25519', 'P-384') {
        subtest "$version, $group: s_client" => sub {
            my ($sock, $client) = accept_s_client(
                [
                    $OPTION{$version},
                    '-CAfile'     => cert('ca'),
                    '-cert'       => cert('client'),
                    '-key'        => key('client'),
                    '-servername' => 'localhost',
                    '-alpn'       => 'h2,x/1',
                    '-groups'     => $group,
                    '-no_ign_eof'
                ],
                server_args(
                    SSL_alpn_protocols => ['x/1'],
                    SSL_ecdh_curve     => $group,
                    SSL_verify_mode    => SSL_VERIFY_PEER,
                    SSL_ca_file        => cert('ca')
                )
            );
            ok($sock, 'it connects') or return diag $SSL_ERROR;
            my $info = $sock->tls_info;

            # It reads its tickets first, and shows all of this then.
            is(says($client, qr/^ALPN protocol: (\S+)$/m),
                $info->{alpn}, '... the protocol');
            is(says($client, qr/^New, \S+, Cipher is (\S+)$/m),
                $info->{cipher}, '... the cipher, of a new session');
            ok(!$info->{resumed}, '... nor do we say that it was resumed');
            names_group(
                says(
                    $client, qr/^(?:Server|Peer) Temp Key: (?:ECDH, )?(\S+)/m
                ),
                $info->{group}
            );
            is(says($client, qr/read \d+ bytes and written (\d+) bytes/),
                $info->{bytes_in}, '... the bytes of the handshake');
            is(
                says($client, qr/^\s*Extended master secret: (\w+)$/m),
                $info->{extended_master_secret} ? 'yes' : 'no',
                '... the extended master secret'
            ) if $version eq 'TLSv1_2';
            like(
                $client->output,
                qr/^Verification: OK$/m,
                '... it has verified us'
            );
            is($info->{verified}, 1, '... and we have verified it');
            is($info->{peer}{subject} =~ /CN=(.*)/ ? $1 : '',
                'Test Client', '... whose name we know');
            (my $protocol = $info->{version}) =~ tr/_/./;
            like(
                $client->output,
                qr/^(?:New, |\s*Protocol\s*: )\Q$protocol\E/m,
                '... the version'
            );
            is($info->{server_name}, 'localhost', '... the name it sent');
        };
    }

    subtest "$version: s_server" => sub {
        my ($server, $port) = s_server(
            $OPTION{$version},
            '-cert'   => cert('server-ecdsa'),
            '-key'    => key('server-ecdsa'),
            '-alpn'   => 'x/1',
            '-groups' => 'P-384',
            '-Verify' => 3,
            '-CAfile' => cert('ca')
        );
        my $ctx = IO::Socket::SSL::SSL_Context->new(
            client_args(
                identity('client'),
                SSL_alpn_protocols     => ['x/1'],
                SSL_session_cache_size => 2
            )
        );
        for my $resumed (0, 1) {
            my $sock = IO::Socket::SSL->new(
                PeerAddr      => "127.0.0.1:$port",
                SSL_reuse_ctx => $ctx,
                SSL_hostname  => 'localhost'
            );
            ok($sock, 'we connect') or return diag $SSL_ERROR;
            print {$sock} "line $resumed\n";
            says($server, qr/^line $resumed$/m);
            my $info = $sock->tls_info;
            my ($said) =
              $server->output =~ /(?:.*ACCEPT|\A)(.*)line $resumed/s;
            is($said =~ /^CIPHER is (\S+)$/m ? $1 : '',
                $info->{cipher}, '... the cipher');
            is($said =~ /^Reused session-id$/m ? 1 : 0,
                $info->{resumed}, "... resumed: $resumed");
            is($info->{resumed}, $resumed, '... as it must be');
            like(
                $said,
                qr/^ALPN protocols selected: \Q$info->{alpn}\E$/m,
                '... the protocol'
            ) if !$resumed;
            next if $resumed;
            like(
                $said,
                qr/^Peer signature type: (?:RSA-PSS|rsa_pss_rsae_\w+)$/m,
                '... a signature of RSA-PSS'
            );
            like($info->{sigalg}, qr/^RSA-PSS\+/, '... which is ours');
            my $digest =
              $said =~ /^Peer signing digest: (\S+)$/m ? $1 : 'none';
            is($info->{sigalg}, "RSA-PSS+$digest", '... with its digest');
            names_group('P-384', $info->{group});
            close $sock;
        }
    };
}

done_testing;
