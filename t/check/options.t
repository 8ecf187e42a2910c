# check: responders of OCSP, TLSA records, several addresses, keys in DER.
use strict;
use warnings;

use Digest::SHA qw(sha256_hex sha512_hex);
use File::Temp  ();
use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::SSL;
use IO::Socket::SSL::Check::DER;
use IO::Socket::SSL::Check::Lookup;
use IO::Socket::SSL::Check::TLSA;
use IO::Socket::SSL::Utils;
use ISS::Check;
use ISS::OCSP;
use ISS::Test;
use Socket qw(AF_INET inet_aton pack_sockaddr_in);
use Test::More;

delete @ENV{qw(http_proxy HTTP_PROXY all_proxy ALL_PROXY CGI_HTTP_PROXY)};

# --- OCSP

# Send these bytes, and then one more as long as the peer waits, each after a
# while in which nothing comes.
sub drip {
    my ($tcp, $bytes) = @_;

    print {$tcp} $bytes;
    my $bits = '';
    vec($bits, fileno $tcp, 1) = 1;
    while (!select my $ended = $bits, undef, undef, 0.2) {
        syswrite $tcp, 'x' or last;
    }
    return;
}

SKIP: {
    my $missing = ISS::OCSP->missing;
    skip $missing, 1 if $missing;
    my $world    = ISS::OCSP->new;
    my $listener = listener();
    my $uri      = 'http://' . address($listener);
    my %leaf;
    my $serial = 0x5000;
    $leaf{$_} = $world->certificate(serial => ++$serial, uri => "$uri/$_")
      for qw(good revoked silent flood);
    my ($responder) = $world->responder(
        sub {
            my ($path, $body) = @_;
            my ($name) = $path =~ m{^/(\w+)};
            return                             if $name eq 'silent';
            return ('200 OK', 'x' x 2_000_000) if $name eq 'flood';
            return ('200 OK',
                $world->response(of => $leaf{$name}, status => $name));
        },
        $listener
    );
    my $ask = sub {
        my ($leaf, %args) = @_;
        return check_tls(
            { SSL_cert_file => $leaf->{cert}, SSL_key_file => $leaf->{key} },
            quick => 1,
            name  => 'localhost',
            ocsp  => 1,
            %args
        );
    };

    my $result = $ask->($leaf{good});
    ids_are($result, [], 'a responder says good');
    is($result->{addresses}[0]{ocsp}{status}, 'good', '... which is told');
    $result = $ask->($leaf{revoked});
    ids_are($result, ['ocsp_revoked'], 'a responder says revoked');
    is($result->{exit}, 2, '... which is bad');
    says($result, 'ocsp_revoked', qr/status is revoked since/);
    $result = $ask->($leaf{silent}, timeout => 0.5);
    ids_are($result, ['ocsp_unknown'], 'a responder says nothing');
    is($result->{exit}, 0, '... which is no fault of the server');
    cmp_ok($result->{seconds}, '<', 5, '... and is not waited for');
    ids_are($ask->($leaf{flood}),
        ['ocsp_unknown'], 'a responder says too much');

    # Responders that keep to no protocol: what they do after the request.
    my %does = (
        'closes at once' => sub { },
        'sends rubbish'  => sub { print { $_[0] } "\xff\0rubbish\r\n" x 100 },
        'answers rubbish' => sub {
            print { $_[0] }
              "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nrubbish";
        },
        'sends 10 MB' => sub {
            print { $_[0] } "HTTP/1.1 200 OK\r\n\r\n";
            for (1 .. 160) { print { $_[0] } 'x' x 65_536 or last }
        },
        'never ends its headers' => sub {
            print { $_[0] } "HTTP/1.1 200 OK\r\n";
            for (; ;) { syswrite $_[0], "X-More: yes\r\n" or last }
        },
        'drips'         => sub { drip($_[0], "HTTP/1.1 200 OK\r\nX-Slow: ") },
        'never answers' => sub { readline $_[0] },
    );
    for my $how (sort keys %does) {
        my ($peer, $address) = plain_server(
            sub {
                my ($tcp) = @_;
                local $SIG{PIPE} = 'IGNORE';
                $tcp->autoflush(1);
                sysread $tcp, my $request, 4096;
                $does{$how}->($tcp);
            }
        );
        my $leaf = $world->certificate(
            serial => ++$serial,
            uri    => "http://$address/"
        );
        my $got = $ask->($leaf, timeout => 2, deadline => 2);
        is($got->{addresses}[0]{ocsp}{status},
            'unknown', "a responder that $how");
    }

    my $staple = $world->response(of => $leaf{revoked}, status => 'revoked');
    my ($server, $port) =
      $world->stapling_server($leaf{revoked}, $staple);
    $result = check_at("127.0.0.1:$port", quick => 1, name => 'localhost');
    ids_are($result, ['revoked'], 'a staple that says revoked');
    ($server, $port) = $world->stapling_server($leaf{good},
        $world->response(of => $leaf{good}));
    $result = check_at("127.0.0.1:$port", quick => 1, name => 'localhost');
    is($result->{addresses}[0]{connection}{stapled}, 1, 'a good staple');
}

