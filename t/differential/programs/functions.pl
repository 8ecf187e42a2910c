# Functions, class methods and the companion modules.
use strict;
use warnings;

use Differential;

my %TRUST = (SSL_ca_file => cert('ca'), SSL_verifycn_name => 'localhost');

# --- what is exported, what is there ----------------------------------------

for my $word ('', qw(inet4 inet6 INET4 INET6 debug0 debug3 :debug0),
    'no_such_word', 'SSL_VERIFY_PEER', '$SSL_ERROR', 'GEN_DNS')
{
    program(
        "import '$word'",
        sub {
            my $done = eval "package Elsewhere; IO::Socket::SSL->import("
              . (length $word ? "'$word'" : '') . '); 1';
            told($done ? 'imported' : 'died');
            no strict 'refs';
            told('got:',
                sort grep { defined &{"Elsewhere::$_"} } keys %Elsewhere::);
        }
    );
}

for my $name (
    qw(SSL_WANT_READ SSL_WANT_WRITE SSL_VERIFY_NONE SSL_VERIFY_PEER
    SSL_VERIFY_FAIL_IF_NO_PEER_CERT SSL_VERIFY_CLIENT_ONCE SSL_OCSP_NO_STAPLE
    SSL_OCSP_TRY_STAPLE SSL_OCSP_MUST_STAPLE SSL_OCSP_FAIL_HARD
    SSL_OCSP_FULL_CHAIN GEN_DNS GEN_IPADD)
  )
{
    program(
        "constant $name",
        sub {
            seen(
                $name => sub {
                    no strict 'refs';
                    my $v = &{"IO::Socket::SSL::$name"}();
                    $v + 0;
                }
            );
            seen(
                "text $name" =>
                  sub { no strict 'refs'; '' . &{"IO::Socket::SSL::$name"}() }
            );
        }
    );
}

for my $name (
    qw(can_client_sni can_server_sni can_multi_cert can_npn can_alpn
    can_ecdh can_ipv6 can_ocsp can_ticket_keycb can_pha can_partial_chain
    can_ciphersuites can_nested_ssl can_psk CAN_IPV6)
  )
{
    program(
        "probe $name",
        sub {
            seen(
                $name => sub {
                    my $v = IO::Socket::SSL->$name;
                    ref $v ? value_of($v) : $v ? 'yes' : 'no';
                }
            );
        }
    );
}

for my $name (
    qw(new configure configure_SSL connect accept connect_SSL
    accept_SSL start_SSL stop_SSL close fileno opened blocking pending
    sysread syswrite read write print printf say getc getline getlines readline
    peek ungetc truncate stat setbuf setvbuf fdopen send recv error errstr
    fatal_ssl_error get_ssleay_error opening is_SSL get_cipher get_sslversion
    get_sslversion_int get_servername get_session_reused get_fingerprint
    get_fingerprint_bin dump_peer_certificate peer_certificate
    peer_certificates sock_certificate verify_hostname
    verify_hostname_of_cert next_proto_negotiated alpn_selected set_defaults
    set_client_defaults set_server_defaults set_ctx_defaults context_init
    set_default_context set_default_session_cache default_ca
    set_args_filter_hack idn_to_ascii idn_to_unicode ocsp_resolver
    set_msg_callback want_read want_write socketToSSL socket_to_SSL
    kill_socket issuer_name subject_name get_peer_certificate _get_ssl_object
    _get_ctx_object init can_ktls)
  )
{
    program(
        "can $name",
        sub { told($name, IO::Socket::SSL->can($name) ? 'there' : 'missing') }
    );
}

# --- names and defaults -----------------------------------------------------

for my $args (
    [],                              [undef],
    [''],                            [0],
    [cert('ca')],                    [file('ca-dir')],
    ['/nowhere'],                    [SSL_ca_file => cert('ca')],
    [SSL_ca_path => file('ca-dir')], [[file('ca-dir')]]
  )
{
    program(
        'default_ca('
          . join(', ', map { value_of($_) =~ s{'/.*/}{'}r } @$args) . ')',
        sub {
            my %first = seen(
                default_ca => sub {
                    my %ca = IO::Socket::SSL::default_ca(@$args);
                    join ',', map {
                            ref $ca{$_}        ? "$_=list"
                          : $ca{$_} =~ /certs/ ? "$_=mine"
                          : "$_=system"
                    } sort keys %ca;
                }
            ) ? () : ();
            seen(
                again => sub {
                    my %ca = IO::Socket::SSL::default_ca();
                    join ',', sort keys %ca;
                }
            );
        }
    );
}

