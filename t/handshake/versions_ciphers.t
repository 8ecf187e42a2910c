# SSL_version, SSL_cipher_list, SSL_ciphersuites and related options.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

# --- versions ---------------------------------------------------------------

# client, server, negotiated version (undef: the handshake fails)
my @VERSIONS = (
    [undef,                             undef,     'TLSv1_3'],
    ['SSLv23',                          undef,     'TLSv1_3'],
    ['TLSv1_2',                         undef,     'TLSv1_2'],
    ['tlsv1_2',                         undef,     'TLSv1_2'],
    ['TLSv12',                          undef,     'TLSv1_2'],
    [undef,                             'TLSv1_2', 'TLSv1_2'],
    ['SSLv23:!TLSv1_3',                 undef,     'TLSv1_2'],
    ['SSLv23:!TLSv13',                  undef,     'TLSv1_2'],
    ['SSLv23:!TLSv1:!TLSv1_1:!TLSv1_2', undef,     'TLSv1_3'],
    ['TLSv1_3',                         'TLSv1_2', undef],
    ['TLSv1_2',                         'TLSv1_3', undef],
    ['SSLv23:!TLSv1_3',                 'TLSv1_3', undef],
);
for my $case (@VERSIONS) {
    my ($client, $server, $negotiated) = @$case;
    my $claim = join ' and ', map { defined $_ ? $_ : 'the default' } $client,
      $server;
    my ($sock, $peer) = failing_pair(
        mine   => { SSL_version => $client },
        theirs => { SSL_version => $server },
        peer   => sub {
            my ($sock, $me) = @_;
            $me->tell($sock ? $sock->get_sslversion : "$SSL_ERROR");
        }
    );
    my $error = "$SSL_ERROR";
    my ($at_peer) = $peer->hear;
    if ($negotiated) {
        is($sock && $sock->get_sslversion, $negotiated, $claim)
          or diag $error;
        is($at_peer, $negotiated, '... the peer agrees');
    }
    else {
        is($sock, undef, "$claim: no handshake");
        like($error,   qr/version|protocol/i, '... for that reason');
        like($at_peer, qr/version|protocol/i, '... also at the peer');
    }
}

for my $bad ('TLSv9', 'TLSv1_2:TLSv9', '', 'SSLv23:!') {
    (my $shown = $bad) =~ s/\n/\\n/;
    next if $bad eq '';
    like(
        died(
            sub {
                IO::Socket::SSL::SSL_Context->new(SSL_version => $bad)
                  or die "$SSL_ERROR";
            }
        ),
        qr/SSL_version/,
        "the version '$shown': the error names the option"
    );
}

subtest 'no version is left' => sub {
    my $error = died(
        sub {
            IO::Socket::SSL::SSL_Context->new(SSL_version =>
                  'SSLv23:!TLSv1_3:!TLSv1_2:!TLSv1_1:!TLSv1:!SSLv3')
              or die "$SSL_ERROR";
        }
    );
    like($error, qr/SSL_version|no protocols/i, 'an empty set is refused');
};

# --- ciphers ----------------------------------------------------------------

my $GCM128 = 'ECDHE-RSA-AES128-GCM-SHA256';
my $GCM256 = 'ECDHE-RSA-AES256-GCM-SHA384';

sub cipher_of {
    my ($mine, $theirs, $version) = @_;

    my ($sock, $peer) = failing_pair(
        version => $version || 'TLSv1_2',
        mine    => $mine,
        theirs  => $theirs,
        peer    => sub {
            my ($sock, $me) = @_;
            $me->tell($sock ? $sock->get_cipher : "$SSL_ERROR");
        }
    );
    my $ours = $sock ? $sock->get_cipher : "$SSL_ERROR";
    return ($ours, $peer->hear);
}

is_deeply(
    [cipher_of({ SSL_cipher_list => $GCM128 }, {})],
    [$GCM128, $GCM128],
    'SSL_cipher_list of the client'
);
is_deeply(
    [cipher_of({}, { SSL_cipher_list => $GCM256 })],
    [$GCM256, $GCM256],
    'SSL_cipher_list of the server'
);
like(
    (
        cipher_of(
            { SSL_cipher_list => $GCM128 },
            { SSL_cipher_list => $GCM256 }
        )
    )[1],
    qr/no shared cipher/,
    'no common value'
);
isnt((cipher_of({ SSL_cipher_list => '' }, {}))[0],
    '', "'' is OpenSSL's own default");

