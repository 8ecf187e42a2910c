# check: how a server is set up, by one handshake after the other.
use strict;
use warnings;

# The system's openssl.cnf may forbid the old versions of these servers.
BEGIN { $ENV{OPENSSL_CONF} = '/dev/null' }

use File::Temp;
use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::SSL;
use ISS::Check;
use ISS::Test;
use Socket qw(MSG_PEEK);
use Test::More;

my $OLD = 'ALL:@SECLEVEL=0';

sub setup {
    my ($server, %args) = @_;

    return check_tls($server, name => 'localhost', %args);
}

# Counts connections, and how many were alive at once.
{
    my ($peer, $address) = plain_server(
        do {
            my ($count, $data, $context) = (0, 0);
            sub {
                my ($tcp, $me) = @_;
                $context ||= IO::Socket::SSL::SSL_Context->new(server_args());
                my $sock = IO::Socket::SSL->start_SSL(
                    $tcp,
                    SSL_server    => 1,
                    SSL_reuse_ctx => $context
                );
                $count++;
                $data += length read_all($sock) if $sock;
                $me->tell($count, $data);
            }
        }
    );
    my $result = check_at($address, name => 'localhost');
    my ($count, $data) = (0, 0);
    ($count, $data) = $peer->hear for 1 .. $result->{handshakes};
    is($count, $result->{handshakes},
        'the server counts the same handshakes');
    cmp_ok($count, '<=', 40, '... at most 40');
    is($data, 0, '... and no byte of data');
    ids_are($result, [], '... a good server');

    my $record = $result->{addresses}[0];
    is_deeply(
        $record->{versions},
        { TLSv1_3 => 1, TLSv1_2 => 1, TLSv1_1 => 0, TLSv1 => 0 },
        'versions one by one'
    );
    is_deeply(
        $record->{resumption},
        { TLSv1_3 => 1, TLSv1_2 => 1 },
        'sessions are resumed'
    );
    is($record->{groups}{$_},     1,      "group $_") for qw(X25519 P-256);
    is($record->{without_sni},    'same', 'without SNI');
    is($record->{alpn}{selected}, undef,  'no ALPN');
    is($record->{connection}{version}, 'TLSv1_3', 'the connection');
    like($record->{times}{handshake_ms}, qr/^[0-9.]+$/, 'times');
}
{
    my $result = setup(
        {
            SSL_version        => 'TLSv1_2',
            SSL_ecdh_curve     => 'P-384',
            SSL_alpn_protocols => ['http/1.1'],
            SSL_cipher_list    => 'ECDHE+AESGCM',
        }
    );
    my $record = $result->{addresses}[0];
    ids_are($result, ['no_tls13'], 'TLS 1.2 only is but a note');
    is($result->{exit},            0,          '... and good');
    is($record->{groups}{'P-384'}, 1,          'its only group');
    is($record->{groups}{X25519},  0,          '... not another one');
    is($record->{alpn}{selected},  'http/1.1', 'ALPN');
}
{
    my $result = setup({ SSL_version => 'TLSv1', SSL_cipher_list => $OLD });
    is($result->{findings}[0]{id}, 'old_version', 'TLS 1.0 only');
    is($result->{exit},            2,             '... is bad');
    says(
        $result, 'old_version',
        qr/speaks only TLS 1\.0/,
        qr/Turn TLS 1\.2 and 1\.3 on/
    );
}
{
    my ($server, $address) = tls_server(
        sub {
            eval { read_all($_[0]) };
            return;
        },
        SSL_version     => 'TLSv1',
        SSL_cipher_list => $OLD
    );
    my $conf = File::Temp->new;
    print $conf <<'END';
openssl_conf = all
[all]
ssl_conf = ssl
[ssl]
system_default = tls
[tls]
MinProtocol = TLSv1.2
END
    close $conf;
    local $ENV{OPENSSL_CONF} = $conf->filename;
    my ($code, $said) =
      script('--ca' => cert('ca'), '--name' => 'localhost', $address);
    like(
        $said,
        qr/speaks only TLS 1\.0/,
        '... also where openssl.cnf forbids TLS 1.0'
    );
}
{
    my $result = setup(
        {
            SSL_version     => 'SSLv23:!TLSv1',
            SSL_cipher_list => $OLD
        }
    );
    ids_are($result, ['old_versions'], 'TLS 1.1 besides newer ones');
    is($result->{exit}, 0, '... is weak');
}
{
    my $result = setup({ SSL_num_tickets => 0, SSL_version => 'TLSv1_3' });
    ids_are($result, ['no_resumption'], 'no tickets');
    says($result, 'no_resumption', qr/with TLS 1\.3/);
}
{
    my %names  = (localhost => 'server', '' => 'server2');
    my $result = setup({ identities(%names) });
    ids_are($result, ['without_sni'], 'another certificate without SNI');
    is($result->{addresses}[0]{without_sni}, 'other', '... is told');
    delete $names{''};
    $result = setup({ identities(%names) });
    is($result->{addresses}[0]{without_sni}, 'refused', 'or none at all');
}
{
    my $result =
      setup({ SSL_cipher_list => 'ECDHE:RSA:aNULL:@SECLEVEL=0' }, full => 1);
    my $ciphers = $result->{addresses}[0]{ciphers};
    ok(
        (
            grep { $_ eq 'ECDHE-RSA-AES256-GCM-SHA384' }
              @{ $ciphers->{TLSv1_2} }
        ),
        'each cipher of TLS 1.2'
    );
    ok((grep { $_ eq 'TLS_AES_128_GCM_SHA256' } @{ $ciphers->{TLSv1_3} }),
        '... and of TLS 1.3');
    ids_are(
        $result,
        ['broken_cipher', 'no_forward_secrecy'],
        'ciphers that should go'
    );
    cmp_ok($result->{handshakes}, '<=', 200, 'at most 200 handshakes');
    cmp_ok($result->{handshakes}, '>',  30,  '... but many');
}
{
    my $result = setup({}, deadline => 0.000001);
    is($result->{addresses}[0]{reached}, 0, 'no time at all');
    is($result->{handshakes},            0, '... no handshake');
}

