# check: what it finds about certificates, a server a finding.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use File::Temp qw(tempdir);
use IO::Socket::SSL;
use IO::Socket::SSL::Check::Report;
use IO::Socket::SSL::Utils;
use ISS::Check;
use ISS::Test;
use MIME::Base64 qw(decode_base64 encode_base64);
use Test::More;

my $DAY  = 86_400;
my $WEAK = 'ALL:@SECLEVEL=0';
my $dir  = tempdir(CLEANUP => 1);

# The result of a quick check of a server with this certificate of t/certs.
sub quick {
    my ($name, %args) = @_;

    return check_tls(
        { identity($name), SSL_cipher_list => $WEAK },
        quick => 1,
        name  => 'localhost',
        %args
    );
}

# A pair of files for the server, with the certificates in this order.
sub served {
    my ($key, @certs) = @_;

    PEM_certs2file("$dir/chain.pem", @certs);
    PEM_key2file($key, "$dir/chain.key");
    return {
        SSL_cert_file => "$dir/chain.pem",
        SSL_key_file  => "$dir/chain.key"
    };
}

{
    my $result = quick('server-sub', ca_file => cert('ca'));
    ids_are($result, ['missing_issuer'], 'an intermediate is missing');
    is($result->{exit},   2,     '... which is bad');
    is($result->{status}, 'bad', '... in a word');
    says(
        $result,
        'missing_issuer',
qr/sends 1 certificate, but not that of "Test Intermediate CA", which issued it/,
        qr/Install the whole chain at the server/
    );
    my $chain = $result->{addresses}[0]{chain};
    is($chain->{issuer_unknown}, 1,     '... the issuer is unknown');
    is($chain->{verified},       undef, '... nothing is verified');
}
{
    my $result = check_tls(
        {
            SSL_cert_file => cert('server-sub-chain'),
            SSL_key_file  => key('server-sub')
        },
        quick => 1,
        name  => 'localhost'
    );
    ids_are($result, [], 'a good server has no finding');
    is($result->{exit},                   0, '... and the exit code 0');
    is($result->{addresses}[0]{verified}, 1, '... it is verified');
    my $chain = $result->{addresses}[0]{chain};
    is_deeply(
        [map { $_->{subject} =~ /CN=(.*)/ } @{ $chain->{verified} }],
        ['localhost', 'Test Intermediate CA', 'Test CA'],
        '... by this chain'
    );
    my $leaf = $chain->{sent}[0];
    is_deeply(
        [@$leaf{qw(key bits signature)}],
        ['RSA', 2048, 'sha256WithRSAEncryption'],
        '... key and signature'
    );
    ok(!exists $leaf->{der}, '... without its bytes');
    cmp_ok($result->{days_left}, '>', 30_000, '... days that are left');
}
{
    my $result = quick('expired', name => 'www.example.com');
    ids_are(
        $result,
        ['expired', 'wrong_name'],
        'expired, and for another name'
    );
    says(
        $result,
        'expired',
qr/expired \d+ days ago, on 2021-01-01 00:00 UTC.*clock of this machine says 20/,
        qr/Renew it and reload the server/
    );
    says($result, 'wrong_name',
        qr/not for www\.example\.com\.  It is for: localhost, 127\.0\.0\.1/);
    cmp_ok($result->{days_left}, '<', 0, 'expired: no days are left');
}

for my $case (
    [
        'not-yet-valid', 'not_yet_valid',
        qr/becomes valid in \d+ days, on 2110-01-01/
    ],
    ['self-signed',  'self_signed',    qr/self-signed \("localhost"\)/],
    ['other-server', 'missing_issuer', qr/not that of "Other CA"/],
    ['weak-rsa',     'small_key',      qr/too small: RSA with 1024 bits/],
    ['weak-sha1',    'weak_signature', qr/broken digest: sha1WithRSA/],
    ['weak-md5',     'weak_signature', qr/broken digest: md5WithRSA/],
    ['client-only',  'purpose',        qr/must not be used by a server/],
    ['wrong-name',   'wrong_name',     qr/It is for: wrong\.invalid\./],
  )
{
    my ($name, $id, $text) = @$case;
    my $result = quick($name);
    my ($first) = @{ $result->{findings} };
    is($first->{id},       $id,   "$name is found out");
    is($first->{severity}, 'bad', '... and bad');
    says($result, $id, $text);
    is($result->{exit}, 2, '... exit code 2');
}
{
    my $result = quick('cn-only', name => 'www.example.test');
    ids_are($result, ['common_name_only'], 'only a common name');
    is($result->{exit}, 0, '... which is accepted');
}

