# curl fetches from example/https_server.pl.
use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use File::Temp;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;

use ISS::Program;
use ISS::ServerSuite;
use ISS::Test;

my $curl = ISS::Program->find('curl');
plan skip_all => 'curl is not installed' if !$curl;

server_suite(sub { curl(@_, url => ['/']) });
keeps_a_connection();
posts();
done_testing;

sub curl {
    my (%arg) = @_;

    my @command = (
        $curl,       qw(-q --silent --show-error --noproxy *),
        '--resolve', "localhost:$arg{port}:127.0.0.1",
        '--cacert',  $arg{ca},
        '--tls-max', $arg{version},
        '--tlsv' . $arg{version}
    );
    push @command, '--cert', $arg{cert}, '--key', $arg{key} if $arg{cert};
    push @command, @{ $arg{more} || [] };
    push @command, map { "https://localhost:$arg{port}$_" } @{ $arg{url} };
    my (undef, $output) = ISS::Program->run(\@command);
    return $output;
}

sub keeps_a_connection {
    my ($server, $port) = start_https_server();

    for my $version ('1.2', '1.3') {
        my $output = curl(
            version => $version,
            port    => $port,
            ca      => cert('ca'),
            url     => [qw(/1 /2 /3)],
            more    => ['-w', "new connections: %{num_connects}\n"]
        );
        is_deeply(
            [$output =~ /^new connections: (\d+)/mg],
            [1, 0, 0],
            "TLS $version: three pages, one connection"
        );
        is_deeply(
            [$output =~ m{^request: GET /(\d)}mg],
            [1 .. 3],
            "TLS $version: ... and each its own page"
        );
    }
    return;
}

sub posts {
    my ($server, $port) = start_https_server();

    my $body = File::Temp->new;
    print {$body} map { pack 'N', $_ * 2654435761 % 2**32 } 1 .. 2**19;
    close $body or die $!;
    for my $version ('1.2', '1.3') {
        my $echo = curl(
            version => $version,
            port    => $port,
            ca      => cert('ca'),
            url     => ['/'],
            more    => ['--data-binary', "\@$body"]
        );
        is(
            sha256_hex($echo),
            Digest::SHA->new(256)->addfile("$body", 'b')->hexdigest,
            "TLS $version: 2 MB posted come back as they were"
        );
    }
    return;
}
