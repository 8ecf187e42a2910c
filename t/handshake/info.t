# Methods that describe a connection: certificates, cipher, version, names.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Socket qw(inet_aton inet_pton AF_INET6);
use Test::More;

my $SUBJECT = '/C=DE/O=IO-Socket-SSL/CN=localhost';
my $ISSUER  = '/C=DE/O=IO-Socket-SSL/CN=Test CA';
my @NAMES   = (
    GEN_DNS,   'localhost', GEN_IPADD, inet_aton('127.0.0.1'),
    GEN_IPADD, inet_pton(AF_INET6, '::1'),
    GEN_DNS,   '*.example.test'
);

each_version(
    sub {
        my ($version) = @_;
        my ($sock)    = tls_pair(version => $version);

        my %FIELD = (
            authority  => $ISSUER,
            issuer     => $ISSUER,
            owner      => $SUBJECT,
            subject    => $SUBJECT,
            commonName => 'localhost',
            cn         => 'localhost',
        );
        for my $field (sort keys %FIELD) {
            is($sock->peer_certificate($field),
                $FIELD{$field}, "peer_certificate('$field')");
            is_deeply([$sock->peer_certificate($field)],
                [$FIELD{$field}], '... one value in list context');
        }
        is($sock->peer_certificate('cn', 1),
            $FIELD{cn}, 'peer_certificate with refresh');
        is_deeply([$sock->peer_certificate('subjectAltNames')],
            \@NAMES, 'subjectAltNames are pairs of type and value');
        like($sock->peer_certificate, qr/^[1-9]\d*\z/,
            'without a field: a handle');
        is($sock->peer_certificate, $sock->peer_certificate,
            '... the same each time');
        my $error = died(sub { $sock->peer_certificate('no such field') });
        like(
            $error,
            qr/unknown field 'no such field'.*valid fields are/,
            'an unknown field croaks'
        );
        like($error, qr/\b$_\b/, "... and $_ is in the list")
          for keys %FIELD, 'subjectAltNames';
        like($error, qr/info\.t/, '... at the line of the caller');

        like(
            $sock->dump_peer_certificate,
            qr/\ASubject Name: $SUBJECT\nIssuer  Name: $ISSUER\n/,
            'dump_peer_certificate'
        );
        is($sock->subject_name, $SUBJECT, 'subject_name');
        is($sock->issuer_name,  $ISSUER,  'issuer_name');
        is($sock->get_peer_certificate,
            $sock, 'get_peer_certificate returns the socket');

        is($sock->get_sslversion, $version, 'get_sslversion');
        is($sock->get_sslversion_int, $version eq 'TLSv1_2' ? 0x303 : 0x304,
            'get_sslversion_int');
        like($sock->get_cipher, qr/^(?:ECDHE|TLS_)[-\w]+\z/, 'get_cipher');
        is($sock->get_servername, 'localhost',  'get_servername of a client');
        is($sock->next_proto_negotiated, undef, 'no NPN');
        is($sock->alpn_selected,         undef, 'no ALPN');
        is_deeply([$sock->sock_certificate],
            [], 'we have used no certificate');
        like($sock->_get_ssl_object, qr/^[1-9]\d*\z/, '_get_ssl_object');
        isa_ok($sock->_get_ctx_object, 'IO::Socket::SSL::SSL_Context',
            '_get_ctx_object')
          if ref $sock->_get_ctx_object;
    }
);

each_version(
    sub {
        my ($version) = @_;
        my ($sock)    = tls_pair(
            version => $version,
            role    => 'server',
            mine    => {
                SSL_verify_mode => SSL_VERIFY_PEER,
                SSL_ca_file     => cert('ca')
            },
            theirs => { identity('client') }
        );
        is($sock->peer_certificate('cn'),
            'Test Client', "a server sees the client's name");
        is_deeply(
            [$sock->peer_certificate('subjectAltNames')],
            [1, 'client@example.test'],
            '... and its mail address'
        );
        is($sock->sock_certificate('subject'),
            $SUBJECT, '... and its own certificate');
        is($sock->sock_certificate('issuer'), $ISSUER, '... with its issuer');
        is($sock->get_servername, 'localhost', 'get_servername of a server');
    }
);

subtest 'chains' => sub {
    my ($sock) = tls_pair(
        theirs => {
            SSL_cert_file => cert_file('server-sub-chain.pem'),
            SSL_key_file  => key('server-sub')
        }
    );
    my @chain = $sock->peer_certificates;
    is(scalar @chain, 2, 'peer_certificates returns the chain');
    is($chain[0],     $sock->peer_certificate, '... the leaf first');
    isnt($chain[1], $chain[0], '... then another');
    is(scalar $sock->peer_certificates, 2, '... in scalar context how many');
    is($sock->peer_certificate($_),
        $chain[0], "peer_certificate('$_') returns the handle")
      for 0, '';

    my ($server) =
      tls_pair(role => 'server', theirs => { identity('client') });
    is_deeply([$server->peer_certificates],
        [], 'none if no client certificate was requested');
    is(scalar $server->peer_certificates, 0, '... which are 0');
    for my $field ('cn', 'subject', 'issuer', 'subjectAltNames', undef) {
        my $shown = defined $field ? "'$field'" : '';
        $SSL_ERROR = '';
        is_deeply([$server->peer_certificate($field)],
            [], "peer_certificate($shown) of a peer without a certificate");
        like(
            $SSL_ERROR,
            qr/^there is no peer certificate$/,
            '... with the reason in $SSL_ERROR'
        );
        like($server->errstr, qr/^there is no peer cert/, '... and errstr');
    }
    is($server->sock_certificate($_),
        $server->sock_certificate, "sock_certificate('$_') likewise")
      for 0, '';
    ($server) = tls_pair(
        role => 'server',
        mine =>
          { SSL_verify_mode => SSL_VERIFY_PEER, SSL_ca_file => cert('ca') },
        theirs => { identity('client') }
    );
    my @of_client = $server->peer_certificates;
    is(scalar $server->peer_certificates,
        @of_client, 'the leaf of a client is counted');
    cmp_ok(scalar @of_client, '>=', 1, '... and there is one');
};

