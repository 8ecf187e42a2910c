# SSL_verify_strict: chains that OpenSSL accepts are refused for the rules of
# RFC 5280 and its companions that they break, with the rule in the error.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::OCSP;
use ISS::Test;
use IO::Socket::SSL;
use IO::Socket::SSL::Utils;
use Test::More;

my @STRICT = (SSL_verify_strict => 1);
my $BOTH   = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
my $KEY    = KEY_create_ec();
my $serial = 1;

# The certificate of a CA, or with more arguments of CERT_create.
sub ca {
    my ($name, $issuer, @args) = @_;
    return (
        CERT_create(
            subject => { commonName => $name },
            CA      => 1,
            purpose => { cRLSign => 1, keyCertSign => 1 },
            serial  => $serial++,
            key     => $KEY,
            $issuer ? (issuer => [$issuer, $KEY]) : (),
            @args
        )
    )[0];
}

sub leaf {
    my ($issuer, @args) = @_;
    return (
        CERT_create(
            subject         => { commonName => 'A leaf' },
            subjectAltNames => [[DNS => 'localhost']],
            serial          => $serial++,
            key             => $KEY,
            issuer          => [$issuer, $KEY],
            @args
        )
    )[0];
}

my $ROOT = ca('Root');
my $SUB  = ca('Sub', $ROOT);

sub ext {
    my ($name, $data) = @_;
    my $critical = $data =~ s/^critical,//;
    return { sn => $name, data => $data, critical => $critical };
}

# The error of the side that verifies the chain; '' if it accepts it.
sub verdict {
    my ($setting, $chain, @args) = @_;
    my ($ours) = handshake_errors(
        %$setting,
        mine => {
            SSL_verify_mode => $BOTH,
            SSL_ca          => [$ROOT],
            SSL_ca_file     => undef,
            $setting->{role}
              && $setting->{role} eq 'server'
            ? (SSL_verifycn_scheme => 'none')
            : (),
            @args
        },
        theirs => {
            SSL_cert      => [map { held($_) } @$chain],
            SSL_key       => $KEY,
            SSL_cert_file => undef,
            SSL_key_file  => undef
        }
    );
    return $ours;
}

# Of a list all handles but the first are given away.
sub held {
    my ($cert) = @_;
    return PEM_string2cert(PEM_cert2string($cert));
}

