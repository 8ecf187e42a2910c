# Starman serves a PSGI application over TLS.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use File::Temp qw(tempdir);
use Test::More;

use ISS::Consumer qw(Starman::Server Plack::Runner);
use ISS::Program;
use ISS::ServedSuite;
use ISS::Test;

my $dir = tempdir(CLEANUP => 1);
open(my $out, '>', "$dir/app.psgi") or die $!;
print $out <<'CODE';
require Net::SSLeay if $ENV{ISS_TEST_HALF} eq 'beside';
require ISS::ServedSuite;
sub {
    my ($env) = @_;
    my $body = '';
    $env->{'psgi.input'}->read($body, $env->{CONTENT_LENGTH})
      if $env->{CONTENT_LENGTH};
    my ($status, $content) = ISS::ServedSuite::answer(
        @$env{qw(REQUEST_METHOD PATH_INFO)}, $body);
    return [
        $status, ['Content-Type', 'text/plain', 'Content-Length',
            length $content], [$content]
    ];
};
CODE
close $out or die $!;

# It does not print its port; use one that was free a moment ago.
my $probe = listener();
my $port  = $probe->sockport;
close $probe;
my $server = ISS::Program->start(
    [
        consumer_perl(),
        '-MPlack::Runner',
        '-e',
        'my $runner = Plack::Runner->new(server => "Starman", env => "test");'
          . '$runner->parse_options(@ARGV); $runner->run',
        '--',
        '--host',
        '127.0.0.1',
        '--port',
        $port,
        '--workers',
        3,
        '--enable-ssl',
        '--ssl-cert',
        cert('server'),
        '--ssl-key',
        key('server'),
        "$dir/app.psgi"
    ]
);
$server->wait_for(
    qr/Binding to SSL port.*
.*Setting gid/
);
served_suite("https://127.0.0.1:$port", keeps => 1);
my ($status, $said) = $server->stop;
is($said =~ /^.*(?:error|warn|uninitialized).*$/im ? $& : '',
    '', 'its log has no error');
consumer_done();
