# Perlbal: a subclass of ours that overrides close, keeps its own key in the
# glob, does the handshake in an event loop and retries writes later.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use File::Temp qw(tempdir);
use Test::More;

use Digest::SHA qw(sha256_hex);
use HTTP::Tiny;
use ISS::Consumer qw(Perlbal);
use ISS::Program;
use ISS::Test;

my $LARGE = join '', map { pack 'N', $_ * 2654435761 % 2**32 } 1 .. 2**20;

my $dir = tempdir(CLEANUP => 1);
mkdir "$dir/root" or die $!;

sub write_file {
    my ($file, $text) = @_;
    open(my $out, '>:raw', $file) or die "$file: $!";
    print $out $text;
    close $out or die "$file: $!";
    return;
}

write_file("$dir/root/page",  "a page\n");
write_file("$dir/root/large", $LARGE);
my $port = do { my $probe = listener(); $probe->sockport };
my ($cert, $key) = (cert('server'), key('server'));
write_file("$dir/conf", <<"CONF");
CREATE SERVICE web
  SET role = web_server
  SET listen = 127.0.0.1:$port
  SET docroot = $dir/root
  SET enable_put = on
  SET enable_delete = on
  SET max_put_size = 16M
  SET enable_ssl = on
  SET ssl_key_file = $key
  SET ssl_cert_file = $cert
ENABLE web
CONF
my $require = half() eq 'beside' ? 'require Net::SSLeay;' : '';
my $server  = ISS::Program->start(
    [consumer_perl(), '-e', $require . <<'CODE', "$dir/conf"]
            require Perlbal;
            require IO::Socket::SSL;
            warn "uses $INC{'IO/Socket/SSL.pm'} ",
              $INC{'Net/SSLeay.pm'} || 'alone', "\n";
            Perlbal::load_config($ARGV[0], sub { print STDERR "@_\n" })
              or die;
            Perlbal::run();
CODE
);
my ($ours, $other) = $server->wait_for(qr/^uses (\S+) (\S+)/m);
like($ours, qr{\bblib\b}, 'Perlbal uses our IO::Socket::SSL');
is(
    $other ne 'alone',
    half() eq 'beside',
    '... with Net::SSLeay as we want it'
);
$server->wait_for_port($port);

my $url = "https://127.0.0.1:$port";

sub client {
    return HTTP::Tiny->new(
        verify_SSL  => 1,
        timeout     => 20,
        keep_alive  => 1,
        SSL_options => { SSL_ca_file => cert('ca'), @_ }
    );
}

for my $version (versions()) {
    my $client = client(SSL_version => $version);
    is($client->get("$url/page")->{content}, "a page\n", "$version: a page");
    is(sha256_hex($client->get("$url/large")->{content}),
        sha256_hex($LARGE), "$version: some MB are delivered");
    my $answer = $client->put("$url/put-$version", { content => $LARGE });
    is($answer->{status}, 200, "$version: some MB are accepted")
      or diag $answer->{content};
    is(sha256_hex($client->get("$url/put-$version")->{content}),
        sha256_hex($LARGE), "$version: ... unchanged");
    is($client->delete("$url/put-$version")->{status},
        204, "$version: and deleted");
}
my @peers = map {
    peer(
        sub {
            my ($me) = @_;
            $me->tell(
                map { sha256_hex(client()->get("$url/large")->{content}) }
                  1 .. 3);
        }
    )
} 1 .. 4;
is_deeply(
    [map { $_->hear } @peers],
    [(sha256_hex($LARGE)) x 12],
    'four clients at a time'
);
like(
    client(SSL_ca_file => cert('other-ca'))->get("$url/page")->{content},
    qr/unable to get (?:local )?issuer/,
    'a client that knows another CA refuses'
);
is(client()->get("$url/page")->{status}, 200, '... the next is served');

# A silent client, and one that does not speak TLS.
my $silent = IO::Socket::INET->new("127.0.0.1:$port") or die $!;
my $plain  = IO::Socket::INET->new("127.0.0.1:$port") or die $!;
print $plain "GET /page HTTP/1.0\r\n\r\n";
is(join('', <$plain>) =~ /a page/ ? 'answered' : 'refused',
    'refused', 'a client without TLS gets no page');
is(client()->get("$url/page")->{status}, 200, '... and does not stop others');
close $silent;
$server->stop;
consumer_done();
