# SSL_fingerprint accepts a matching certificate whatever else is wrong with
# it; with SSL_force_fingerprint no other certificate is accepted.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

# The fingerprint of a certificate's file, by the openssl command.
sub digest_of {
    my ($name, $algo) = @_;
    my $said =
      openssl('x509', '-in', cert($name), '-noout', '-fingerprint', "-$algo");
    my ($hex) = $said =~ /=([0-9A-F:]+)$/ or die "openssl said: $said";
    return $hex;
}

sub openssl {
    my @words = @_;
    open(my $out, '-|', 'openssl', @words) or return '';
    local $/;
    return scalar <$out>;
}

plan skip_all => 'there is no openssl command'
  unless eval { openssl('version') } =~ /^OpenSSL/;

my $OTHER = 'sha256$' . '00' x 32;
my @CRL   = (SSL_check_crl => 1, SSL_crl_file => cert_file('crl.pem'));

# problem => [certificate, arguments of the verifying client]
my %BAD = (
    'self-signed'      => ['self-signed'],
    'expired'          => ['expired'],
    'not yet valid'    => ['not-yet-valid'],
    'by an unknown CA' => ['other-server'],
    'for another name' => ['wrong-name'],
    'for clients only' => ['client-only'],
    'revoked'          => ['revoked', @CRL],
    'without a CRL' => ['server',   SSL_check_crl   => 1],
    'too weak'      => ['weak-rsa', SSL_cipher_list => 'DEFAULT:@SECLEVEL=2'],
);

sub error_with {
    my ($version, $identity, @args) = @_;
    return (
        handshake_errors(
            version => $version,
            mine    => {@args},
            theirs  => {
                identity($identity), SSL_cipher_list => 'DEFAULT:@SECLEVEL=0'
            }
        )
    )[0];
}

each_version(
    sub {
        my ($version) = @_;

        for my $what (sort keys %BAD) {
            my ($name, @args) = @{ $BAD{$what} };
            my $right = digest_of($name, 'sha256');
            isnt(error_with($version, $name, @args),
                '', "a certificate $what is refused without a fingerprint");
            like(
                error_with($version, $name, @args, SSL_fingerprint => $OTHER),
                qr/verif(?:y|ication) failed/,
                '... and with a wrong one'
            );
            is(
                error_with(
                    $version, $name, @args, SSL_fingerprint => $right
                ),
                '',
                '... and accepted with the right one'
            );
        }
    }
);

subtest 'a name that no certificate can have' => sub {
    my @name = (SSL_verifycn_name => 'not valid');
    my %mine = (SSL_ca_file => cert('ca'), @name);
    my $good = 'sha256$' . digest_of('server', 'sha256');

    is((handshake_errors(mine => { %mine, SSL_fingerprint => $good }))[0],
        '', 'a fingerprint that matches accepts the server');
    isnt((handshake_errors(mine => { %mine, SSL_fingerprint => $OTHER }))[0],
        '', '... another one does not');
    isnt((handshake_errors(mine => {%mine}))[0],
        '', '... nor does a trusted CA alone');
};

subtest 'formats' => sub {
    my ($sock, $peer) = tls_pair();
    my $key    = $sock->get_fingerprint('sha256', undef, 1);
    my $sha256 = digest_of('server', 'sha256');
    my %forms  = (
        'sha256 with colons'       => $sha256,
        'sha1'                     => digest_of('server', 'sha1'),
        'md5'                      => digest_of('server', 'md5'),
        'sha512, in lower case'    => lc digest_of('server', 'sha512'),
        'no colons'                => $sha256 =~ tr/://dr,
        'an algorithm'             => "sha256\$$sha256",
        'an algorithm in capitals' => "SHA256\$$sha256",
        'an algorithm that is never guessed' => 'sha384$'
          . digest_of('server', 'sha384'),
        'of the key'            => $key,
        'of the key, by length' => $key =~ s/^sha256\$//r,
        'one of a list'         => [$OTHER, $sha256],
    );
    for my $form (sort keys %forms) {
        is(
            error_with(
                undef, 'server',
                SSL_fingerprint       => $forms{$form},
                SSL_force_fingerprint => 1
            ),
            '', $form
        );
    }
};

