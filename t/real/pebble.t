# pebble, an ACME authority for tests, checks a server of ours by tls-alpn-01 and
# issues a certificate, which the server takes up without a restart.
use strict;
use warnings;

use Digest::SHA qw(sha256);
use File::Copy  qw(copy);
use File::Temp  qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";
use HTTP::Tiny;
use IO::Socket::SSL;
use IO::Socket::SSL::Utils;
use ISS::OpenSSL;
use ISS::Program;
use ISS::Test;
use JSON::PP     qw(decode_json encode_json);
use MIME::Base64 qw(decode_base64 encode_base64url);
use Test::More;

my $pebble = ISS::Program->find('pebble');
plan skip_all => 'there is no pebble'          if !$pebble;
plan skip_all => 'there is no openssl command' if !find_openssl();
my (undef, %env) = ISS::Program->unpacked($pebble);
my $dir = tempdir('iss-pebble-XXXXXX', TMPDIR => 1, CLEANUP => 1);

# --- our server: it answers challenges that a file tells of

copy(cert('server'), "$dir/server.pem") or die $!;
copy(key('server'),  "$dir/server.key") or die $!;
my ($server, $address) = tls_server(
    sub { print { $_[0] } "hello\n" },
    SSL_cert_file => "$dir/server.pem",
    SSL_key_file  => "$dir/server.key",
    SSL_reload    => 1e-6,
    SSL_reload_callback => sub { },
    SSL_acme      => sub {
        my (undef, $name) = @_;
        my ($wanted, $authorization) = split ' ', slurp("$dir/challenge");
        return $name eq $wanted ? $authorization : undef;
    }
);
my ($tls_port) = $address =~ /(\d+)$/;

# --- pebble

my ($port, $management) = map { listener()->sockport } 1, 2;
spew(
    'config.json',
    encode_json(
        {
            pebble => {
                listenAddress           => "127.0.0.1:$port",
                managementListenAddress => "127.0.0.1:$management",
                certificate             => cert('server'),
                privateKey              => key('server'),
                httpPort                => 9,
                tlsPort                 => $tls_port + 0,
                ocspResponderURL        => ''
            }
        }
    )
);
my $authority = ISS::Program->start(
    [$pebble, '-config' => "$dir/config.json"],
    env => { %env, PEBBLE_VA_NOSLEEP => 1, PEBBLE_WFE_NONCEREJECT => 0 }
);
$authority->wait_for_port($port);

# --- an ACME client (RFC 8555), with the keys of the openssl command

my $http = HTTP::Tiny->new(
    verify_SSL  => 1,
    SSL_options => { SSL_ca_file => cert('ca') }
);
openssl('genrsa', '-out' => "$dir/account.key", 2048);
my ($modulus) =
  openssl('rsa', '-in' => "$dir/account.key", '-noout', '-modulus') =~
  /Modulus=(\w+)/;
my %jwk =
  (e => 'AQAB', kty => 'RSA', n => encode_base64url(pack 'H*', $modulus));
my $thumbprint = encode_base64url(
    sha256(qq({"e":"$jwk{e}","kty":"$jwk{kty}","n":"$jwk{n}"})));
my ($account, $nonce);
my $directory =
  decode_json($http->get("https://127.0.0.1:$port/dir")->{content});
$nonce = $http->head($directory->{newNonce})->{headers}{'replay-nonce'};

my $answer = post($directory->{newAccount}, { termsOfServiceAgreed => \1 });
is($answer->{status}, 201, 'an account') or diag $answer->{content};
$account = $answer->{headers}{location};
$answer  = post($directory->{newOrder},
    { identifiers => [{ type => 'ip', value => '127.0.0.1' }] });
is($answer->{status}, 201, 'an order') or diag $answer->{content};
my $order_url     = $answer->{headers}{location};
my $order         = decode_json($answer->{content});
my $authorization = read_url($order->{authorizations}[0]);
my ($challenge) =
  grep { $_->{type} eq 'tls-alpn-01' } @{ $authorization->{challenges} };
