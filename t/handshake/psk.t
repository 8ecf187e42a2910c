# Pre-shared keys instead of certificates, on both sides.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use File::Temp;
use IO::Socket::SSL;
use ISS::OpenSSL;
use ISS::Test;
use Test::More;

my $can = IO::Socket::SSL->can_psk;
is_deeply([sort keys %$can], ['client', 'server'], 'can_psk has both roles');
if (!$can->{client}) {
    like(
        died(sub { IO::Socket::SSL::SSL_Context->new(SSL_psk => 'x') }),
        qr/^SSL_psk: this OpenSSL does not support PSK/,
        'using it is an error'
    );
    done_testing;
    exit;
}

my $KEY     = "a key \0\xff of bytes";
my $openssl = find_openssl();

# Arguments without the certificates and the CA that ISS::Test adds.
sub bare {
    my (%more) = @_;
    return {
        SSL_ca_file         => undef,
        SSL_cert_file       => undef,
        SSL_key_file        => undef,
        SSL_ca              => [],
        SSL_verifycn_scheme => 'none',
        %more
    };
}

# The errors of the client and of the server; ('', '') for success.
sub errors_of {
    my ($setting, $client, $server) = @_;

    my ($mine, $theirs) =
      $setting->{role} eq 'client' ? ($client, $server) : ($server, $client);
    my ($ours, $of_peer) = handshake_errors(
        %$setting,
        mine   => bare(%$mine),
        theirs => bare(%$theirs)
    );
    return $setting->{role} eq 'client'
      ? ($ours, $of_peer)
      : ($of_peer, $ours);
}

each_setting(
    sub {
        my %setting = @_;

        # claim, SSL_psk of the client and of the server, whether they match
        my @cases = (
            ['the same key',        $KEY,         $KEY,           1],
            ['another key',         'one',        'two',          0],
            ['a matching identity', ['me', $KEY], { me => $KEY }, 1],
            [
                'identities are case-sensitive', ['me', $KEY],
                { ME => $KEY },                  0
            ],
            ['a prefix does not match', ['me', $KEY], { mee => $KEY }, 0],
            [
                'the key of another identity',
                ['me', $KEY],
                { me => 'x', you => $KEY },
                0
            ],
            ['a default key', ['me', $KEY], { '' => $KEY }, 1],
            [
                'an identity takes precedence over it',
                ['me', $KEY],
                { me => $KEY, '' => 'x' }, 1
            ],
            ['... and hides it', ['me', $KEY], { me => 'x', '' => $KEY }, 0],
            ['any identity',     ['me', $KEY], $KEY,                      1],
            ['the built-in identity', $KEY,    { io_socket_ssl => $KEY }, 1],
            ['a pair for the server', ['me', $KEY], ['me', $KEY],         1],
            ['an empty identity', ['', $KEY], { io_socket_ssl => $KEY },  1],
            [
                'the longest identity',
                ['i' x 128, $KEY],
                { 'i' x 128 => $KEY },
                1
            ],
            [
                'an identity in UTF-8',
                ["\x{263a}", $KEY],
                { "\xe2\x98\xba" => $KEY },
                1
            ],
            ['a long key',            'k' x 256, 'k' x 256, 1],
            ['a key of one byte',     "\0",      "\0",      1],
            ['a server without keys', $KEY,      undef,     0],
        );
        for my $case (@cases) {
            my ($claim, $client, $server, $match) = @$case;
            my @errors = errors_of(
                \%setting,
                { SSL_psk => $client },
                { SSL_psk => $server }
            );
            if ($match) {
                is_deeply(\@errors, ['', ''], "$claim: accepted");
            }
            else {
                isnt($errors[0], '', "$claim: refused");
                isnt($errors[1], '', '... on both sides');
            }
        }
        my (undef, $error) = errors_of(
            \%setting,
            { SSL_psk => ['me', $KEY] },
            { SSL_psk => { you => $KEY } }
        );
        like(
            $error,
            qr/no key for the client's identity "me"/,
            "the server's error names the unknown identity"
        ) if $setting{version} eq 'TLSv1_2';
    }
);

# --- beside certificates ----------------------------------------------------

sub used_certificate {
    my ($setting, $client, $server) = @_;

    my ($sock, $peer) = failing_pair(
        %$setting,
        mine   => {%$client},
        theirs => {%$server}
    );
    return $sock ? defined $sock->peer_certificate : "$SSL_ERROR";
}