# A month 13 in both dates; such a certificate can only be patched.
{
    my ($cert, $key) = CERT_create(
        subject         => { commonName => 'dates' },
        subjectAltNames => [[DNS => 'localhost']]
    );
    my ($text) = PEM_cert2string($cert) =~ /-----\n(.*?)-----END/s;
    my $der = decode_base64($text) =~ s/(\x17\x0d\d\d)\d\d/${1}13/gr;
    my $odd =
      PEM_string2cert("-----BEGIN CERTIFICATE-----\n"
          . encode_base64($der)
          . "-----END CERTIFICATE-----\n");
    my $result;
    my @warned = warnings_of(
        sub {
            $result = check_tls(
                served($key, $odd),
                quick => 1,
                name  => 'localhost'
            );
            says(
                $result, 'no_dates',
                qr/dates of the certificate "dates" cannot/,
                qr/issued again/
            );
            like(
                IO::Socket::SSL::Check::Report::text($result),
                qr/dates that cannot be read/,
                '... in the report, too'
            );
        }
    );
    is_deeply(\@warned, [], '... without a warning');
    is($result->{days_left}, undef, '... and nobody knows the days left');
    CERT_free($cert, $odd);
    KEY_free($key);
}

# Chains of our own
my ($root, $root_key) =
  CERT_create(CA => 1, subject => { commonName => 'Root of check' });
my ($middle, $middle_key) = CERT_create(
    CA      => 1,
    subject => { commonName => 'Middle of check' },
    issuer  => [$root, $root_key]
);
PEM_cert2file($root, "$dir/root.pem");
PEM_certs2file("$dir/both.pem", $root, $middle);

sub leaf {
    my (%more) = @_;

    return CERT_create(
        subject         => { commonName => 'leaf' },
        subjectAltNames => [[DNS => 'localhost']],
        purpose         => 'server',
        issuer          => [$middle, $middle_key],
        %more
    );
}

sub chain_result {
    my ($server, %args) = @_;

    return check_tls(
        $server,
        quick   => 1,
        name    => 'localhost',
        ca_file => "$dir/root.pem",
        %args
    );
}