# --- DANE

my $leaf_der = IO::Socket::SSL::Check::DER::of_pem(
    PEM_cert2string(PEM_file2cert(cert('server-sub'))));
my $leaf_key = IO::Socket::SSL::Check::DER::facts($leaf_der)->{spki};
my $sub_der  = IO::Socket::SSL::Check::DER::of_pem(
    PEM_cert2string(PEM_file2cert(cert('sub-ca'))));
our @CHAIN = (
    SSL_cert_file => cert('server-sub-chain'),
    SSL_key_file  => key('server-sub')
);

sub with_tlsa {
    my ($records, %args) = @_;

    return check_tls(
        {@CHAIN},
        quick => 1,
        name  => 'localhost',
        tlsa  => $records,
        %args
    );
}

for my $case (
    ['3 1 1' => sha256_hex($leaf_key)],
    ['3 1 2' => uc sha512_hex($leaf_key)],
    ['3 0 0' => unpack 'H*', $leaf_der],
    ['2 0 1' => sha256_hex($sub_der)],
    ['1 0 1' => sha256_hex($leaf_der)],
    ['0 0 1' => sha256_hex($sub_der)],
  )
{
    my ($form, $hex) = @$case;
    my $result = with_tlsa([[split(/ /, $form), $hex]]);
    ids_are($result, [], "TLSA $form");
    is_deeply($result->{addresses}[0]{dane}{matching},
        [$form], '... matches');
}
{
    my $wrong = sha256_hex('x');
    my $result =
      with_tlsa([[3, 1, 1, $wrong], [2, 0, 1, $wrong], [9, 9, 9, '']]);
    ids_are($result, ['dane'], 'no record matches');
    is($result->{addresses}[0]{dane}{usable}, 2, '... of two');
    is($result->{exit},                       2, '... which is bad');
    ids_are(with_tlsa([[2, 1, 1, sha256_hex($leaf_key)]]),
        ['dane'], 'usage 2 is not for the leaf');
    ids_are(with_tlsa([[9, 9, 9, 'ff']]),
        ['dane_unusable'], 'no record can be used');
    ids_are(
        with_tlsa(
            [[1, 0, 1, sha256_hex($leaf_der)]],
            ca_file => cert('other-ca')
        ),
        ['missing_issuer', 'dane_needs_ca'],
        'usage 1 without the CA'
    );
    $result = with_tlsa([[2, 0, 1, sha256_hex($sub_der)]],
        ca_file => cert('other-ca'));
    ids_are($result, ['missing_issuer'], 'usage 2 needs no CA');
    is_deeply($result->{addresses}[0]{dane}{matching},
        ['2 0 1'], '... and matches');
}

