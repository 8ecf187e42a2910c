# Certificates and keys shared with Net::SSLeay, which is loaded after us:
# each can use the other's handles, and the owner according to the manual
# frees them.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::NetSSLeay ();
use ISS::Test;
use IO::Socket::SSL;
use IO::Socket::SSL::Intercept;
use IO::Socket::SSL::Utils;
use Test::More;

# Made before Net::SSLeay is loaded.
my $early = PEM_file2cert(cert('server'));

plan skip_all => ISS::NetSSLeay->missing if ISS::NetSSLeay->missing;

my $ROUNDS = 300;

sub subject {
    my ($cert) = @_;
    return Net::SSLeay::X509_NAME_oneline(
        Net::SSLeay::X509_get_subject_name($cert));
}

# Handles that Net::SSLeay reads from our files; the program frees them.
sub their_cert { return read_by('PEM_read_bio_X509',       cert($_[0])) }
sub their_key  { return read_by('PEM_read_bio_PrivateKey', key($_[0])) }

sub read_by {
    my ($function, $file) = @_;
    my $bio  = Net::SSLeay::BIO_new_file($file, 'r') or die "$file: $!";
    my $read = do { no strict 'refs'; \&{"Net::SSLeay::$function"} };
    my $made = $read->($bio) or die "$file: nothing";
    Net::SSLeay::BIO_free($bio);
    return $made;
}

# --- our handles, used by Net::SSLeay ---------------------------------------

subtest 'handles of Utils' => sub {
    like(subject($early), qr/CN=localhost/,
        'made before Net::SSLeay was loaded');
    Net::SSLeay::X509_free($early);
    my @certs = PEM_file2certs(cert('bundle'));
    cmp_ok(scalar @certs, '>', 1, 'several');
    like(subject($_), qr/CN=/, subject($_)) for @certs;
    Net::SSLeay::X509_free($_) for @certs;

    my %bits = (256 => KEY_create_ec(), 2048 => KEY_create_rsa(2048));
    for my $bits (sort keys %bits) {
        is(Net::SSLeay::EVP_PKEY_bits($bits{$bits}), $bits, "$bits bits");
        my $pem   = Net::SSLeay::PEM_get_string_PrivateKey($bits{$bits});
        my $again = PEM_string2key($pem);
        is(
            PEM_key2string($again),
            PEM_key2string($bits{$bits}),
            '... and back again'
        );
        Net::SSLeay::EVP_PKEY_free($_) for $again, $bits{$bits};
    }

    my ($cert, $key) =
      CERT_create(subject => { CN => 'made' }, purpose => 'client');
    is(subject($cert), '/CN=made', 'CERT_create');
    my ($type, $name) = Net::SSLeay::X509_get_subjectAltNames($cert);
    is($type, undef, '... without other names');
    my $x509 = Net::SSLeay::X509_new();
    ok(
        Net::SSLeay::X509_set_pubkey($x509, $key) && Net::SSLeay::X509_sign(
            $x509, $key, Net::SSLeay::EVP_get_digestbyname('sha256')
        ),
        'its key signs'
    );
    Net::SSLeay::X509_free($_) for $x509, $cert;
    Net::SSLeay::EVP_PKEY_free($key);
};

each_setting(
    sub {
        my %setting   = @_;
        my $is_client = $setting{role} eq 'client';
        my ($sock, $peer) = tls_pair(
            %setting,
            mine   => { $is_client ? identity('client') : () },
            theirs => { $is_client ? ()                 : identity('client') }
        );
        my $mine = $is_client ? 'Test Client' : 'localhost';
        like(subject($sock->sock_certificate),
            qr/CN=\Q$mine\E/, 'sock_certificate');
        if ($is_client) {
            my $cert = $sock->peer_certificate;
            like(subject($cert), qr/CN=localhost/, 'peer_certificate');
            is_deeply(
                [Net::SSLeay::X509_get_subjectAltNames($cert)],
                [$sock->peer_certificate('subjectAltNames')],
                'both have the same names of it'
            );
            is(
                lc Net::SSLeay::X509_get_fingerprint($cert, 'sha256') =~
                  tr/://dr,
                $sock->get_fingerprint =~ s/^sha256\$//r,
                'and the same fingerprint'
            );
        }
        is($sock->sock_certificate, $sock->sock_certificate,
            'the connection still owns them');
    }
);

