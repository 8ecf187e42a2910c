# The defaults of the manual, which ':defaults-1.77' restores.
use strict;
use warnings;

# The system's OPENSSL_CONF may forbid what was allowed at the manual's time.
BEGIN { $ENV{OPENSSL_CONF} = '/dev/null' }

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Manual;
use ISS::Test;
use IO::Socket::SSL ':defaults-1.77';
use Test::More;

my $REFUSED = qr/certificate verify failed/;
my %UNKNOWN = (theirs => { identity('other-server') });

is(our_error(%UNKNOWN), '',
    'SSL_verify_mode: the default (0x00) does no authentication');
like(our_error(%UNKNOWN, mine => { SSL_verify_mode => 0x01 }),
    $REFUSED, 'SSL_verify_mode: 0x01 verifies the peer');

my %stranger = (
    SSL_verify_mode   => SSL_VERIFY_PEER,
    SSL_verifycn_name => 'nobody.example'
);
is(our_error(mine => {%stranger}),
    '', 'SSL_verifycn_scheme: the default is not to verify the hostname');
like(
    our_error(mine => { %stranger, SSL_verifycn_scheme => 'http' }),
    qr/hostname verification failed/,
    'SSL_verifycn_scheme: set, the hostname is verified'
);

# Security level 0 allows the signatures that TLS 1.0 needs.
SKIP: {
    my %weak = (SSL_cipher_list => 'ALL:!LOW:@SECLEVEL=0');
    my ($sock) = failing_pair(
        mine   => {%weak},
        theirs => { %weak, SSL_version => 'TLSv1' },
        peer   => sub { }
    );
    skip "this OpenSSL has no TLS 1.0: $SSL_ERROR", 1
      if !$sock && $SSL_ERROR =~ /no protocols|unsupported protocol/;
    is($sock && $sock->get_sslversion,
        'TLSv1', 'SSL_version: by default TLSv1 is supported');
}

is(cipher_order(), 'client',
    'SSL_honor_cipher_order: by default the order of the client counts');
is(cipher_order(SSL_honor_cipher_order => 1),
    'server', 'SSL_honor_cipher_order: if true, that of the server counts');

my %both = (version         => 'TLSv1_2', role => 'server');
my %dhe  = (SSL_cipher_list => 'DHE-RSA-AES128-GCM-SHA256');
like(
    our_error(%both, mine => {%dhe}, theirs => {%dhe}),
    qr/no shared cipher|no ciphers available/,
    'SSL_dh_file: without it there is no Diffie-Hellman key exchange'
);

# A client that names groups of RFC 7919, as with OpenSSL 4.0, accepts no other.
my ($server) = tls_pair(
    %both,
    mine   => { %dhe, SSL_dh_file    => cert_file('dh-3072.pem') },
    theirs => { %dhe, SSL_ecdh_curve => 'P-256' }
);
like($server->get_cipher, qr/^DHE-/, 'SSL_dh_file: with it there is');

subtest 'SSL_key_file, SSL_cert_file: certs/server-*.pem for servers' => sub {
    my %none = (SSL_key_file => undef, SSL_cert_file => undef);
    in_folder_with(
        {
            'certs/server-cert.pem' => 'server2.pem',
            'certs/server-key.pem'  => 'server2.key'
        },
        sub {
            my ($sock) = tls_pair(theirs => {%none});
            like($sock->peer_certificate('subject'),
                qr/server2/, 'they are used');
            ($sock) = tls_pair(theirs => { identity('server') });
            like($sock->peer_certificate('subject'),
                qr/localhost/, '... unless others are given');
        }
    );
    in_folder_with(
        {},
        sub {
            my @context = IO::Socket::SSL::SSL_Context->new(SSL_server => 1);
            is_deeply(\@context, [], 'without them there is no server');
            like($SSL_ERROR, qr{certs/server-},
                '... and the error names the file');
        }
    );
};

