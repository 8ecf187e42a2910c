# Tests that every web server on top of IO::Socket::SSL must pass.  The server
# sends the answers of answer(), whatever framework it uses.
package ISS::ServedSuite;

use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use Exporter    qw(import);
use HTTP::Tiny;
use ISS::Consumer;
use ISS::Test;
use Test::More;

our @EXPORT = qw(answer served_suite);

my $PAGE      = "a page\n";
my $MEGABYTES = 4;
my $PARALLEL  = 5;
my $LARGE     = join '',
  map { pack 'N', $_ * 2654435761 % 2**32 } 1 .. $MEGABYTES * 2**18;

# The answer to a request: (status, content).
sub answer {
    my ($method, $path, $body) = @_;

    return (200, $PAGE)             if "$method $path" eq 'GET /page';
    return (200, $LARGE)            if "$method $path" eq 'GET /large';
    return (200, sha256_hex($body)) if "$method $path" eq 'POST /digest';
    return (200, join "\n",
        map { $INC{$_} || '' } qw(IO/Socket/SSL.pm Net/SSLeay.pm))
      if "$method $path" eq 'GET /loaded';
    return (404, "no $path\n");
}

sub _client {
    my (%ssl) = @_;
    return HTTP::Tiny->new(
        verify_SSL  => 1,
        timeout     => 20,
        keep_alive  => 1,
        SSL_options => { SSL_ca_file => cert('ca'), %ssl }
    );
}

# served_suite("https://127.0.0.1:PORT", %that)
#
# keeps => 1 for a server that keeps connections alive; takes => the size of
# the largest body that it accepts, if it has a limit.
sub served_suite {
    my ($url, %that) = @_;

    _uses_ours($url);
    for my $version (versions()) {
        my $client = _client(SSL_version => $version);
        _serves($client, $url, $version);
        _takes($client, $url, $version, $that{takes} || length $LARGE);
        _keeps_a_connection($client, $url, $version) if $that{keeps};
    }
    _serves_many($url);
    my $answer = _client(SSL_ca_file => cert('other-ca'))->get("$url/page");
    like(
        $answer->{content},
        qr/unable to get (?:local )?issuer/,
        'a client that knows another CA refuses'
    );
    $answer = _client(SSL_verifycn_name => 'other.test')->get("$url/page");
    like(
        $answer->{content},
        qr/hostname verification failed: wanted "other/,
        '... and one that wants another name'
    );
    is(_client()->get("$url/page")->{content},
        $PAGE, '... the next is served all the same');
    return;
}

sub _uses_ours {
    my ($url) = @_;

    my ($ours, $other) = split /\n/, _client()->get("$url/loaded")->{content};
    like($ours, qr{\bblib\b}, 'the server uses our IO::Socket::SSL')
      or diag _client()->get("$url/loaded")->{content};
    my $beside = half() eq 'beside';
    is(!!$other, $beside, 'and ' . ($beside ? 'a' : 'no') . ' Net::SSLeay');
    return;
}

sub _serves {
    my ($client, $url, $version) = @_;

    is($client->get("$url/page")->{content},   $PAGE, "$version: a page");
    is($client->get("$url/nothing")->{status}, 404,   "$version: a missing page");
    my $got = $client->get("$url/large")->{content};
    is(sha256_hex($got), sha256_hex($LARGE),
        "$version: $MEGABYTES MB are delivered");
    return;
}

sub _takes {
    my ($client, $url, $version, $length) = @_;

    my $body = substr $LARGE, 0, $length;
    my $got  = $client->post("$url/digest", { content => $body })->{content};
    is($got, sha256_hex($body), "$version: $length bytes are accepted");
    return;
}

sub _keeps_a_connection {
    my ($client, $url, $version) = @_;

    my @handles =
      map { $client->get("$url/page"); "$client->{handle}{fh}" } 1 .. 3;
    is_deeply([grep { $_ ne $handles[0] } @handles],
        [], "$version: a connection is kept");
    return;
}

# Simultaneous connections of several processes.
sub _serves_many {
    my ($url) = @_;

    my @peers = map {
        peer(
            sub {
                my ($me) = @_;
                $me->tell(map { _client()->get("$url/page")->{content} }
                      1 .. 4);
            }
        )
    } 1 .. $PARALLEL;
    is_deeply(
        [map { $_->hear } @peers],
        [($PAGE) x ($PARALLEL * 4)],
        "$PARALLEL clients at a time, 4 connections each"
    );
    return;
}

1;