each_version(
    sub {
        my ($version) = @_;
        my %setting = (version => $version);

        ok(
            !used_certificate(
                \%setting,
                { SSL_psk => $KEY, SSL_cipher_list => 'aPSK' },
                { SSL_psk => $KEY }
            ),
            'a server with both uses the key'
        );
        ok(
            used_certificate(\%setting, {}, { SSL_psk => $KEY }),
            '... and the certificate for a client without a key'
        );
        ok(
            used_certificate(\%setting, { SSL_psk => $KEY }, {}),
            'a client with a key accepts a certificate'
        );
        like(
            used_certificate(
                \%setting,
                { SSL_psk => $KEY },
                { identity('self-signed') }
            ),
            qr/self[- ]signed/,
            '... but only a valid one'
        );
        my %by_name = (
            identities('' => 'server', 'server2.test' => 'server2'),
            SSL_psk => $KEY
        );
        ok(
            !used_certificate(
                \%setting,
                {
                    SSL_psk         => $KEY,
                    SSL_hostname    => 'server2.test',
                    SSL_cipher_list => 'aPSK'
                },
                \%by_name
            ),
            'the contexts of server names have the key, too'
        );
    }
);

subtest 'TLS 1.3 and the hash' => sub {
    my %setting = (version => 'TLSv1_3');
    my $of_384  = 'TLS_AES_256_GCM_SHA384';
    ok(
        used_certificate(
            \%setting,
            { SSL_psk => $KEY, SSL_ciphersuites => $of_384 },
            { SSL_psk => $KEY }
        ),
        'a suite with another hash cannot use the key'
    );
    ok(
        !used_certificate(
            \%setting,
            { SSL_psk => $KEY, SSL_ecdh_curve => 'X25519:P-256' },
            { SSL_psk => $KEY, SSL_ecdh_curve => 'P-256' }
        ),
        'a HelloRetryRequest keeps the key'
    );
    ok(
        used_certificate(
            \%setting,
            { SSL_psk => $KEY, SSL_ecdh_curve => 'X25519:P-256' },
            {
                SSL_psk          => $KEY,
                SSL_ecdh_curve   => 'P-256',
                SSL_ciphersuites => $of_384
            }
        ),
        '... or drops it, if it selects another hash'
    );
};

subtest 'non-blocking' => sub {
    for my $version (versions()) {
        my ($tcp, $peer) = raw_pair(
            sub {
                my ($tcp) = @_;
                my $sock = IO::Socket::SSL->start_SSL($tcp,
                    %{ bare(SSL_server => 1, SSL_psk => $KEY) });
                print $sock 'hello' if $sock;
            }
        );
        my $sock = IO::Socket::SSL->start_SSL(
            $tcp,
            %{ bare(SSL_version => $version, SSL_psk => $KEY) },
            SSL_startHandshake => 0
        );
        $sock->blocking(0);
        ok(complete($sock, sub { scalar $sock->connect_SSL }),
            "$version: the handshake succeeds");
        complete($sock, sub { sysread $sock, my $buf, 5 });
        is($sock->get_sslversion, $version, '... and data');
    }
};

subtest 'beside a cache of sessions' => sub {
    each_version(
        sub {
            my ($version) = @_;
            my @errors = handshake_errors(
                version => $version,
                mine    => bare(
                    SSL_psk                => $KEY,
                    SSL_session_cache_size => 5,
                    SSL_session_key        => 'x'
                ),
                theirs => bare(SSL_psk => $KEY)
            );
            is_deeply(\@errors, ['', ''], 'accepted');
        }
    );
};

# --- openssl ----------------------------------------------------------------

SKIP: {
    skip 'there is no openssl command', 1 if !$openssl;
    my @psk = ('-psk', unpack('H*', $KEY), '-psk_identity', 'me');
    for my $version (qw(tls1_2 tls1_3)) {
        subtest "openssl, $version" => sub {
            my ($same, $other) = s_client_says(
                bare(SSL_psk => { me => $KEY }),
                ["-$version", @psk],
                ["-$version", '-psk', 'abcd', '-psk_identity', 'me'],
            );
            like($same, qr/^hello$/m, 's_client with the key');
            unlike($other, qr/^hello$/m, '... not with another key');

            for my $key ($KEY, { me => $KEY }) {
                my $file = File::Temp->new;
                my @out  = s_client_says(
                    bare(SSL_psk => $key),
                    ["-$version", @psk, '-sess_out', "$file"],
                    [
                        "-$version", '-sess_in',
                        "$file",     $version eq 'tls1_2' ? @psk : ()
                    ],
                );
                like($out[1], qr/^hello$/m,
                    'a ticket is not taken for an identity');
                like($out[1], qr/^Reused, /m, '... but resumed');
            }

            my ($server, $port) = s_server('-nocert', "-$version", @psk);
            my $sock = IO::Socket::SSL->new(
                PeerAddr => "127.0.0.1:$port",
                %{ bare(SSL_psk => ['me', $KEY]) }
            );
            ok($sock, 's_server with the key') or diag $SSL_ERROR;
            print $sock "to the server\n";
            ok($server->wait_for(qr/to the server/), '... and data');
        };
    }
}

