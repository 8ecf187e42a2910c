# Handshakes with certificates and keys made by Utils, as handles; each is
# freed once, by its owner according to the manual.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use IO::Socket::SSL::Utils;
use Test::More;

my ($ca,  $ca_key)  = CERT_create(CA => 1, subject => { CN => 'Utils CA' });
my ($sub, $sub_key) = CERT_create(
    CA      => 1,
    subject => { CN => 'Utils Sub CA' },
    issuer  => [$ca, $ca_key]
);

# A certificate for localhost, by default issued by the CA.
sub made {
    return CERT_create(
        issuer          => [$ca, $ca_key],
        subject         => { CN => 'localhost' },
        subjectAltNames => [[DNS => 'localhost'], [IP => '127.0.0.1']],
        @_
    );
}

# The errors on both sides when a server with this certificate meets a client
# that trusts the CA.
sub shown {
    my ($cert, $key, @more) = @_;
    return handshake_errors(
        theirs => {
            SSL_cert      => $cert,
            SSL_key       => $key,
            SSL_cert_file => undef,
            SSL_key_file  => undef
        },
        mine => { SSL_ca_file => undef, SSL_ca => [$ca] },
        @more
    );
}

# Passes the program's own list on; merging arguments does not copy it.
sub context {
    return IO::Socket::SSL::SSL_Context->new(SSL_server => 1, @_);
}

each_version(
    sub {
        my ($version) = @_;
        for my $case (['RSA', KEY_create_rsa()], ['EC', KEY_create_ec()]) {
            my ($kind, $own) = @$case;
            my ($cert, $key) = made(key => $own);
            is_deeply([shown($cert, $key, version => $version)],
                ['', ''], "one certificate, $kind");
            CERT_free($cert);
            KEY_free($key);
        }
        my ($cert, $key) = made(issuer => [$sub, $sub_key]);
        my ($ours) = shown($cert, $key, version => $version);
        like($ours, qr/certificate verify failed/, 'without its chain');
        is_deeply([shown([$cert, $sub], $key, version => $version)],
            ['', ''], 'with its chain');
        CERT_free($cert);
        KEY_free($key);
    }
);

each_setting(
    sub {
        my %setting = @_;
        my ($cert, $key) = made(purpose => 'client');
        my $wanted = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
        my @show   = (SSL_cert        => $cert,   SSL_key => $key);
        my @ask    = (SSL_verify_mode => $wanted, SSL_ca  => [$ca]);
        my $client = $setting{role} eq 'client';
        my ($sock, $peer) = tls_pair(
            %setting,
            mine   => { $client ? @show : @ask },
            theirs => { $client ? @ask  : @show },
            peer   => sub {
                my ($sock, $me) = @_;
                $me->tell(scalar $sock->peer_certificate('cn'));
            }
        );
        my $seen = $client ? ($peer->hear)[0] : $sock->peer_certificate('cn');
        is($seen, 'localhost', 'a client shows its certificate');
        CERT_free($cert);
        KEY_free($key);
    }
);

subtest 'purposes and names count' => sub {
    my %wrong = (
        'a client\'s'          => [purpose    => 'client'],
        'one for signing mail' => [purpose    => 'email'],
        'expired'              => [not_before => 1, not_after => 2],
        'another name'         => [
            subject         => { CN => "localhost\0.evil.test" },
            subjectAltNames => [[DNS => "localhost\0.evil.test"]]
        ],
    );
    my %reason = (
        'a client\'s'          => qr/purpose/,
        'one for signing mail' => qr/purpose/,
        'expired'              => qr/expired/,
        'another name'         => qr/hostname verification failed/,
    );
    for my $name (sort keys %wrong) {
        my ($cert, $key) = made(@{ $wrong{$name} });
        like((shown($cert, $key))[0], $reason{$name}, "$name is refused");
        CERT_free($cert);
        KEY_free($key);
    }
    my ($leaf, $leaf_key) = made(purpose => 'server');
    my ($cert, $key)      = made(issuer  => [$leaf, $leaf_key]);
    like(
        (shown([$cert, $leaf], $key))[0],
        qr/CA certificate|basic constraints/i,
        'a server certificate cannot issue'
    );
    CERT_free($cert, $leaf);
    KEY_free($key, $leaf_key);
    ($cert, $key) = made(issuer_key => $sub_key);
    like((shown($cert, $key))[0], qr/signature/, 'the key of another issuer');
    CERT_free($cert);
    KEY_free($key);
};

