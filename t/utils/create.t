# CERT_create makes the certificate that its arguments describe.
use strict;
use warnings;
use utf8;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL::Utils;
use Storable qw(dclone);
use Test::More;

my $KEY = KEY_create_ec();    # shared where the key does not matter

# CERT_asHash of a new certificate with these arguments.
sub made {
    my ($cert, $key) = CERT_create(key => $KEY, @_);
    my $hash = CERT_asHash($cert);
    CERT_free($cert);
    return $hash;
}

sub extension {
    my ($hash, $sn) = @_;
    my ($ext) =
      grep { defined $_->{sn} && $_->{sn} eq $sn } @{ $hash->{ext} };
    return $ext;
}

sub data_of {
    my $ext = extension(@_);
    return $ext && $ext->{data};
}

subtest 'without arguments' => sub {
    my $before = time;
    my ($cert, $key) = CERT_create();
    my $after = time;
    my $hash  = CERT_asHash($cert);
    is_deeply(
        $hash->{subject},
        {
            organizationName => 'IO::Socket::SSL',
            commonName       => 'IO::Socket::SSL Test'
        },
        'the subject is ours'
    );
    is_deeply($hash->{issuer}, $hash->{subject}, '... and so is the issuer');
    cmp_ok($hash->{not_before}, '>=', $before, 'it is valid from now on');
    cmp_ok($hash->{not_before}, '<=', $after,  '... not from later');
    is($hash->{not_after} - $hash->{not_before}, 365 * 86400, 'for a year');
    is($hash->{version},       2,                         'the version is 2');
    is($hash->{signature_alg}, 'sha256WithRSAEncryption', 'SHA-256 and RSA');
    is(data_of($hash, 'basicConstraints'), 'CA:FALSE',    'it is not a CA');
    is_deeply(
        $hash->{extkeyusage}{sn},
        ['clientAuth', 'serverAuth'],
        'it is for servers and clients'
    );
    my $id = data_of($hash, 'subjectKeyIdentifier');
    like($id, qr/^[0-9A-F]{2}(?::[0-9A-F]{2}){19}/, 'it identifies its key');
    like(data_of($hash, 'authorityKeyIdentifier'),
        qr/^(?:keyid:)?\Q$id\E/, '... and as the issuer itself');
    is_deeply(
        extension($hash, 'authorityKeyIdentifier')->{critical},
        extension($hash, 'subjectKeyIdentifier')->{critical},
        '... not critical'
    );
    my $own =
      made(ext => [{ sn => 'subjectKeyIdentifier', data => 'aabbccdd' }]);
    is(data_of($own, 'subjectKeyIdentifier') =~ s/\s+\z//r,
        'AA:BB:CC:DD', 'another identifier for the key');
    like(data_of($own, 'authorityKeyIdentifier'),
        qr/^(?:keyid:)?AA:BB:CC:DD/, '... is also that of the issuer');

    my ($other, $other_key) = CERT_create();
    isnt(PEM_key2string($other_key), PEM_key2string($key),
        'each has its key');
    isnt(CERT_asHash($other)->{serial}, $hash->{serial},
        '... and its number');
    cmp_ok(length $hash->{serial}, '>', 15, '... which is hard to guess');
    CERT_free($cert, $other);
    KEY_free($key, $other_key);
};

subtest 'the caller\'s key' => sub {
    my ($cert, $key) = CERT_create(key => $KEY);
    is($key, $KEY, 'is returned');
    is(CERT_asHash($cert)->{signature_alg},
        'ecdsa-with-SHA256', '... and used');
    CERT_free($cert);
    like(PEM_key2string($KEY), qr/PRIVATE KEY/, '... and is not freed');
};

