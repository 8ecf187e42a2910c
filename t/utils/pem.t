# IO::Socket::SSL::Utils reads and writes certificates and keys; the errors
# for unusable ones name the problem.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use Fcntl      qw(S_IMODE);
use File::Temp qw(tempdir);
use IO::Socket::SSL::Utils;
use Test::More;

my $dir = tempdir(CLEANUP => 1);

sub slurp {
    my ($file) = @_;
    open(my $in, '<', $file) or die "$file: $!";
    local $/;
    return scalar <$in>;
}

sub spew {
    my ($file, $text, $mode) = @_;
    open(my $out, '>', $file) or die "$file: $!";
    print {$out} $text;
    close $out or die "$file: $!";
    chmod $mode, $file if defined $mode;
    return $file;
}

sub mode_of { return S_IMODE((stat $_[0])[2]) }

sub name_of { return CERT_asHash($_[0])->{subject}{commonName} }

is_deeply(
    [sort grep { /^(?:PEM|KEY|CERT)_/ && defined &$_ } keys %main::],
    [sort @IO::Socket::SSL::Utils::EXPORT],
    'all functions are exported'
);
is(
    perl_says(
        '-e',
        'use IO::Socket::SSL::Utils 2.014; print defined &KEY_free,'
          . ' !defined &SSL_VERIFY_PEER'
    ),
    '11',
    'Utils can be used alone, and loads nothing else'
);

subtest 'certificates' => sub {
    my $cert = PEM_file2cert(cert('server'));
    my $pem  = PEM_cert2string($cert);
    like(
        $pem,
        qr/\A-----BEGIN CERTIFICATE-----\n.*\n-----END CERTIFICATE-----\n\z/s,
        'a certificate is one block of PEM'
    );
    my $again = PEM_string2cert("text before\n${pem}text behind\n");
    is(PEM_cert2string($again), $pem, '... which can be read back');
    isnt($again, $cert, '... as another handle');

    ok(PEM_cert2file($cert, "$dir/cert.pem"), 'it can be written to a file');
    is(slurp("$dir/cert.pem"), $pem, '... as the same block');
    is(mode_of("$dir/cert.pem"),
        0666 & ~umask, '... that everybody may read');
    ok(PEM_cert2file($again, "$dir/cert.pem"), '... and again');
    is(slurp("$dir/cert.pem"), $pem, '... replacing the file');
    CERT_free($cert, $again);
};

subtest 'several certificates' => sub {
    my @certs = PEM_file2certs(cert_file('server-sub-chain.pem'));
    is(@certs,             2, 'all certificates of a file are read');
    is(name_of($certs[1]), 'Test Intermediate CA', '... in its order');
    ok(PEM_certs2file("$dir/chain.pem", reverse @certs), 'they are written');
    my @again = PEM_file2certs("$dir/chain.pem");
    is_deeply(
        [map { PEM_cert2string($_) } @again],
        [map { PEM_cert2string($_) } reverse @certs],
        '... in the order given'
    );
    my $first = PEM_file2cert("$dir/chain.pem");
    is(
        PEM_cert2string($first),
        PEM_cert2string($certs[1]),
        'PEM_file2cert takes the first'
    );
    my @mixed = PEM_file2certs(cert_file('server-sub-both.pem'));
    is(@mixed, 2, 'a key between them is skipped');
    CERT_free(@certs, @again, @mixed, $first);
};

subtest 'keys' => sub {
    for my $case (['RSA', KEY_create_rsa(1024)], ['EC', KEY_create_ec()]) {
        my ($kind, $key) = @$case;
        my $pem = PEM_key2string($key);
        like($pem, qr/\A-----BEGIN PRIVATE KEY-----\n/, "$kind: PKCS#8");
        my $again = PEM_string2key($pem);
        is(PEM_key2string($again), $pem, "$kind: through a string and back");
        my $file = "$dir/$kind.key";
        ok(PEM_key2file($key, $file), "$kind: it can be written");
        is(mode_of($file), 0600, '... for the owner alone');
        my $third = PEM_file2key($file);
        is(PEM_key2string($third), $pem, "$kind: through a file and back");
        KEY_free($key, $again, $third);
    }
    my $key  = KEY_create_ec();
    my $file = spew("$dir/open.key", 'x' x 10_000, 0644);
    PEM_key2file($key, $file);
    is(mode_of($file), 0600,
        'a file that everybody could read is closed to others');
    is(slurp($file), PEM_key2string($key), '... and holds the key alone');
    KEY_free($key);

    for my $old (qw(server-rsa.key server-ecdsa-ec.key)) {
        my $key = PEM_file2key(cert_file($old));
        like(PEM_key2string($key), qr/BEGIN PRIVATE KEY/, "$old can be read");
        KEY_free($key);
    }
};

