# One server with several names: the certificate, the ciphers and the rules
# for client certificates are those of the name that the client asks for.
# Settings of the connection survive the change of context.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use File::Temp;
use IO::Socket::SSL;
use IO::Socket::SSL::PublicSuffix;
use ISS::OpenSSL;
use ISS::Test;
use Test::More;

my $openssl = find_openssl();

ok(IO::Socket::SSL->can_server_sni, 'can_server_sni');
ok(IO::Socket::SSL->can_multi_cert, 'can_multi_cert');

my %TWO = identities('' => 'server', 'server2.test' => 'server2');

# Our client asks a server for a name: (the socket or undef, the name that the
# server saw or its error, our error).
sub ask_for {
    my ($name, $server, @client) = @_;

    my ($sock, $peer) = failing_pair(
        mine => {
            SSL_hostname        => $name,
            SSL_verifycn_scheme => 'none',
            @client
        },
        theirs => $server,
        peer   => sub {
            my ($sock, $me) = @_;
            $me->tell($sock ? $sock->get_servername : "$SSL_ERROR");
        }
    );
    my $error = "$SSL_ERROR";
    my ($told) = $peer->hear;
    return ($sock, $told, $error);
}

sub cn_for {
    my ($sock) = ask_for(@_);
    return $sock ? $sock->peer_certificate('cn') : undef;
}

subtest 'addresses' => sub {
    my %by_address = identities(
        ''          => 'server',
        '127.0.0.1' => 'server2',
        '::1'       => 'server-ecdsa',
    );
    my @server = (%by_address, SSL_version => 'TLSv1_2');
    for my $case (
        ['127.0.0.1', qr/^ECDHE-RSA/,   'server2.test'],
        ['::1',       qr/^ECDHE-ECDSA/, 'localhost'],
        ['127.0.0.2', qr/^ECDHE-RSA/,   'localhost'],
      )
    {
        my ($address, $cipher, $cn) = @$case;
        my ($sock, $told) = ask_for($address, {@server});
        is($told, $address, "a client asks for $address");
        is($sock->peer_certificate('cn'),
            $cn, '... and gets its certificate');
        like($sock->get_cipher, $cipher, '... with its key');
    }
    is(cn_for(undef, {@server}),
        'localhost', 'a client that names nobody gets the default');
};

each_version(
    sub {
        my ($version) = @_;

        my %cn = (
            'server2.test'      => 'server2.test',
            'SERVER2.Test'      => 'server2.test',
            'localhost'         => 'localhost',
            'www.server2.test'  => 'localhost',
            'server2.test.test' => 'localhost',
            'a' x 60 . '.test'  => 'localhost',
        );
        for my $name (sort keys %cn) {
            my ($sock, $seen) =
              ask_for($name, {%TWO}, SSL_version => $version);
            is($sock && $sock->peer_certificate('cn'),
                $cn{$name}, "the certificate for $name");
            is(lc $seen, lc $name, '... and the server sees that name');
        }
        my ($sock, $seen) =
          ask_for(undef, {%TWO}, SSL_version => $version);
        is($sock && $sock->peer_certificate('cn'),
            'localhost', 'the default if the client sends no name');
        is($seen, undef, '... and get_servername is undef');
    }
);

subtest 'ways to write names' => sub {
    my %given = identities('' => 'server', 'SERVER2.test.' => 'server2');
    is(cn_for('server2.test', {%given}),
        'server2.test', 'capitals and a final dot do not matter');
  SKIP: {
        skip 'built without libidn2', 1
          if !IO::Socket::SSL::PublicSuffix->can_idn;
        %given = identities('' => 'server', "b\xfccher.test" => 'server2');
        is(cn_for('xn--bcher-kva.test', {%given}), 'server2.test', 'Unicode');
    }
};

