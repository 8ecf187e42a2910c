# Net::Server::Proto::SSL: a subclass that keeps its own keys in our glob,
# reads ours, and starts handshakes itself.  HTTP and lines of text, with the
# personalities Fork and PreFork.
use strict;
use warnings;

use File::Spec;
use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;

use Digest::SHA   qw(sha256_hex);
use ISS::Consumer qw(Net::Server::HTTP Net::Server::PreFork Net::Server::Fork
  Net::Server::Proto::SSL);
use ISS::Program;
use ISS::ServedSuite;
use ISS::Test;
use IO::Socket::SSL;

# The line in its log once it listens.
my $READY = qr/Binding to SSL port.*\n(?:.*\n)?.*(?:Setting gid|Group Not)/;

sub prologue { return "require Net::SSLeay if '" . half() . "' eq 'beside';" }

# start(PERL CODE): (running server, port).  The port is only in its log.
sub start {
    my ($personality, $code) = @_;

    my $port   = free_port();
    my $server = ISS::Program->start(
        [
            consumer_perl(),    '-e',
            prologue() . $code, $personality,
            $port,              cert('server'),
            key('server')
        ]
    );
    $server->wait_for($READY);
    return ($server, $port);
}

sub free_port {
    my $probe = listener();
    return $probe->sockport;
}

my $RUN = <<'CODE';
    my ($personality, $port, $cert, $key) = @ARGV;
    sub default_server_type { $ARGV[0] }
    __PACKAGE__->run(
        server_type   => [$personality],
        proto         => 'ssl',
        host          => '127.0.0.1',
        port          => $port,
        SSL_cert_file => $cert,
        SSL_key_file  => $key,
        min_servers   => 2,
        max_servers   => 8,
        no_client_stdout => $::lines,
    );
CODE

my $HTTP = <<'CODE' . $RUN;
    package Application;
    use base 'Net::Server::HTTP';
    require ISS::ServedSuite;
    sub process_http_request {
        my $body = '';
        binmode STDIN;
        read STDIN, $body, $ENV{CONTENT_LENGTH} if $ENV{CONTENT_LENGTH};
        my ($status, $content) = ISS::ServedSuite::answer(
            @ENV{qw(REQUEST_METHOD PATH_INFO)}, $body);
        print "Status: $status\r\nContent-Type: text/plain\r\n";
        print "Content-Length: ", length $content, "\r\n\r\n", $content;
    }
CODE

for my $personality (qw(Fork PreFork)) {
    subtest "HTTP, $personality" => sub {
        my ($server, $port) = start($personality, $HTTP);
        served_suite("https://127.0.0.1:$port");
        my ($status, $said) = $server->stop;
        is(($said =~ /^(.*(?:uninitialized|Can't|panic).*)/m)[0],
            undef, 'its log has no error');
    };
}

my $LINES = 'BEGIN { $::lines = 1 }' . <<'CODE' . $RUN;
    package Application;
    use base 'Net::Server';
    sub process_request {
        my ($self, $client) = @_;
        while (my $line = <$client>) {
            $line =~ s/\r?\n\z//;
            last if $line eq 'quit';
            if ($line =~ /^take (\d+)/) {
                my $got = '';
                read($client, $got, $1 - length $got, length $got) or last
                    while length $got < $1;
                require Digest::SHA;
                print $client Digest::SHA::sha256_hex($got), "\n";
            }
            elsif ($line eq 'facts') {
                printf {$client} "%s %s %s %s\n", ref $client,
                    $client->NS_proto, $client->get_sslversion,
                    join ',', grep /^_SSL_(?:object|ctx|arguments|opened)$/,
                    sort keys %{*$client};
            }
        }
    }
CODE

for my $personality (qw(Fork PreFork)) {
    subtest "lines, $personality" => sub {
        my ($server, $port) = start($personality, $LINES);
        for my $version (versions()) {
            my $sock = IO::Socket::SSL->new(
                PeerAddr => "127.0.0.1:$port",
                client_args(SSL_version => $version)
            ) or die "connect: $SSL_ERROR";
            my $data = 'line of data' x 100_000;
            print $sock 'take ', length $data, "\n", $data;
            is(
                scalar <$sock>,
                sha256_hex($data) . "\n",
                "$version: data is accepted"
            );
            print $sock "facts\n";
            is(
                scalar <$sock>,
                "Net::Server::Proto::SSL SSL $version "
                  . "_SSL_arguments,_SSL_ctx,_SSL_object,_SSL_opened\n",
                "$version: the glob's keys are there"
            );
            print $sock "quit\n";
            is(scalar <$sock>,    undef,          "$version: the end");
            is($sock->eof_reason, 'close_notify', '... with close_notify');
        }
        my ($status, $said) = $server->stop;
        is(($said =~ /^(.*(?:uninitialized|Can't|panic).*)/m)[0],
            undef, 'its log has no error');
    };
}

# On SIGHUP it executes itself again with the listening descriptor.  (Only
# servers based on Net::Server::Fork wait where the signal is handled.)
subtest 'a restart' => sub {
    my $script = tempdir(CLEANUP => 1) . '/server';
    open(my $out, '>', $script) or die "$script: $!";
    print $out "#!$^X\n", prologue(),
      $LINES =~ s/'Net::Server'/'Net::Server::Fork'/r;
    close $out or die "$script: $!";
    chmod 0755, $script or die "$script: $!";

    my $port   = free_port();
    my @lib    = map { File::Spec->rel2abs($_) } grep { !ref } @INC;
    my $server = ISS::Program->start(
        [$script, 'Fork', $port, cert('server'), key('server')],
        env => { PERL5LIB => join ':', @lib });
    $server->wait_for($READY);
    for my $what ('before', 'after') {
        my $sock = IO::Socket::SSL->new(
            PeerAddr => "127.0.0.1:$port",
            client_args()
        ) or die "connect: $SSL_ERROR";
        print $sock "facts\nquit\n";
        like(
            scalar <$sock>,
            qr/^Net::Server::Proto::SSL SSL TLSv1_3 /,
            "$what it"
        );
        close $sock;
        last if $what eq 'after';
        $server->forget;
        kill HUP => $server->{pid};
        $server->wait_for(qr/Re-exec server/);
        $server->wait_for($READY);
    }
    $server->stop;
};
consumer_done();