# --- handles of Net::SSLeay, used by us -------------------------------------

subtest 'certificates' => sub {
    my $cert = their_cert('many-san');
    my $ours = PEM_file2cert(cert('many-san'));
    is_deeply(CERT_asHash($cert), CERT_asHash($ours), 'CERT_asHash');
    is(PEM_cert2string($cert), PEM_cert2string($ours), 'PEM_cert2string');
    is(
        PEM_cert2string($cert),
        Net::SSLeay::PEM_get_string_X509($ours),
        '... as Net::SSLeay writes it'
    );
    my ($sock) = tls_pair();
    is(
        scalar $sock->get_fingerprint('sha256', $cert),
        scalar $sock->get_fingerprint('sha256', $ours),
        'get_fingerprint'
    );
    my ($name) =
      map  { $_->[1] }
      grep { $_->[0] eq 'DNS' && $_->[1] !~ /[*]/ }
      @{ CERT_asHash($ours)->{subjectAltNames} };
    my $check = \&IO::Socket::SSL::verify_hostname_of_cert;
    ok($check->($name, $cert, 'http'), "verify_hostname_of_cert: $name");
    ok(!$check->('another.example', $cert, 'http'), '... and another');
    CERT_free($cert);
    Net::SSLeay::X509_free($ours);
};

subtest 'an issuer' => sub {
    my ($ca,   $ca_key) = (their_cert('ca'), their_key('ca'));
    my ($cert, $key) =
      CERT_create(subject => { CN => 'issued' }, issuer => [$ca, $ca_key]);
    is(
        CERT_asHash($cert)->{issuer}{commonName},
        CERT_asHash($ca)->{subject}{commonName},
        'of CERT_create'
    );
    my $mitm = IO::Socket::SSL::Intercept->new(
        proxy_cert => $ca,
        proxy_key  => $ca_key
    );
    Net::SSLeay::X509_free($ca);
    Net::SSLeay::EVP_PKEY_free($ca_key);
    my ($clone) = $mitm->clone_cert($cert);
    is(subject($clone), '/CN=issued',
        'of Intercept, which has its own references');
    CERT_free($cert);
    KEY_free($key);
};

each_setting(
    sub {
        my %setting   = @_;
        my $is_client = $setting{role} eq 'client';
        my $name      = $is_client ? 'client' : 'server';
        my ($cert, $key) = (their_cert($name), their_key($name));
        my @ca   = (their_cert('other-ca'), their_cert('ca'));
        my %mine = (SSL_cert => $cert, SSL_key => $key, SSL_ca => \@ca);
        my %ask  = (
            SSL_verify_mode => SSL_VERIFY_PEER |
              SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
            SSL_verifycn_scheme => 'none',
            SSL_ca_file         => cert('ca')
        );
        my ($sock, $peer) = tls_pair(
            %setting,
            mine => {
                %mine,
                SSL_ca_file => undef,
                $is_client
                ? ()
                : (
                    SSL_cert_file   => undef,
                    SSL_key_file    => undef,
                    SSL_client_ca   => \@ca,
                    SSL_verify_mode => $ask{SSL_verify_mode}
                ),
            },
            theirs => { %ask, $is_client ? () : identity('client') },
            peer   => sub {
                my ($sock, $me) = @_;
                $me->tell(scalar $sock->peer_certificate('cn'));
            }
        );
        my ($seen) = $peer->hear;
        is(
            $seen,
            $is_client ? 'Test Client' : 'localhost',
            'SSL_cert and SSL_key'
        );
        like($sock->peer_certificate('issuer'),
            qr/CN=Test CA/, 'SSL_ca verifies the peer');
        close $sock;
        undef $sock;

        # The program still owns all of these.
        like(subject($_), qr/CN=/, 'not consumed: ' . subject($_))
          for $cert, @ca;
        is(
            Net::SSLeay::EVP_PKEY_bits($key),
            Net::SSLeay::EVP_PKEY_bits($key),
            'nor the key'
        );
        Net::SSLeay::X509_free($_) for $cert, @ca;
        Net::SSLeay::EVP_PKEY_free($key);
    }
);