subtest 'wildcards' => sub {
    my %given = (
        identities(
            ''                 => 'server',
            '*.server2.test'   => 'server2',
            'own.server2.test' => 'server-ecdsa'
        ),
        SSL_cipher_list => { '' => 'HIGH', '*.server2.test' => 'AES256' }
    );
    for my $case (
        ['www.server2.test',   'server2.test', 'one whole label'],
        ['WWW.Server2.test.',  'server2.test', '... in any case'],
        ['a.www.server2.test', 'localhost',    'not two labels'],
        ['server2.test',       'localhost',    'not the name itself'],
        ['wwwserver2.test',    'localhost',    'not a part of a label'],
    ) {
        my ($name, $cn, $claim) = @$case;
        is(cn_for($name, {%given}), $cn, $claim);
    }
    my @tls12 = (SSL_version => 'TLSv1_2');
    my ($sock) = ask_for('own.server2.test', {%given, @tls12});
    like($sock->get_cipher, qr/^ECDHE-ECDSA-AES256/,
        'the exact name comes first, with the options of the wildcard');
    %given = identities(
        ''        => 'server',
        '*.test'  => 'server2',
        'f*.test' => 'server-ecdsa'
    );
    is(cn_for('foo.test', {%given}), 'server2.test', 'only whole labels');
  SKIP: {
        skip 'built without libidn2', 1
          if !IO::Socket::SSL::PublicSuffix->can_idn;
        %given = identities('' => 'server', "*.b\xfccher.test" => 'server2');
        is(cn_for('a.xn--bcher-kva.test', {%given}),
            'server2.test', 'Unicode');
    }
};

subtest 'one key for all' => sub {
    my %given = (
        SSL_cert_file => { '' => cert('server'), 'a.test' => cert('server') },
        SSL_key_file  => key('server')
    );
    is(cn_for('a.test', {%given}), 'localhost', 'for a name');
    is(cn_for('b.test', {%given}), 'localhost', 'for the default');
    %given = (
        SSL_cert_file => { 'a.test' => cert('server') },
        SSL_key_file  => key('server')
    );
    is(cn_for('a.test', {%given}),
        'localhost', 'the name of a server without a default');
    is(cn_for('b.test', {%given}), undef, '... other names fail');
};

subtest 'certificate and key in one file' => sub {
    my %given = (
        SSL_cert_file => {
            ''             => cert('server-both'),
            'server2.test' => cert('server2')
        },
        SSL_key_file => { 'server2.test' => key('server2') }
    );
    is(cn_for('server2.test', {%given}), 'server2.test', 'for the name');
    is(cn_for('other.test',   {%given}), 'localhost',    'for the default');
};

subtest 'handles' => sub {
    my ($sock, $peer) = tls_pair();
    my $cert  = $sock->peer_certificate;
    my %given = (
        SSL_cert     => { 'a.test' => $cert, 'b.test' => [$cert] },
        SSL_key_file => key('server')
    );
    is(cn_for($_, {%given}), 'localhost', "of $_") for qw(a.test b.test);
};

# --- no default -------------------------------------------------------------

each_version(
    sub {
        my ($version) = @_;

        my %one = identities('server2.test' => 'server2');
        is(cn_for('server2.test', {%one}, SSL_version => $version),
            'server2.test', 'the only name there is');
        my ($sock, $theirs, $ours) =
          ask_for('other.test', {%one}, SSL_version => $version);
        is($sock, undef, 'another name is refused');
        like(
            $ours,
            qr/alert unrecognized name|unrecognized name/,
            '... with an alert that says so'
        );
        like(
            $theirs,
qr/no certificate for the server name "other\.test".*no default cert/,
            "... and the server's error names it"
        );
        ($sock, $theirs, $ours) =
          ask_for(undef, {%one}, SSL_version => $version);
        is($sock, undef, 'a client without a name is refused');
        like(
            $theirs,
            qr/sent no server name/,
            "... and the server's error says why"
        );
    }
);

# --- two kinds of keys ------------------------------------------------------

my %BOTH = identities(
    ''               => 'server2',
    'localhost'      => 'server',
    'localhost%ecc'  => 'server-ecdsa',
    'other.test%ecc' => 'server-ecdsa',
);

