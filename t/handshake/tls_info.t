# tls_info and verified_chain: the facts of a connection, as both sides and
# s_client see them.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::SSL;
use ISS::OpenSSL;
use ISS::Test;
use Test::More;

my @KEYS =
  sort qw(version cipher bits group sigalg peer_sigalg alpn server_name
  server resumed early_data extended_master_secret verified verify_name pinned
  dane stapled peer peer_chain verified_chain handshake_ms bytes_in bytes_out
  data_in data_out session_refused openssl);

# The same on both sides.
my @SHARED = qw(version cipher bits group alpn server_name resumed
  extended_master_secret openssl);

each_version(
    sub {
        my ($version) = @_;
        my ($sock, $peer) = tls_pair(
            version => $version,
            mine    => {
                SSL_hostname       => 'localhost',
                SSL_alpn_protocols => ['x/1'],
                SSL_cert_file      => cert('client'),
                SSL_key_file       => key('client'),
            },
            theirs => {
                SSL_alpn_protocols => ['x/1'],
                SSL_verify_mode    => SSL_VERIFY_PEER,
                SSL_ca_file        => cert('ca'),
            },
            peer => sub {
                my ($sock, $me) = @_;
                print $sock scalar <$sock>;
                $me->tell($sock->tls_info);
            }
        );
        print $sock "hello\n";
        is(scalar <$sock>, "hello\n", 'data goes through');
        my $ours = $sock->tls_info;
        my ($theirs) = $peer->hear;
        is_deeply([sort keys %$ours],   \@KEYS, 'all keys');
        is_deeply([sort keys %$theirs], \@KEYS, '... on both sides');
        is_deeply([@$ours{@SHARED}],    [@$theirs{@SHARED}], 'they agree');
        is($ours->{version},     $version,                'version');
        is($ours->{alpn},        'x/1',                   'alpn');
        is($ours->{server_name}, 'localhost',             'server_name');
        is($ours->{cipher},      $sock->get_cipher,       'cipher');
        is($ours->{server} . $theirs->{server},     '01', 'roles');
        is($ours->{verified} . $theirs->{verified}, '11', 'both verified');
        is($ours->{verify_name}, 'localhost',             '... the name');
        is($ours->{sigalg}, $theirs->{peer_sigalg},
            'signature of the client');
        is($ours->{peer_sigalg}, $theirs->{sigalg}, '... of the server');
        like($ours->{peer_sigalg}, qr/^[\w-]+\+SHA\d+$/, '... in words');
        is($ours->{peer}{subject},
            $sock->peer_certificate('subject'), 'peer');

        my @of_cert = sort qw(subject issuer serial not_before not_after
          fingerprint names);
        is_deeply([sort keys %$_], \@of_cert, 'the facts of a certificate')
          for $ours->{peer}, @{ $ours->{verified_chain} };
        for ($ours, $theirs) {
            is_deeply($_->{peer_chain}[0],
                $_->{peer}, 'peer_chain, leaf first');
        }
        is(
            join(' ',
                map { $_->{subject} =~ /CN=(.*)/ }
                  @{ $ours->{verified_chain} }),
            'localhost Test CA',
            'verified_chain'
        );
        is($ours->{data_in} . ' ' . $ours->{data_out}, '6 6', 'data');
        is($ours->{bytes_out}, $theirs->{bytes_in}, 'bytes on the wire');
        cmp_ok($ours->{handshake_ms}, '>=', 0, 'time');

        my @chain = $sock->verified_chain;
        is(scalar @chain, 2, 'handles of the verified chain');
        is($chain[0],     $sock->peer_certificate, '... leaf first');
    }
);

# Short reads and lines come from a look ahead, and count all the same.
{
    my ($sock, $peer) = tls_pair(
        peer => sub {
            my ($sock, $me) = @_;
            print $sock join '', map { "line $_\n" } 1 .. 9;
            $me->hear;
        }
    );
    is(scalar <$sock>,             "line 1\n", 'a line');
    is($sock->tls_info->{data_in}, 7,          '... counts');
    read $sock, my $bytes, 3;
    is($sock->tls_info->{data_in}, 10, 'a short read counts');
}

# A fingerprint, a session, and nothing at all.
{
    my ($sock, $peer) = tls_pair(
        mine => {
            SSL_fingerprint => fingerprint(),
            SSL_ca_file     => cert('other-ca')
        },
        peer => sub { }
    );
    my $info = $sock->tls_info;
    is($info->{pinned},         1,     'pinned');
    is($info->{verified},       0,     '... is not verified');
    is($info->{verified_chain}, undef, '... and has no such chain');
    is_deeply([$sock->verified_chain], [], '... nor handles of one');
    $sock->_forget;
    is_deeply([$sock->tls_info], [], 'without TLS the empty list');
}

sub fingerprint {
    my ($sock, $peer) = tls_pair(peer => sub { });
    return $sock->get_fingerprint;
}

SKIP: {
    skip 'there is no openssl command', 6 if !find_openssl();
    each_version(
        sub {
            my ($version) = @_;
            my $option =
              { TLSv1_2 => '-tls1_2', TLSv1_3 => '-tls1_3' }->{$version};
            my ($sock, $client) = accept_s_client(
                [$option, '-CAfile' => cert('ca'), '-servername' => 'x.test'],
                server_args()
            );
            my $info = $sock->tls_info;
            my ($cipher) = $client->wait_for(qr/Cipher is (\S+)/);
            is($info->{cipher}, $cipher, 's_client names the same cipher');
            like(
                $client->output,
                qr/^Peer signature type: (?:RSA-PSS|rsa_pss_rsae_\w+)$/m,
                's_client sees a signature of RSA-PSS'
            );
            is($info->{sigalg},      'RSA-PSS+SHA256', '... and so do we');
            is($info->{server_name}, 'x.test',         '... and its name');
        }
    );
}

done_testing();