{
    my ($cert, $key) = leaf();
    my ($other) = CERT_create(
        CA         => 1,
        subject    => { commonName => 'Old one' },
        issuer     => [$root, $root_key],
        not_before => time - 20 * $DAY,
        not_after  => time - 10 * $DAY
    );
    my $good = served($key, $cert, $middle);
    ids_are(chain_result($good), [], 'a whole chain');

    ids_are(
        chain_result(served($key, $cert, $root, $middle)),
        ['misordered', 'root_sent'],
        'a chain in the wrong order'
    );
    my $result = chain_result(served($key, $cert, $middle, $other));
    ids_are($result, ['expired_extra'], 'an old certificate besides');
    is_deeply($result->{addresses}[0]{chain}{extra}, [2], '... the third');
    ids_are(chain_result(served($key, $cert, $middle, $root)),
        ['root_sent'], 'the root is sent, too');

    $result = chain_result(served($key, $cert), ca_file => "$dir/both.pem");
    ids_are($result, ['missing_known'],
        'an intermediate that this machine happens to know');
    says($result, 'missing_known', qr/does not send "Middle of check"/);
    is($result->{exit}, 0, '... which works from here');

    $result = chain_result(served($key, $cert, $middle, $root),
        ca_file => cert('ca'));
    ids_are(
        $result,
        ['unknown_root', 'root_sent'],
        'a root that is not trusted'
    );
    says($result, 'unknown_root', qr/"Root of check"/, qr/--ca FILE/);
}
{
    my ($cert, $key) = leaf(not_after => time + 5 * $DAY + 3600);
    my $result = chain_result(served($key, $cert, $middle));
    ids_are($result, ['ends_soon'], 'it expires soon');
    says($result, 'ends_soon', qr/expires in 5 days, on /, qr/Renew it/);
    is($result->{exit},      1, '... exit code 1');
    is($result->{days_left}, 5, '... five whole days');
    is(chain_result(served($key, $cert, $middle), days => 3)->{exit},
        0, '... but later than three days');
}
{
    my ($cert, $key) = leaf(
        ext => [
            {
                sn   => 'authorityInfoAccess',
                data => 'caIssuers;URI:http://ca.test/middle.der'
            },
            { sn => 'tlsfeature', data => 'status_request' }
        ]
    );
    my $result = chain_result(served($key, $cert));
    says(
        $result, 'missing_issuer',
        qr/Browsers that have seen it/,
        qr{can be fetched from http://ca\.test/middle\.der}
    );
    $result = chain_result(served($key, $cert, $middle));
    ids_are($result, ['must_staple'], 'must staple, and does not');
    is_deeply(
        $result->{addresses}[0]{chain}{sent}[0]{ca_issuers},
        ['http://ca.test/middle.der'],
        '... where its issuer is'
    );
}
{
    my ($cert, $key) = leaf(key => KEY_create_ec('P-384'));
    my $result = chain_result(served($key, $cert, $middle));
    is_deeply(
        [@{ $result->{addresses}[0]{chain}{sent}[0] }{qw(key bits curve)}],
        ['EC', 384, 'P-384'],
        'a key on a curve'
    );
}
for my $case (
    [-20, -10, 'expired_ca', qr/of the CA "Old middle" expired 10 days ago/],
    [10, 20, 'not_yet_valid_ca', qr/of the CA "Old middle" is not valid yet/],
  )
{
    my ($from, $to, $id, $text) = @$case;
    my ($old, $old_key) = CERT_create(
        CA         => 1,
        subject    => { commonName => 'Old middle' },
        issuer     => [$root, $root_key],
        not_before => time + $from * $DAY,
        not_after  => time + $to * $DAY
    );
    my ($cert, $key) = leaf(issuer => [$old, $old_key]);
    my $result = chain_result(served($key, $cert, $old));
    is($result->{findings}[0]{id}, $id, "an intermediate: $id");
    says($result, $id, $text);
    is($result->{exit}, 2, '... which is bad');
}
{
    my ($cert, $key) =
      leaf(subjectAltNames => [[DNS => "\e[31mred\n.test"]]);
    my $result = chain_result(served($key, $cert, $middle));
    require IO::Socket::SSL::Check::Report;
    my $text = IO::Socket::SSL::Check::Report::text($result, colour => 1);
    unlike($text, qr/\e\[31mred/, 'a name cannot colour the terminal');
}
{
    my @names = map { 'a' x 7000 . ".b$_.example" } 1 .. 9;
    my ($cert, $key) = leaf(
        subject         => { commonName => "evil|\e[2J" . 'x' x 40 },
        subjectAltNames => [map { [DNS => $_] } @names]
    );
    my $result = chain_result(served($key, $cert, $middle));
    ids_are($result, ['wrong_name'], 'a certificate of long names');
    my $line = IO::Socket::SSL::Check::Report::monitor($result, 21);
    cmp_ok(length $line, '<', 800, '... one short line for a monitor');
    like(
        $line,
        qr/^TLS CRITICAL: .*It is for: a{90}a*\.{3}.*\.{3} \| days/,
        '... with what is left of them'
    );
    my $text = IO::Socket::SSL::Check::Report::text($result);
    is_deeply([grep { length > 110 } split /\n/, $text],
        [], '... and no long line in the report');
}
{
    my ($cert, $key) = leaf(
        subject => { commonName => 'much', organizationName => "\1" x 20_000 });
    my $result = chain_result(served($key, $cert, $middle));
    like(
        IO::Socket::SSL::Check::Report::text($result),
        qr{^ +1  /O=(?:\\x01)+\S{0,4}[.]{3}$}m,
        'a subject that is too long for a report'
    );
}
done_testing();
