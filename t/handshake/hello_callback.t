# SSL_hello_callback: a server sees the ClientHello and chooses a context.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use Config;
use File::Temp;
use IO::Socket::SSL;
use ISS::Hello;
use ISS::Sessions;
use ISS::Test;
use Test::More;

my $MUTUAL = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;

sub context {
    return IO::Socket::SSL::SSL_Context->new(SSL_server => 1, @_)
      || die $SSL_ERROR;
}

# A client connects to our server with this callback: our socket or undef, our
# error and its kind, and what the client has (or its error).
sub serve {
    my ($callback, %arg) = @_;
    my ($sock, $peer) = failing_pair(
        role    => 'server',
        version => $arg{version},
        class   => $arg{class},
        mine    => { SSL_hello_callback => $callback, %{ $arg{server} || {} } },
        theirs => {
            SSL_verify_mode => 0,
            SSL_hostname    => 'localhost',
            %{ $arg{client} || {} }
        },
        peer => sub {
            my ($own, $me) = @_;
            $me->tell(
                $own
                ? join ' ',
                $own->peer_certificate('cn') || '-', $own->get_sslversion,
                $own->get_cipher,             $own->alpn_selected || '-'
                : "$SSL_ERROR"
            );
        }
    );
    my $error = $sock ? '' : "$SSL_ERROR";
    my $info  = IO::Socket::SSL->ssl_error_info || {};
    return ($sock, $error, $sock ? '' : $info->{kind}, $peer->hear);
}

# A ClientHello, by hand: the server's error, its kind, the client's alert.
sub raw_hello {
    my ($callback, %hello) = @_;
    my $extensions = join '', map { pack 'n n/a*', @$_ }
      @{ $hello{extensions} || [] };
    my $body = pack('n a32', 0x0303, 'r' x 32)
      . pack('C/a* n/a* C/a*',
        $hello{session} || '',
        pack('n*', @{ $hello{ciphers} || [0xc02f] }), "\0")
      . ($hello{extensions} ? pack('n/a*', $extensions) : '');
    my $message = pack 'C x n/a*', 1, $body;
    my ($raw, $peer) = raw_pair(
        sub {
            my ($tcp, $me) = @_;
            syswrite $tcp, pack 'C n n/a*', 22, 0x0301, $message;
            my $got = '';
            1 while sysread $tcp, $got, 1000, length $got;
            $me->tell(length $got == 7 ? unpack 'x6 C', $got : 'more');
        }
    );
    my $sock = IO::Socket::SSL->start_SSL($raw,
        server_args(SSL_hello_callback => $callback));
    my $error = "$SSL_ERROR";
    close $raw;
    return ($error, $peer->hear);
}

# server_name, as an extension.
sub name { return [0, pack 'n/a*', pack 'C n/a*', 0, $_[0]] }

# --- what it sees -----------------------------------------------------------

{
    my @asked;
    my @client = (
        SSL_verify_mode    => 0,
        SSL_hostname       => 'Some.Example.org',
        SSL_alpn_protocols => ['h2', 'http/1.1']
    );
    my ($sock) = serve(sub { @asked = @_; undef }, client => {@client});
    is($asked[0], $sock, 'it is called with the socket');
    my $hello = $asked[1];
    is(
        join(' ', sort keys %$hello),
        'alpn ciphers early_data extensions groups legacy_version '
          . 'point_formats resumes server_name sigalgs versions',
        '... and all facts'
    );
    my $wire = client_hello(@client);
    is($hello->{server_name}, 'some.example.org', 'the name, in lower case');
    is_deeply($hello->{alpn}, ['h2', 'http/1.1'], '... the protocols');
    is_deeply([grep { $_ != 0xff } @{ $hello->{ciphers} }],
        $wire->{suites}, '... the ciphers');
    is_deeply($hello->{versions}, $wire->{versions}, '... the versions');
    is(
        join(' ', sort { $a <=> $b } @{ $hello->{extensions} }),
        join(' ', sort { $a <=> $b } keys %{ $wire->{extensions} }),
        '... the extensions'
    );
    is_deeply(
        $hello->{groups},
        [unpack 'n*', substr $wire->{extensions}{10}, 2],
        '... the groups'
    );
    is_deeply(
        $hello->{sigalgs},
        [unpack 'n*', substr $wire->{extensions}{13}, 2],
        '... the signature algorithms'
    );
    is($hello->{resumes},    0, '... no session');
    is($hello->{early_data}, 0, '... no early data');
}

