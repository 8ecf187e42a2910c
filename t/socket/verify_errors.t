# ssl_error_info tells each error of verification by number, name and kind.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::SSL;
use IO::Socket::SSL::Utils;
use ISS::Test;
use MIME::Base64 qw(decode_base64);
use Test::More;

my $DAY = 24 * 60 * 60;
my $NOW = time;
my $KEY = KEY_create_ec();
my (%certs, %keys);    # all that were made
my @root = made(
    CA      => 1,
    key     => KEY_create_ec(),
    subject => { CN => 'the root' }
);
my @mine = (SSL_ca_file => undef, SSL_ca => [$root[0]]);

sub made {
    my ($cert, $key) = CERT_create(@_);
    $certs{$cert} = $keys{$key} = 1;
    return ($cert, $key);
}

# A certificate under the root, or another issuer.
sub issued {
    my (%args) = @_;
    return made(
        subject    => { CN => 'v.test' },
        not_before => $NOW - $DAY,
        not_after  => $NOW + $DAY,
        issuer     => \@root,
        key        => $args{key} || ($args{CA} ? KEY_create_ec() : $KEY),
        $args{CA} ? () : (purpose => 'server'),
        %args
    );
}

sub constraint {
    my ($what) = @_;
    return {
        sn   => 'nameConstraints',
        data => "critical,$what;DNS:v.test"
    };
}

# The root, a CA below it and a leaf: what the server shows.
sub chain {
    my ($ca, %leaf) = @_;
    my @ca = issued(subject => { CN => 'a CA' }, CA => 1, %$ca);
    my ($cert, $key) = issued(issuer => \@ca, %leaf);
    return (SSL_cert => [$cert, $ca[0]], SSL_key => $key);
}

sub leaf {
    my ($cert, $key) = issued(@_);
    return (SSL_cert => $cert, SSL_key => $key);
}

# A leaf whose signature is damaged.
sub forged {
    my ($cert, $key) = issued();
    my $pem    = PEM_cert2string($cert);
    my ($body) = $pem =~ /-\n(.*)-----END/s;
    my $der    = decode_base64($body);
    substr($der, -1, 1) ^= "\1";
    return (SSL_cert => $der, SSL_key => $key);
}

sub with_root {
    my ($cert, $key) = issued();
    return (SSL_cert => [$cert, $root[0]], SSL_key => $key);
}
my @san = (subjectAltNames => [[DNS => 'v.test']]);

for my $case (
    [
        20,       'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
        [leaf()], [SSL_ca => undef, SSL_ca_file => cert('ca')]
    ],
    [18, 'DEPTH_ZERO_SELF_SIGNED_CERT', [identity('self-signed')]],
    [
        19,            'SELF_SIGNED_CERT_IN_CHAIN',
        [with_root()], [SSL_ca => undef, SSL_ca_file => cert('ca')]
    ],
    [10, 'CERT_HAS_EXPIRED',       [leaf(not_after  => $NOW - 60)]],
    [9,  'CERT_NOT_YET_VALID',     [leaf(not_before => $NOW + 3600)]],
    [7,  'CERT_SIGNATURE_FAILURE', [forged()]],
    [26, 'INVALID_PURPOSE',        [leaf(purpose => 'client')]],
    [
        undef,    # another number in OpenSSL 1.1.1
        'INVALID_CA',
        [chain({ CA => 0, purpose => 'server' })]
    ],
    [
        25,
        'PATH_LENGTH_EXCEEDED',
        [
            do {
                my @outer = issued(
                    subject => { CN => 'outer' },
                    CA      => 1,

                    ext => [
                        {
                            sn   => 'basicConstraints',
                            data => 'critical,CA:TRUE,pathlen:0'
                        }
                    ]
                );
                my @inner = issued(
                    subject => { CN => 'inner' },
                    CA      => 1,
                    issuer  => \@outer
                );
                my ($cert, $key) = issued(issuer => \@inner);
                (
                    SSL_cert => [$cert, $inner[0], $outer[0]],
                    SSL_key  => $key
                );
            }
        ]
    ],
    [
        34,
        'UNHANDLED_CRITICAL_EXTENSION',
        [leaf(ext => [{ sn => '1.2.3.4', data => 'critical,DER:0500' }])]
    ],
    [
        47,
        'PERMITTED_VIOLATION',
        [
            chain(
                { ext => [constraint('permitted')] },
                subjectAltNames => [[DNS => 'other.test']]
            )
        ]
    ],
    [
        48,
        'EXCLUDED_VIOLATION',
        [chain({ ext => [constraint('excluded')] }, @san)]
    ],
    [
        66,
        'EE_KEY_TOO_SMALL',
        [leaf(key => KEY_create_rsa(1024))],
        [SSL_cipher_list => 'DEFAULT@SECLEVEL=2']
    ],
    [
        67,
        'CA_KEY_TOO_SMALL',
        [chain({ key => KEY_create_rsa(1024) })],
        [SSL_cipher_list => 'DEFAULT@SECLEVEL=2']
    ],
    [
        68,
        'CA_MD_TOO_WEAK',
        [chain({ digest => 'sha1' })],
        [SSL_cipher_list => 'DEFAULT@SECLEVEL=2']
    ],
    [
        23,
        'CERT_REVOKED',
        [identity('revoked')],
        [SSL_check_crl => 1, SSL_crl_file => cert('crl')],
        'revoked'
    ],
    [
        12,
        'CRL_HAS_EXPIRED',
        [identity('server')],
        [SSL_check_crl => 1, SSL_crl_file => cert('crl-expired')]
    ],
    [
        3,
        'UNABLE_TO_GET_CRL',
        [identity('server')],
        [SSL_check_crl => 1, SSL_ca_file => cert('ca')]
    ],
    [
        28,
        'CERT_REJECTED',
        [identity('server')],
        [SSL_ca_file => cert('trusted-not-server')]
    ],
    [
        50,
        'APPLICATION_VERIFICATION',
        [identity('server')],
        [SSL_verify_callback => sub { 0 }],
        'refused'
    ],
  )
{
    my ($code, $name, $server, $client, $kind) = @$case;
    my %server = @$server;
    my $known  = $server{SSL_cert_file};
    $server{SSL_cert_file} = $server{SSL_key_file} = undef if !$known;
    my ($peer, $address) = tls_server(
        sub { },
        SSL_cipher_list => 'DEFAULT@SECLEVEL=0',
        %server
    );
    my $sock = IO::Socket::SSL->new(
        PeerAddr            => $address,
        SSL_verifycn_scheme => 'none',
        client_args($known ? () : @mine, @{ $client || [] })
    );
    my $info = IO::Socket::SSL->ssl_error_info || {};
    is($info->{kind}, $kind || 'verify', "$name: kind")
      or diag explain $info;
    next if $kind;
    is($info->{verify_name}, "X509_V_ERR_$name", '... name');
    is($info->{verify_code}, $code, '... number') if defined $code;
}
CERT_free($_) for keys %certs;
KEY_free($_)  for keys %keys;
done_testing();