subtest 'subjects' => sub {
    my @CASES = (
        ['an empty hash', {}, {}],
        [
            'short and long names',
            { CN         => 'a', organizationName => 'b' },
            { commonName => 'a', organizationName => 'b' }
        ],
        [
            'several values of a name',
            { OU                     => ['one', 'two'], CN         => 'a' },
            { organizationalUnitName => ['one', 'two'], commonName => 'a' }
        ],
        [
            'a list',
            [OU => 'two', CN => 'a', OU => 'one'],
            { organizationalUnitName => ['two', 'one'], commonName => 'a' }
        ],
        [
            'a list of pairs',
            [[CN => 'a'], [OU => ['one', 'two']]],
            { organizationalUnitName => ['one', 'two'], commonName => 'a' }
        ],
        [
            'an undefined value',
            { CN         => 'a', OU => undef },
            { commonName => 'a' }
        ],
        ['an OID', { '2.5.4.3' => 'a' }, { commonName => 'a' }],
        [
            'an OID that is unknown', { '1.2.3.4' => 'a' },
            { '1.2.3.4' => 'a' }
        ],
        [
            'a NUL',
            { CN         => "good.example.test\0.evil.test" },
            { commonName => "good.example.test\0.evil.test" }
        ],
        ['too long', { CN => 'a' x 200 }, { commonName => 'a' x 200 }],
        [
            'an invalid country',
            { C           => 'Atlantis' },
            { countryName => 'Atlantis' }
        ],
        ['an empty value', { CN => '' }, { commonName => '' }],
    );
    for my $case (@CASES) {
        my ($claim, $subject, $expected) = @$case;
        is_deeply(made(subject => $subject)->{subject}, $expected, $claim);
    }
    for my $text ("B\x{fc}cher", "\x{263a}", "\x{1f600}") {
        my $shown = $text =~ s/([^ -~])/sprintf '\\x{%x}', ord $1/ger;
        my $bytes = $text;
        utf8::encode($bytes);
        my $characters = $text;
        utf8::upgrade($characters);
        is(made(subject => { CN => $characters })->{subject}{commonName},
            $bytes, "$shown as characters");
        is(made(subject => { CN => $bytes })->{subject}{commonName},
            $bytes, "$shown as bytes in UTF-8");
    }
    for my $text ("B\x{fc}cher", "B\x{c3}\x{bc}cher") {
        my ($on, $off) = ($text, $text);
        utf8::upgrade($on);
        utf8::downgrade($off);
        is(
            made(subject => { CN => $on })->{subject}{commonName},
            made(subject => { CN => $off })->{subject}{commonName},
            'a name is the same, however Perl stores it'
        );
        is_deeply(
            made(subjectAltNames => [[DIRNAME => { CN => $on }]])
              ->{subjectAltNames},
            made(subjectAltNames => [[DIRNAME => { CN => $off }]])
              ->{subjectAltNames},
            '... in an alternative name, too'
        );
    }
    my $latin = "B\x{fc}cher";
    utf8::downgrade($latin);
    is(made(subject => { CN => $latin })->{subject}{commonName},
        "B\xc3\xbccher", 'bytes that are not UTF-8 are Latin-1');
    is_deeply(
        made(
            subjectAltNames =>
              [[DIRNAME => { CN => 'x', O => 'o', C => 'DE' }]]
        )->{subjectAltNames},
        [[DIRNAME => '/C=DE/O=o/CN=x']],
        'a hash becomes a name ordered from C to CN'
    );
};