# GREASE (RFC 8701), and what OpenSSL does not know.
{
    my $hello;
    my ($error, $alert) = raw_hello(
        sub { $hello = $_[1]; \'access_denied' },
        ciphers    => [0x0a0a, 0x1301, 0xc02f],
        session    => 's' x 32,
        extensions => [
            [0x1a1a, ''],
            name('a.test'),
            [17613,  "\0\3\2h2"],
            [10,     pack 'n/a*', pack 'n*', 0x2a2a, 29, 23],
            [0xfe0d, 'x' x 50],
            [11,     "\2\0\1"],
            [13,     pack 'n/a*', pack 'n*', 0x0403, 0x0804],
            [42,     ''],
            [0x3a3a, "\0"],
        ]
    );
    is_deeply($hello->{ciphers}, [0x0a0a, 0x1301, 0xc02f], 'GREASE stays');
    is_deeply(
        $hello->{extensions},
        [0x1a1a, 0, 17613, 10, 0xfe0d, 11, 13, 42, 0x3a3a],
        '... and unknown extensions, in their order'
    );
    is_deeply($hello->{groups},        [0x2a2a, 29, 23], '... among groups');
    is_deeply($hello->{point_formats}, [0, 1], 'formats of points');
    is($hello->{legacy_version}, 0x0303, 'the old field for the version');
    is_deeply($hello->{versions}, [0x0303], '... is all that there is');
    is($hello->{early_data}, 1, 'early data');
    is($hello->{resumes}, 1, 'an id of a session, before TLS 1.3');
    is($alert, 49, 'the alert that was chosen');
}

# The syntax of the name is checked before anything else.
for my $name ('a..b', '../../etc/passwd', 'a b', "a\xff.test", '*.test',
    'x' x 64, '127.1')
{
    my $called = 0;
    my ($error, $alert) =
      raw_hello(sub { $called++; undef }, extensions => [name($name)]);
    (my $shown = $name) =~ s/[^ -~]/?/;
    is($called, 0, "the name $shown: the callback is not asked");
    like(
        $error,
        qr/failed: the client sent an invalid server name$/,
        '... says why'
    );
    is($alert, 112, '... which is an alert');
}
{
    my $hello;
    raw_hello(sub { $hello = $_[1]; \'internal_error' });
    ok($hello && !defined $hello->{server_name}, 'no extensions at all');
    is_deeply($hello->{extensions}, [], '... none');
}

# --- what it may return -----------------------------------------------------

each_version(
    sub {
        my ($version) = @_;
        my @names = identities('' => 'server', 'b.test' => 'server2');
        my @b     = (
            server  => {@names},
            version => $version,
            client  => { SSL_hostname => 'b.test' }
        );
        like((serve(sub { undef }, @b))[3],
            qr/^server2/, 'undef: by the name, as ever');
        like((serve(sub { return }, @b))[3], qr/^server2/, '... or nothing');
        my $other = context(identity('client'));
        like((serve(sub { $other }, @b))[3],
            qr/^Test Client/, 'a context: its certificate');
        my $hosts =
          context(identities('' => 'client', '*.test' => 'server-ecdsa'));
        like((serve(sub { $hosts }, @b))[3],
            qr/^localhost/, '... of a host of its own');
        my $one = context(identities('c.test' => 'server'));
        my (undef, $error, undef, $theirs) = serve(sub { $one }, @b);
        like($error,  qr/no certificate for.*"b\.test"/, '... which it needs');
        like($theirs, qr/unrecognized name/, '... and else refuses');
        my $bare = context(SSL_cert_file => undef);
        ok(!(serve(sub { $bare }, @b))[0],
            '... a context without a certificate shows none');

        for my $alert (qw(unrecognized_name access_denied handshake_failure),
            'internal error')
        {
            my ($sock, $error, $kind, $theirs) =
              serve(sub { \$alert }, version => $version);
            (my $text = $alert) =~ tr/_/ /;
            like(
                $error,
                qr/failed: SSL_hello_callback refused the client: $text$/,
                "an alert: $alert"
            );
            is($kind, 'refused', '... of this kind');
            like($theirs, qr/$text/, '... which the client gets');
        }
    }
);

