# The names of CAs that a server sends with its request for a certificate, as
# openssl s_client shows them.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::SSL;
use ISS::OpenSSL;
use ISS::Test;
use Test::More;

plan skip_all => 'there is no openssl command' if !find_openssl();

# The common names that a server with these arguments sends.
sub names_sent {
    my ($version, @args) = @_;

    my ($sock, $client) = accept_s_client(
        [
            $version eq 'TLSv1_2' ? '-tls1_2' : '-tls1_3',
            '-nameopt' => 'compat',
            '-cert'    => cert('client'),
            '-key'     => key('client')
        ],
        server_args(
            SSL_verify_mode => SSL_VERIFY_PEER,
            SSL_ca_file     => cert('ca'),
            @args
        )
    );
    return "no handshake: $SSL_ERROR" if !$sock;
    my $cn = $sock->peer_certificate('cn');
    $sock->close;
    my (undef, $said) = $client->finish;
    my ($list) =
      $said =~ /^Acceptable client certificate CA names\n((?:.*CN.*\n)*)/m;
    return [$cn, defined $list ? $list =~ /CN ?= ?([^\n]+)$/mg : ()];
}

# Handles of the certificates of these servers.
my @held;

sub handle_of {
    my ($name) = @_;

    my ($sock, $peer) = tls_pair(
        mine   => { SSL_verify_mode => 0 },
        theirs => { identity($name) }
    );
    push @held, $sock;
    return $sock->peer_certificate;
}

each_version(
    sub {
        my ($version) = @_;

        is_deeply(names_sent($version), ['Test Client'], 'none by default');
        is_deeply(
            names_sent($version, SSL_client_ca_file => cert('ca')),
            ['Test Client', 'Test CA'],
            'SSL_client_ca_file'
        );
        is_deeply(
            names_sent($version, SSL_client_ca_file => cert('bundle')),
            ['Test Client', 'Test CA', 'Other CA'],
            '... of several, each once, in their order'
        );
        is_deeply(
            names_sent($version, SSL_client_ca => handle_of('self-signed')),
            ['Test Client', 'localhost'],
            'SSL_client_ca, a handle'
        );
        is_deeply(
            names_sent(
                $version,
                SSL_client_ca =>
                  [handle_of('wrong-name'), handle_of('self-signed')]
            ),
            ['Test Client', 'wrong.invalid', 'localhost'],
            '... a list'
        );
        is_deeply(
            names_sent(
                $version,
                SSL_client_ca      => handle_of('wrong-name'),
                SSL_client_ca_file => cert('other-ca')
            ),
            ['Test Client', 'Other CA', 'wrong.invalid'],
            'both'
        );
        is_deeply(
            names_sent(
                $version,
                SSL_client_ca_file => cert('other-ca'),
                SSL_ca_file        => cert('ca')
            ),
            ['Test Client', 'Other CA'],
            'they are names, and trusted is what SSL_ca_file says'
        );

        for my $none (undef, '') {
            is_deeply(names_sent($version, SSL_client_ca_file => $none),
                ['Test Client'],
                'undef and an empty string count as not given');
        }
    }
);

for my $bad ('no-such.pem', 'garbage.txt', 'empty.pem', 'crl.pem') {
    my @args = server_args(SSL_client_ca_file => cert_file($bad));
    like(
        refused(
            sub {
                IO::Socket::SSL::SSL_Context->new(@args,
                    SSL_verify_mode => SSL_VERIFY_PEER);
            }
        ),
        qr/^SSL_client_ca_file: .*\Q$bad\E: /,
        "$bad is refused"
    );
    ok(
        IO::Socket::SSL::SSL_Context->new(@args),
        '... and ignored by a server that verifies nobody'
    );
}
like(
    died(
        sub {
            IO::Socket::SSL::SSL_Context->new(
                server_args(SSL_client_ca => cert('ca')));
        }
    ),
    qr/^SSL_client_ca must be a handle, PEM, DER or a URI/,
    'a file is no handle'
);

done_testing;