subtest 'RSA beside ECDSA, TLS 1.2' => sub {
    my $kind = sub {
        my ($name, $server, $list) = @_;
        my ($sock) = ask_for(
            $name, $server,
            SSL_version     => 'TLSv1_2',
            SSL_cipher_list => $list
        );
        return $sock ? ($sock->get_cipher =~ /-(RSA|ECDSA)-/)[0] : undef;
    };
    is($kind->('localhost', {%BOTH}, 'aRSA'),   'RSA',   'RSA only');
    is($kind->('localhost', {%BOTH}, 'aECDSA'), 'ECDSA', 'ECDSA only');
    for my $first (qw(RSA ECDSA)) {
        my $list = $first eq 'RSA' ? 'aRSA:aECDSA' : 'aECDSA:aRSA';
        is(
            $kind->(
                'localhost', { %BOTH, SSL_honor_cipher_order => 0 }, $list
            ),
            $first,
            "$first first, if the client's order counts"
        );
    }
    is($kind->('other.test', {%BOTH}, 'aECDSA'),
        'ECDSA', 'a name with ECDSA only');
    is($kind->('other.test', {%BOTH}, 'aRSA'), undef, '... has no RSA');
    is($kind->('x.test', {%BOTH}, 'aECDSA'),   undef, 'a name without ECDSA');
    my %default = identities('' => 'server', '%ecc' => 'server-ecdsa');
    is($kind->('localhost', {%default}, 'aECDSA'),
        'ECDSA', 'the default has ECDSA');
    is($kind->(undef, {%default}, 'aRSA'), 'RSA', '... and RSA');
};

SKIP: {
    skip 'there is no openssl command', 2 if !$openssl;
    subtest 'RSA beside ECDSA, TLS 1.3' => sub {
        my @ask = (qw(-tls1_3 -servername localhost -sigalgs));
        my ($rsa, $ecdsa) = s_client_says(
            {%BOTH},
            [@ask, 'RSA-PSS+SHA256'],
            [@ask, 'ECDSA+SHA256']
        );
        like(
            $rsa,
            qr/signature type: RSA[-_]PSS/i,
            'for a client that wants RSA'
        );
        like(
            $ecdsa,
            qr/signature type: ECDSA/i,
            'for a client that wants ECDSA'
        );
    };
    subtest 'sessions stay with their name' => sub {
        for my $version (qw(tls1_2 tls1_3)) {
            for my $context (undef, 'mine') {
                my $file = File::Temp->new;
                my @base = ("-$version", '-servername');
                my @out  = s_client_says(
                    { %TWO, SSL_session_id_context => $context },
                    [@base, 'server2.test', '-sess_out', "$file"],
                    [@base, 'server2.test', '-sess_in',  "$file"],
                    [@base, 'localhost',    '-sess_in',  "$file"]
                );
                my $claim =
                  $version . ($context ? ' with SSL_session_id_context' : '');
                like($out[0], qr/^New, /m,    "$claim: a new session");
                like($out[1], qr/^Reused, /m, '... is resumed');
                like($out[2], qr/^New, /m,    '... but not for another name');
            }
        }
    };
}

# --- ciphers ----------------------------------------------------------------

subtest 'ciphers by name' => sub {
    my %case = (
        TLSv1_2 => [
            'SSL_cipher_list', 'ECDHE-RSA-AES128-GCM-SHA256',
            'ECDHE-RSA-AES256-GCM-SHA384'
        ],
        TLSv1_3 => [
            'SSL_ciphersuites', 'TLS_AES_128_GCM_SHA256',
            'TLS_CHACHA20_POLY1305_SHA256'
        ]
    );
    for my $version (sort keys %case) {
        my ($option, $of_name, $default) = @{ $case{$version} };
        my $by_name = { 'server2.test' => $of_name, '' => $default };
        my %one     = server_args($option => $by_name);
        for my $server ({ %TWO, $option => $by_name }, \%one) {
            my $cipher = sub {
                my ($sock) =
                  ask_for($_[0], $server, SSL_version => $version);
                return $sock && $sock->get_cipher;
            };
            is($cipher->('server2.test'), $of_name, "$version: for the name");
            is($cipher->('localhost'),    $default, '... for other names');
        }
    }
};

# --- client certificates ----------------------------------------------------

my $WANTED = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;

