# Claims of the manual of 1.77 in terms of Net::SSLeay, which was required
# then; they hold if Net::SSLeay is loaded.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::NetSSLeay;
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

plan skip_all => ISS::NetSSLeay->missing if ISS::NetSSLeay->missing;

my ($sock, $peer) = tls_pair();
my $dump = Net::SSLeay::dump_peer_certificate($sock->_get_ssl_object);
like($sock->dump_peer_certificate,
    qr/^\Q$dump\E/, 'dump_peer_certificate: the same as that of Net::SSLeay');
is(
    $sock->get_cipher,
    Net::SSLeay::get_cipher($sock->_get_ssl_object),
    'get_cipher is what Net::SSLeay says'
);
is_deeply(
    [$sock->peer_certificate('subjectAltNames')],
    [Net::SSLeay::X509_get_subjectAltNames($sock->peer_certificate)],
    'subjectAltNames: see Net::SSLeay::X509_get_subjectAltNames'
);

# The handle belongs to the handshake and is valid only in the callback.
my (@seen, @stores);
my ($verified, $its_peer) = tls_pair(
    mine => {
        SSL_verify_callback => sub {
            my ($ok, $store, $names, $error, $cert) = @_;
            push @seen,   Net::SSLeay::PEM_get_string_X509($cert);
            push @stores, Net::SSLeay::X509_STORE_CTX_get_error_depth($store);
            return $ok;
        }
    }
);
is(
    $seen[-1],
    Net::SSLeay::PEM_get_string_X509($verified->peer_certificate),
    'SSL_verify_callback: the certificate, by PEM_get_string_X509'
);
is($stores[-1], 0, '... the address of the store');

my @given;
my ($server, $client) = tls_pair(
    role => 'server',
    mine => {
        SSL_create_ctx_callback => sub {
            push @given, @_, Net::SSLeay::CTX_sess_get_cache_size($_[0]);
            Net::SSLeay::CTX_sess_set_cache_size($_[0], 128);
        }
    }
);
my $context = $server->_get_ctx_object;
is_deeply(
    \@given,
    [$context, 20480],
    'SSL_create_ctx_callback: a CTX of Net::SSLeay; the cache size is 20480'
);
is(Net::SSLeay::CTX_sess_get_cache_size($context),
    128, '... which can be limited');

done_testing();