subtest 'alternative names' => sub {
    my @GOOD = (
        [DNS     => 'a.example.test'],
        [DNS     => '*.example.test'],
        [DNS     => 'a,DNS:b'],
        [DNS     => "good.example.test\0.evil.test"],
        [DNS     => ''],
        [EMAIL   => 'me@example.test'],
        [URI     => 'http://example.test/a,b;c'],
        [RID     => '1.2.3.4'],
        [IP      => '192.0.2.1'],
        [IP      => '2001:db8::1'],
        [IP      => '::1a'],
        [DIRNAME => '/C=DE/CN=x'],
    );
    is_deeply(made(subjectAltNames => \@GOOD)->{subjectAltNames},
        \@GOOD, 'are returned as given');
    is_deeply(
        made(
            subjectAltNames => [
                [dns       => 'a'],
                [ip        => '2001:DB8:0:0::1'],
                [IP        => "\x7f\0\0\1"],
                [Ip        => "\0" x 15 . "\1"],
                [DirName   => [CN => 'x', OU => ['a', 'b']]],
                [otherName => '1.2.3.4;UTF8:some text'],
            ]
        )->{subjectAltNames},
        [
            [DNS       => 'a'],
            [IP        => '2001:db8::1'],
            [IP        => '127.0.0.1'],
            [IP        => '::1'],
            [DIRNAME   => '/CN=x/OU=a/OU=b'],
            [OTHERNAME => 'some text'],
        ],
        '... in other notations'
    );
    my $slash = made(
        subjectAltNames => [[DIRNAME => [O => 'a/b', OU => 'c', CN => 'x']]]);
    like($slash->{subjectAltNames}[0][1],
        qr{^/O=a\\?/b/OU=c/CN=x\z}, '... also with a slash in it');
    is_deeply(
        made(subjectAltNames => $slash->{subjectAltNames})->{subjectAltNames},
        $slash->{subjectAltNames},
        '... which can be used again'
    );
    my $party = "\xa5\x06\xa1\x04\x0c\x02hi";
    is_deeply(
        made(subjectAltNames => [[EDIPARTY => $party]])->{subjectAltNames},
        [[EDIPARTY => $party]],
        '... in DER'
    );

    ok(!exists made(subjectAltNames => [])->{subjectAltNames},
        'an empty list: no extension');
    my $alone = made(subject => {}, subjectAltNames => [[DNS => 'a']]);
    ok(extension($alone, 'subjectAltName')->{critical},
        'they are critical without a subject');
    ok(
        !extension(made(subjectAltNames => [[DNS => 'a']]), 'subjectAltName')
          ->{critical},
        '... and not with a subject'
    );
};

SKIP: {
    my ($cert) = eval {
        CERT_create(
            key             => $KEY,
            subjectAltNames => [[DNS => "*.b\x{fc}cher.example"]]
        );
    };
    skip 'no libidn2', 1 if !$cert && $@ =~ /built without libidn2/;
    is_deeply(
        $cert && CERT_asHash($cert)->{subjectAltNames},
        [[DNS => '*.xn--bcher-kva.example']],
        'a Unicode name becomes A-labels'
    ) or diag($@);
    CERT_free($cert);
}

subtest 'numbers' => sub {
    my @SERIAL = (
        [0                        => 0],
        [1                        => 1],
        [127                      => 127],
        [128                      => 128],
        [-5                       => -5],
        ['4294967296'             => '4294967296'],
        ['1234567890123456789012' => '1234567890123456789012'],
        ['0xff'                   => 255],
        ['-0x10'                  => -16],
    );
    for my $case (@SERIAL) {
        my ($serial, $expected) = @$case;
        is(made(serial => $serial)->{serial}, $expected, "serial $serial");
    }
    cmp_ok(made(serial => $_)->{serial},
        '>', 2**50, 'no serial: a random one')
      for undef, '';
    is(made(version => $_)->{version}, $_, "version $_") for 0, 1, 2;
    is(@{ made(version => 0)->{ext} }, 0, 'version 0 has no extensions');
    for my $time (0, 1, -1, 2_524_607_999, 2_524_608_000, 253_402_300_799) {
        is_deeply(
            [
                @{ made(not_before => $time, not_after => $time) }
                  {qw(not_before not_after)}
            ],
            [$time, $time],
            "the second $time"
        );
    }
    my $before = time;
    my $hash   = made(not_before => 1);
    cmp_ok(
        $hash->{not_after}, '>=',
        $before + 365 * 86400,
        'the year counts from now, not from not_before'
    );
};