# --- a key that is taken away ------------------------------------------------

# What s_client gets from a server of this context: a greeting, or nothing.
sub greeted {
    my ($ctx,  @options) = @_;
    my ($sock, $client)  = accept_s_client(
        ['-ign_eof', @options],
        SSL_server    => 1,
        SSL_reuse_ctx => $ctx
    );
    if ($sock) {
        print $sock "hello\n";
        $sock->close(SSL_fast_shutdown => 0, Timeout => 10);
    }
    my ($status, $says) = $client->finish;
    return ($says =~ /^(Reused|New), /m, $says =~ /^(hello)$/m);
}

sub psk_context {
    return IO::Socket::SSL::SSL_Context->new(
        SSL_server => 1,
        %{ bare(@_) }
    ) || die $SSL_ERROR;
}

SKIP: {
    skip 'there is no openssl command', 1 if !$openssl;
    my @psk  = ('-psk', unpack('H*', $KEY), '-psk_identity', 'me');
    my %both = (SSL_psk => { me  => $KEY, you => 'your key' });
    my %less = (SSL_psk => { you => 'your key' });
    my $dir  = File::Temp->newdir;
    my $keys = "$dir/keys";
    umask 077;
    open my $out, '>', $keys or die "$keys: $!";
    print {$out} 'k' x 80;
    close $out or die "$keys: $!";
    my %shared = (SSL_ticket_keys => $keys, SSL_session_id_context => 'shop');

    for my $version (qw(tls1_2 tls1_3)) {
        my $take = $version eq 'tls1_2' ? 'PSK' : undef;
        my @new  = ("-$version", @psk, '-sess_out' => "$dir/$version");
        my @old  = (
            "-$version",
            $version eq 'tls1_2' ? @psk : (),
            '-sess_in' => "$dir/$version"
        );
        subtest "a key that is taken away, $version" => sub {
            my $ctx = psk_context(%both, SSL_cipher_list => $take);
            is((greeted($ctx, @new))[-1], 'hello', 'a client with its key');
            ok($ctx->reload, '... a reload without changes');
            is(
                "@{[greeted($ctx, @old)]}",
                'Reused hello',
                '... after which its session is resumed'
            );
            ok($ctx->reload(%less), '... and one without its key');
            isnt((greeted($ctx, @old))[-1],
                'hello', '... which ends its session');

            my ($one, $two, $three) =
              map { psk_context(%shared, SSL_cipher_list => $take, @$_) }
              [%both], [%both], [%less];
            is((greeted($one, @new))[-1],
                'hello', 'the same with servers that share tickets');
            is(
                "@{[greeted($two, @old)]}",
                'Reused hello',
                '... it is resumed by one with the key'
            );
            isnt((greeted($three, @old))[-1],
                'hello', '... and not by one without it');
        };
    }
}

# --- mistakes ---------------------------------------------------------------

subtest 'mistakes' => sub {
    my %bad = (
        'an empty key'   => ['', qr/key length 0 \(must be 1-\d+ bytes/],
        'a key too long' => ['k' x 5000, qr/invalid key length 5000/],
        'an identity too long'      => [['i' x 500, 'k'], qr/\(500 bytes/],
        'a NUL in an identity'      => [["a\0b", 'k'],    qr/NUL/],
        'an identity without a key' => [['me'],           qr/must be a key/],
        'three things'              => [[1, 2, 3],        qr/must be a key/],
        'an undefined key'          => [['me', undef],    qr/must be a key/],
        'a key that is a reference' => [['me', {}], qr/must be a string/],
        'a sub'                     => [sub { },    qr/must be a string/],
        'a hash for a client'       =>
          [{ a => 'b', c => 'd' }, qr/a client needs one key/],
    );
    for my $what (sort keys %bad) {
        my ($psk, $why) = @{ $bad{$what} };
        my $died =
          died(sub { IO::Socket::SSL::SSL_Context->new(SSL_psk => $psk) });
        like($died, qr/^SSL_psk.*$why/, $what);
    }
    unlike(
        died(
            sub { IO::Socket::SSL::SSL_Context->new(SSL_psk => 'sss' x 999) }
        ),
        qr/ss/,
        'no message shows a key'
    );
};

done_testing;