each_version(
    sub {
        my ($version) = @_;

        my %server = (
            %TWO,
            SSL_verify_mode => { 'server2.test' => $WANTED },
            SSL_ca_file     => { 'server2.test' => cert('ca') },
        );
        my $error = sub {
            my ($name, @identity) = @_;
            my ($sock, $theirs)   = ask_for(
                $name, {%server},
                SSL_version => $version,
                @identity
            );
            return $theirs;
        };
        is($error->('localhost'), 'localhost',
            'no certificate is required for the default');
        like(
            $error->('server2.test'),
            qr/did not return a certificate/,
            'a certificate is required for the name'
        );
        is($error->('server2.test', identity('client')),
            'server2.test', '... and accepted');
        like(
            $error->('server2.test', identity('other-client')),
            qr/certificate verify failed/,
            '... but not from another CA'
        );

        %server = (
            %TWO,
            SSL_verify_mode => $WANTED,
            SSL_ca_file     => {
                ''             => cert('ca'),
                'server2.test' => cert('other-ca')
            },
        );
        is($error->('localhost', identity('client')),
            'localhost', 'a CA for the default');
        isnt($error->('localhost', identity('other-client')),
            'localhost', '... and no other');
        is($error->('server2.test', identity('other-client')),
            'server2.test', 'another CA for the name');
        isnt($error->('server2.test', identity('client')),
            'server2.test', '... and not that of the default');

        %server = (
            %TWO,
            SSL_verify_mode => $WANTED,
            SSL_ca_file     => cert('ca'),
            SSL_check_crl   => { 'server2.test' => 1, '' => 0 },
            SSL_crl_file    => cert('crl'),
        );
        is($error->('localhost', identity('revoked')),
            'localhost', 'no revocation check for the default');
        like($error->('server2.test', identity('revoked')),
            qr/revoked/, '... but for the name');
        %server =
          (%server, SSL_check_crl => { 'server2.test' => 0, '' => 1 });
        is($error->('server2.test', identity('revoked')),
            'server2.test', 'no revocation check for the name');
        like($error->('localhost', identity('revoked')),
            qr/revoked/, '... but for the default');
    }
);

# --- what belongs to the connection -----------------------------------------

each_version(
    sub {
        my ($version) = @_;

        my ($sock, $peer) = failing_pair(
            role    => 'server',
            version => $version,
            mine    => {
                %TWO,
                SSL_verify_mode     => $WANTED,
                SSL_ca_file         => cert('ca'),
                SSL_verify_callback =>
                  sub { push @main::asked, $_[5]; $_[0] },
                SSL_alpn_protocols => ['two', 'one'],
            },
            theirs => {
                SSL_hostname        => 'server2.test',
                SSL_verifycn_scheme => 'none',
                SSL_alpn_protocols  => ['one', 'two'],
                identity('client')
            },
            peer => sub { }
        );
        ok($sock, 'a handshake with a name') or diag $SSL_ERROR;
        is($sock->alpn_selected, 'one', 'ALPN');
        is_deeply(\@main::asked, [1, 0], 'SSL_verify_callback');
        is($sock->peer_certificate('cn'), 'Test Client', 'the peer');
        is($sock->sock_certificate('cn'),
            'server2.test', 'our own certificate');
        @main::asked = ();

        my %refuses = (
            version => $version,
            role    => 'server',
            theirs  => {
                SSL_hostname        => 'server2.test',
                SSL_verifycn_scheme => 'none',
                identity('client')
            }
        );
        my @rules = (SSL_verify_mode => $WANTED, SSL_ca_file => cert('ca'));
        my ($ours) = handshake_errors(%refuses,
            mine => { %TWO, @rules, SSL_verify_callback => sub { 0 } });
        like(
            $ours,
            qr/refused by SSL_verify_callback/,
            'SSL_verify_callback may refuse'
        );
        like(
            died(
                sub {
                    handshake_errors(
                        %refuses,
                        mine => {
                            %TWO, @rules,
                            SSL_verify_callback => sub { die "mine\n" }
                        }
                    );
                }
            ),
            qr/^mine$/,
            '... and die'
        );
        ($ours) = handshake_errors(
            %refuses,
            mine => {
                %TWO,
                SSL_fingerprint       => 'sha256$' . '00' x 32,
                SSL_force_fingerprint => 1
            }
        );
        like(
            $ours,
            qr/does not match SSL_fingerprint/,
            'a forced fingerprint is checked after the change of context'
        );
        ($ours) = handshake_errors(
            %refuses,
            mine => {
                %TWO, @rules,
                SSL_verifycn_name   => 'else.test',
                SSL_verifycn_scheme => 'default'
            }
        );
        like($ours, qr/hostname verification failed/, '... and so is a name');
    }
);