# arguments, CA, keyUsage, extendedKeyUsage, netscapeCertType
my $NONE      = undef;
my $SIGN      = 'Digital Signature, Key Encipherment';
my $ISSUE     = 'Digital Signature, Certificate Sign';
my $TO_CLIENT = 'TLS Web Client Authentication';
my $TO_SERVER = 'TLS Web Server Authentication';
my @PURPOSES  = (
    [{}, 0, $SIGN, "$TO_CLIENT, $TO_SERVER", 'SSL Client, SSL Server'],
    [
        { CA => 0 },
        0, $SIGN,
        "$TO_CLIENT, $TO_SERVER",
        'SSL Client, SSL Server'
    ],
    [{ CA => 1 }, 1, $ISSUE, $NONE, 'SSL CA, S/MIME CA, Object Signing CA'],
    (
        map { [{ purpose => $_ }, 0, $SIGN, $TO_CLIENT, 'SSL Client'] }
          'client',
        'CLIENT',
        '+client',
        ['client'],
        ['+Client'],
        { client => 1 },
        { client => '+' },
        'server,-server,client',
        '-server',
        { CLIENT => 1,   server => 0 },
        { client => '+', server => '-' }
    ),
    (
        map {
            [
                { purpose => $_ },
                0,
                $SIGN,
                "$TO_CLIENT, $TO_SERVER",
                'SSL Client, SSL Server'
            ]
        } 'client server',
        'server;client',
        '+server+client',
        '',
        ['server', 'client'],
        [],
        {}
    ),
    [{ purpose => 'server' }, 0, $SIGN, $TO_SERVER,          'SSL Server'],
    [{ purpose => 'email' },  0, $SIGN, 'E-mail Protection', 'S/MIME'],
    [
        { purpose => 'emailProtection' },
        0,
        $SIGN,
        'E-mail Protection',
        'S/MIME'
    ],
    [{ purpose => 'objsign' }, 0, $SIGN, 'Code Signing', 'Object Signing'],
    [
        { purpose => 'codeSigning' },
        0,
        $SIGN,
        'Code Signing',
        'Object Signing'
    ],
    [{ purpose => 'timeStamping' }, 0, $NONE,  'Time Stamping', $NONE],
    [{ purpose => 'CA' },           1, $ISSUE, $NONE,           $NONE],
    [{ purpose => 'sslCA' },        1, $ISSUE, $NONE,           'SSL CA'],
    [{ purpose => 'emailCA' },      1, $ISSUE, $NONE,           'S/MIME CA'],
    [{ purpose => 'objCA' },        1, $ISSUE, $NONE, 'Object Signing CA'],
    [
        { purpose => 'sslCA,server' },
        1,
        'Digital Signature, Key Encipherment, Certificate Sign',
        $TO_SERVER,
        'SSL Server, SSL CA'
    ],
    [
        { CA => 1, purpose => 'server' },
        1,
        'Digital Signature, Key Encipherment, Certificate Sign',
        $TO_SERVER,
        'SSL Server, SSL CA, S/MIME CA, Object Signing CA'
    ],
    [{ CA => 1, purpose => '-emailCA,-objCA' }, 1, $ISSUE, $NONE, 'SSL CA'],
    [
        { purpose => 'server,-digitalSignature' },
        0,
        'Key Encipherment',
        $TO_SERVER,
        'SSL Server'
    ],
    [{ purpose => 'server,-server' }, 0, $NONE, $NONE, $NONE],
    (
        map {
            my ($word, $text) = @$_;
            [{ purpose => $word }, 0, $text, $NONE, $NONE]
        } ['digitalSignature', 'Digital Signature'],
        ['nonRepudiation',   'Non Repudiation'],
        ['keyEncipherment',  'Key Encipherment'],
        ['dataEncipherment', 'Data Encipherment'],
        ['keyAgreement',     'Key Agreement'],
        ['keyCertSign',      'Certificate Sign'],
        ['cRLSign',          'CRL Sign'],
        ['encipherOnly',     'Encipher Only'],
        ['decipherOnly',     'Decipher Only'],
    ),
);

sub shown {
    my ($value) = @_;
    return "'$value'"                     if !ref $value;
    return '[' . join(' ', @$value) . ']' if ref $value eq 'ARRAY';
    my @pairs = map { "$_ " . shown($value->{$_}) } sort keys %$value;
    return "{@pairs}";
}