# A chain, the error of a strict verification (undef: none), and our role in
# which the rule holds (default: both).
my @CASES = (
    ['a good chain', [leaf($SUB), $SUB], undef],
    [
        'serial number 0',
        [leaf($SUB, serial => 0), $SUB],
        qr{serial number .*RFC 5280, 4\.1\.2\.2\) \(depth 0, subject .*A leaf}
    ],
    [
        'a serial number of 21 octets',
        [leaf($SUB, serial => '0x80' . '00' x 19), $SUB],
        qr/serial number/
    ],
    [
        'nameConstraints in a leaf',
        [
            leaf($SUB, ext => [ext(nameConstraints => 'permitted;DNS:localhost')]),
            $SUB
        ],
        qr{nameConstraints are for CAs .*RFC 5280, 4\.2\.1\.10\).*A leaf}
    ],
    [
        'policyConstraints that are not critical',
        do {
            my $sub = ca('Lax', $ROOT,
                ext => [ext(policyConstraints => 'requireExplicitPolicy:3')]);
            [leaf($sub), $sub];
        },
        qr{policyConstraints .*RFC 5280.*\(depth 1, subject .*CN=Lax}
    ],
    [
        'nameConstraints with a leading period',
        do {
            my $sub = ca('Dots', $ROOT,
                ext => [ext(nameConstraints => 'critical,excluded;DNS:.a.b')]);
            [leaf($sub), $sub];
        },
        qr{nameConstraints must.*\(depth 1, subject .*CN=Dots}
    ],
    [
        'a malformed authorityInfoAccess',
        [leaf($SUB, ext => [ext(authorityInfoAccess => 'DER:0102')]), $SUB],
        qr/well formed/
    ],
    [
        'anyExtendedKeyUsage',
        [
            leaf(
                $SUB,
                purpose => '',
                ext     => [
                    ext(
                        extendedKeyUsage =>
                          'serverAuth,clientAuth,anyExtendedKeyUsage'
                    )
                ]
            ),
            $SUB
        ],
        qr/anyExtendedKeyUsage/
    ],
    [
        'an underscore in a name',
        [
            leaf(
                $SUB, subjectAltNames => [[DNS => 'localhost'], [DNS => 'a_b']]
            ),
            $SUB
        ],
        qr/names in subjectAltName/
    ],
    [
        'no subjectAltName',
        [
            leaf(
                $SUB,
                subject         => { commonName => 'localhost' },
                subjectAltNames => undef
            ),
            $SUB
        ],
        qr/must be a name in subjectAltName .*RFC 9525/,
        'client'
    ],
);

each_setting(
    sub {
        my %setting = @_;
        for my $case (@CASES) {
            my ($what, $chain, $error, $role) = @$case;
            next if $role && $role ne $setting{role};
            is(verdict(\%setting, $chain), '', "$what: OpenSSL accepts it");
            my $strict = verdict(\%setting, $chain, @STRICT);
            if ($error) {
                like($strict, qr/verify failed: SSL_verify_strict: /,
                    '... SSL_verify_strict does not');
                like($strict, $error, '... and says why');
            } else {
                is($strict, '', '... and so does SSL_verify_strict');
            }
        }
    }
);

subtest 'what OpenSSL checks when it is asked to' => sub {
    my @leaf = (leaf($SUB));
    is(verdict({}, \@leaf, SSL_ca => [$SUB]),
        '', 'an intermediate may anchor a chain');
    like(
        verdict({}, \@leaf, SSL_ca => [$SUB], @STRICT),
        qr/unable to get issuer certificate/,
        '... but not a strict one'
    );
    my $weak = KEY_create_rsa(1024);
    my ($cert) = CERT_create(
        subject         => { commonName => 'Weak' },
        subjectAltNames => [[DNS => 'localhost']],
        key             => $weak,
        issuer          => [$ROOT, $KEY],
        serial          => $serial++
    );
    my %weak = (
        theirs => {
            SSL_cert        => $cert,
            SSL_key         => $weak,
            SSL_cert_file   => undef,
            SSL_key_file    => undef,
            SSL_cipher_list => 'DEFAULT:@SECLEVEL=0'
        }
    );
    my %mine = (
        SSL_ca          => [$ROOT],
        SSL_ca_file     => undef,
        SSL_cipher_list => 'DEFAULT:@SECLEVEL=0'
    );
    is((handshake_errors(%weak, mine => {%mine}))[0],
        '', 'a weak key is accepted at security level 0');
    like(
        (handshake_errors(%weak, mine => { %mine, @STRICT }))[0],
        qr/EE certificate key too weak/,
        '... but not strictly'
    );
    KEY_free($weak);
};

# RFC 5280, 6.1.4 (n), where OpenSSL wants it of every CA.
subtest 'a root without keyUsage' => sub {
    my $root = ca('Root', undef,
        purpose => { keyCertSign => 0, digitalSignature => 0 });
    is(verdict({}, [leaf($root)], SSL_ca => [$root], @STRICT),
        '', 'may be strictly trusted');
    is_deeply([grep { $_->{sn} eq 'keyUsage' } @{ CERT_asHash($root)->{ext} }],
        [], '... and has none');
    my ($sock, $peer) = tls_pair(
        mine => {
            SSL_verify_mode => $BOTH,
            SSL_ca          => [$root],
            SSL_ca_file     => undef,
            @STRICT
        },
        theirs => {
            SSL_cert      => [held(leaf($root))],
            SSL_key       => $KEY,
            SSL_cert_file => undef,
            SSL_key_file  => undef
        }
    );
    is($sock->tls_info->{verified}, 1, '... nothing is held against the peer');
};

subtest 'names' => sub {
    my $partial = leaf($SUB, subjectAltNames => [[DNS => 'localhost.test']],
        subject => { commonName => 'www.example.com' });
    my @www = (SSL_verifycn_name => 'www.example.com');
    is(verdict({}, [$partial, $SUB], @www),
        '', 'the common name counts by the scheme "default"');
    like(
        verdict({}, [$partial, $SUB], @www, @STRICT),
        qr/hostname verification failed/,
        '... but not strictly'
    );
    my $wide = leaf($SUB, subjectAltNames => [[DNS => '*.example.com']]);
    is(verdict({}, [$wide, $SUB], @www, @STRICT),
        '', 'a wildcard may be a whole label');
    is(
        verdict(
            {},
            [
                leaf($SUB,
                    subjectAltNames => [[DNS => 'www.example.com'], [IP => '::1']]),
                $SUB
            ],
            SSL_verifycn_name => '::1',
            @STRICT
        ),
        '',
        'addresses are compared'
    );

    my $sub = ca('Constrained', $ROOT,
        ext =>
          [ext(nameConstraints => 'critical,excluded;DNS:www.example.com')]);
    my $hidden = leaf($sub, subjectAltNames => [[DNS => '*.example.com']]);
    like(
        verdict({}, [$hidden, $sub], @www, @STRICT),
        qr/hostname verification failed: .*may not vouch/,
        'a wildcard cannot hide a name that a CA may not vouch for'
    );
    is(
        verdict(
            {}, [$hidden, $sub],
            SSL_verifycn_name => 'ftp.example.com',
            @STRICT
        ),
        '',
        '... where the other names are good'
    );
    is(verdict({}, [$wide, $SUB], SSL_verifycn_scheme => 'none', @STRICT),
        '', 'the scheme "none" stays in force');
};

subtest 'the program may overrule a rule' => sub {
    my @seen;
    my $chain = [leaf($SUB, serial => 0), $SUB];
    is(
        verdict(
            {}, $chain, @STRICT,
            SSL_verify_callback => sub { push @seen, @_[3, 5] if !$_[0]; 1 }
        ),
        '',
        'SSL_verify_callback'
    );
    is_deeply(\@seen, ['certificate rejected', 0],
        '... is told of the certificate');
    my $pin = 'sha256$' . CERT_asHash($chain->[0])->{fingerprint_sha256};
    is(verdict({}, $chain, @STRICT, SSL_fingerprint => $pin),
        '', 'SSL_fingerprint does without rules');
};

subtest 'the option' => sub {
    my $chain = [leaf($SUB, serial => 0), $SUB];
    is(verdict({}, $chain, SSL_verify_strict => $_),
        '', 'not strict: ' . (defined $_ ? "'$_'" : 'undef'))
      for undef, '', 0;
    my $ctx = IO::Socket::SSL::SSL_Context->new(SSL_ca => [$ROOT], @STRICT);
    like(verdict({}, $chain, SSL_reuse_ctx => $ctx),
        qr/SSL_verify_strict/, 'it belongs to the context');
    IO::Socket::SSL::set_client_defaults(@STRICT);
    like(verdict({}, $chain), qr/SSL_verify_strict/, '... has a default');
    IO::Socket::SSL::set_client_defaults(SSL_verify_strict => 0);
    is(verdict({}, $chain), '', '... for as long as that is set');
};

subtest 'hosts of a server' => sub {
    my $chain = [leaf($SUB, serial => 0), $SUB];
    my %hosts = (
        SSL_verify_strict => { 'strict.example' => 1, '' => 0 },
        SSL_cert_file     => { '' => cert('server') },
        SSL_key_file      => { '' => key('server') },
    );
    for my $version (versions()) {
        for my $host ('strict.example', 'lax.example') {
            my ($error) = handshake_errors(
                version => $version,
                role    => 'server',
                mine    => {
                    SSL_verify_mode => $BOTH,
                    SSL_ca          => [$ROOT],
                    SSL_ca_file     => undef,
                    %hosts
                },
                theirs => {
                    SSL_hostname        => $host,
                    SSL_verifycn_scheme => 'none',
                    SSL_cert            => [map { held($_) } @$chain],
                    SSL_key             => $KEY
                }
            );
            if ($host eq 'lax.example') {
                is($error, '', "$version, another host: accepted");
            } else {
                like($error, qr/SSL_verify_strict: the serial/,
                    "$version, a strict host: refused");
            }
        }
    }
};

subtest 'sessions' => sub {
    my ($server, $address) = tls_server(
        sub { my ($sock) = @_; print {$sock} "hello\n"; $sock->getline },
        SSL_cert      => [held(leaf($SUB, serial => 0)), held($SUB)],
        SSL_key       => $KEY,
        SSL_cert_file => undef,
        SSL_key_file  => undef
    );
    my $cache = IO::Socket::SSL::Session_Cache->new(10);
    my $visit = sub {
        my @args = @_;
        my $sock = IO::Socket::SSL->new(
            PeerAddr          => $address,
            SSL_verifycn_name => 'localhost',
            SSL_ca            => [$ROOT],
            SSL_session_cache => $cache,
            @args
        ) or return "$SSL_ERROR";
        $sock->getline;
        print {$sock} "bye\n";
        my $reused = $sock->get_session_reused ? 'reused' : 'new';
        $sock->close;
        return $reused;
    };
    is($visit->(), 'new',    'a session');
    is($visit->(), 'reused', '... is resumed');
    like($visit->(@STRICT), qr/SSL_verify_strict/,
        '... but not by a strict client');
};

SKIP: {
    my $missing = ISS::OCSP->missing;
    skip $missing, 1 if $missing;
    subtest 'a certificate that demands a staple (RFC 7633)' => sub {
        my $world = ISS::OCSP->new;
        my $cert  = $world->certificate(
            serial  => 0x2001,
            feature => 'status_request'
        );
        for my $version (versions()) {
            my ($without, $port) = $world->stapling_server($cert);
            my $new = sub {
                my ($to, @more) = @_;
                my $sock = IO::Socket::SSL->new(
                    PeerAddr => "127.0.0.1:$to",
                    client_args(@STRICT, SSL_version => $version, @more)
                );
                return $sock ? '' : "$SSL_ERROR";
            };
            like(
                $new->($port),
                qr/did not receive the required stapled .*RFC 7633/,
                "$version: none comes"
            );
            is($new->($port, SSL_verify_strict => 0),
                '', '... which only a strict client minds');
            my ($with, $other) =
              $world->stapling_server($cert, $world->response(of => $cert));
            is($new->($other), '', '... one comes');
        }
    };
}

done_testing;