ok($challenge, 'a challenge by tls-alpn-01');
spew('challenge', "127.0.0.1 $challenge->{token}.$thumbprint");
post($challenge->{url}, {});
my $state = wait_for($order->{authorizations}[0], qw(valid invalid));
is($state->{status}, 'valid', 'pebble accepts the answer of SSL_acme')
  or diag explain($state), $authority->output;

openssl('ecparam', '-name' => 'prime256v1', '-genkey', '-noout',
    '-out' => "$dir/next.key");
openssl(
    'req', '-new', '-key' => "$dir/next.key",
    '-subj'   => '/O=ours',
    '-addext' => 'subjectAltName=IP:127.0.0.1',
    '-outform' => 'DER',
    '-out'     => "$dir/csr"
);
post($order->{finalize}, { csr => encode_base64url(slurp("$dir/csr")) });
$order = wait_for($order_url, qw(valid invalid));
is($order->{status}, 'valid', '... and issues') or diag explain($order);
my $chain = post($order->{certificate}, undef)->{content};

# --- the result is put in place, in two steps

is(shown(), 'Test CA', 'the server has its old certificate');
rename "$dir/next.key", "$dir/server.key" or die $!;
is(shown(), 'Test CA', '... still');
spew('next.pem', $chain);
rename "$dir/next.pem", "$dir/server.pem" or die $!;
like(shown(), qr/^Pebble/, '... and then serves the one that pebble issued');
my $root = $http->get(
    "https://127.0.0.1:$management/roots/0")->{content};
spew('root.pem', $root);
my $sock = IO::Socket::SSL->new(
    PeerAddr    => $address,
    SSL_ca_file => "$dir/root.pem"
);
ok($sock, '... which verifies for 127.0.0.1') or diag $SSL_ERROR;
is($sock && <$sock>, "hello\n", '... and works');

done_testing();

# The common name of the issuer of what the server shows.
sub shown {
    my $client =
      IO::Socket::SSL->new(PeerAddr => $address, SSL_verify_mode => 0)
      or return $SSL_ERROR;
    return CERT_asHash($client->peer_certificate)->{issuer}{commonName};
}

# A signed request (RFC 8555 section 6.2); undef as payload: POST-as-GET.
sub post {
    my ($url, $payload) = @_;

    my %protected = (
        alg   => 'RS256',
        nonce => $nonce,
        url   => $url,
        $account ? (kid => $account) : (jwk => \%jwk)
    );
    my $protected = encode_base64url(encode_json(\%protected));
    my $body =
      defined $payload ? encode_base64url(encode_json($payload)) : '';
    spew('signed', "$protected.$body");
    openssl('dgst', '-sha256', '-sign' => "$dir/account.key",
        '-out' => "$dir/signature", "$dir/signed");
    my $got = $http->post(
        $url,
        {
            headers => { 'Content-Type' => 'application/jose+json' },
            content => encode_json(
                {
                    protected => $protected,
                    payload   => $body,
                    signature => encode_base64url(slurp("$dir/signature"))
                }
            )
        }
    );
    $nonce = $got->{headers}{'replay-nonce'} || $nonce;
    return $got;
}

sub read_url { return decode_json(post($_[0], undef)->{content}) }

# Ask until the object has one of these states.
sub wait_for {
    my ($url, @states) = @_;

    while (1) {
        my $object = read_url($url);
        return $object if grep { $object->{status} eq $_ } @states;
        ## no critic (ProhibitSleepViaSelect)
        select undef, undef, undef, 0.05;
    }
    return;
}

sub openssl {
    my (@command) = @_;
    my ($status, $said) = ISS::Program->run([find_openssl(), @command]);
    die "openssl @command: $said" if $status;
    return $said;
}

sub slurp {
    my ($file) = @_;
    open my $in, '<:raw', $file or die "$file: $!";
    local $/;
    return scalar <$in>;
}

sub spew {
    my ($name, $bytes) = @_;
    open my $out, '>:raw', "$dir/$name" or die "$name: $!";
    print {$out} $bytes;
    close $out or die "$name: $!";
    return;
}
