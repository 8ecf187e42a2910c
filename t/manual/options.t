# Claims of the manual of 1.77 about the options of new that no other test
# covers.
use strict;
use warnings;

# The system's OPENSSL_CONF may forbid what was allowed at the manual's time.
BEGIN { $ENV{OPENSSL_CONF} = '/dev/null' }

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Socket qw(SOCK_STREAM SOL_SOCKET SO_REUSEADDR);
use Test::More;

subtest 'new: all the friendly options of IO::Socket::INET' => sub {
    my $listener = IO::Socket::SSL->new(
        LocalAddr => '127.0.0.1',
        LocalPort => 0,
        Proto     => 'tcp',
        Type      => SOCK_STREAM,
        Listen    => 3,
        ReuseAddr => 1,
        server_args()
    );
    ok($listener, 'a listener') or diag $SSL_ERROR;
    is($listener->sockhost, '127.0.0.1', 'LocalAddr');
    ok($listener->sockopt(SO_REUSEADDR), 'ReuseAddr');

    my ($server, $address) =
      tls_server(sub { my ($sock, $me) = @_; $me->tell($sock->peerport) });
    my ($server_port) = $address =~ /:(\d+)\z/;
    my $free          = listener();
    my $port          = $free->sockport;
    close $free;
    my $client = IO::Socket::SSL->new(
        PeerHost   => '127.0.0.1',
        PeerPort   => $server_port,
        LocalHost  => '127.0.0.1',
        LocalPort  => $port,
        Proto      => 'tcp',
        Type       => SOCK_STREAM,
        ReuseAddr  => 1,
        MultiHomed => 1,
        Timeout    => 20,
        Blocking   => 0,
        client_args()
    ) or diag "$!, $SSL_ERROR";
    is($client && $client->sockport, $port,        'LocalHost, LocalPort');
    is($client->peerport,            $server_port, 'PeerHost, PeerPort');
    is_deeply([$server->hear], [$port], '... the server sees the same');
    is($client->timeout, 20, 'Timeout');
    ok(!$client->blocking, 'Blocking');
    is($client->socktype, SOCK_STREAM, 'Type');
};

# A ClientHello in the format of SSLv2 that wants TLS 1.2 (RFC 5246, E.2).
sub hello_of_sslv2 {
    my @suites = (0x009c, 0x002f);    # with no signature to agree on
    my $specs  = join '', map { pack 'C n', 0, $_ } @suites;
    my $hello  = pack 'C n n n n', 1, 0x0303, length $specs, 0, 32;
    $hello .= $specs . "\x5a" x 32;
    return pack('n', 0x8000 | length $hello) . $hello;
}

for my $version ('SSLv23:!SSLv2', 'TLSv1_2') {
    my ($tcp, $peer) = raw_pair(
        sub {
            my ($tcp, $me) = @_;
            my $sock = IO::Socket::SSL->start_SSL(
                $tcp,
                server_args(
                    SSL_version     => $version,
                    SSL_cipher_list => 'ALL:@SECLEVEL=0'
                )
            );
            $me->tell($sock ? '' : "$SSL_ERROR");
            close $tcp;
        }
    );
    print $tcp hello_of_sslv2();
    shutdown $tcp, 1;
    my $answer = do { local $/; <$tcp> };
    my ($error) = $peer->hear;
    my ($type, $protocol, $message) =
      length($answer || '') > 5 ? unpack('C n x2 C', $answer) : ();
  SKIP: {
        skip "this OpenSSL takes no hello of SSLv2: $error", 1
          if !defined $type || $type == 21;
        is_deeply(
            [$type, $protocol, $message],
            [22,    0x0303,    2],
            "SSL_version $version: a client may start with SSLv2"
        ) or diag $error;
    }
}

subtest 'SSL_honor_cipher_order: the list against BEAST' => sub {
    my %list = (SSL_cipher_list => 'RC4-SHA:ALL:!ADH:!LOW');
    my ($sock) = tls_pair(
        version => 'TLSv1_2',
        role    => 'server',
        mine    => { %list, SSL_honor_cipher_order => 1 },
        theirs  => { SSL_cipher_list               => 'ALL' }
    );
    is($sock->opened, 1, 'can be used');
    is(
        $sock->get_cipher,
        (
            tls_pair(
                version => 'TLSv1_2',
                role    => 'server',
                mine    =>
                  { SSL_honor_cipher_order => 1, SSL_cipher_list => 'ALL' },
                theirs => { SSL_cipher_list => 'ALL' }
            )
        )[0]->get_cipher,
        'without RC4-SHA in OpenSSL, ALL applies'
    ) if $sock->get_cipher ne 'RC4-SHA';
};

