# Today's defaults where they differ from the manual of 1.77, that is, without
# ':defaults-1.77' (for which see defaults_1_77.t).
use strict;
use warnings;

# The system's OPENSSL_CONF may change the defaults.
BEGIN { $ENV{OPENSSL_CONF} = '/dev/null' }

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Hello;
use ISS::Manual;
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

my $REFUSED = qr/certificate verify failed/;

# The files that the manual names.
my %OLD_FILES = (
    'certs/my-ca.pem'       => 'other-ca.pem',
    'certs/server-cert.pem' => 'server2.pem',
    'certs/server-key.pem'  => 'server2.key',
    'certs/client-cert.pem' => 'client.pem',
    'certs/client-key.pem'  => 'client.key',
);

# --- verification -----------------------------------------------------------

my %UNKNOWN  = (theirs            => { identity('other-server') });
my %NAMELESS = (SSL_verifycn_name => undef, SSL_hostname => undef);

like(our_error(%UNKNOWN), $REFUSED, 'SSL_verify_mode: clients verify');
{
    my ($sock) = tls_pair(
        role   => 'server',
        mine   => { SSL_ca_file => cert('ca') },
        theirs => { identity('client') }
    );
    ok(!$sock->peer_certificate,
        'SSL_verify_mode: servers ask for no certificate');
}
like(
    our_error(mine => { SSL_verifycn_name => 'nobody.example' }),
    qr/hostname verification failed/,
    'SSL_verifycn_scheme: if not set, a known name is checked'
);
{
    my ($sock) = tls_pair(mine => {%NAMELESS});
    ok($sock, '... without a name the address of the peer is checked');
    like(
        our_error(mine => {%NAMELESS}, theirs => { identity('wrong-name') }),
        qr/hostname verification failed.*127\.0\.0\.1/,
        '... and must be in the certificate'
    );
}

# --- protocol and ciphers ---------------------------------------------------

is_deeply(
    client_hello(client_args())->{versions},
    [0x0304, 0x0303],
    'SSL_version: TLS 1.3 and 1.2 are offered'
);
{
    my %old = (SSL_version => 'TLSv1', SSL_cipher_list => 'ALL:@SECLEVEL=0');
    isnt(our_error(theirs => {%old}),
        '', '... TLS 1.0 of a server is refused');
    isnt(our_error(role => 'server', theirs => {%old}),
        '', '... and that of a client');
}

is(cipher_order(), 'server',
    'SSL_honor_cipher_order: the order of the server counts');
is(cipher_order(SSL_honor_cipher_order => 0),
    'client', '... unless it is false');

my %both     = (version         => 'TLSv1_2', role => 'server');
my %dhe      = (SSL_cipher_list => 'DHE-RSA-AES128-GCM-SHA256');
my ($server) = tls_pair(%both, mine => {%dhe}, theirs => {%dhe});
like($server->get_cipher, qr/^DHE-/,
    'SSL_dh_file: Diffie-Hellman is there without one');
for my $option (qw(SSL_dh SSL_dh_file)) {
    like(
        our_error(
            %both,
            mine   => { %dhe, $option => undef },
            theirs => {%dhe}
        ),
        qr/no shared cipher|no ciphers available/,
        "... $option => undef turns it off"
    );
}
($server) = tls_pair(%both);
like($server->get_cipher, qr/^ECDHE-/, 'ECDH is there, too');
isnt(
    our_error(
        mine   => { SSL_ecdh_curve => 'P-384:P-521' },
        theirs => { SSL_ecdh_curve => 'P-256' }
    ),
    '',
    '... its groups are those of SSL_ecdh_curve'
);
is(
    our_error(
        mine   => { SSL_ecdh_curve => 'P-384:P-256' },
        theirs => { SSL_ecdh_curve => 'P-256' }
    ),
    '',
    '... a list of them'
);

# --- files ------------------------------------------------------------------

subtest 'the files of the manual are not used' => sub {
    in_folder_with(
        \%OLD_FILES,
        sub {
            local $ENV{SSL_CERT_FILE} = cert('ca');
            local $ENV{SSL_CERT_DIR}  = undef;
            IO::Socket::SSL::default_ca(undef);
            my %none = (SSL_ca_file => undef);
            is(our_error(mine => {%none}),
                '', 'SSL_ca_file: the default is default_ca()');
            like(our_error(mine => {%none}, %UNKNOWN),
                $REFUSED, '... not certs/my-ca.pem');
            IO::Socket::SSL::default_ca(undef);

            my %no_cert = (SSL_cert_file => undef, SSL_key_file => undef);
            like(
                our_error(role => 'server', mine => {%no_cert}),
                qr/no shared cipher|no suitable/,
                'SSL_cert_file of a server: none'
            );
            my ($sock) = tls_pair(
                role => 'server',
                mine => {
                    SSL_verify_mode => SSL_VERIFY_PEER,
                    SSL_ca_file     => cert('ca')
                },
                theirs => {%no_cert},
            );
            ok(!$sock->peer_certificate, '... of a client: none');
        }
    );
};

# --- schemes ----------------------------------------------------------------

my ($alt, $alt_peer) =
  named_pair('cn.example', '*.example.test', 'www*.test.org');
my ($cn, $cn_peer) = named_pair('*.example.test');

ok($alt->verify_hostname('www.example.test', 'smtp'),
    'smtp: wildcards in subjectAltNames');
ok(!$alt->verify_hostname('www1.test.org', 'smtp'),
    'smtp: only for whole labels');
for my $scheme (qw(smtp pop3 imap acap nntp)) {
    ok(
        $cn->verify_hostname('www.example.test', $scheme),
        "$scheme: wildcards in the common name"
    );
    ok(!$cn->verify_hostname('a.www.example.test', $scheme),
        "$scheme: for one label");
}
ok(
    !$cn->verify_hostname('www.example.test', 'ldap'),
    'ldap: still no wildcards in the common name'
);

my ($ip,     $ip_peer)     = named_pair('127.0.0.1');
my ($beside, $beside_peer) = named_pair('127.0.0.1', 'an.example');
for my $scheme (qw(http www)) {
    ok(
        $ip->verify_hostname('127.0.0.1', $scheme),
        "$scheme: an IPv4 address as common name"
    );
    ok(
        !$beside->verify_hostname('127.0.0.1', $scheme),
        "$scheme: ... not if there are subjectAltNames"
    );
}

done_testing();