my @NAMES = (
    'example.com',          'www.example.com',
    '*.example.com',        'EXAMPLE.com',
    "m\x{fc}nchen.example", 'xn--mnchen-3ya.example',
    '',                     '.',
    'a..b',                 'localhost',
    '127.0.0.1',            '::1',
    'a' x 64 . '.com',      "x\0y.com",
    'foo.co.uk',            'co.uk',
    'ck',                   'www.ck',
    'kobe.jp',              'city.kobe.jp',
    'github.io',            'foo.github.io'
);

for my $name (@NAMES) {
    my $shown = value_of($name);
    for my $function (qw(idn_to_ascii idn_to_unicode)) {
        program(
            "$function $shown",
            sub {
                seen(
                    $function => sub {
                        no strict 'refs';
                        &{"IO::Socket::SSL::$function"}($name);
                    }
                );
            }
        );
    }
    program(
        "public_suffix $shown",
        sub {
            require IO::Socket::SSL::PublicSuffix;
            my $list = IO::Socket::SSL::PublicSuffix->from_string(
"com\nuk\nco.uk\n*.ck\n!www.ck\njp\n*.kobe.jp\n!city.kobe.jp\nio\ngithub.io\n"
            );
            for my $add (undef, 0, 1, 2) {
                seen('public_suffix '
                      . value_of($add) =>
                      sub { scalar $list->public_suffix($name, $add) });
                seen('list public_suffix '
                      . value_of($add) =>
                      sub { $list->public_suffix($name, $add) });
            }
        }
    );
}

for my $scheme (
    qw(default http www rfc2818 ftp ldap smtp imap pop3 xmpp nntp
    sip gist none unknown)
  )
{
    for my $which (qw(server cn-only ip-cn two-cn many-san)) {
        for my $name (
            qw(localhost 127.0.0.1 www.example.test foo.example.test
            last.example.test first.example.test LOCALHOST localhost. ::1
            a.b.example.test)
          )
        {
            program(
                "verify_hostname $name, $which, $scheme",
                sub {
                    my $cert =
                      IO::Socket::SSL::Utils::PEM_file2cert(cert($which));
                    seen(
                        verify_hostname_of_cert => sub {
                            IO::Socket::SSL::verify_hostname_of_cert($name,
                                $cert, $scheme) ? 1 : 0;
                        }
                    );
                }
            );
        }
    }
}

# --- defaults ---------------------------------------------------------------

my %DEFAULTS = (
    set_defaults        => sub { IO::Socket::SSL::set_defaults(@_) },
    set_client_defaults => sub { IO::Socket::SSL::set_client_defaults(@_) },
    set_server_defaults => sub { IO::Socket::SSL::set_server_defaults(@_) },
    set_ctx_defaults    => sub { IO::Socket::SSL::set_ctx_defaults(@_) },
    context_init        => sub { IO::Socket::SSL::context_init(@_) },
);
my %GIVEN = (
    mode_0   => [SSL_verify_mode => 0],
    mode_1   => [SSL_verify_mode => 1],
    short    => [mode            => 0],
    hash     => [{ mode => 0 }],
    ca       => [SSL_ca_file => cert('ca'), SSL_verifycn_scheme => 'none'],
    other_ca => [SSL_ca_file => cert('other-ca')],
    name     => [SSL_ca_file => cert('ca'), name   => 'localhost'],
    scheme   => [SSL_ca_file => cert('ca'), scheme => 'none'],
    undef    => [SSL_verify_mode => undef],
    version  => [SSL_verify_mode => 0, SSL_version => 'TLSv1_2'],
);
my %CALLS = (
    nothing  => [],
    mode_0   => [SSL_verify_mode => 0],
    mode_1   => [SSL_verify_mode => 1],
    trusting => [%TRUST],
    other    => [SSL_ca_file     => cert('other-ca')],
    undef    => [SSL_verify_mode => undef, SSL_ca_file => undef],
    empty    => [SSL_ca_file     => ''],
);

for my $set (sort keys %DEFAULTS) {
    for my $given (sort keys %GIVEN) {
        for my $call (sort keys %CALLS) {
            program(
                "$set $given, then $call",
                sub {
                    my $peer = serve({}, 'hs', 'end');
                    seen(
                        $set => sub {
                            $DEFAULTS{$set}->(@{ $GIVEN{$given} }) ? 1 : 0;
                        }
                    );
                    my $sock = seen(
                        'scalar new' => sub {
                            IO::Socket::SSL->new(
                                PeerAddr => '127.0.0.1:' . $peer->port,
                                @{ $CALLS{$call} }
                            );
                        }
                    );
                    seen(version => sub { $sock->get_sslversion }) if $sock;
                    undef $sock;
                    ended($peer);
                }
            );
        }
    }
}

# --- certificates -----------------------------------------------------------

