# Each kind of bad certificate is refused with a message that names the
# problem; $SSL_ERROR, errstr and $@ agree.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

my $REFUSED = qr/certificate verify failed/;

# problem => [certificate of the server, more arguments of the client,
# our message, the server's message]
my %BAD = (
    'self-signed' =>
      ['self-signed', [], qr/self[- ]signed/, qr/alert unknown ca/i],
    'expired' => ['expired', [], qr/expired/, qr/alert certificate expired/i],
    'not yet valid'    => ['not-yet-valid', [], qr/not yet valid/, qr/alert/],
    'of an unknown CA' => [
        'other-server',                             [],
        qr/unable to get local issuer certificate/, qr/alert unknown ca/i
    ],
    'of a CA with the same name' =>
      ['namesake-server', [], qr/signature failure|local issuer/, qr/alert/],
    'of an intermediate that was not sent' => [
        'server-sub',                               [],
        qr/unable to get local issuer certificate/, qr/alert unknown ca/i
    ],
    'not made for servers' => ['client-only', [], qr/purpose/, qr/alert/],
    'revoked'              => [
        'revoked', [SSL_check_crl => 1, SSL_crl_file => cert_file('crl.pem')],
        qr/revoked/, qr/alert certificate revoked/i
    ],
    'of a CA whose list is missing' => [
        'server',                          [SSL_check_crl => 1],
        qr/unable to get certificate CRL/, qr/alert/
    ],
    'of a CA whose list is old' => [
        'server',
        [SSL_check_crl => 1, SSL_crl_file => cert_file('crl-expired.pem')],
        qr/CRL has expired/, qr/alert/
    ],
);

each_version(
    sub {
        my ($version) = @_;

        for my $name (sort keys %BAD) {
            my ($identity, $args, $reason, $alert) = @{ $BAD{$name} };
            my ($ours, $theirs) = handshake_errors(
                version => $version,
                mine    => {@$args},
                theirs  => { identity($identity) }
            );
            like($ours, $REFUSED,          "a certificate $name is refused");
            like($ours, $reason,           '... with the reason');
            like($ours, qr/depth 0/,       '... the depth');
            like($ours, qr{/CN=localhost}, '... and the subject');
            like($theirs, $alert, '... and the server gets an alert');
        }
    }
);

each_version(
    sub {
        my ($version) = @_;

        my ($ours, $theirs) = handshake_errors(
            version => $version,
            mine    => { SSL_verifycn_name => 'localhost' },
            theirs  => { identity('wrong-name') }
        );
        like($ours,   qr/hostname verification failed/, 'a wrong name');
        like($ours,   qr/localhost/,      '... with the name wanted');
        like($ours,   qr/wrong\.invalid/, '... and the names offered');
        like($theirs, qr/alert/,          '... and the server gets an alert');
    }
);

subtest 'weak keys and digests' => sub {
    for my $case (
        ['weak-rsa',  qr/key too small|key too weak/],
        ['weak-sha1', qr/md too weak|digest .*too weak/],
      )
    {
        my ($identity, $reason) = @$case;
        my ($ours) = handshake_errors(
            mine   => { SSL_cipher_list => 'DEFAULT:@SECLEVEL=2' },
            theirs => {
                identity($identity), SSL_cipher_list => 'DEFAULT:@SECLEVEL=0'
            }
        );
        like($ours, $REFUSED, "$identity is refused");
        like($ours, $reason,  '... with the reason');
    }
};

subtest 'all ways to get the reason' => sub {
    my ($server, $address) = tls_server(sub { }, identity('expired'));
    local $@ = 'stale';
    my @result = IO::Socket::SSL->new(PeerAddr => $address, client_args());
    is_deeply(\@result, [], 'new returns the empty list');
    like($SSL_ERROR, qr/expired/, '$SSL_ERROR');
    like($@,         qr/expired/, '$@');
    is(IO::Socket::SSL::errstr(), "$SSL_ERROR", 'errstr as a function');
    is(IO::Socket::SSL->errstr,   "$SSL_ERROR", 'errstr as a class method');
    isnt($SSL_ERROR + 0, 0, '$SSL_ERROR is a number, too') if $SSL_ERROR;

    my $sock = IO::Socket::SSL->new(
        PeerAddr           => $address,
        SSL_startHandshake => 0,
        client_args()
    );
    is_deeply([$sock->connect_SSL], [], 'connect_SSL fails the same way');
    like($sock->errstr, qr/expired/, 'errstr as an object method');
};

each_version(
    sub {
        my ($version) = @_;

        for my $identity (qw(self-signed expired other-server wrong-name)) {
            my ($ours) = handshake_errors(
                version => $version,
                mine    => { SSL_verify_mode => SSL_VERIFY_NONE },
                theirs  => { identity($identity) }
            );
            is($ours, '', "SSL_VERIFY_NONE accepts: $identity");
        }
    }
);

subtest 'SSL_verify_mode => undef is the default, not "off"' => sub {
    my ($ours) = handshake_errors(
        mine   => { SSL_verify_mode => undef },
        theirs => { identity('other-server') }
    );
    like($ours, $REFUSED, 'an unknown CA is refused');
};

subtest 'chains' => sub {
    for my $case (
        ['an intermediate that was sent', 'ca',     'server-sub-chain.pem'],
        ['an intermediate as the anchor', 'sub-ca', 'server-sub.pem'],
      )
    {
        my ($claim, $ca, $chain) = @$case;
        my ($ours) = handshake_errors(
            mine   => { SSL_ca_file => cert($ca) },
            theirs => {
                SSL_cert_file => cert_file($chain),
                SSL_key_file  => key('server-sub')
            }
        );
        is($ours, '', "$claim is enough");
    }
};

subtest 'revocation lists' => sub {
    my @crl = (SSL_check_crl => 1, SSL_crl_file => cert_file('crl.pem'));
    is((handshake_errors(mine => {@crl}))[0],
        '', 'a certificate that is not on the list is accepted');
    is(
        (
            handshake_errors(
                mine   => { SSL_crl_file => cert_file('crl.pem') },
                theirs => { identity('revoked') }
            )
        )[0],
        '',
        'without SSL_check_crl the list is not asked'
    );
};

# --- the server's side ------------------------------------------------------

my $WANTED = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;

each_version(
    sub {
        my ($version) = @_;

        my %server = (
            role    => 'server',
            version => $version,
            mine => { SSL_verify_mode => $WANTED, SSL_ca_file => cert('ca') }
        );
        my ($ours) = handshake_errors(%server);
        like(
            $ours,
            qr/peer did not return a certificate/,
            'a client without certificate is refused'
        );
        ($ours) =
          handshake_errors(%server, theirs => { identity('client') });
        is($ours, '', 'a client with a good certificate is accepted');
        ($ours) =
          handshake_errors(%server, theirs => { identity('other-client') });
        like($ours, $REFUSED, 'a certificate of an unknown CA is refused');
        like($ours, qr{Other Client}, '... with its subject');
    }
);

subtest 'a server that only asks' => sub {
    my %server = (
        role => 'server',
        mine => {
            SSL_verify_mode => SSL_VERIFY_PEER,
            SSL_ca_file     => cert('ca')
        }
    );
    is((handshake_errors(%server))[0], '', 'no certificate is accepted');
    my ($sock, $peer) = tls_pair(%server, theirs => { identity('client') });
    is($sock->peer_certificate('cn'),
        'Test Client', 'a certificate that is sent can be read');
};

done_testing;