for my $wrong (
    'text',       1,  [],           {},
    sub { },      \1, \'no_alert',  \'close_notify',
    \'unknown',   \[], \'user_canceled',
    IO::Socket::SSL::SSL_Context->new(client_args()),
    bless(\(my $x = 'access_denied'), 'Some::Class'),
    IO::Socket::INET->new(Listen => 1)
  )
{
    my ($sock, $error, $kind, $theirs) = serve(sub { $wrong });
    like(
        $error,
        qr/failed: SSL_hello_callback must return a server's context, an alert or undef$/,
        'a wrong value: ' . (ref $wrong || $wrong)
    );
    like($theirs, qr/internal error/, '... is an alert');
}

# --- what follows from the context ------------------------------------------

{
    my $other = context(
        identity('server2'),
        SSL_version        => 'TLSv1_2',
        SSL_cipher_list    => 'ECDHE-RSA-AES256-SHA384',
        SSL_alpn_protocols => ['b']
    );
    my @client = (client => { SSL_alpn_protocols => ['a', 'b'] });
    is(
        (
            serve(
                sub { $other }, @client,
                server => {
                    SSL_version        => 'TLSv1_3',
                    SSL_alpn_protocols => ['a']
                }
            )
        )[3],
        'server2.test TLSv1_2 ECDHE-RSA-AES256-SHA384 b',
        'version, cipher and protocol are those of the context'
    );
    my $newer = context(
        identity('server2'),
        SSL_version      => 'TLSv1_3',
        SSL_ciphersuites => 'TLS_CHACHA20_POLY1305_SHA256'
    );
    is(
        (
            serve(
                sub { $newer }, @client,
                server => { SSL_version => 'TLSv1_2' }
            )
        )[3],
        'server2.test TLSv1_3 TLS_CHACHA20_POLY1305_SHA256 -',
        '... also a newer one'
    );
    my @own = (SSL_version => 'TLSv1_2', SSL_alpn_protocols => ['a']);
    like((serve(sub { undef }, @client, server => {@own}))[3],
        qr/^localhost TLSv1_2 \S+ a$/, '... its own for undef');
}

# The groups, on both sides of a HelloRetryRequest.
for my $case (
    [undef,   'P-256', 'P-256', 'only in the context'],
    ['P-256', undef,   'X25519', 'only in the listener'],
    ['P-256', 'P-384', 'P-384', 'in both'],
  )
{
    my ($own, $chosen, $wanted, $what) = @$case;
    my $other  = context(identity('server2'), SSL_ecdh_curve => $chosen);
    my $called = 0;
    my ($sock, $error) = serve(
        sub { $called++; $other },
        version => 'TLSv1_3',
        server  => { SSL_ecdh_curve => $own },
        client  => { SSL_ecdh_curve => 'X25519:P-256:P-384' }
    );
    ok($sock, "groups $what") or diag $error;
    is($called, 1, '... it is asked once');
    ($sock) = serve(
        sub { $other },
        version => 'TLSv1_3',
        server  => { SSL_ecdh_curve => $own },
        client  => { SSL_ecdh_curve => $wanted }
    );
    ok($sock, "... $wanted");
    ($sock) = serve(
        sub { $other },
        version => 'TLSv1_3',
        server  => { SSL_ecdh_curve => $own },
        client  => { SSL_ecdh_curve => $chosen ? 'X448' : 'P-521' }
    );
    is(!!$sock, !defined $chosen, '... and no other, if it names one');
}
{
    my $called = 0;
    my ($sock, $error) = serve(
        sub { $called++; undef },
        version => 'TLSv1_3',
        server  => { SSL_ecdh_curve => 'P-384' },
        client  => { SSL_ecdh_curve => 'X25519:P-384' }
    );
    ok($sock, 'groups of the listener, if it stays') or diag $error;
    is($called, 1, '... it is asked once');
}
ok(
    !(serve(sub { undef }, server => { SSL_ecdh_curve => 'P-384' },
        client => { SSL_ecdh_curve => 'P-256' }))[0],
    '... and no other'
);
like(
    refused(
        sub {
            IO::Socket::SSL::SSL_Context->new(server_args(
                    SSL_ecdh_curve => 'P-0', SSL_hello_callback => sub { }));
        }
    ),
    qr/^SSL_ecdh_curve "P-0"/,
    '... nor a wrong one'
);