for my $which (
    qw(server client ca cn-only ip-cn two-cn utf8-cn many-san
    self-signed server-ecdsa expired)
  )
{
    program(
        "CERT_asHash $which",
        sub {
            my $cert = IO::Socket::SSL::Utils::PEM_file2cert(cert($which));
            my $hash = IO::Socket::SSL::Utils::CERT_asHash($cert);
            told("$_:", value_of($hash->{$_}))
              for sort grep { $_ ne 'ext' } keys %$hash;
        }
    );
}

my %SPECS = (
    plain => { subject => { commonName => 'x' } },
    names => {
        subject         => { CN => 'x', O => 'y' },
        subjectAltNames => [[DNS => 'a.b'], [IP => '127.0.0.1']]
    },
    ca       => { CA      => 1,        subject => { commonName => 'ca' } },
    client   => { purpose => 'client', subject => { commonName => 'c' } },
    purposes =>
      { purpose => 'server,client', subject => { commonName => 'c' } },
    version =>
      { version => 2, serial => 77, subject => { commonName => 'c' } },
    dates => {
        not_before => 1_600_000_000,
        not_after  => 2_000_000_000,
        subject    => { commonName => 'c' }
    },
    unknown => { nonsense => 1 },
    ignored => { nonsense => 1,        ignore_invalid_args => 1 },
    digest  => { digest   => 'sha512', subject => { commonName => 'c' } },
    ext     => {
        ext     => [{ sn => 'extendedKeyUsage', data => 'clientAuth' }],
        subject => { commonName => 'c' }
    },
    nothing => {},
);
for my $spec (sort keys %SPECS) {
    program(
        "CERT_create $spec",
        sub {
            my ($cert, $key);
            my @key =
              $spec eq 'plain'
              ? ()
              : (key => IO::Socket::SSL::Utils::PEM_file2key(key('server')));
            seen(
                CERT_create => sub {
                    ($cert, $key) =
                      IO::Socket::SSL::Utils::CERT_create(@key,
                        %{ $SPECS{$spec} });
                    ($cert ? 1 : 0, $key ? 1 : 0);
                }
            );
            return if !$cert;
            my $hash = IO::Socket::SSL::Utils::CERT_asHash($cert);
            told("$_:", value_of($hash->{$_}))
              for grep { exists $hash->{$_} }
              qw(subject issuer subjectAltNames version keyusage extkeyusage signature_alg);
            told('extensions:',
                sort map { $_->{sn} . ($_->{critical} ? '!' : '') }
                  @{ $hash->{ext} || [] });
        }
    );
}

for my $function (qw(PEM_file2cert PEM_file2certs PEM_file2key)) {
    for my $name (
        qw(server.pem server.key server-both.pem ca-with-crl.pem
        empty.pem garbage.txt garbage.der server.der there-is-none
        server-sub-chain.pem encrypted.key ca-dir)
      )
    {
        program(
            "$function $name",
            sub {
                open STDIN, '<', '/dev/null';
                seen(
                    $function => sub {
                        no strict 'refs';
                        &{"IO::Socket::SSL::Utils::$function"}(file($name));
                    }
                );
            }
        );
    }
}

# --- contexts and sessions --------------------------------------------------

my %CONTEXTS = (
    client => [%TRUST],
    server => [
        SSL_server    => 1,
        SSL_cert_file => cert('server'),
        SSL_key_file  => key('server')
    ],
    nothing     => [],
    bad_file    => [SSL_ca_file   => '/nowhere'],
    bad_cert    => [SSL_cert_file => '/nowhere', SSL_key_file => '/nowhere'],
    server_bare => [SSL_server    => 1],
    size        => [SSL_session_cache_size => 5],
);
for my $which (sort keys %CONTEXTS) {
    program(
        "SSL_Context $which",
        sub {
            my $ctx = seen(
                new => sub {
                    IO::Socket::SSL::SSL_Context->new(@{ $CONTEXTS{$which} });
                }
            ) or return;
            seen(has_session_cache => sub { $ctx->has_session_cache ? 1 : 0 }
            );
            seen(object => sub { $ctx->_get_ctx_object ? 1 : 0 });
            seen(
                keys => sub {
                    sort grep { exists $ctx->{$_} } qw(context session_cache);
                }
            );
            my $peer = serve({}, 'hs', 'end');
            my $sock = seen(
                'scalar client' => sub {
                    IO::Socket::SSL->new(
                        PeerAddr      => '127.0.0.1:' . $peer->port,
                        SSL_reuse_ctx => $ctx
                    );
                }
            );
            undef $sock;
            ended($peer);
        }
    );
}

for my $cache (undef, 0, 1, 2, 'x', -1) {
    program(
        'Session_Cache ' . value_of($cache),
        sub {
            my $c =
              seen(new => sub { IO::Socket::SSL::Session_Cache->new($cache) })
              or return;
            seen(get => sub { $c->get_session('nobody') });
            seen(del => sub { $c->del_session('nobody') ? 1 : 0 });
        }
    );
}

1;
