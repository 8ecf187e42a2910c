# CERT_asHash returns the contents of a certificate, as openssl shows them.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Program;
use ISS::Test;
use Digest::SHA qw(sha1 sha1_hex sha256 sha256_hex);
use File::Temp  qw(tempdir);
use IO::Socket::SSL::Utils;
use MIME::Base64 qw(decode_base64);
use Test::More;
use Time::Local qw(timegm);

my $dir     = tempdir(CLEANUP => 1);
my $openssl = ISS::Program->find('openssl');

# A certificate with everything; OpenSSL does not know the OID 1.2.3.4.
my ($ca,  $ca_key)  = CERT_create(CA => 1, subject => { CN => 'Hash CA' });
my ($all, $all_key) = CERT_create(
    issuer  => [$ca, $ca_key],
    serial  => '0x123456789abcdef0123456789abcdef',
    subject => [
        C         => 'DE',
        O         => "B\x{f6}se \x{263a}",
        OU        => 'one',
        OU        => 'two',
        CN        => 'all.example.test',
        '1.2.3.4' => 'unknown',
    ],
    subjectAltNames => [
        [DNS       => 'a.example.test'],
        [EMAIL     => 'me@example.test'],
        [IP        => '192.0.2.1'],
        [IP        => '2001:db8::1'],
        [URI       => 'https://example.test/a,b'],
        [RID       => '1.2.3.4'],
        [DIRNAME   => { CN => 'Directory', C => 'DE' }],
        [OTHERNAME => '1.3.6.1.4.1.311.20.2.3;UTF8:user@example.test'],
    ],
    not_before => 1_000_000_000,
    not_after  => 4_000_000_000,
    purpose    => 'client,server,timeStamping',
    ext        => [
        {
            sn   => 'authorityInfoAccess',
            data => 'OCSP;URI:http://ocsp.example.test/1,'
              . 'caIssuers;URI:http://ca.example.test/,'
              . 'OCSP;URI:http://ocsp.example.test/2',
        },
        {
            sn   => 'crlDistributionPoints',
            data => 'URI:http://crl.example.test/1,'
              . 'URI:ldap://crl.example.test/2',
        },
        { oid => '1.2.3.4', data => 'DER:0c026869', critical => 1 },
    ],
);
my $hash = CERT_asHash($all);

my %name = (
    countryName            => 'DE',
    organizationName       => "B\xc3\xb6se \xe2\x98\xba",
    organizationalUnitName => ['one', 'two'],
    commonName             => 'all.example.test',
    '1.2.3.4'              => 'unknown',
);
is_deeply($hash->{subject}, \%name, 'the subject, in UTF-8');
is_deeply($hash->{issuer},  { commonName => 'Hash CA' }, 'the issuer');
is_deeply(
    $hash->{subjectAltNames},
    [
        [DNS       => 'a.example.test'],
        [EMAIL     => 'me@example.test'],
        [IP        => '192.0.2.1'],
        [IP        => '2001:db8::1'],
        [URI       => 'https://example.test/a,b'],
        [RID       => '1.2.3.4'],
        [DIRNAME   => '/C=DE/CN=Directory'],
        [OTHERNAME => 'user@example.test'],
    ],
    'alternative names of each type'
);
is($hash->{not_before}, 1_000_000_000, 'the time from which it is valid');
is($hash->{not_after},  4_000_000_000, 'the time until which it is valid');
is(
    $hash->{serial},
    '1512366075204170929049582354406559215',
    'a serial number beyond 64 bits'
);
is($hash->{version}, 2, 'the version');
is_deeply(
    $hash->{ocsp_uri},
    [map { "http://ocsp.example.test/$_" } 1, 2],
    'the OCSP responders, not the issuer'
);
is_deeply(
    $hash->{crl_uri},
    ['http://crl.example.test/1', 'ldap://crl.example.test/2'],
    'the URIs of revocation lists'
);
is_deeply(
    $hash->{keyusage},
    ['digitalSignature', 'keyEncipherment'],
    'the usages of the key'
);
is_deeply(
    $hash->{extkeyusage},
    {
        oid => [map { "1.3.6.1.5.5.7.3.$_" } 2, 1,            8],
        nid => [130,                            129,          133],
        sn  => ['clientAuth',                   'serverAuth', 'timeStamping'],
        ln  => [
            'TLS Web Client Authentication',
            'TLS Web Server Authentication',
            'Time Stamping'
        ],
    },
    'the extended usages, in OpenSSL\'s words'
);
my ($unknown) = grep { $_->{oid} eq '1.2.3.4' } @{ $hash->{ext} };
is_deeply(
    $unknown,
    {
        oid      => '1.2.3.4',
        nid      => undef,
        sn       => undef,
        critical => 1,
        data     => undef
    },
    'an extension that OpenSSL does not know'
);
my ($basic) =
  grep { ($_->{sn} || '') eq 'basicConstraints' } @{ $hash->{ext} };