# A group for Diffie-Hellman is that of the context.  Since OpenSSL 4.0 it is the
# only one: such a server uses no group of RFC 7919 that the client names.
for my $case (
    [{},     { SSL_dh_file => cert('dh-3072') }, 'only in the context'],
    [{ SSL_dh_file => cert('dh-3072') }, {}, 'only in the listener'],
  )
{
    my ($own, $chosen, $what) = @$case;
    my $other  = context(identity('server2'), %$chosen);
    my $cipher = sub {
        my ($sock) = serve(
            sub { $other },
            version => 'TLSv1_2',
            server  => {%$own},
            client  => { SSL_cipher_list => 'kDHE', @_ }
        );
        return $sock && $sock->get_cipher;
    };
    like($cipher->(SSL_ecdh_curve => 'P-256'),
        qr/^DHE-/, "SSL_dh_file $what: a client that names no group");
  SKIP: {
        skip 'TLS 1.2 has named groups since OpenSSL 4.0', 1
          if IO::Socket::SSL::_openssl_version_number() < 0x40000000;
        is(!!$cipher->(SSL_ecdh_curve => 'P-256:ffdhe2048'),
            !%$chosen, '... one that names a group of RFC 7919');
    }
}

# Who verifies clients, and how.
each_version(
    sub {
        my ($version) = @_;
        my @strict =
          (SSL_verify_mode => $MUTUAL, SSL_ca_file => cert('ca'));
        my $mutual = context(identity('server2'), @strict);
        my $open   = context(identity('server2'));
        my $ask    = sub {
            my ($context, %arg) = @_;
            return serve(sub { $context }, version => $version, %arg);
        };
        my ($sock, $error) = $ask->($mutual);
        like($error, qr/peer did not return a certificate/,
            'a context that verifies');
        ($sock, $error) =
          $ask->($mutual, client => { identity('client') });
        ok($sock, '... lets in who has a certificate') or diag $error;
        ok($sock && $sock->peer_certificate, '... which is known');
        ($sock) = $ask->($open, server => {@strict});
        ok($sock, 'one that does not, of a server that does');
        ($sock, $error) =
          $ask->($mutual, client => { identity('other-client') });
        like($error, qr/certificate verify failed/, '... another CA');

        my @seen;
        my $subs = context(
            identity('server2'), @strict,
            SSL_verify_callback => sub { push @seen, $_[0]; 0 }
        );
        ($sock, $error) = $ask->(
            $subs,
            server => { SSL_verify_callback => sub { die 'the wrong one' } },
            client => { identity('client') }
        );
        ok(@seen > 0, 'its own callback judges');
        like($error, qr/refused by SSL_verify_callback/, '... and refuses');

        my $named = context(
            identity('server2'), @strict,
            SSL_verifycn_scheme => { callback => sub { push @seen, @_; 0 } },
            SSL_verifycn_name   => 'some client'
        );
        @seen = ();
        ($sock, $error) = $ask->($named, client => { identity('client') });
        is($seen[0], 'some client', 'its own scheme is asked for the name');
        like($error, qr/SSL_verifycn_scheme refused/, '... and refuses');
        my %scheme = (
            SSL_verifycn_scheme => { callback => sub { 0 } },
            SSL_verifycn_name   => 'nobody'
        );
        ($sock, $error) = $ask->(
            $mutual,
            server => { @strict, %scheme },
            client => { identity('client') }
        );
        ok($sock, '... that of the listener does not count') or diag $error;

        my $print = do {
            my ($s) = tls_pair(
                role => 'server',
                mine => { @strict, SSL_verify_callback => sub { 1 } },
                theirs => { identity('other-client') }
            );
            $s->get_fingerprint;
        };
        my $pinned =
          context(identity('server2'), @strict, SSL_fingerprint => $print);
        ($sock, $error) =
          $ask->($pinned, client => { identity('other-client') });
        ok($sock, 'its own fingerprint counts') or diag $error;
        ($sock, $error) = $ask->(
            $mutual,
            server => { @strict, SSL_fingerprint => $print },
            client => { identity('other-client') }
        );
        ok(!$sock, '... that of the listener does not');
        my $forced = context(
            identity('server2'), @strict,
            SSL_fingerprint       => $print,
            SSL_force_fingerprint => 1
        );
        ($sock, $error) = $ask->($forced, client => { identity('client') });
        like($error, qr/does not match SSL_fingerprint/, '... nor another');
        ($sock) = $ask->(
            $mutual,
            server => {
                @strict,
                SSL_fingerprint       => $print,
                SSL_force_fingerprint => 1
            },
            client => { identity('client') }
        );
        ok($sock, '... nor is one demanded');
    }
);