subtest 'SSL_verify_mode: values may be combined' => sub {
    my %verify  = (SSL_ca_file => cert('ca'));
    my %has_one = (theirs      => { identity('client') });

    for my $mode (0x01, 0x01 | 0x04) {
        my %server = (mine => { %verify, SSL_verify_mode => $mode });
        my ($sock) = tls_pair(role => 'server', %server, %has_one);
        is($sock->peer_certificate('cn'),
            'Test Client', "server, $mode: a certificate is verified");
        ($sock) = tls_pair(role => 'server', %server);
        ok($sock && !$sock->peer_certificate, '... none is not a failure');
        isnt(
            (
                handshake_errors(
                    role => 'server',
                    %server, theirs => { identity('other-client') }
                )
            )[0],
            '',
            '... a bad one is a failure'
        );
    }
    for my $mode (0x01 | 0x02, 0x01 | 0x02 | 0x04) {
        my %server = (mine => { %verify, SSL_verify_mode => $mode });
        my ($sock) = tls_pair(role => 'server', %server, %has_one);
        is($sock->peer_certificate('cn'),
            'Test Client', "server, $mode: a certificate is verified");
        like(
            (handshake_errors(role => 'server', %server))[0],
            qr/did not return a certificate/,
            '... none is a failure'
        );
        ($sock) = tls_pair(mine => { SSL_verify_mode => $mode });
        ok($sock, "client, $mode: 0x02 and 0x04 have no effect");
    }
};

subtest 'SSL_reuse_ctx: other options of contexts are ignored' => sub {
    my $context = IO::Socket::SSL::SSL_Context->new(
        client_args(
            SSL_version     => 'TLSv1_2',
            SSL_cipher_list => 'ECDHE-RSA-AES256-GCM-SHA384'
        )
    );
    my %other = (
        SSL_version     => 'TLSv1_3',
        SSL_cipher_list => 'ECDHE-RSA-AES128-GCM-SHA256',
        SSL_ca_file     => cert('other-ca'),
        SSL_check_crl   => 1,
        SSL_cert_file   => cert('client'),
        SSL_key_file    => key('client'),
    );
    my ($sock) = failing_pair(mine => { %other, SSL_reuse_ctx => $context });
    ok($sock, 'a handshake') or diag $SSL_ERROR;
    is($sock && $sock->get_sslversion, 'TLSv1_2', '... its version');
    is($sock && $sock->get_cipher,
        'ECDHE-RSA-AES256-GCM-SHA384', '... its ciphers');
    for my $none (undef, '', 0) {
        my $shown = defined $none ? "'$none'" : 'undef';
        isnt(
            (handshake_errors(mine => { %other, SSL_reuse_ctx => $none }))[0],
            '',
            "SSL_reuse_ctx => $shown: they apply"
        );
    }
    my $closed = IO::Socket::SSL->new;
    for my $invalid ('text', {}, bless([], 'Some::Class'), $closed) {
        like(
            died(sub { failing_pair(mine => { SSL_reuse_ctx => $invalid }) }),
            qr/invalid context to reuse/,
            'an invalid value croaks'
        );
    }
};

# The address is in the certificate of the first server only.
for my $name (qw(PeerHost PeerAddr)) {
    my %outcome;
    for my $identity (qw(server wrong-name)) {
        my ($server, $address) = tls_server(sub { }, identity($identity));
        my $sock = IO::Socket::SSL->new(
            $name               => $address,
            SSL_ca_file         => cert('ca'),
            SSL_verifycn_scheme => 'http'
        );
        $outcome{$identity} = $sock ? '' : "$SSL_ERROR";
    }
    is($outcome{server}, '',
        "SSL_verifycn_name: by default $name is the name");
    like(
        $outcome{'wrong-name'},
        qr/hostname verification failed: wanted "127\.0\.0\.1"/,
        '... or it fails'
    );
}

done_testing();