is_deeply(
    $basic,
    {
        oid      => '2.5.29.19',
        nid      => 87,
        sn       => 'basicConstraints',
        critical => 1,
        data     => 'CA:FALSE'
    },
    'an extension that OpenSSL knows'
);

subtest 'a certificate without extensions' => sub {
    my ($cert, $key) =
      CERT_create(version => 0, subject => {}, serial => -5);
    my $hash = CERT_asHash($cert);
    is($hash->{version}, 0,  'version 0');
    is($hash->{serial},  -5, 'a negative serial number');
    is_deeply($hash->{subject}, {}, 'an empty subject');
    ok(!exists $hash->{subjectAltNames}, 'no alternative names');
    is_deeply($hash->{$_}, [], "no $_") for qw(ext crl_uri ocsp_uri keyusage);
    is_deeply(
        $hash->{extkeyusage},
        { map { $_ => [] } qw(oid nid sn ln) },
        'no extended usages'
    );
    CERT_free($cert);
    KEY_free($key);
};

subtest 'extended usages that OpenSSL does not know' => sub {
    my ($cert, $key) = CERT_create(
        purpose => '',
        ext     => [
            {
                sn   => 'extendedKeyUsage',
                data => 'serverAuth,1.2.3.4,clientAuth'
            }
        ]
    );
    is_deeply(
        CERT_asHash($cert)->{extkeyusage},
        {
            oid => ['1.3.6.1.5.5.7.3.1', '1.2.3.4', '1.3.6.1.5.5.7.3.2'],
            nid => [129,                 130],
            sn  => ['serverAuth',        'clientAuth'],
            ln  => [
                'TLS Web Server Authentication',
                'TLS Web Client Authentication'
            ],
        },
        'are only in oid'
    );
    CERT_free($cert);
    KEY_free($key);
};