subtest 'purposes' => sub {
    for my $case (@PURPOSES) {
        my ($args, $ca, $usage, $extended, $netscape) = @$case;
        my $hash = made(%$args);
        is_deeply(
            [
                map { data_of($hash, $_) }
                  qw(basicConstraints keyUsage extendedKeyUsage nsCertType)
            ],
            [$ca ? 'CA:TRUE' : 'CA:FALSE', $usage, $extended, $netscape],
            shown($args)
        );
    }
    my $hash = made();
    ok(extension($hash, $_)->{critical}, "$_ is critical")
      for qw(basicConstraints keyUsage);
    ok(!extension($hash, 'extendedKeyUsage')->{critical},
        'extendedKeyUsage is not');
};

subtest 'extensions' => sub {
    my @GOOD = (
        [{ sn => 'nsComment', data => 'hi' },                'hi',  0],
        [{ sn => 'nsComment', critical => 1, data => 'hi' }, 'hi',  1],
        [{ nid => 78, data => 'hi' },                        'hi',  0],
        [{ oid => '2.16.840.1.113730.1.13', data => 'hi' },  'hi',  0],
        [{ sn => 'nsComment', data => 'critical,hi' },       'hi',  1],
        [{ oid => '1.2.3.4', data => 'ASN1:UTF8String:hi' }, undef, 0],
        [
            { oid => '1.2.3.4', critical => 1, data => 'DER:0c026869' },
            undef, 1
        ],
        [
            { sn => 'crlDistributionPoints', data => 'URI:http://x/y' },
            "Full Name:\n  URI:http://x/y", 0
        ],
        [
            { sn => 'tlsfeature', data => 'status_request' },
            'status_request', 0
        ],
        [
            { sn => 'authorityInfoAccess', data => 'OCSP;URI:http://x/' },
            'OCSP - URI:http://x/', 0
        ],
    );
    my $by_default = @{ made()->{ext} };
    for my $case (@GOOD) {
        my ($ext, $data, $critical) = @$case;
        my $hash = made(ext => [$ext]);
        is(@{ $hash->{ext} }, $by_default + 1, shown($ext));
        my $told = $hash->{ext}[-1]{data};
        $told =~ s/\A\n|\n\z//g if defined $told;    # libraries differ
        is($told,                      $data,     '... its data');
        is($hash->{ext}[-1]{critical}, $critical, '... critical or not');
    }
    my $hash = made(
        ext => [
            { sn => 'keyUsage',  data => 'cRLSign' },
            { sn => 'nsComment', data => 'first' },
            { sn => 'nsComment', data => 'second' }
        ]
    );
    is(data_of($hash, 'keyUsage'),
        'CRL Sign', 'an extension replaces the default');
    is(
        join(',',
            map  { $_->{data} }
            grep { $_->{sn} eq 'nsComment' } @{ $hash->{ext} }),
        'second',
        '... and an earlier one of its kind'
    );
};

subtest 'arguments are not changed' => sub {
    my %arg = (
        subject         => { CN => 'x', OU => ['a', 'b'], O => undef },
        subjectAltNames => [[dns => 'x'], [DIRNAME => { CN => 'x' }]],
        purpose         => { client => 1 },
        ext             => [{ sn => 'nsComment', data => 'x' }],
        issuer          => undef,
        serial          => 17,
    );
    my $before = dclone(\%arg);
    made(%arg);
    is_deeply(\%arg, $before, 'by CERT_create(%arg)');
    my ($cert, $key) = CERT_create(\%arg);
    is_deeply(\%arg, $before, '... and CERT_create(\%arg)');
    is(CERT_asHash($cert)->{serial}, 17, '... which does the same');
    CERT_free($cert);
    KEY_free($key);
};