# A server that closes some connections at once: $closes->(count, ClientHello).
sub closing {
    my ($closes) = @_;
    my $count = 0;
    my ($peer, $address) = plain_server(
        sub {
            my ($tcp) = @_;
            recv $tcp, my $hello, 4096, MSG_PEEK;
            return if $closes->(++$count, $hello);
            my $sock = IO::Socket::SSL->start_SSL(
                $tcp,
                SSL_server => 1,
                server_args()
            ) or return;
            eval { read_all($sock) };
        }
    );

    return check_at($address, name => 'localhost')->{addresses}[0];
}

{
    my $record = closing(sub { $_[0] > 1 });
    is_deeply(
        [@{ $record->{versions} }{qw(TLSv1_3 TLSv1_2 TLSv1_1 TLSv1)}],
        [(undef) x 4],
        'a server that closes each later connection: no version is denied'
    );
    is_deeply([grep { defined } values %{ $record->{resumption} }],
        [], '... nor resumption');
    is($record->{without_sni},         undef, '... nor clients without SNI');
    is($record->{alpn},                undef, '... nor ALPN');
    is($record->{connection}{version}, 'TLSv1_3', '... which it spoke');
}
{
    # The extension supported_versions (43) with TLS 1.3
    my $record = closing(
        sub {
            $_[1] !~ /\x00\x2b\x00.(?:[\x02\x04\x06\x08])(?:..)*?\x03\x04/s;
        }
    );
    is_deeply(
        $record->{versions},
        { TLSv1_3 => 1, TLSv1_2 => 0, TLSv1_1 => 0, TLSv1 => 0 },
        'a server that closes connections of old versions denies them'
    );
}
done_testing();