subtest 'digests' => sub {
    my $der  = der(PEM_cert2string($all));
    my %base = map { $_ => 1 } grep { !/_sha256$/ } keys %$hash;
    is($hash->{x509_digest_sha256}, sha256($der), 'SHA-256 by default');
    is(
        $hash->{fingerprint_sha256},
        join(':', unpack '(A2)*', uc sha256_hex($der)),
        'the fingerprint is the same in hex'
    );
    my ($id) = map { $_->{data} }
      grep { ($_->{sn} || '') eq 'subjectKeyIdentifier' } @{ $hash->{ext} };
    is(
        CERT_asHash($all, 'sha1')->{pubkey_digest_sha1},
        pack('H*', $id =~ tr/://dr),
        'the digest of the key is its subjectKeyIdentifier'
    );
    my ($bits) =
      grep { sha1_hex($_) eq lc $id =~ tr/://dr } bit_strings($der);
    is($hash->{pubkey_digest_sha256},
        sha256($bits), '... and by default SHA-256');

    for my $algo (qw(md5 sha1 sha384 sha512 SHA256)) {
        my $other = CERT_asHash($all, $algo);
        is_deeply(
            [sort grep { !$base{$_} } keys %$other],
            [
                sort map { "${_}_$algo" }
                  qw(fingerprint pubkey_digest x509_digest)
            ],
            "$algo is in the names of the keys"
        );
    }
    like(
        died(sub { CERT_asHash($all, 'md17') }),
        qr/^digest algorithm md17 is not available at /,
        'an unknown one'
    );
};

subtest 'wrong arguments' => sub {
    like(
        died(sub { CERT_asHash('x') }),
        qr/^cert: 'x' is not a handle at /,
        'not a handle'
    );
    like(
        died(sub { CERT_asHash(0) }),
        qr/^cert: the handle is NULL at /,
        'a NULL handle'
    );
};

subtest 'misleading names' => sub {
    my $cert = PEM_file2cert(cert('nul-san'));
    is_deeply(
        CERT_asHash($cert)->{subjectAltNames},
        [[DNS => "good.example.test\0.evil.test"]],
        'a NUL does not end a name'
    );
    CERT_free($cert);
    $cert = PEM_file2cert(cert('bad-san'));
    ok(
        !exists CERT_asHash($cert)->{subjectAltNames},
        'names that cannot be parsed are missing'
    );
    CERT_free($cert);
    my $other_name = '300EA00C06022A03A0060C04' . unpack 'H*', "a\0bc";
    ($cert, my $key) = CERT_create(
        ext => [{ sn => 'subjectAltName', data => "DER:$other_name" }]);
    my ($names) =
      grep { $_->{sn} eq 'subjectAltName' } @{ CERT_asHash($cert)->{ext} };
    my $text = defined $names->{data} ? $names->{data} : '';
    like(
        $text,
        qr/^(?:othername:<unsupported>)?\z/,
        'an otherName with a NUL is not shown'
    );
    CERT_free($cert);
    KEY_free($key);
    $cert = PEM_file2cert(cert('two-cn'));
    is(ref CERT_asHash($cert)->{subject}{commonName},
        'ARRAY', 'both of two common names are returned');
    CERT_free($cert);
};

# --- compared with openssl --------------------------------------------------

sub der {
    my ($pem) = @_;
    return decode_base64($pem =~ s/-----.*//gr);
}

# The BIT STRINGs of a certificate; one is the public key.
sub bit_strings {
    my ($der) = @_;
    my @found;

    while ($der =~ /\x03(?:\x82(..)|\x81(.)|(.))\0/gs) {
        my ($length) = map { hex unpack 'H*', $_ } grep { defined } $1, $2,
          $3;
        push @found, substr $der, pos $der, $length - 1;
        pos($der) = $-[0] + 1;
    }
    return @found;
}

sub openssl_says {
    my ($file, @what) = @_;
    my ($status, $said) =
      ISS::Program->run([$openssl, 'x509', '-in', $file, '-noout', @what]);
    die "openssl x509 @what: $said" if $status;
    return $said;
}

my %MONTH;
@MONTH{qw(Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec)} = 0 .. 11;

sub epoch {
    my ($date) = @_;
    my ($month, $day, $h, $m, $s, $year) =
      $date =~ /=(\w+) +(\d+) (\d+):(\d+):(\d+) (\d+) GMT/
      or die "openssl wrote '$date'";
    return timegm($s, $m, $h, $day, $MONTH{$month}, $year);
}

# "    commonName                = value", a line each
sub names {
    my ($said) = @_;
    my %name;

    while ($said =~ /^ +(\S+?) *= (.*)$/mg) {
        push @{ $name{$1} }, $2;
    }
    return {
        map { $_ => @{ $name{$_} } > 1 ? $name{$_} : $name{$_}[0] }
          keys %name
    };
}

sub compare {
    my ($file) = @_;
    my $cert   = PEM_file2cert($file);
    my $hash   = CERT_asHash($cert);
    my @raw    = (-nameopt => 'multiline,-esc_msb,-esc_ctrl,utf8');

    my ($serial) = openssl_says($file, '-serial') =~ /=(\S+)/;
    require Math::BigInt;
    is(
        $hash->{serial},
        Math::BigInt->from_hex($serial)->bstr,
        'the serial number'
    );
    is_deeply($hash->{$_}, names(openssl_says($file, "-$_", @raw)), "the $_")
      for qw(subject issuer);
    is(
        $hash->{not_before},
        epoch(openssl_says($file, '-startdate')),
        'the first date'
    );
    is(
        $hash->{not_after},
        epoch(openssl_says($file, '-enddate')),
        'the last date'
    );

    for my $algo (qw(sha1 sha256)) {
        my ($print) =
          openssl_says($file, '-fingerprint', "-$algo") =~ /=(\S+)/;
        is(CERT_asHash($cert, $algo)->{"fingerprint_$algo"},
            $print, "the fingerprint by $algo");
    }
    is_deeply(
        $hash->{ocsp_uri},
        [split /\n/, openssl_says($file, '-ocsp_uri')],
        'the OCSP responders'
    );

    my $text = openssl_says($file, '-text');
    my ($algorithm) = $text =~ /Signature Algorithm: (\S+)/;
    is($hash->{signature_alg}, $algorithm, 'the algorithm of the signature');
    my $squeezed = $text =~ s/\s+/ /gr;
    for my $ext (grep { defined $_->{data} } @{ $hash->{ext} }) {
        my $data = $ext->{data} =~ s/\s+/ /gr =~ s/^ | $//gr;
        ok(index($squeezed, $data) >= 0, "the text of $ext->{oid}");
    }
    CERT_free($cert);
    return;
}

SKIP: {
    skip 'there is no program openssl', 1 if !defined $openssl;
    PEM_cert2file($all, "$dir/all.pem");
    for my $file ("$dir/all.pem",
        map { cert($_) }
        qw(server server-ecdsa many-san ca client utf8-cn expired weak-sha1))
    {
        subtest "as openssl x509 has it: $file" => sub { compare($file) };
    }
}

# What nobody can show is no reason to show nothing.
{
    my $rid = '8201f5' . '2a' . '8101' x 250;    # without its tag
    my ($cert, $key) = CERT_create(
        subject => { CN => 'odd' },
        ext     => [{ sn => 'subjectAltName', data => "DER:308201f988$rid" }]
    );
    my $names = CERT_asHash($cert)->{subjectAltNames};
    is_deeply(
        $names,
        [['RID', pack 'H*', "06$rid"]],
        'an object identifier that is too long for text'
    );
    CERT_free($cert);
    KEY_free($key);
}

CERT_free($ca, $all);
KEY_free($ca_key, $all_key);

done_testing;