# Leaf and chain: the context owns all but the first.
sub chain_context {
    my @chain = map { their_cert($_) } qw(server-sub sub-ca);
    my $key   = their_key('server-sub');
    my $ctx   = IO::Socket::SSL::SSL_Context->new(
        SSL_server => 1,
        SSL_cert   => \@chain,
        SSL_key    => $key
    ) or die $SSL_ERROR;
    Net::SSLeay::X509_free($chain[0]);
    Net::SSLeay::EVP_PKEY_free($key);
    return $ctx;
}

subtest 'SSL_cert lists a chain' => sub {
    my $ctx = chain_context();
    my ($sock, $peer) = tls_pair(
        role => 'server',
        mine => { SSL_reuse_ctx => $ctx },
        peer => sub {
            my ($sock, $me) = @_;
            $me->tell(scalar @{ [$sock->peer_certificates] });
        }
    );
    is(($peer->hear)[0], 2, 'the peer sees the chain');
    pass('the leaf is freed by the program, the others are not');
};

# --- X509_STORE_CTX ---------------------------------------------------------

each_version(
    sub {
        my ($version) = @_;
        my @seen;
        my $look = sub {
            my ($ok, $store, $names, $error, $cert, $depth) = @_;
            push @seen,
              [
                $ok,
                Net::SSLeay::X509_STORE_CTX_get_error_depth($store) == $depth,
                Net::SSLeay::X509_STORE_CTX_get_current_cert($store) == $cert,
                subject($cert),
                Net::SSLeay::X509_STORE_CTX_get_error($store),
              ];
            return $ok;
        };
        my @errors = handshake_errors(
            version => $version,
            mine    => { SSL_verify_callback => $look }
        );
        is_deeply(\@errors, ['', ''], 'a good chain');
        is(scalar(grep { !$_->[1] || !$_->[2] } @seen),
            0, 'depth and certificate are those of the store');
        is_deeply([map { $_->[4] } @seen], [map { 0 } @seen], 'no error');
        like($seen[-1][3], qr/CN=localhost/, 'the leaf comes last');

        @seen = ();
        my ($error) = handshake_errors(
            version => $version,
            mine    => { SSL_verify_callback => $look },
            theirs  => { identity('expired') }
        );
        my ($bad) = grep { !$_->[0] } @seen;
        is(
            $bad->[4],
            Net::SSLeay::X509_V_ERR_CERT_HAS_EXPIRED(),
            'X509_STORE_CTX_get_error of an expired one'
        );
        my $words = Net::SSLeay::X509_verify_cert_error_string($bad->[4]);
        like($error, qr/\Q$words\E/, '... which is the text of our error');

        my $revoke = sub {
            my ($ok, $store) = @_;
            Net::SSLeay::X509_STORE_CTX_set_error($store,
                Net::SSLeay::X509_V_ERR_CERT_REVOKED());
            return 0;
        };
        ($error) = handshake_errors(
            version => $version,
            mine    => { SSL_verify_callback => $revoke }
        );
        like(
            $error,
            qr/verify failed.*revoked/i,
            'X509_STORE_CTX_set_error determines our error'
        );
    }
);

# --- nothing leaks ----------------------------------------------------------

SKIP: {
    skip 'memory cannot be measured', 1 if !defined memory();
    my $round = sub {
        my $ctx   = chain_context();
        my @certs = PEM_file2certs(cert('bundle'));
        my @mine  = (their_cert('ca'), their_cert('server'));
        my $key   = their_key('server');
        IO::Socket::SSL::SSL_Context->new(
            SSL_server    => 1,
            SSL_ca        => \@mine,
            SSL_client_ca => \@mine,
            SSL_cert      => $mine[1],
            SSL_key       => $key
        ) or die $SSL_ERROR;
        CERT_asHash($_) for @mine;
        IO::Socket::SSL::verify_hostname_of_cert('localhost', $mine[1],
            'http');
        Net::SSLeay::X509_free($_) for @certs;
        CERT_free(@mine);
        KEY_free($key);
    };
    $round->() for 1 .. $ROUNDS;
    my $before = memory();
    $round->() for 1 .. $ROUNDS;
    cmp_ok(memory() - $before, '<', 1000, 'nothing leaks');
}

done_testing;