subtest 'SSL_use_cert: certs/client-*.pem for clients' => sub {
    in_folder_with(
        {
            'certs/client-cert.pem' => 'client.pem',
            'certs/client-key.pem'  => 'client.key'
        },
        sub {
            my %asks = (
                role => 'server',
                mine => {
                    SSL_verify_mode => SSL_VERIFY_PEER,
                    SSL_ca_file     => cert('ca')
                }
            );
            my ($sock) = tls_pair(%asks, theirs => { SSL_use_cert => 1 });
            is($sock->peer_certificate('cn'),
                'Test Client', 'if set, the certificate is shown');
            ($sock) = tls_pair(%asks);
            ok(!$sock->peer_certificate, '0, the default: none is shown');
        }
    );
};

my %verify = (SSL_verify_mode => SSL_VERIFY_PEER);

subtest 'SSL_ca_file: certs/my-ca.pem' => sub {
    in_folder_with(
        { 'certs/my-ca.pem' => 'other-ca.pem' },
        sub {
            # Without SSL_ca_file; client_args would add it.
            my ($tcp, $peer) = raw_pair(
                sub {
                    IO::Socket::SSL->start_SSL($_[0],
                        server_args(identity('other-server')));
                }
            );
            ok(IO::Socket::SSL->start_SSL($tcp, %verify), 'it is trusted')
              or diag $SSL_ERROR;
            like(
                our_error(
                    mine => { %verify, SSL_ca_file => cert('ca') },
                    %UNKNOWN
                ),
                $REFUSED,
                '... unless another is given'
            );
            like(
                our_error(
                    mine => { %verify, SSL_ca_file => undef },
                    %UNKNOWN
                ),
                $REFUSED,
                '... or undef: definitely none'
            );
        }
    );
};

subtest 'SSL_ca_path: ca/' => sub {
    opendir(my $dir, cert_file('ca-dir')) or die "ca-dir: $!";
    my %files = map { ("ca/$_" => "ca-dir/$_") } grep { !/^\./ } readdir $dir;
    in_folder_with(
        \%files,
        sub {
            my %no_file = (%verify, SSL_ca_file => undef);
            is(our_error(mine => {%no_file}), '', 'it is trusted');
            like(our_error(mine => { %no_file, SSL_ca_path => undef }),
                $REFUSED, '... unless undef is given');
        }
    );
};

my ($alt, $alt_peer) =
  named_pair('cn.example', '*.example.test', 'www*.test.org');
my ($cn, $cn_peer) = named_pair('*.example.test');

for my $scheme (qw(ldap pop3 imap acap nntp)) {
    ok(
        $alt->verify_hostname('www.example.test', $scheme),
        "$scheme: simple wildcards in subjectAltNames"
    );
    ok(!$alt->verify_hostname('a.www.example.test', $scheme),
        "$scheme: for one label");
    ok(!$alt->verify_hostname('www1.test.org', $scheme),
        "$scheme: no others");
    ok(
        $alt->verify_hostname('cn.example', $scheme),
        "$scheme: the common name where nothing else matches"
    );
    ok(
        !$cn->verify_hostname('www.example.test', $scheme),
        "$scheme: no wildcards in the common name"
    );
}
for my $scheme (qw(http www)) {
    ok($alt->verify_hostname('www.example.test', $scheme),
        "$scheme: wildcards in subjectAltNames");
    ok($alt->verify_hostname('www1.test.org', $scheme),
        "$scheme: extended ones, too");
    ok(!$alt->verify_hostname('cn.example', $scheme),
        "$scheme: not the common name where there are subjectAltNames");
    ok(
        $cn->verify_hostname('www.example.test', $scheme),
        "$scheme: wildcards in the common name"
    );
}
ok(!$alt->verify_hostname('www.example.test', 'smtp'),
    'smtp: no wildcards in subjectAltNames');
ok(
    !$cn->verify_hostname('www.example.test', 'smtp'),
    'smtp: no wildcards in the common name'
);
my ($ip, $ip_peer) = named_pair('127.0.0.1');
for my $scheme (qw(http www)) {
    ok(!$ip->verify_hostname('127.0.0.1', $scheme),
        "$scheme: an IP address as common name is not mentioned");
}
my ($plain, $plain_peer) = named_pair('cn.example', 'mail.example');
ok($plain->verify_hostname('mail.example', 'smtp'),
    'smtp: subjectAltNames as they are');
ok(
    $plain->verify_hostname('anything', 'none'),
    'none: no verification will be done'
);

done_testing();
