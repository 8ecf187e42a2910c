# gnutls-cli fetches from example/https_server.pl.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;

use ISS::Program;
use ISS::ServerSuite;

my $gnutls = ISS::Program->find('gnutls-cli');
plan skip_all => 'gnutls-cli is not installed' if !$gnutls;

server_suite(\&fetch);
done_testing;

sub fetch {
    my (%arg) = @_;

    my @command = (
        $gnutls,
        '--x509cafile' => $arg{ca},
        '--priority'   => "NORMAL:-VERS-ALL:+VERS-TLS$arg{version}",
        '--port'       => $arg{port},
        '--sni-hostname=localhost',
        '--verify-hostname=localhost',
    );
    push @command,
      '--x509certfile' => $arg{cert},
      '--x509keyfile'  => $arg{key}
      if $arg{cert};
    my $client = ISS::Program->start([@command, '127.0.0.1']);
    $client->send("GET / HTTP/1.0\r\n\r\n");

    # At the end of its input it would hang up before the answer arrives.
    eval { $client->wait_for(qr/^client: |\bclosed\b|\*\*\* /m) };
    return ($client->finish)[1];
}
