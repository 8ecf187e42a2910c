# Python's ssl fetches from example/https_server.pl.  It fails if a connection
# ends without close_notify.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;

use ISS::Program;
use ISS::ServerSuite;

my $python = ISS::Program->find('python3');
plan skip_all => 'python3 is not installed' if !$python;
my ($status) = ISS::Program->run([$python, '-c', 'import ssl']);
plan skip_all => 'python3 has no ssl' if $status;

my $CLIENT = <<'PYTHON';
import socket, ssl, sys
version, port, ca, cert, key = sys.argv[1:]
context = ssl.create_default_context(cafile=ca)
context.minimum_version = context.maximum_version = {
    '1.2': ssl.TLSVersion.TLSv1_2, '1.3': ssl.TLSVersion.TLSv1_3}[version]
if cert:
    context.load_cert_chain(cert, key)
raw = socket.create_connection(('127.0.0.1', int(port)), timeout=20)
tls = context.wrap_socket(raw, server_hostname='localhost',
                          suppress_ragged_eofs=False)
tls.sendall(b'GET / HTTP/1.0\r\n\r\n')
while True:
    data = tls.recv(65536)
    if not data:
        break
    sys.stdout.write(data.decode())
    sys.stdout.flush()
tls.unwrap()
print('clean end')
PYTHON

server_suite(\&fetch);
done_testing;

sub fetch {
    my (%arg) = @_;

    my ($status, $output) = ISS::Program->run(
        [
            $python, '-c', $CLIENT,
            @arg{qw(version port ca)},
            map { defined $_ ? $_ : '' } @arg{qw(cert key)}
        ]
    );
    like($output, qr/^clean end$/m, "TLS $arg{version}: ends in both ways")
      if $output =~ /^protocol: /m;
    return $output;
}