subtest 'names of all kinds' => sub {
    my %off    = (SSL_verify_mode => SSL_VERIFY_NONE);
    my ($sock) = tls_pair(mine => \%off, theirs => { identity('many-san') });
    my @names  = $sock->peer_certificate('subjectAltNames');
    my %value  = reverse @names[0 .. 9];
    is_deeply(
        \%value,
        {
            'a.example.test'                   => GEN_DNS,
            'me@example.test'                  => 1,
            'https://example.test/'            => 6,
            inet_aton('192.0.2.1')             => GEN_IPADD,
            inet_pton(AF_INET6, '2001:db8::1') => GEN_IPADD
        },
        'mail, URI and addresses'
    );

    ($sock) = tls_pair(mine => \%off, theirs => { identity('utf8-cn') });
    is($sock->peer_certificate('cn'), "B\xfccher", 'a common name in UTF-8');

    ($sock) = tls_pair(mine => \%off, theirs => { identity('two-cn') });
    is($sock->peer_certificate('cn'),
        'last.example.test', 'the last of two common names');

    ($sock) = tls_pair(mine => \%off, theirs => { identity('cn-only') });
    is_deeply([$sock->peer_certificate('subjectAltNames')],
        [], 'no alternative names');

    ($sock) = tls_pair(mine => \%off, theirs => { identity('nul-san') });
    like(join('|', $sock->peer_certificate('subjectAltNames')),
        qr/\0/, 'a NUL is kept');
};

each_version(
    sub {
        my ($version) = @_;

        for my $end (qw(stop_SSL close)) {
            for my $role (qw(client server)) {
                my ($sock) = tls_pair(
                    version => $version,
                    role    => $role,
                    $role eq 'server'
                    ? (theirs => { SSL_hostname => 'localhost' })
                    : (mine => { SSL_hostname => 'localhost' })
                );
                $sock->stop_SSL(
                    SSL_no_shutdown        => 1,
                    _SSL_ioclass_downgrade => 0
                ) if $end eq 'stop_SSL';
                $sock->close if $end eq 'close';
                $SSL_ERROR = '';
                is($sock->get_servername, 'localhost',
                    "get_servername of a $role after $end: still the name");
                is($SSL_ERROR, '', '... which is not an error');
            }
        }
    }
);

subtest 'the name of the last connection only' => sub {
    my ($sock) = tls_pair(mine => { SSL_hostname => 'localhost' });
    my ($tcp)  = raw_pair(sub { });
    $sock->close;
    is($sock->get_servername, 'localhost', 'the name is kept');
    open $sock, '+<&', $tcp or die "dup: $!";
    ok(
        $sock->configure_SSL(
            { client_args(SSL_startHandshake => 0), SSL_hostname => '' }
        ),
        'the same object is used again, without a name'
    );
    $sock->blocking(0);
    ok(!$sock->connect_SSL, 'the handshake begins');
    is($sock->get_servername, undef, 'it has no name');
    $sock->close;
    is_deeply([$sock->get_servername], [], '... after close neither');

    ($tcp) =
      raw_pair(sub { IO::Socket::SSL->start_SSL($_[0], server_args()); });
    ok(
        IO::Socket::SSL->start_SSL(
            $tcp, client_args(SSL_hostname => 'localhost')
        ),
        'start_SSL with a name'
    );
    $tcp->stop_SSL(SSL_no_shutdown => 1);
    is_deeply([grep { /^_SSL/ } keys %{*$tcp}],
        [], 'stop_SSL of an upgraded socket keeps nothing');
};

subtest 'before and after' => sub {
    my ($tcp, $peer) = raw_pair(sub { });
    my $sock =
      IO::Socket::SSL->start_SSL($tcp, client_args(SSL_startHandshake => 0));
    for my $method (
        qw(get_cipher get_sslversion get_sslversion_int peer_certificate
        sock_certificate dump_peer_certificate alpn_selected get_servername
        pending)
      )
    {
        local $SSL_ERROR;
        ok(!eval { $sock->$method }, "$method before the handshake: false");
        unlike($@, qr/Can't|segfault/, '... and no crash');
    }
    is_deeply([$sock->is_SSL], [], 'is_SSL without TLS: an empty list');
    is(scalar $sock->is_SSL, undef, '... or undef');

    ($sock) = tls_pair();
    close $sock;
    ok(!eval { $sock->$_ }, "$_ after close: false")
      for qw(get_cipher get_sslversion peer_certificate pending);
};

done_testing;