subtest 'malformed' => sub {
    my %bad = (
        'not hexadecimal'           => ['xyz',       qr/not a hexadecimal/],
        'an odd number of digits'   => ['sha1$abc',  qr/odd/],
        'too short for the digest'  => ['sha1$abcd', qr/wrong number/],
        'too long for any digest'   => ['ab' x 500,  qr/too many/],
        'no digest has that length' => ['ab' x 21,   qr/no known digest/],
        'no digits at all'          => ['sha256$',   qr/wrong number/],
        'an unknown digest'         => ['foo$abcd',  qr/unknown digest/],
        'an empty name of a digest' => ['$abcd',     qr/digest is empty/],
        'a name that is too long'   => ['a' x 99 . '$ab', qr/or too long/],
        'text after the digest'     => ['sha1$key$' . 'ab' x 20, qr/"pub/],
        'a bad one in a list' => [[$OTHER, 'xyz'], qr/not a hexadecimal/],
        'a NUL'               => ["ab\0cd",        qr/not a hexadecimal/],
    );
    for my $what (sort keys %bad) {
        my ($text, $why) = @{ $bad{$what} };
        my $error = refused(
            sub {
                IO::Socket::SSL::SSL_Context->new(SSL_fingerprint => $text);
            }
        );
        like($error, $why, "$what: SSL_Context->new returns an empty list");
        like($error, qr/^SSL_fingerprint/, '... and names the option');
        my $ctx = IO::Socket::SSL::SSL_Context->new(client_args());
        my ($tcp, $peer) = raw_pair(sub { });
        $error = refused(
            sub {
                IO::Socket::SSL->start_SSL(
                    $tcp,
                    SSL_reuse_ctx   => $ctx,
                    SSL_fingerprint => $text
                );
            }
        );
        like($error, $why, '... and so does start_SSL');
    }
    like(
        died(
            sub {
                IO::Socket::SSL::SSL_Context->new(SSL_fingerprint => {});
            }
        ),
        qr/^SSL_fingerprint must be/,
        'a reference makes the call die'
    );
};

subtest 'values that count as not given' => sub {
    for my $none (undef, '', []) {
        is(error_with(undef, 'server', SSL_fingerprint => $none),
            '', 'a good certificate is accepted');
        isnt(error_with(undef, 'self-signed', SSL_fingerprint => $none),
            '', '... and a bad one is not');
    }
};

each_version(
    sub {
        my ($version) = @_;

        my @forced = (SSL_force_fingerprint => 1, SSL_fingerprint => $OTHER);
        my ($ours, $theirs) =
          handshake_errors(version => $version, mine => {@forced});
        like(
            $ours,
            qr/certificate verify failed: the certificate does not match SSL_f/,
            'forced, a good certificate without it is refused'
        );
        my $has = 'sha256$' . lc digest_of('server', 'sha256') =~ tr/://dr;
        like($ours, qr/\Q$has\E/,
            '... the error has the fingerprint of the certificate');
        like($ours, qr{/CN=localhost}, '... and the subject');
        like(
            $theirs,
            qr/alert bad certificate/,
            '... and the server gets an alert'
        );

        like(
            error_with($version, 'server', SSL_force_fingerprint => 1),
            qr/does not match SSL_fingerprint/,
            'forced without a fingerprint, nothing is accepted'
        );
        like(
            error_with(
                $version, 'server', @forced, SSL_verify_mode => 0
            ),
            qr/does not match SSL_fingerprint/,
            'SSL_VERIFY_NONE does not override it'
        );
        is(
            error_with(
                $version, 'server',
                SSL_verify_mode => 0,
                SSL_fingerprint => $OTHER
            ),
            '',
            'without SSL_force_fingerprint it does'
        );
    }
);

subtest 'a server checks its clients' => sub {
    each_version(
        sub {
            my ($version) = @_;
            my $error = sub {
                my ($args, @identity) = @_;
                return (
                    handshake_errors(
                        version => $version,
                        role    => 'server',
                        mine    => {@$args},
                        theirs  => {@identity}
                    )
                )[0];
            };
            my $right = digest_of('other-client', 'sha256');
            my @asks  = (SSL_verify_mode => 1, SSL_ca_file => cert('ca'));
            isnt($error->([@asks], identity('other-client')),
                '', 'a certificate of an unknown CA is refused');
            is(
                $error->(
                    [@asks, SSL_fingerprint => $right],
                    identity('other-client')
                ),
                '',
                '... and accepted by fingerprint'
            );
            my @forced =
              (SSL_fingerprint => $right, SSL_force_fingerprint => 1);
            is($error->([@forced], identity('other-client')),
                '', 'SSL_force_fingerprint asks for a certificate');
            like(
                $error->([@forced]),
                qr/did not return a certificate/,
                '... and refuses a client without one'
            );
            like(
                $error->([@forced], identity('client')),
                qr/does not match SSL_fingerprint/,
                '... and a client with another'
            );
        }
    );
};

subtest 'fingerprints of contexts and of connections' => sub {
    my $right = digest_of('self-signed', 'sha256');
    my $ctx   = IO::Socket::SSL::SSL_Context->new(
        SSL_ca_file     => cert('ca'),
        SSL_fingerprint => $right
    );
    my $plain = IO::Socket::SSL::SSL_Context->new(SSL_ca_file => cert('ca'));
    is(error_with(undef, 'self-signed', SSL_reuse_ctx => $ctx),
        '', "a connection without its own uses its context's");
    isnt(
        error_with(
            undef, 'self-signed',
            SSL_reuse_ctx   => $ctx,
            SSL_fingerprint => $OTHER
        ),
        '',
        "... one with its own does not"
    );
    isnt(
        error_with(
            undef, 'server',
            SSL_reuse_ctx         => $ctx,
            SSL_force_fingerprint => 1
        ),
        '',
        '... and may force it'
    );
    is(
        error_with(
            undef, 'self-signed',
            SSL_reuse_ctx   => $plain,
            SSL_fingerprint => $right
        ),
        '',
        "a connection's own works with any context"
    );
    isnt(error_with(undef, 'self-signed', SSL_reuse_ctx => $plain),
        '', '... and does not change the context');
};

subtest "a user's callback does not decide" => sub {
    is(
        error_with(
            undef, 'self-signed',
            SSL_verify_callback => sub { 0 },
            SSL_fingerprint     => digest_of('self-signed', 'sha1')
        ),
        '',
        'it cannot refuse a certificate that the fingerprint accepts'
    );
    my $right = 'sha256$' . lc digest_of('server', 'sha256') =~ tr/://dr;
    like(
        error_with(
            undef, 'server',
            SSL_verify_callback   => sub { 1 },
            SSL_force_fingerprint => 1,
            SSL_fingerprint       => $OTHER
        ),
        qr/\Q$right\E/,
        'it cannot accept one that SSL_force_fingerprint refuses'
    );
};

subtest 'get_fingerprint' => sub {
    my ($sock, $peer) = tls_pair();
    my %hex =
      map { $_ => lc digest_of('server', $_) =~ tr/://dr } qw(sha1 sha256);
    is($sock->get_fingerprint,         "sha256\$$hex{sha256}", 'by default');
    is($sock->get_fingerprint('sha1'), "sha1\$$hex{sha1}",     'as sha1');
    is(unpack('H*', $sock->get_fingerprint_bin),
        $hex{sha256}, 'in bytes, by default');
    is(unpack('H*', $sock->get_fingerprint_bin('sha1')),
        $hex{sha1}, '... as sha1');
    my $handle = $sock->peer_certificate;
    is(
        IO::Socket::SSL->get_fingerprint(undef, $handle),
        "sha256\$$hex{sha256}",
        'of a handle, without a connection'
    );

    my ($twin, $twin_peer) =
      tls_pair(theirs => { identity('server-ecdsa') });
    isnt(
        $sock->get_fingerprint('sha256', undef, 1),
        $twin->get_fingerprint('sha256', undef, 1),
        'keys have different fingerprints'
    );
    like(
        $sock->get_fingerprint('sha256', undef, 1),
        qr/^sha256\$pub\$[0-9a-f]{64}$/,
        'the form of a key'
    );
    is(
        'sha256$pub$'
          . unpack('H*', $sock->get_fingerprint_bin('sha256', undef, 1)),
        $sock->get_fingerprint('sha256', $handle, 1),
        'in bytes, of a handle, of the key'
    );
    like(
        died(sub { $sock->get_fingerprint('foo') }),
        qr/unknown digest 'foo' at \Q$0\E/,
        'an unknown digest'
    );
    is_deeply([IO::Socket::SSL->get_fingerprint],
        [], 'without a certificate: the empty list');
    like($SSL_ERROR, qr/no peer certificate/, '... and an error');
};

done_testing;
