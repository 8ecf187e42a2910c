# Net::Server and Starman under SSL_startHandshake => 'lazy': silent clients do
# not keep the next one waiting.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use File::Temp qw(tempdir);
use HTTP::Tiny;
use Test::More;
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

use ISS::Consumer
  qw(Net::Server::Fork Net::Server::Proto::SSL Starman::Server Plack::Runner);
use IO::Socket::INET;
use IO::Socket::SSL;
use ISS::Program;
use ISS::Test;

my $SILENT = 50;
my $SLACK  = $ISS::Test::DEADLINE / 20;

# Both servers say SSL_startHandshake => 0 and begin the handshake in the
# process that serves the client; so our defaults must win.
my $DEFAULTS = <<'CODE' . "require Net::SSLeay if '" . half() . "' eq 'beside';";
    use IO::Socket::SSL;
    IO::Socket::SSL::set_server_defaults(
        SSL_startHandshake    => 'lazy',
        SSL_handshake_timeout => 60,
    );
    IO::Socket::SSL::set_args_filter_hack('use_defaults');
CODE

sub free_port {
    my $probe = listener();
    return $probe->sockport;
}

sub serves_behind_silent_clients {
    my ($server, $port) = @_;

    my @silent = map { IO::Socket::INET->new("127.0.0.1:$port") } 1 .. $SILENT;
    is(scalar grep({ defined } @silent), $SILENT, "$SILENT silent clients");
    my $start  = clock_gettime(CLOCK_MONOTONIC);
    my $answer = HTTP::Tiny->new(
        verify_SSL  => 1,
        timeout     => 50,
        SSL_options => { SSL_ca_file => cert('ca') }
    )->get("https://127.0.0.1:$port/");
    is($answer->{content}, 'lazy', 'the next one is served')
      or diag $answer->{content};
    cmp_ok(clock_gettime(CLOCK_MONOTONIC) - $start,
        '<', $SLACK, '... at once');
    $server->stop;
    return;
}

subtest 'Net::Server, Fork' => sub {
    my $port   = free_port();
    my $server = ISS::Program->start(
        [consumer_perl(), '-e', $DEFAULTS . <<'CODE', $port, cert('server'), key('server')]);
    package Application;
    use base 'Net::Server::Fork';
    my ($port, $cert, $key) = @ARGV;
    sub process_request {
        my ($self, $client) = @_;
        my $first = <$client>;
        return if !defined $first;
        my $start = ${*$client}{_SSL_arguments}{SSL_startHandshake};
        print $client "HTTP/1.0 200 OK\r\n",
            "Content-Length: ", length $start, "\r\n\r\n", $start;
    }
    __PACKAGE__->run(
        proto            => 'ssl',
        host             => '127.0.0.1',
        port             => $port,
        SSL_cert_file    => $cert,
        SSL_key_file     => $key,
        max_servers      => 100,
        no_client_stdout => 1,
    );
CODE
    $server->wait_for(qr/Binding to SSL port.*\n(?:.*\n)?.*(?:Setting gid|Group Not)/);
    serves_behind_silent_clients($server, $port);
};

subtest 'Starman' => sub {
    my $dir = tempdir(CLEANUP => 1);
    open(my $out, '>', "$dir/app.psgi") or die $!;
    print $out <<'CODE';
        sub {
            my $start = ${*{ $_[0]{'psgix.io'} }}{_SSL_arguments}
              {SSL_startHandshake};
            return [200, ['Content-Length', length $start], [$start]];
        };
CODE
    close $out or die $!;
    my $port   = free_port();
    my $server = ISS::Program->start(
        [
            consumer_perl(), '-MPlack::Runner', '-e',
            $DEFAULTS
              . 'my $runner = Plack::Runner->new(server => "Starman",'
              . ' env => "test");'
              . '$runner->parse_options(@ARGV); $runner->run',
            '--',        '--host',         '127.0.0.1', '--port', $port,
            '--workers', $SILENT + 2,      '--enable-ssl',
            '--ssl-cert', cert('server'),  '--ssl-key', key('server'),
            "$dir/app.psgi"
        ]
    );
    $server->wait_for(qr/Binding to SSL port.*\n.*Setting gid/);
    serves_behind_silent_clients($server, $port);
};
consumer_done();
