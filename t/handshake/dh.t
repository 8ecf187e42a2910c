# The Diffie-Hellman group of a server, as openssl s_client sees it in the
# ServerKeyExchange, and the curves that both sides may use.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::SSL;
use ISS::NetSSLeay ();
use ISS::OpenSSL;
use ISS::Test;
use MIME::Base64 qw(decode_base64);
use Test::More;

my $DHE     = 'DHE-RSA-AES128-GCM-SHA256';
my $openssl = find_openssl();

ok(IO::Socket::SSL->can_ecdh, 'can_ecdh');

# The prime in a file: the first INTEGER, in either format.
sub prime_in {
    my ($file) = @_;

    open my $in, '<', $file or die "$file: $!";
    my $der    = decode_base64(join '', grep { !/^-/ } <$in>);
    my $length = qr/\x81.|\x82../s;
    $der =~ /^\x30$length\x02(?:\x81(.)|\x82(..))(?=\0)/s
      or die "$file: not DER";
    my $size = hex unpack 'H*', defined $1 ? $1 : $2;
    return unpack 'H*', substr($der, $+[0] + 1, $size - 1);
}

# The prime of the ServerKeyExchange (RFC 5246, 7.4.3) in the output of
# s_client -msg; undef if there is none.
sub prime_seen {
    my ($output) = @_;

    my ($dump) = $output =~ /, ServerKeyExchange\n((?:    .*\n)+)/ or return;
    my $bytes  = pack 'H*', $dump =~ s/\s//gr;
    return unpack 'H*', unpack 'x4 n/a', $bytes;
}

# Our cipher, or $SSL_ERROR, and the prime that s_client has seen, for a
# server with these arguments.  The client names no group of RFC 7919: where
# OpenSSL knows them in TLS 1.2, since 4.0, such a client accepts no other.
sub look_at {
    my (@args) = @_;

    my ($sock, $client) = accept_s_client(
        [
            '-msg', '-tls1_2',
            '-cipher' => "$DHE:\@SECLEVEL=0",
            '-groups' => 'P-256'
        ],
        server_args(SSL_cipher_list => $DHE, @args)
    );
    my $result = $sock ? $sock->get_cipher : "$SSL_ERROR";
    close $sock if $sock;
    my (undef, $output) = $client->finish;
    return ($result, prime_seen($output));
}

SKIP: {
    skip 'there is no openssl command', 1 if !$openssl;
    subtest 'the group of a file' => sub {
        for my $name (qw(dh-3072 dh-x942)) {
            my ($result, $prime) = look_at(SSL_dh_file => cert($name));
            is($result, $DHE,                  "$name: a handshake with DHE");
            is($prime,  prime_in(cert($name)), '... in exactly that group');
        }
        my ($result, $prime) = look_at(
            SSL_dh_file     => cert('dh-1024'),
            SSL_cipher_list => "$DHE:\@SECLEVEL=0"
        );
        is(
            $prime,
            prime_in(cert('dh-1024')),
            'a small group, if the security level allows it'
        );
    };
    subtest 'a built-in group' => sub {
        my ($result, $prime) = look_at();
        is($result, $DHE, 'by default');
        cmp_ok(length($prime || '') * 4,
            '>=', 2048, '... of at least 2048 bits');
        my ($again, $same) = look_at(SSL_dh_file => '');
        is($same, $prime, "SSL_dh_file => '' counts as not given");
    };
    subtest 'SSL_dh' => sub {
        plan skip_all => ISS::NetSSLeay->missing
          if ISS::NetSSLeay->missing;
        my $bio = Net::SSLeay::BIO_new_file(cert('dh-3072'), 'r');
        my $dh  = Net::SSLeay::PEM_read_bio_DHparams($bio);
        for my $more ([], [SSL_dh_file => undef]) {
            my ($result, $prime) = look_at(SSL_dh => $dh, @$more);
            is($result, $DHE, 'a handshake with DHE');
            is($prime, prime_in(cert('dh-3072')),
                '... in exactly that group');
        }
        my (undef, $prime) =
          look_at(SSL_dh => $dh, SSL_dh_file => cert('dh-x942'));
        is(
            $prime,
            prime_in(cert('dh-3072')),
            'it takes precedence over a file'
        );
        Net::SSLeay::DH_free($dh);
        pass('the caller still owns the handle');
        Net::SSLeay::BIO_free($bio);
    };
}

sub cipher_with {
    my ($server, $client) = @_;

    my ($sock) = failing_pair(
        version => 'TLSv1_2',
        mine    => {%$client},
        theirs  => {%$server}
    );
    return $sock ? $sock->get_cipher : undef;
}

