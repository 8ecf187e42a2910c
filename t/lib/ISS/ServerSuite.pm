# Tests of example/https_server.pl, a server on top of IO::Socket::SSL, with
# every HTTPS client.  A test supplies a sub that runs its client.
package ISS::ServerSuite;

use strict;
use warnings;

use Exporter qw(import);
use FindBin;
use ISS::Program;
use ISS::Test;
use Test::More;

our @EXPORT = qw(server_suite start_https_server);

my $EXAMPLE = "$FindBin::Bin/../../example/https_server.pl";

# start_https_server(OPTIONS of the example): (program, port)
sub start_https_server {
    my (@option) = @_;

    my $server = ISS::Program->start(
        [
            $^X, (map { "-I$_" } grep { !ref } @INC),
            $EXAMPLE,      '--cert', cert('server'), '--key',
            key('server'), @option
        ]
    );
    return ($server, $server->wait_for(qr{^https://127\.0\.0\.1:(\d+)/$}m));
}

# server_suite(sub { my %arg = @_; ...; return $output })
#
# The sub fetches / once, as HTTP/1.0 or with "Connection: close", and returns
# the output of its program.  Its arguments: version (1.2 or 1.3), port, ca;
# and cert and key if it has to show a certificate.
sub server_suite {
    my ($fetch) = @_;

    my $ca       = cert('ca');
    my @identity = (cert => cert('client'), key => key('client'));

    my ($open, $open_port) = start_https_server();
    my ($asks, $asks_port) = start_https_server('--ca', $ca);

    for my $version ('1.2', '1.3') {
        my %arg    = (version => $version, ca => $ca);
        my $output = $fetch->(%arg, port => $open_port);
        _is_page($output, $version, 'unknown', 'a page without certificate');

        $output = $fetch->(%arg, port => $open_port, @identity);
        _is_page($output, $version, 'unknown',
            'a certificate that was not asked for does no harm');

        $output = $fetch->(%arg, port => $asks_port, @identity);
        _is_page(
            $output, $version,
            qr/.*Test Client/,
            'a page for a client with certificate'
        );

        %arg = (%arg, port => $asks_port);
        _refuses(
            $asks,
            sub { $fetch->(%arg) },
            qr/did not return a certificate/,
            "TLS $version, without certificate"
        );
        my @stranger =
          (cert => cert('other-client'), key => key('other-client'));
        _refuses(
            $asks,
            sub { $fetch->(%arg, @stranger) },
            qr/unable to get (?:local )?issuer/,
            "TLS $version, certificate of another CA"
        );
    }
    for my $server ($open, $asks) {
        my ($status, $said) = $server->stop;
        is($status & 127, 15, 'the server ran until it was terminated');
        unlike($said, qr/ at \S+ line \d+/, '... without a warning');
    }
    return;
}

sub _is_page {
    my ($output, $version, $client, $what) = @_;

    (my $protocol = "TLSv$version") =~ tr/./_/;
    my $page = qr{^request:\ GET\ /\n protocol:\ $protocol\n cipher:\ \S+\n
        name:\ localhost\n client:\ $client$}mx;
    like($output, $page, "TLS $version: $what");
    return;
}

sub _refuses {
    my ($server, $fetch, $reason, $what) = @_;

    $server->forget;
    unlike($fetch->(), qr/^protocol: /m, "$what: no page");
    ok(eval { $server->wait_for(qr/handshake: .*$reason/) },
        "$what: the server says why")
      or diag $@;
    return;
}

1;
