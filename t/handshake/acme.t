# SSL_acme: a server answers challenges of ACME by tls-alpn-01 (RFC 8737).
use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::SSL;
use IO::Socket::SSL::Utils;
use ISS::Test;
use Test::More;

my $AUTHORIZATION = 'token.thumbprint';
my $ID            = '1.3.6.1.5.5.7.1.31';

# A client asks for the name, as an authority does: its socket or error, and
# what the server has: its socket, error, kind, and a second connection of an
# ordinary client under the same context.
sub challenge {
    my ($name, $acme, %arg) = @_;
    my ($sock, $peer) = failing_pair(
        version => $arg{version},
        mine    => {
            SSL_verify_mode    => 0,
            SSL_alpn_protocols => $arg{alpn} || ['acme-tls/1'],
            SSL_hostname       => $name
        },
        theirs => { SSL_acme => $acme, %{ $arg{server} || {} } },
        peer   => sub {
            my ($own, $me) = @_;
            my $info = IO::Socket::SSL->ssl_error_info || {};
            $me->tell($own ? $own->alpn_selected || 'no' : '',
                $own ? '' : "$SSL_ERROR", $info->{kind} || '');
        }
    );
    my $error = "$SSL_ERROR";
    return ($sock, $error, $peer->hear);
}

each_version(
    sub {
        my ($version) = @_;
        my @asked;
        for my $acme (
            { 'new.example.org' => $AUTHORIZATION },
            sub { push @asked, @_; $AUTHORIZATION }
          )
        {
            my ($sock, $error, $alpn, $its_error, $kind) =
              challenge('New.example.org', $acme, version => $version);
            ok($sock, 'the handshake is done') or diag $error;
            is($sock->alpn_selected, 'acme-tls/1', '... by the protocol');
            my $cert = CERT_asHash($sock->peer_certificate);
            is_deeply($cert->{subjectAltNames},
                [['DNS', 'new.example.org']], '... the name');
            my ($ext) = grep { $_->{oid} eq $ID } @{ $cert->{ext} };
            is($ext->{critical}, 1, '... a critical extension');
            like($sock->dump_peer_certificate,
                qr/acme-tls/, 'a certificate made for it');
            my $der = PEM_cert2string($sock->peer_certificate);
            $der =~ s/-----.*?-----//g;
            like(
                unpack('H*', unpack 'u', base64_as_uu($der)),
                qr/0420@{[sha256_hex($AUTHORIZATION)]}/,
                '... with the digest of the key authorization'
            );
            is($alpn, '', 'accept returns the empty list');
            like(
                $its_error,
                qr/SSL_acme: answered the challenge for \S*example\.org$/i,
                '... and says why'
            );
            is($kind, 'acme', '... of the kind acme');
            is(scalar <$sock>, undef, '... and the connection ends');
        }
    }
);

sub base64_as_uu {
    my ($text) = @_;
    require MIME::Base64;
    return pack 'u', MIME::Base64::decode($text);
}

# Nobody else gets such a certificate.
{
    my ($sock, $error, $alpn, $its_error, $kind) =
      challenge('other.test', { 'new.example.org' => $AUTHORIZATION });
    ok(!$sock, 'a name without a key authorization');
    like($error, qr/unrecognized name/, '... is an alert');
    like(
        $its_error,
        qr/SSL_acme: there is no key authorization for other\.test$/,
        '... which the server tells of'
    );
    is($kind, 'acme', '... of the kind acme');
    ($sock, $error) = challenge('', { '' => $AUTHORIZATION });
    like($error, qr/unrecognized name/, 'so is no name at all');
    ($sock, $error, $alpn) = challenge(
        'localhost',
        { localhost => $AUTHORIZATION },
        alpn   => ['acme-tls/1', 'h2'],
        server => { SSL_alpn_protocols => ['h2'] }
    );
    is($alpn, 'h2', 'one protocol among others is an ordinary handshake');
    ($sock, $error, $alpn) = challenge(
        'localhost',
        { localhost => $AUTHORIZATION },
        alpn => ['http/1.1']
    );
    is($alpn, 'no', 'so is another protocol');
    is($sock->peer_certificate('cn'),
        'localhost', '... with the certificate of the server');
}

# An address is asked for by its name in the reverse tree (RFC 8738).
for my $case (
    ['1.0.0.127.in-addr.arpa', '127.0.0.1'],
    [
        '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa',
        '2001:db8::1'
    ],
  )
{
    my ($name, $address) = @$case;
    my ($sock, $error)   = challenge($name, { $address => $AUTHORIZATION });
    my $cert = $sock ? CERT_asHash($sock->peer_certificate) : {};
    is(
        lc $cert->{subjectAltNames}[0][1],
        $address, "$address is an address"
    );
}

# Rules for clients do not matter, nor can they be evaded.
{
    my @mutual = (
        SSL_verify_mode => SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
        SSL_ca_file     => cert('ca')
    );
    my ($sock) = challenge(
        'localhost',
        { localhost => $AUTHORIZATION },
        server => {@mutual}
    );
    ok($sock, 'a server that verifies clients answers all the same');
    my ($server, $address) = tls_server(
        sub { print { $_[0] } "welcome\n" },
        @mutual, SSL_acme => { localhost => $AUTHORIZATION });
    my $client = IO::Socket::SSL::SSL_Context->new(
        SSL_verify_mode        => 0,
        SSL_session_cache_size => 5,
        SSL_alpn_protocols     => ['acme-tls/1']
    );
    for my $n (1, 2) {
        my $one = IO::Socket::SSL->new(
            PeerAddr      => $address,
            SSL_hostname  => 'localhost',
            SSL_reuse_ctx => $client
        );
        is($one ? $one->get_session_reused : 'failed',
            0, "challenge $n: there is no session to resume");
        is($one ? scalar <$one> : '', undef, '... nor any data');
    }
}

# Mistakes.
like(
    died(
        sub { IO::Socket::SSL::SSL_Context->new(server_args(SSL_acme => 5)) }
    ),
    qr/^SSL_acme must be a code reference or a hash at/,
    'a wrong value'
);
like(
    died(sub { IO::Socket::SSL::SSL_Context->new(SSL_acme => {}) }),
    qr/^SSL_acme is for servers at/,
    'a client'
);
{
    my ($raw, $peer) = raw_pair(
        sub {
            IO::Socket::SSL->start_SSL(
                $_[0],
                SSL_verify_mode    => 0,
                SSL_alpn_protocols => ['acme-tls/1'],
                SSL_hostname       => 'localhost'
            );
        }
    );
    my @args = server_args(SSL_acme => sub { die "not now\n" });
    is(died(sub { IO::Socket::SSL->start_SSL($raw, @args) }),
        "not now\n", 'an exception of the callback is thrown');
}
for my $case (
    ['closes it',      sub { close $_[0] }],
    ['stops TLS',      sub { $_[0]->stop_SSL(SSL_no_shutdown => 1) }],
    ['starts again',   sub { $_[0]->accept_SSL }],
    ['drops its hash', sub { %{ *{ $_[0] } } = () }],
  )
{
    my ($name, $code) = @$case;
    my $called = 0;
    my ($sock) = eval {
        local $SIG{__WARN__} = sub { };
        failing_pair(
            role => 'server',
            mine =>
              { SSL_acme => sub { $called++; $code->(@_); 'a.b' } },
            theirs => {
                SSL_verify_mode    => 0,
                SSL_alpn_protocols => ['acme-tls/1']
            }
        );
    };
    is($called, 1,     "a callback that $name: no crash");
    is($sock,   undef, '... and no connection');
}

done_testing();