# A certificate that is sent, but has issued nothing.
{
    my $file = File::Temp->new;
    for my $name (qw(server-sub-chain other-ca)) {
        open my $in, '<', cert($name) or die "$name: $!";
        print {$file} readline $in;
    }
    close $file or die $!;
    my $hex = sha256_hex(
        IO::Socket::SSL::Check::DER::of_pem(
            PEM_cert2string(PEM_file2cert(cert('other-ca')))
        )
    );
    local @CHAIN =
      (SSL_cert_file => "$file", SSL_key_file => key('server-sub'));
    for my $usage (0, 2) {
        my $result = with_tlsa([[$usage, 0, 1, $hex]]);
        is_deeply([grep { /dane/ } map { $_->{id} } @{ $result->{findings} }],
            ['dane'], "usage $usage: a certificate beside the chain");
        is($result->{exit}, 2, '... is bad');
    }
}
{
    local @INC = (
        sub {
            die "it is hidden\n" if $_[1] eq 'Net/DNS.pm';
            return;
        },
        @INC
    );
    local $INC{'Net/DNS.pm'};
    delete $INC{'Net/DNS.pm'};
    my $result = with_tlsa(undef, dane => 1);
    ids_are($result, ['dane_missing'], '--dane without Net::DNS');
    says($result, 'dane_missing', qr/needs the module Net::DNS/,
        qr/libnet-dns-perl/);
    is($result->{tlsa}{status}, 'missing', '... in a word');
}

# A resolver that says what it is told.
{

    package ISS::Check::Resolver;

    our ($asked, %says);

    sub new          { return bless {}, shift }
    sub errorstring  { return 'timed out' }
    sub send         { $asked = $_[1]; return $says{failed} ? undef : $_[0] }
    sub header       { return $_[0] }
    sub rcode        { return $says{rcode} || 'NOERROR' }
    sub ad           { return $says{ad} }
    sub answer       { return $says{records} ? $_[0] : () }
    sub type         { return 'TLSA' }
    sub usage        { return $says{records}[0] }
    sub selector     { return $says{records}[1] }
    sub matchingtype { return $says{records}[2] }
    sub certbin      { return $says{records}[3] }
}

for my $case (
    [[failed => 1],           ['dane_lookup'],   'failed'],
    [[rcode => 'SERVFAIL'],   ['dane_lookup'],   'failed'],
    [[rcode => 'NXDOMAIN'],   ['dane_none'],     'none'],
    [[],                      ['dane_none'],     'none'],
    [[records => 1],          ['dane_insecure'], 'insecure'],
    [[records => 1, ad => 1], [],                'secure'],
  )
{
    my ($says, $ids, $status) = @$case;
    no warnings 'once';
    local $INC{'Net/DNS.pm'} = 'here';
    local @Net::DNS::Resolver::ISA = ('ISS::Check::Resolver');
    %ISS::Check::Resolver::says = @$says;
    $ISS::Check::Resolver::says{records} =
      [3, 1, 1, Digest::SHA::sha256($leaf_key)]
      if $ISS::Check::Resolver::says{records};
    my $result = with_tlsa(undef, dane => 1);
    ids_are($result, $ids, "a look-up of TLSA records: @$says");
    is($result->{tlsa}{status}, $status, "... $status");
    like($ISS::Check::Resolver::asked,
        qr/^_\d+\._tcp\.localhost$/, '... of the service');
}

# --- several addresses

sub at_addresses {
    my ($port, @texts) = @_;

    no warnings 'redefine';
    local *IO::Socket::SSL::Check::Lookup::addresses = sub {
        return [
            map {
                {
                    sockaddr => pack_sockaddr_in($port, inet_aton($_)),
                    number   => AF_INET,
                    family   => 'IPv4',
                    text     => $_
                }
            } @texts
        ];
    };
    return check_at("many.test:$port", name => 'localhost', timeout => 5);
}