SKIP: {
    skip 'no pre-shared keys', 4 if !IO::Socket::SSL->can_psk->{server};
    my $key = 'k' x 32;
    my $psk = context(SSL_psk => $key);
    for my $version (versions()) {
        my ($sock, $error) = serve(
            sub { $psk },
            version => $version,
            client  => { SSL_psk => $key }
        );
        ok($sock, "$version: its pre-shared key") or diag $error;
        my $plain = context(identity('server2'));
        ($sock, $error) = serve(
            sub { $plain },
            version => 'TLSv1_2',
            server  => { SSL_psk => $key },
            client  => { SSL_psk => $key, SSL_cipher_list => 'PSK' }
        );
        ok(!$sock, '... not that of the listener');
    }
}

# --- sessions ---------------------------------------------------------------

# Each client is sent to the next context of a plan, undef: it stays.  Whether
# it resumed its session is the result, a word for each.
sub resumptions {
    my ($plan, $server, @client) = @_;
    my @left   = @$plan;
    my $server_ = resuming_server(
        identity('server'), %$server,
        SSL_hello_callback => sub { shift @left }
    );
    my $client = client_context(
        SSL_session_cache_size => 9,
        SSL_session_key        => 'one',
        SSL_verify_mode        => 0
    );
    return join ' ', map {
        my $got = resumed($server_, SSL_reuse_ctx => $client,
            SSL_hostname => 'localhost');
        $got =~ /^[01]$/ ? $got : 'failed'
    } @$plan;
}

each_version(
    sub {
        my ($version) = @_;
        my @both = (
            SSL_version            => $version,
            SSL_session_id_context => 'the same'
        );
        my $first  = context(identity('server2'),      @both);
        my $second = context(identity('server-ecdsa'), @both);
        my $mutual = context(
            identity('server2'), @both,
            SSL_verify_mode => $MUTUAL,
            SSL_ca_file     => cert('ca')
        );
        my $lax = context(
            identity('server2'), @both,
            SSL_verify_mode => SSL_VERIFY_PEER,
            SSL_ca_file     => cert('ca')
        );
        is(
            resumptions(
                [$first, $first, $second, $second, undef, undef, $first],
                {@both}
            ),
            '0 1 0 1 0 1 0',
            'sessions are bound to the context that was chosen'
        );
        is(
            resumptions([$first, $mutual, $lax, $mutual], {@both}),
            '0 failed 0 failed',
            '... so that nobody evades a check of certificates'
        );
        my $random = context(identity('server2'), SSL_version => $version);
        my $other  = context(identity('server2'), SSL_version => $version);
        is(
            resumptions(
                [$random, $random, $other, $other],
                { SSL_version => $version }
            ),
            '0 1 0 1',
            '... without a name of their own, too'
        );
        is(
            resumptions(
                [$first, $first],
                { SSL_version => $version, SSL_num_tickets => 0 }
            ),
            $version eq 'TLSv1_3' ? '0 0' : '0 1',
            'how many tickets there are is for the listener to say'
        );
    }
);

# Ticket keys, the callback for them and the store are the listener's.
each_version(
    sub {
        my ($version) = @_;
        my $dir = File::Temp->newdir;
        my $write = sub {
            my ($name, $byte) = @_;
            open my $out, '>', "$dir/$name" or die $!;
            chmod 0600, $out;
            print {$out} $byte x 80;
            close $out or die $!;
            return "$dir/$name";
        };
        my ($key, $other_key) = ($write->('a', 'a'), $write->('b', 'b'));
        my @both = (
            SSL_version            => $version,
            SSL_session_id_context => 'the same'
        );
        my $chosen = context(identity('server2'), @both,
            SSL_ticket_keys => $other_key);
        my $client = client_context(
            SSL_session_cache_size => 9,
            SSL_session_key        => 'one',
            SSL_verify_mode        => 0
        );
        my $through = sub {
            my @server = @_;
            my $server = resuming_server(identity('server'), @both, @server,
                SSL_hello_callback => sub { $chosen });
            return resumed($server, SSL_reuse_ctx => $client,
                SSL_hostname => 'localhost');
        };
        is($through->(SSL_ticket_keys => $key), 0, 'a server');
        is($through->(SSL_ticket_keys => $key),
            1, '... another with its ticket keys');
        is($through->(SSL_ticket_keys => $other_key),
            0, '... those of the context do not count');
        my $named = sub { return ('t' x 32, 'n' x 16) };
        is($through->(SSL_ticket_keycb => $named), 0, 'by a callback');
        is($through->(SSL_ticket_keycb => $named), 1, '... as well');

        my $store = IO::Socket::SSL::Session_Store->new(
            backend => Some::Store->new,
            secret  => 's' x 32
        );
        my $server = resuming_server(
            identity('server'), @both,
            SSL_session_cache  => $store,
            SSL_hello_callback => sub { $chosen }
        );
        my @got = map {
            resumed($server, SSL_reuse_ctx => $client,
                SSL_hostname => 'localhost')
        } 1 .. 3;
        is("@got", '0 1 1', 'a store');
        $server = resuming_server(
            identity('server'), @both,
            SSL_ticket_keys => IO::Socket::SSL::Ticket_Keys->new(
                backend => Some::Store->new,
                secret  => 's' x 32
            ),
            SSL_hello_callback => sub { $chosen }
        );
        @got = map {
            resumed($server, SSL_reuse_ctx => $client,
                SSL_hostname => 'localhost')
        } 1 .. 3;
        is("@got", '0 1 1', 'keys that servers make');
    }
);