subtest 'turned off' => sub {
    for my $option (qw(SSL_dh SSL_dh_file)) {
        my %off = ($option => undef);
        is(cipher_with({%off}, { SSL_cipher_list => $DHE }),
            undef, "$option => undef: no DHE");
        like(cipher_with({%off}, {}), qr/^ECDHE-/, '... ECDHE stays');
        like(
            cipher_with({ %off, SSL_cipher_list => '' }, {}),
            qr/^ECDHE-/, '... with OpenSSL\'s own list, too'
        );
        is(
            cipher_with(
                { %off, SSL_cipher_list => '' },
                { SSL_cipher_list => $DHE }
            ),
            undef,
            '... which has no DHE then'
        );
        my %only = (%off, SSL_cipher_list => $DHE);
        is(cipher_with({%only}, {}), undef, '... none is left of DHE alone');
        my ($sock) = tls_pair(
            version => 'TLSv1_3',
            theirs  => {%only},
            mine    => {}
        );
        is($sock->get_sslversion, 'TLSv1_3', '... but TLS 1.3 goes on');
    }
    is(cipher_with({}, { SSL_cipher_list => $DHE }),
        $DHE, 'by default there is DHE');
};

subtest 'mistakes' => sub {
    my %bad = (
        'that does not exist' =>
          [cert('no-such-dh'), qr/no-such-dh\.pem: No such file/],
        'of a certificate' => [cert('ca'), qr/ca\.pem: no DH parameters/],
        'of another kind'  =>
          [cert('ec-parameters'), qr/ec-parameters\.pem: .*not for DH/],
        'of garbage' =>
          [cert_file('garbage.txt'), qr/garbage\.txt: no DH parameters/],
        'that is empty' => [cert('empty'), qr/empty\.pem: /],
        'too small for the security level' =>
          [cert('dh-1024'), qr/dh-1024\.pem: .*too small/],
    );
    for my $what (sort keys %bad) {
        my ($file, $why) = @{ $bad{$what} };
        my $ctx = IO::Socket::SSL::SSL_Context->new(
            server_args(
                SSL_dh_file     => $file,
                SSL_cipher_list => 'DEFAULT:@SECLEVEL=2'
            )
        );
        is($ctx, undef, "a file $what is refused");
        like($SSL_ERROR, qr/^SSL_dh_file: .*$why/,
            '... for the right reason');
    }
    # beside a Net::SSLeay of another OpenSSL no number is looked at
    my $mixed = ISS::NetSSLeay->missing =~ /^IO::Socket::SSL uses OpenSSL/;
    for my $case (['x'], ['certs/dh.pem'], [1.5, $mixed], [[], $mixed]) {
        my ($dh, $is_refused) = @$case;
        like(
            died(sub { IO::Socket::SSL::SSL_Context->new(SSL_dh => $dh) }),
            $is_refused
            ? qr/^IO::Socket::SSL uses OpenSSL .* cannot exchange handles/
            : qr/^SSL_dh must be a handle/,
            'a value that is not a handle'
        );
    }
};

# --- curves -----------------------------------------------------------------

each_version(
    sub {
        my ($version) = @_;

        my $connects = sub {
            my ($client, $server) = @_;
            my ($ours) = handshake_errors(
                version => $version,
                mine    => { SSL_ecdh_curve => $client },
                theirs  => { SSL_ecdh_curve => $server }
            );
            return $ours eq '';
        };
        ok($connects->('P-256',       'P-256'),       'a common curve');
        ok($connects->('P-384:P-256', 'P-521:P-256'), 'one of two lists');
        ok($connects->(undef,         'P-521'),       'one of the defaults');
        ok($connects->('X25519',      'X25519'),      'X25519');
        my $dhe_off = IO::Socket::SSL::SSL_Context->new(
            server_args(
                SSL_version    => $version,
                SSL_ecdh_curve => 'P-521',
                SSL_dh         => undef
            )
        );
        my ($ours) = handshake_errors(
            version => $version,
            mine    => {
                SSL_ecdh_curve  => 'P-256',
                SSL_cipher_list => 'ECDHE+AESGCM'
            },
            theirs => { SSL_reuse_ctx => $dhe_off }
        );
        isnt($ours, '', 'no common curve: no handshake');
    }
);
like(
    refused(
        sub {
            IO::Socket::SSL::SSL_Context->new(SSL_ecdh_curve => 'P-256:foo');
        }
    ),
    qr/^SSL_ecdh_curve "P-256:foo": (?!OpenSSL gave no reason)/,
    'an unknown curve is refused with a reason'
);
for my $role (qw(client server)) {
    my ($sock) =
      tls_pair(role => $role, mine => { SSL_ecdh_curve => 'auto' });
    ok($sock->opened, "SSL_ecdh_curve => 'auto': a $role does a handshake");
}

subtest 'a client does not read SSL_dh_file' => sub {
    my ($error) =
      handshake_errors(mine => { SSL_dh_file => cert('no-such-dh') });
    is($error, '', 'it need not exist');
};

done_testing;