{
    my ($server, $address) = tls_server(
        sub {
            eval { read_all($_[0]) };
            return;
        },
        listener => listener(LocalAddr => '0.0.0.0')
    );
    my ($port) = $address =~ /:(\d+)$/;
    my $result = at_addresses($port, map { "127.0.0.$_" } 1 .. 12);
    is($result->{handshakes}, 40, '40 handshakes with twelve addresses');
    is((grep { $_->{verified} } @{ $result->{addresses} }),
        12, '... all are verified');
    ids_are($result, ['left_out'], '... and what is left out is told');
    is($result->{exit}, 0, '... but no fault');

    $result = at_addresses($port, map { "127.0.0.$_" } 1 .. 45);
    is($result->{handshakes}, 40, '40 handshakes with 45 addresses');
    is($result->{exit},       2,  '... which is not enough');
}
{
    my ($server, $address) = tls_server(
        sub {
            eval { read_all($_[0]) };
            return;
        }
    );
    my ($port) = $address =~ /:(\d+)$/;
    my $result = at_addresses($port, '127.0.0.1', '127.0.0.9');
    ids_are($result, ['refused'], 'one of two addresses refuses');
    is($result->{exit}, 2, '... which is bad, for clients will meet it');
    is_deeply($result->{findings}[0]{addresses},
        ['127.0.0.9'], '... this one');
}

# --- keys in DER

for my $case (
    [[KEY_create_rsa(1024)],       'RSA', 1024,  undef],
    [[KEY_create_ec('P-256')],     'EC',  256,   'P-256'],
    [[KEY_create_ec('P-521')],     'EC',  521,   'P-521'],
    [[KEY_create_ec('secp256k1')], 'EC',  256,   'secp256k1'],
    [[KEY_create_ec('sect283k1')], 'EC',  undef, undef],
  )
{
    my ($key, @expected) = @$case;
    my ($cert) = CERT_create(key => @$key);
    my $facts = IO::Socket::SSL::Check::DER::facts(
        IO::Socket::SSL::Check::DER::of_pem(PEM_cert2string($cert)));
    is_deeply([@$facts{qw(key bits curve)}],
        \@expected, join ' ', 'a key:', grep { defined } @expected);
}
{
    my $whole = $leaf_der;
    my @died =
      grep { defined }
      map {
        my $cut = substr $whole, 0, $_;
        died(sub { IO::Socket::SSL::Check::DER::facts($cut) })
      } 0 .. length $whole;
    is("@died", '', 'DER that is cut off anywhere');
    is(IO::Socket::SSL::Check::DER::facts($_)->{key},
        'RSA', 'a certificate of version 1')
      for IO::Socket::SSL::Check::DER::of_pem(
        PEM_cert2string((CERT_create(version => 0))[0]));
}

# --- object identifiers, as bytes (X.690, 8.19)

for my $case (
    ['2a8648ce3d0301', '1.2.840.10045.3.1'],
    ['00',             '0.0'],
    ['27',             '0.39'],
    ['28',             '1.0'],
    ['4f',             '1.39'],
    ['50',             '2.0'],
    ['60864801',       '2.16.840.1'],
    ['8837',           '2.999'],
    ['883703',         '2.999.3'],
    ['8f7f',           '2.1967'],
    ['2a8fffffff7f',   '1.2.4294967295'],
    ['2a818080808000', '1.2.34359738368'],
    [
        '6983' . ('ff' x 17) . '7f',
        '2.25.340282366920938463463374607431768211455'
    ],
    ['2a86',                   ''],
    ['88',                     ''],
    ['',                       ''],
    ['2a' . '81' x 100 . '01', ''],
  )
{
    my ($hex, $expected) = @$case;
    is(
        IO::Socket::SSL::Check::DER::_oid(
            { tag => 6, content => pack 'H*', $hex }
        ),
        $expected,
        "an object identifier: " . ($expected || "none in $hex")
    );
}
is(IO::Socket::SSL::Check::DER::_oid({ tag => 2, content => '*' }),
    '', '... nor in something else');
done_testing();