subtest 'new keys' => sub {
    for my $case (
        ['2048 bits by default', sub { KEY_create_rsa() },      256],
        ['as many as asked for', sub { KEY_create_rsa(1024) },  128],
        ['undef is the default', sub { KEY_create_rsa(undef) }, 256],
      )
    {
        my ($claim, $make, $bytes) = @$case;
        my $key    = $make->();
        my ($cert) = CERT_create(key => $key);
        my $pem    = PEM_cert2string($cert);
        like(signature_of($pem), qr/\A.{$bytes}\z/s, "RSA: $claim");
        CERT_free($cert);
        KEY_free($key);
    }
    my %group = (
        'prime256v1' => "\x2a\x86\x48\xce\x3d\x03\x01\x07",
        'P-256'      => "\x2a\x86\x48\xce\x3d\x03\x01\x07",
        ''           => "\x2a\x86\x48\xce\x3d\x03\x01\x07",
        'secp384r1'  => "\x2b\x81\x04\x00\x22",
    );
    for my $curve (sort keys %group) {
        my $key = KEY_create_ec($curve);
        ok(index(der(PEM_key2string($key)), $group{$curve}) > 0,
            "EC: '$curve' names its group");
        KEY_free($key);
    }
    my ($one, $two) = (KEY_create_ec(), KEY_create_ec());
    isnt(PEM_key2string($one), PEM_key2string($two), 'no two are the same');
    KEY_free($one, $two);
};

sub der {
    my ($pem) = @_;
    require MIME::Base64;
    my ($text) = $pem =~ /-----\n(.*)\n-----END/s;
    return MIME::Base64::decode_base64($text);
}

# The signature is the last BIT STRING, as long as the key.
sub signature_of {
    my ($pem) = @_;
    my ($at)  = der($pem) =~ /\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00\x03
        (?:\x81.|\x82..)\x00(.*)\z/xs;
    return $at;
}

subtest 'freeing nothing' => sub {
    is_deeply([CERT_free()],        [], 'CERT_free without certificates');
    is_deeply([KEY_free(undef, 0)], [], 'KEY_free of undef');
    is_deeply([warnings_of(sub { CERT_free(undef) })],
        [], '... does not warn');
};

my ($cert, $key) = CERT_create();
my $garbage = cert_file('garbage.txt');

my @WRONG = (
    [
        'no such file',
        sub { PEM_file2cert("$dir/none") },
        qr{^cannot read \Q$dir\E/none: No such file}
    ],
    [
        'no such file with certificates',
        sub { PEM_file2certs("$dir/none") },
        qr{^cannot read \Q$dir\E/none: No such file}
    ],
    [
        'no such file with a key',
        sub { PEM_file2key("$dir/none") },
        qr{^cannot read \Q$dir\E/none: No such file}
    ],
    ['a folder', sub { PEM_file2cert($dir) }, qr/^cannot read \Q$dir\E: /],
    [
        'an empty file',
        sub { PEM_file2cert(cert_file('empty.pem')) },
        qr/^cannot read .*empty\.pem: the file is empty/
    ],
    [
        'no PEM',
        sub { PEM_file2cert($garbage) },
        qr/^cannot parse .*garbage\.txt as PEM X509 cert: no PEM found/
    ],
    [
        'DER',
        sub { PEM_file2key(cert_file('server-key.der')) },
        qr/^cannot parse .* as PEM private key: no PEM found/
    ],
    [
        'half a certificate',
        sub { PEM_file2cert(cert_file('cut-off.pem')) },
        qr/^cannot parse .*cut-off\.pem as PEM X509 cert: .*damaged/
    ],
    [
        'a key instead of a certificate',
        sub { PEM_string2cert(PEM_key2string($key)) },
        qr/^cannot parse string as PEM X509 cert: no certificate found/
    ],
    [
        'a certificate instead of a key',
        sub { PEM_string2key(PEM_cert2string($cert)) },
        qr/^cannot parse string as PEM private key: no private key found/
    ],
    ['no string', sub { PEM_string2cert(undef) }, qr/^no string is given/],
    ['no file',   sub { PEM_file2key(undef) },    qr/^no file is given/],
    [
        'a NUL in the name',
        sub { PEM_file2cert(cert('server') . "\0.pem") },
        qr/^the file name contains a NUL character/
    ],
    [
        'no such folder',
        sub { PEM_cert2file($cert, "$dir/none/cert.pem") },
        qr{^cannot write \Q$dir\E/none/cert\.pem: No such file}
    ],
    [
        'no such folder for a key',
        sub { PEM_key2file($key, "$dir/none/key.pem") },
        qr{^cannot write \Q$dir\E/none/key\.pem: No such file}
    ],
    [
        'no certificates to write',
        sub { PEM_certs2file("$dir/nothing.pem") },
        qr/^no certificates are given/
    ],
    [
        'not a handle',
        sub { PEM_cert2string('cert.pem') },
        qr/^cert: 'cert\.pem' is not a handle/
    ],
    ['NULL', sub { PEM_key2string(0) }, qr/^key: the handle is NULL/],
    ['freeing what is none', sub { CERT_free('x') }, qr/is not a handle/],
    [
        'no number of bits',
        sub { KEY_create_rsa('many') },
        qr/^'many' is not a number of bits/
    ],
    [
        'too few bits',
        sub { KEY_create_rsa(100) },
        qr/^cannot create an RSA key of 100 bits: .*too small/
    ],
    [
        'a negative number',
        sub { KEY_create_rsa(-1) },
        qr/^invalid RSA key size -1 /
    ],
    [
        'a huge number',
        sub { KEY_create_rsa(1e12) },
        qr/^invalid RSA key size 1000000000000 /
    ],
    [
        'no such curve',
        sub { KEY_create_ec('straight') },
        qr/^unknown curve straight/
    ],
    [
        'not a curve',
        sub { KEY_create_ec('sha256') },
        qr/^curve sha256: .*(?:invalid curve|unknown group)/
    ],
);

