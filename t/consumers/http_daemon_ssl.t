# HTTP::Daemon::SSL as a server: a subclass that overrides new and accept and
# has two base classes.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;

use ISS::Consumer qw(HTTP::Daemon::SSL HTTP::Response);
use ISS::ServedSuite;
use ISS::Test;
use IO::Socket::SSL;

my $daemon = HTTP::Daemon::SSL->new(
    LocalAddr     => '127.0.0.1',
    Listen        => 10,
    SSL_cert_file => cert('server'),
    SSL_key_file  => key('server'),
) or die "HTTP::Daemon::SSL: $!, $SSL_ERROR";
isa_ok($daemon, $_) for qw(IO::Socket::SSL HTTP::Daemon);
like($daemon->url, qr{^https://127\.0\.0\.1:\d+/$}, 'it knows its address');

sub serve {
    my ($client) = @_;

    while (my $request = $client->get_request) {
        my ($status, $content) =
          answer($request->method, $request->uri->path, $request->content);
        $client->send_response(
            HTTP::Response->new(
                $status,                             undef,
                ['Content-Length', length $content], $content
            )
        );
    }
    $client->close;
    return;
}

my $server = peer(
    sub {
        local $SIG{CHLD} = 'IGNORE';
        for (; ;) {
            my ($client, $peer) = $daemon->accept or next;
            isa_ok($client, 'HTTP::Daemon::ClientConn::SSL')
              if ref $client ne 'HTTP::Daemon::ClientConn::SSL';
            next if fork;
            serve($client);
            POSIX::_exit(0);
        }
    }
);
my $url = $daemon->url =~ s{/$}{}r;

# Its manual says that it hangs on larger bodies and on multiples of 2048.
served_suite($url, keeps => 1, takes => 20_001);

# Plain HTTP on the TLS port: it answers in the clear and goes on.
my $plain = IO::Socket::INET->new(substr $url, length 'https://') or die $!;
print $plain "GET /page HTTP/1.0\r\n\r\n";
like(
    join('', <$plain>),
    qr/^HTTP\S+ 400 .*Try using\s+HTTPS/s,
    'a client without TLS is told where to go'
);
close $plain;
is(
    HTTP::Tiny->new(SSL_options => { client_args() }, verify_SSL => 1)
      ->get("$url/page")->{status},
    200,
    '... and the next is served'
);
consumer_done();
