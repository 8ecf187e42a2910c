# A Mojolicious application served by its own daemon to its own user agent,
# both non-blocking in one event loop.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;

use Digest::SHA qw(sha256_hex);
use ISS::Consumer
  qw(Mojolicious Mojo::Server::Daemon Mojo::UserAgent Mojo::IOLoop);
use ISS::Test;

plan skip_all => 'this Mojo::UserAgent has no tls_options'
  if !Mojo::UserAgent->can('tls_options');

my $MEGABYTES = 4;
my $PARALLEL  = 20;
my $LARGE     = join '',
  map { pack 'N', $_ * 2654435761 % 2**32 } 1 .. $MEGABYTES * 2**18;

# --- the application --------------------------------------------------------

my $app = Mojolicious->new;
$app->log->level('fatal');
$app->secrets(['for this test']);
my $routes = $app->routes;
$routes->get('/page'  => sub { $_[0]->render(text => 'a page') });
$routes->get('/large' => sub { $_[0]->render(data => $LARGE) });
$routes->post(
    '/digest' => sub { $_[0]->render(text => sha256_hex($_[0]->req->body)) });
$routes->get(
    '/facts' => sub {
        my ($c)    = @_;
        my $id     = $c->tx->connection;
        my $handle = Mojo::IOLoop->stream($id)->handle;
        $c->render(
            json => {
                class      => ref $handle,
                version    => $handle->get_sslversion,
                name       => $handle->get_servername,
                subject    => scalar $handle->peer_certificate('cn'),
                connection => $id,
            }
        );
    }
);
$routes->websocket(
    '/echo' => sub {
        my ($c) = @_;
        $c->on(message => sub { $_[0]->send("echo: $_[1]") });
    }
);

# The daemon listens with these parameters: (its address, the daemon).
sub serve {
    my %tls = (cert => cert('server'), key => key('server'), @_);

    my $query  = join '&', map { "$_=$tls{$_}" } sort keys %tls;
    my $daemon = Mojo::Server::Daemon->new(
        app    => $app,
        silent => 1,
        listen => ["https://127.0.0.1?$query"]
    )->start;
    return ('https://127.0.0.1:' . $daemon->ports->[0], $daemon);
}

sub agent {
    return Mojo::UserAgent->new(
        ca                 => cert('ca'),
        connect_timeout    => 20,
        inactivity_timeout => 20,
        max_response_size  => 0,
        @_
    );
}

# A request of the agent that shares the loop with the daemon.
sub get {
    my ($agent, @request) = @_;

    my $got;
    $agent->start(
        $agent->build_tx(@request) => sub {
            $got = $_[1];
            Mojo::IOLoop->stop;
        }
    );
    Mojo::IOLoop->start;
    return $got;
}

# --- requests -------------------------------------------

my ($url, $daemon) = serve();

for my $version (versions()) {
    my $agent = agent(tls_options => { SSL_version => $version });
    my $tx    = get($agent, GET => "$url/page");
    is($tx->res->body, 'a page', "$version: a page");
    $tx = get($agent, GET => "$url/large");
    is(sha256_hex($tx->res->body),
        sha256_hex($LARGE), "$version: $MEGABYTES MB are delivered");
    $tx = get($agent, POST => "$url/digest", {}, $LARGE);
    is($tx->res->body, sha256_hex($LARGE), "$version: and accepted");

    my @facts = map { get($agent, GET => "$url/facts")->res->json } 1 .. 2;
    is($facts[0]{class},   'IO::Socket::SSL', "$version: the daemon uses us");
    is($facts[0]{version}, $version =~ s/\./_/r, "$version: is the version");
    is(
        $facts[0]{connection},
        $facts[1]{connection},
        "$version: a connection is kept"
    );
}

subtest 'simultaneous requests' => sub {
    my $agent = agent(max_connections => $PARALLEL);
    my ($open, @answers) = ($PARALLEL);
    for my $number (1 .. $PARALLEL) {
        $agent->post(
            "$url/digest" => "$number" x 100_000 => sub {
                my ($agent, $tx) = @_;
                $answers[$number] = $tx->res->body;
                Mojo::IOLoop->stop if !--$open;
            }
        );
    }
    Mojo::IOLoop->start;
    is($answers[$_], sha256_hex("$_" x 100_000), "number $_")
      for 1 .. $PARALLEL;
};

subtest 'a WebSocket' => sub {
    my @heard;
    my $agent = agent();
    $agent->websocket(
        $url =~ s/^https/wss/r . '/echo' => sub {
            my ($agent, $tx) = @_;
            return Mojo::IOLoop->stop if !ok($tx->is_websocket, 'is opened');
            $tx->on(finish => sub { Mojo::IOLoop->stop });
            $tx->on(
                message => sub {
                    push @heard, $_[1];
                    $_[0]->finish;
                }
            );
            $tx->send('x' x 100_000);
        }
    );
    Mojo::IOLoop->start;
    is_deeply(\@heard, ['echo: ' . 'x' x 100_000], 'and echoes');
};

# --- refused --------------------------------------------------------

sub error_of {
    my ($agent, $where) = @_;
    my $error = get($agent, GET => "$where/page")->error || {};
    return $error->{message};
}

like(
    error_of(agent(ca => cert('other-ca')), $url),
    qr/certificate verify failed: .*unable to get (?:local )?issuer/,
    'an unknown CA'
);
my ($wrong, $other) =
  serve(cert => cert('wrong-name'), key => key('wrong-name'));
like(
    error_of(agent(), $wrong),
    qr/hostname verification failed: wanted "127\.0\.0\.1".*wrong\.invalid/,
    'the wrong name'
);
is(get(agent(insecure => 1), GET => "$wrong/page")->res->body,
    'a page', '... unless the program turns verification off');

# --- client certificates ----------------------------------------------------

my ($strict, $third) = serve(ca => cert('ca'), verify => '0x03');
my $facts = get(agent(cert => cert('client'), key => key('client')),
    GET => "$strict/facts")->res->json;
is($facts->{subject}, 'Test Client', 'a client with a certificate is known');

# In TLS 1.3 the client learns of it when it reads; Mojo has its own text for
# that.
my %said = (
    TLSv1_2 => qr/handshake failure/,
    TLSv1_3 => qr/Protocol error|Premature/
);
for my $version (versions()) {
    my $agent = agent(tls_options => { SSL_version => $version });
    like(error_of($agent, $strict),
        $said{$version}, "$version: a client without one is refused");
}

consumer_done();