subtest 'two handshakes at a time on one listener' => sub {
    my $server = IO::Socket::SSL->new(
        LocalAddr => '127.0.0.1',
        Listen    => 5,
        %TWO,
        SSL_startHandshake => 0
    ) or die "listen: $SSL_ERROR";
    my @name = ('server2.test', 'localhost');
    my (@client, @server);
    for my $name (@name) {
        my $client = IO::Socket::SSL->new(
            PeerAddr           => address($server),
            SSL_startHandshake => 0,
            SSL_hostname       => $name,
            SSL_verifycn_name  => $name,
            SSL_ca_file        => cert('ca')
        ) or die "connect: $SSL_ERROR";
        push @client, $client;
        push @server, scalar $server->accept;
        $_->blocking(0) for $client, $server[-1];
    }
    my @left = map { [connect_SSL => $_] } @client;
    push @left, map { [accept_SSL => $_] } @server;
    for (1 .. 1000) {
        @left = grep {
            my ($method, $sock) = @$_;
            !$sock->$method;
        } @left or last;
    }
    is(scalar @left, 0, 'all handshakes succeed') or diag $SSL_ERROR;
    for my $i (0, 1) {
        is($client[$i]->peer_certificate('cn'),
            $name[$i], "the client of $name[$i]");
        is($server[$i]->get_servername, $name[$i], '... and its server');
    }
};

# --- mistakes ---------------------------------------------------------------

subtest 'settings that cannot be used' => sub {
    my %bad = (
        'a key that does not exist' => [
            {
                identities('' => 'server'),
                SSL_key_file => { '' => key('no') }
            },
            qr/SSL_key_file: .*no\.key: /
        ],
        'a key of another certificate' => [
            {
                %TWO,
                SSL_key_file => {
                    ''             => key('server'),
                    'server2.test' => key('server')
                }
            },
            qr/host server2\.test: .*server\.key.*server2\.pem/
        ],
        'a certificate of a name without a key' => [
            { %TWO, SSL_key_file => { '' => key('server') } },
            qr/host server2\.test: .*no private key/
        ],
        'two certificates of a kind' => [
            { identities('a.test' => 'server', 'a.test%2' => 'server2') },
            qr/host a\.test: .*server2\.pem.*not replacing/
        ],
    );
    for my $what (sort keys %bad) {
        my ($args, $why) = @{ $bad{$what} };
        is(IO::Socket::SSL::SSL_Context->new(%$args, SSL_server => 1),
            undef, "$what: no context");
        like($SSL_ERROR, $why, '... and the reason');
    }
    like(
        refused(
            sub {
                IO::Socket::SSL::SSL_Context->new(%TWO,
                    SSL_cipher_list => { 'server2.test' => 'FOO' });
            }
        ),
        qr/^host server2\.test: SSL_cipher_list "FOO"/,
        'unknown ciphers'
    );
    like(
        died(
            sub {
                IO::Socket::SSL::SSL_Context->new(%TWO,
                    SSL_version => { 'server2.test' => 'TLSv1_2' });
            }
        ),
        qr/^SSL_version must be a string/,
        'an option that takes no names'
    );
};

subtest 'SSL_create_ctx_callback gets each context' => sub {
    my %seen;
    ok(
        IO::Socket::SSL::SSL_Context->new(
            %TWO, SSL_create_ctx_callback => sub { $seen{ $_[0] }++ }
        ),
        'a context'
    );
    is(scalar keys %seen, 2, '... has two handles');
    is(
        IO::Socket::SSL::SSL_Context->new(
            SSL_cert_file => { '' => cert('client') },
            SSL_key_file  => { '' => key('client') },
        )->{verify_mode},
        SSL_VERIFY_PEER,
        'a client keeps its default verify_mode'
    );
};

is(
    cn_for(
        'server2.test',
        {
            server_args(
                SSL_cipher_list =>
                  { 'server2.test' => undef, '' => 'DEFAULT' }
            )
        }
    ),
    'localhost',
    'a name without a value uses the default'
);

done_testing;