{
    package Some::Store;
    sub new    { return bless {}, shift }
    sub set    { $_[0]{ $_[1] } = $_[2]; return 1 }
    sub get    { return $_[0]{ $_[1] } }
    sub delete { return defined delete $_[0]{ $_[1] } }
}

# --- callbacks --------------------------------------------------------------

{
    my ($raw, $peer) = raw_pair(
        sub {
            IO::Socket::SSL->start_SSL($_[0], client_args());
        }
    );
    is(
        died(
            sub {
                IO::Socket::SSL->start_SSL($raw,
                    server_args(SSL_hello_callback => sub { die "no\n" }));
            }
        ),
        "no\n",
        'an exception of the callback is thrown'
    );
}
for my $case (
    ['closes it', sub { close $_[0]; undef }],
    ['stops TLS', sub { $_[0]->stop_SSL(SSL_no_shutdown => 1); undef }],
    ['starts again', sub { $_[0]->accept_SSL;                  undef }],
    ['drops its hash', sub { %{ *{ $_[0] } } = ();             undef }],
    ['answers', sub { eval { $_[0]->answer(undef) }; undef }],
  )
{
    my ($name, $code) = @$case;
    my $called = 0;
    eval {
        serve(sub { $called++; $code->(@_) });
    };
    is($called, 1, "a callback that $name: no crash");
}
{
    my $other = context(identity('server2'));
    like(
        (serve(sub { close $_[0]; $other }))[1],
        qr/closed during|Bad file|interrupted|no TLS/i,
        'one that closes it and chooses a context'
    );
}
SKIP: {
    skip 'this Perl has no threads', 1 if !$Config{useithreads};
    require threads;
    my $other  = context(identity('server2'));
    my $thread = threads->create(
        sub { return (serve(sub { $other }))[3] || '' });
    like($thread->join, qr/^server2/, 'in a new thread');
}

# Files that change, of the context that was chosen.
{
    my $dir = File::Temp->newdir;
    my $put = sub {
        my ($name) = @_;
        for my $part (qw(pem key)) {
            open my $in,  '<', cert_file("$name.$part")  or die $!;
            open my $out, '>', "$dir/new.$part"          or die $!;
            print {$out} <$in>;
            close $out or die $!;
            rename "$dir/new.$part", "$dir/own.$part" or die $!;
        }
    };
    $put->('server');
    my $other = context(
        SSL_cert_file => "$dir/own.pem",
        SSL_key_file  => "$dir/own.key",
        SSL_reload    => 0.000_001
    );
    like((serve(sub { $other }))[3], qr/^localhost/, 'a file');
    $put->('server2');
    like((serve(sub { $other }))[3], qr/^server2/, '... that changed');
}

# --- mistakes ---------------------------------------------------------------

like(
    died(
        sub {
            IO::Socket::SSL::SSL_Context->new(
                server_args(SSL_hello_callback => 5));
        }
    ),
    qr/^SSL_hello_callback must be a code reference at/,
    'a wrong value'
);
like(
    died(
        sub {
            IO::Socket::SSL::SSL_Context->new(SSL_hello_callback => sub { });
        }
    ),
    qr/^SSL_hello_callback is for servers at/,
    'a client'
);
IO::Socket::SSL::set_defaults(SSL_hello_callback => sub { \'access_denied' });
ok(IO::Socket::SSL::SSL_Context->new(SSL_verify_mode => 0),
    '... a default of it is ignored');
IO::Socket::SSL::set_defaults(SSL_hello_callback => undef);

done_testing();