subtest 'issuers' => sub {
    my ($ca,  $ca_key)  = CERT_create(CA => 1, subject => { CN => 'CA' });
    my ($sub, $sub_key) = CERT_create(
        CA      => 1,
        subject => { CN => 'Sub' },
        issuer  => [$ca, $ca_key]
    );
    my $hash = made(issuer_cert => $sub, issuer_key => $sub_key);
    is_deeply($hash->{issuer}, { commonName => 'Sub' }, 'the name');
    my $id = data_of(CERT_asHash($sub), 'subjectKeyIdentifier');
    like(data_of($hash, 'authorityKeyIdentifier'),
        qr/^(?:keyid:)?\Q$id\E/, 'the identifier of the key');

    my ($bare, $bare_key) = CERT_create(version => 0);
    ok(
        !extension(
            made(issuer => [$bare, $bare_key]),
            'authorityKeyIdentifier'
        ),
        '... unless the issuer has none'
    );
    is_deeply(
        made(issuer_cert => $ca)->{issuer},
        { commonName => 'CA' },
        'an issuer without its key'
    );
    is(made(issuer_key => $ca_key)->{signature_alg},
        'sha256WithRSAEncryption', 'a key without an issuer');
    CERT_free($ca, $sub, $bare);
    KEY_free($ca_key, $sub_key, $bare_key);
};

subtest 'digests' => sub {
    my %name = (
        sha1     => 'ecdsa-with-SHA1',
        sha384   => 'ecdsa-with-SHA384',
        'SHA512' => 'ecdsa-with-SHA512',
        'sha256' => 'ecdsa-with-SHA256',
    );
    for my $digest (sort keys %name) {
        is(made(digest => $digest)->{signature_alg}, $name{$digest}, $digest);
    }
    my $ed = eval {
        PEM_string2key("-----BEGIN PRIVATE KEY-----\n"
              . "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
              . "-----END PRIVATE KEY-----\n");
    };
    my ($cert) = CERT_create(key => $ed, digest => 'sha256');
    like(CERT_asHash($cert)->{signature_alg},
        qr/^ed25519$/i, 'a key type with its own digest');
    CERT_free($cert);
    KEY_free($ed);
};

subtest 'the hash of CERT_asHash as arguments' => sub {
    my ($ca,   $ca_key) = CERT_create(CA => 1, subject => { CN => 'CA' });
    my ($cert, $key)    = CERT_create(
        issuer          => [$ca, $ca_key],
        subject         => [CN => 'x', OU => 'one', OU => 'two'],
        subjectAltNames => [
            [DNS     => 'a'],
            [IP      => '::1'],
            [EMAIL   => 'a@b'],
            [DIRNAME => '/CN=x']
        ],
        purpose => 'server,timeStamping',
        serial  => '123456789012345678901234567890',
        ext     => [
            { sn  => 'nsComment',             data => 'hi' },
            { sn  => 'crlDistributionPoints', data => 'URI:http://x/' },
            { oid => '1.2.3.4',               data => 'DER:0c026869' },
        ],
    );
    my $hash = CERT_asHash($cert);
    my ($again, $again_key) =
      CERT_create(%$hash, ignore_invalid_args => 1, issuer => [$ca, $ca_key]);
    my $copy = CERT_asHash($again);
    is_deeply($copy->{$_}, $hash->{$_}, "the same $_")
      for
      qw(subject issuer subjectAltNames not_before not_after serial version
      keyusage extkeyusage signature_alg);
    isnt(
        $copy->{fingerprint_sha256},
        $hash->{fingerprint_sha256},
        '... but another certificate'
    );
    isnt(
        data_of($copy, 'subjectKeyIdentifier'),
        data_of($hash, 'subjectKeyIdentifier'),
        '... of another key'
    );
    is(data_of($copy, 'nsComment'),
        'hi', 'extensions that can be made are made');
    my ($own, $own_key) = CERT_create(%$hash, ignore_invalid_args => 1);
    is_deeply(CERT_asHash($own)->{issuer},
        $hash->{subject}, 'the name of an issuer is ignored');
    CERT_free($ca, $cert, $again, $own);
    KEY_free($ca_key, $key, $again_key, $own_key);
};

KEY_free($KEY);

done_testing;