# A key or a pass phrase, where something else is wanted.
subtest 'messages show no secrets' => sub {
    my $pem    = PEM_key2string($key);
    my ($body) = $pem =~ /\n(.{40})/;
    my $secret = 'correct horse battery staple';
    my %call   = (
        'PEM_file2key'            => sub { PEM_file2key($_[0]) },
        'PEM_file2cert'           => sub { PEM_file2cert($_[0]) },
        'PEM_file2certs'          => sub { PEM_file2certs($_[0]) },
        'PEM_cert2file'           => sub { PEM_cert2file($cert, $_[0]) },
        'PEM_key2file'            => sub { PEM_key2file($key, $_[0]) },
        'PEM_certs2file'          => sub { PEM_certs2file($_[0], $cert) },
        'PEM_cert2string'         => sub { PEM_cert2string($_[0]) },
        'PEM_key2string'          => sub { PEM_key2string($_[0]) },
        'KEY_free'                => sub { KEY_free($_[0]) },
        'KEY_create_rsa'          => sub { KEY_create_rsa($_[0]) },
        'KEY_create_ec'           => sub { KEY_create_ec($_[0]) },
        'CERT_create, key'        => sub { CERT_create(key => $_[0]) },
        'CERT_create, issuer_key' =>
          sub { CERT_create(issuer_cert => $cert, issuer_key => $_[0]) },
        'CERT_create, not_before' => sub { CERT_create(not_before => $_[0]) },
        'CERT_create, serial'     => sub { CERT_create(serial     => $_[0]) },
        'CERT_create, unknown'    => sub { CERT_create($_[0]      => 1) },
    );
    for my $name (sort keys %call) {
        my $error = died(sub { $call{$name}->($pem) });
        unlike($error, qr/\Q$body/, "$name shows nothing of a key");
        unlike(died(sub { $call{$name}->('x' x 500) }),
            qr/x{61}/, '... nor more than the beginning of a value');
        unlike(died(sub { $call{$name}->($secret) }),
            qr/$secret/, '... nor a pass phrase')
          if $name =~ /KEY_free|key2string|CERT_create, .*key/;
    }
};

for my $case (@WRONG) {
    my ($name, $code, $text) = @$case;
    my $line  = quotemeta __FILE__;
    my $error = died($code);
    like($error, $text,                  "$name croaks");
    like($error, qr/ at $line line \d+/, '... at the line of the caller');
}
ok(!-e "$dir/nothing.pem", 'nothing is written without a certificate');

$! = 0;
died(sub { PEM_file2cert("$dir/none") });
ok($!{ENOENT}, '$! has the reason if a file cannot be read');

SKIP: {
    skip 'there is no /dev/full', 1 unless -w '/dev/full';
    like(
        died(sub { PEM_key2file($key, '/dev/full') }),
        qr/^cannot write/,
        'a full disk is an error'
    );
}

for my $write (qw(PEM_cert2file PEM_key2file)) {
    my $what = $write =~ /cert/ ? '$cert' : '$key';
    my $file = "$dir/tainted";
    like(
        perl_says(
            '-T',
            "-I$FindBin::Bin/../../blib/lib",
            "-I$FindBin::Bin/../../blib/arch",
            '-e',
            'use IO::Socket::SSL::Utils;'
              . 'my ($cert, $key) = CERT_create(subject => { CN => "x" });'
              . "eval { $write($what, \"$file\" . substr \$^X, 0, 0) };"
              . 'print $@'
        ),
        qr/^cannot write \Q$file\E: the name is tainted at /,
        "$write: a tainted name dies"
    );
    ok(!-e $file, '... and no file is made');
}

CERT_free($cert);
KEY_free($key);

done_testing;