my %both   = (SSL_cipher_list => "$GCM128:$GCM256");
my %tables = (SSL_cipher_list => "$GCM256:$GCM128");
is((cipher_of(\%both, \%tables))[0],
    $GCM256, 'the order of the server counts by default');
is((cipher_of(\%both, { %tables, SSL_honor_cipher_order => 0 }))[0],
    $GCM128, 'that of the client with SSL_honor_cipher_order => 0');

my ($AES128, $AES256) = qw(TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384);
ok(IO::Socket::SSL->can_ciphersuites, 'can_ciphersuites');
is_deeply(
    [cipher_of({ SSL_ciphersuites => $AES128 }, {}, 'TLSv1_3')],
    [$AES128, $AES128],
    'SSL_ciphersuites of the client'
);
is_deeply(
    [cipher_of({}, { SSL_ciphersuites => $AES128 }, 'TLSv1_3')],
    [$AES128, $AES128],
    'SSL_ciphersuites of the server'
);
like(
    (
        cipher_of(
            { SSL_ciphersuites => $AES128 },
            { SSL_ciphersuites => $AES256 },
            'TLSv1_3'
        )
    )[1],
    qr/no shared cipher/,
    'no common value'
);
is(
    (cipher_of({ SSL_cipher_list => $GCM128 }, {}, 'TLSv1_3'))[0],
    (cipher_of({},                             {}, 'TLSv1_3'))[0],
    'SSL_cipher_list does not affect TLS 1.3'
);

for my $case (
    [SSL_cipher_list  => 'NO-SUCH-CIPHER'],
    [SSL_ciphersuites => 'NO_SUCH_SUITE'],
    [SSL_ecdh_curve   => 'no-such-curve'],
    [SSL_version      => 'SSLv2'],
    [SSL_version      => 'SSLv2:TLSv1_2'],
    [SSL_version      => 'TLSv1_2:!TLSv1_2'],
    [SSL_fingerprint  => 'sha256$abcd'],
  )
{
    my ($option, $value) = @$case;
    my $listener = listener();
    my %how      = (
        'SSL_Context->new' => sub {
            IO::Socket::SSL::SSL_Context->new(server_args(),
                $option => $value);
        },
        'new, a client' => sub {
            IO::Socket::SSL->new(
                PeerAddr => address($listener),
                $option  => $value
            );
        },
        'new, a server' => sub {
            IO::Socket::SSL->new(
                LocalAddr => '127.0.0.1',
                Listen    => 1,
                server_args($option => $value)
            );
        },
        'start_SSL' => sub {
            my ($tcp) = raw_pair(sub { });
            IO::Socket::SSL->start_SSL($tcp, $option => $value);
        },
    );
    for my $what (sort keys %how) {
        my $error = refused($how{$what});
        like($error, qr/^\Q$option\E/,
            "$option $value: $what returns an empty list, names the option");
        like($error, qr/\Q$value\E/, '... and the value');
    }
}
for my $option (qw(SSL_cipher_list SSL_ciphersuites SSL_ecdh_curve)) {
    my ($error) = handshake_errors(mine => { $option => 0 });
    is($error, '', "$option => 0 counts as not given");
}
is((handshake_errors(mine => { SSL_version => 'TLSv1_2:' }))[0],
    '', 'SSL_version: a colon at the end does not count');

subtest 'the security level of the list applies to certificates' => sub {
    my $error = died(
        sub {
            IO::Socket::SSL::SSL_Context->new(
                server_args(
                    identity('weak-rsa'),
                    SSL_cipher_list => 'DEFAULT:@SECLEVEL=2'
                )
            ) or die "$SSL_ERROR";
        }
    );
    like($error, qr/too small|too weak/, 'level 2 refuses a weak key');
    ok(
        IO::Socket::SSL::SSL_Context->new(
            server_args(
                identity('weak-rsa'),
                SSL_cipher_list => 'DEFAULT:@SECLEVEL=0'
            )
        ),
        'level 0 accepts it'
    ) or diag $SSL_ERROR;
};

subtest 'groups' => sub {
    for my $curve ('P-256', 'P-384:P-256', 'X25519') {
        my ($error) = handshake_errors(
            mine   => { SSL_ecdh_curve => $curve },
            theirs => { SSL_ecdh_curve => $curve }
        );
        is($error, '', $curve);
    }
    my ($error, $theirs) = handshake_errors(
        mine    => { SSL_ecdh_curve => 'P-256' },
        theirs  => { SSL_ecdh_curve => 'P-384' },
        version => 'TLSv1_3'
    );
    isnt($theirs, '', 'no common value');
};

done_testing;
