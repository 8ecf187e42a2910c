# Post-handshake authentication (TLS 1.3): a client with a certificate shows
# it when the server asks for it; a client without one does not offer to.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::SSL;
use ISS::OpenSSL;
use ISS::Test;
use Test::More;

plan skip_all => 'there is no openssl command' if !find_openssl();

ok(IO::Socket::SSL->can_pha, 'can_pha');

# s_server asks for a certificate by its command "c"; returns its output.
sub ask_later {
    my ($client, $blocking) = @_;

    my ($server, $port) = s_server(
        '-tls1_3',
        '-cert'   => cert('server'),
        '-key'    => key('server'),
        '-CAfile' => cert('ca'),
        '-msg'
    );
    my $sock = IO::Socket::SSL->new(
        PeerAddr => "127.0.0.1:$port",
        client_args(@$client)
    ) or return "no handshake: $SSL_ERROR";
    print $sock "hello\n";
    $server->wait_for(qr/^hello$/m);
    $sock->blocking(0) if !$blocking;
    $server->forget;
    $server->send("c\n");
    $server->wait_for(
        qr/>>> TLS 1\.3, Handshake.*CertificateRequest|SSL_do_handshake|error/
    );
    $server->send("data\n");
    my $line = '';

    while ($line !~ /data\n/) {
        my $count =
          $blocking
          ? sysread($sock, $line, 100, length $line)
          : complete($sock, sub { sysread $sock, $line, 100, length $line });
        last if !$count;
    }
    print $sock "bye\n";
    $server->wait_for(qr/^bye$/m) if $line =~ /data/;
    return $server->output;
}

for my $blocking (1, 0) {
    my $how  = $blocking ? 'blocking' : 'non-blocking';
    my $said = ask_later([identity('client')], $blocking);
    like(
        $said,
        qr/<<< TLS 1\.3, Handshake.*Certificate\b/,
        "$how: the certificate is sent"
    );
    like(
        $said,
        qr/<<< TLS 1\.3, Handshake.*CertificateVerify/,
        '... and proven'
    );
    like($said, qr/CN ?= ?Test Client/, '... the right one');
    like($said, qr/^bye$/m,             '... and data goes on');

    $said = ask_later([], $blocking);
    unlike($said, qr/CertificateRequest/,
        "$how: a client without one does not offer it, and is not asked");
    like($said, qr/extension not received/, '... as the server says');
}

done_testing;