subtest 'the program still owns certificate and key' => sub {
    my ($cert, $key) = made();
    my $pem = PEM_cert2string($cert) . PEM_key2string($key);
    {
        my $context = context(SSL_cert => $cert, SSL_key => $key);
        ok($context, 'a context is made of them');
    }
    is(PEM_cert2string($cert) . PEM_key2string($key),
        $pem, 'they outlive the context');
    my $context = context(SSL_cert => [$cert], SSL_key => $key);
    CERT_free($cert);
    KEY_free($key);
    my ($sock, $peer) = failing_pair(
        role => 'server',
        mine => {
            SSL_reuse_ctx => $context
        },
        theirs => { SSL_ca => [$ca], SSL_ca_file => undef }
    );
    ok($sock, 'the context works after the program has freed them')
      or diag($SSL_ERROR);
};

# A copy of the intermediate certificate, which a context may take over.
sub intermediate { return PEM_string2cert(PEM_cert2string($sub)) }

subtest 'the context takes over all but the first' => sub {
    my ($cert, $key) = made(issuer => [$sub, $sub_key]);
    my $pem  = PEM_cert2string($sub);
    my @list = ($cert, intermediate());
    for my $time (qw(once twice)) {
        my $context = context(SSL_cert => \@list, SSL_key => $key);
        ok($context, "a list is used $time");
    }
    is(PEM_cert2string($list[1]), $pem, '... and lives while the list does');
    {
        local $list[1] = $list[1];
        ok(context(SSL_cert => \@list, SSL_key => $key),
            '... localized, too');
    }
    is(PEM_cert2string($list[1]), $pem, '... and after that');

    my $shared = intermediate();
    {
        my @first  = ($cert, $shared);
        my @second = ($cert, $shared, $shared);
        my @contexts =
          map { context(SSL_cert => $_, SSL_key => $key) } \@first, \@second;
        is(@contexts, 2, 'one certificate in two lists, and twice in one');
    }
    my $other   = intermediate();
    my %by_name = (
        ''          => [$cert, $other],
        'localhost' => [$cert, $other],
    );
    ok(context(SSL_cert => \%by_name, SSL_key => $key), '... or in a hash');

    my $mine = intermediate();
    ok(!eval { context(SSL_cert => [$cert, $mine], SSL_key => $sub_key) },
        'a context that cannot be made');
    is(PEM_cert2string($mine), $pem, '... takes over nothing');
    CERT_free($cert, $mine);
    KEY_free($key);
};

SKIP: {
    skip 'perl without threads', 1
      unless eval { require threads; threads->VERSION('1.07'); 1 };
    my ($cert, $key) = made(issuer => [$sub, $sub_key]);
    my @list    = ($cert, intermediate());
    my $context = context(SSL_cert => \@list, SSL_key => $key);
    my $there   = threads->create(
        sub {
            my $pem = PEM_cert2string($list[1]);
            @list = ();
            return $pem;
        }
    )->join;
    is(PEM_cert2string($list[1]), $there, 'a thread takes another reference');
    CERT_free($cert);
    KEY_free($key);
}

my $own            = KEY_create_ec();
my ($pem_of_chain) = PEM_cert2string($sub);
my $ROUNDS         = 100;
my %ROUND          = (
    'making and freeing' => sub {
        my ($cert, $key) = CERT_create(
            key             => $own,
            issuer          => [$sub,         $sub_key],
            subjectAltNames => [[DNS => 'a'], [DIRNAME => { CN => 'x' }]],
            ext             => [{ sn => 'nsComment', data => 'x' x 10_000 }]
        );
        CERT_asHash($cert);
        CERT_free($cert);
    },
    'refusals' => sub {
        eval {
            CERT_create(
                key             => $own,
                issuer          => [$sub, $sub_key],
                subject         => { CN => 'x' x 10_000 },
                subjectAltNames =>
                  [[DNS => 'x' x 10_000], [DIRNAME => { a => 1 }]],
            );
        };
        eval { PEM_string2cert(substr $pem_of_chain, 0, 500) };
        eval { CERT_asHash($sub, 'md17') };
    },
    'keys' => sub {
        my $key = KEY_create_ec();
        KEY_free(PEM_string2key(PEM_key2string($key)), $key);
    },
    'lists that are taken over' => sub {
        my ($cert, $key) = CERT_create(
            key    => $own,
            issuer => [$sub, $sub_key],
            ext    => [{ sn => 'nsComment', data => 'x' x 10_000 }]
        );
        my @chain = PEM_string2cert($pem_of_chain);
        context(SSL_cert => [$cert, @chain], SSL_key => $key);
        CERT_free($cert);
    },
);

SKIP: {
    skip 'resident memory cannot be told here', 1 if !defined memory();
    for my $name (sort keys %ROUND) {
        $ROUND{$name}->() for 1 .. $ROUNDS;
        my $before = memory();
        $ROUND{$name}->() for 1 .. $ROUNDS;
        my $grown = memory() - $before;
        cmp_ok($grown, '<', 400, "$name: no leak");
    }
}

CERT_free($ca, $sub);
KEY_free($own, $ca_key, $sub_key);

done_testing;
