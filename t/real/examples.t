# The programs of example/ work with each other.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::SSL;
use Test::More;

use ISS::Program;
use ISS::Test;

my $EXAMPLE = "$FindBin::Bin/../../example";
my @PERL    = ($^X, map { "-I$_" } grep { !ref } @INC);
my @SERVER  = ('--cert', cert('server'), '--key', key('server'));
my @CA      = ('--ca',   cert('ca'));

https();
starttls();
echo();
done_testing;

sub https {
    my $server =
      ISS::Program->start([@PERL, "$EXAMPLE/https_server.pl", @SERVER]);
    my $url = $server->wait_for(qr{^(https://127\.0\.0\.1:\d+/)$}m);

    my ($status, $said) = https_client(@CA, "${url}page");
    is($status, 0, 'https_client exits with 0');
    like($said, qr/^subject: .*CN=localhost$/m, '... prints the subject');
    like($said, qr/^names: localhost /m,        '... and the names');
    like($said, qr{^request: GET /page$}m,      '... and prints the page');

    ($status, $said) = https_client(@CA, '--version', 'TLSv1_2', $url);
    like($said, qr/^protocol: TLSv1_2$/m, '... over the requested protocol');

    for my $name ('localhost', 'wrong.example') {
        ($status, $said) = https_client(@CA, '--name', $name, $url);
        is(!!$status, $name ne 'localhost', "... connects to $name or not");
    }
    like($said, qr/cannot connect.*wrong\.example/, '... and says why not');

    ($status, $said) = https_client('--ca', cert('other-ca'), $url);
    ok($status, '... refuses a certificate of another CA');
    unlike($said, qr/request:/, '... and gets no page');
    return;
}

sub https_client {
    return ISS::Program->run([@PERL, "$EXAMPLE/https_client.pl", @_]);
}

sub starttls {
    my $server =
      ISS::Program->start([@PERL, "$EXAMPLE/starttls_server.pl", @SERVER]);
    my $address = $server->wait_for(qr/^(127\.0\.0\.1:\d+)$/m);

    my @client = (@PERL, "$EXAMPLE/starttls_client.pl", @CA);
    my ($status, $said) = ISS::Program->run([@client, $address]);
    is($status, 0, 'starttls_client exits with 0') or diag $said;
    is_deeply(
        [$said =~ /^(\S+)/mg],
        [qw(plain plain TLSv1_3 TLSv1_3 plain)],
        '... after switching to TLS and back'
    );

    ($status, $said) =
      ISS::Program->run([@client, '--name', 'wrong.example', $address]);
    ok($status, '... refuses the wrong name');
    like($said, qr/^handshake: .*wrong\.example/m, '... with the reason');
    ok(eval { $server->wait_for(qr/^handshake: .*alert/m) },
        'starttls_server prints the alert')
      or diag $@;
    return;
}

# 50 idle clients, 5 active ones, and one that stops in its handshake.
sub echo {
    my $server =
      ISS::Program->start([@PERL, "$EXAMPLE/echo_server.pl", @SERVER]);
    my $address = $server->wait_for(qr/^(127\.0\.0\.1:\d+)$/m);
    my $ctx     = IO::Socket::SSL::SSL_Context->new(client_args());
    my $connect = sub {
        return IO::Socket::SSL->new(
            PeerAddr      => $address,
            SSL_reuse_ctx => $ctx,
            client_args(), @_
        ) || die "connect: $SSL_ERROR";
    };

    my $silent = $connect->(SSL_startHandshake => 0);
    my @idle   = map { $connect->() } 1 .. 50;
    my @active = map { $connect->() } 1 .. 5;
    for my $round (1 .. 3) {
        my @sent = map { "$round$_" x 10_000 } 1 .. @active;
        print { $active[$_] } $sent[$_] or die "write: $SSL_ERROR"
          for 0 .. $#active;
        my $good = 0;
        for (0 .. $#active) {
            my ($wanted, $answer) = (length $sent[$_], '');
            1
              while length $answer < $wanted
              && read $active[$_], $answer, $wanted, length $answer;
            $good++ if $answer eq $sent[$_];
        }
        is($good, @active, "echo_server answers 5 active clients, $round");
    }
    my $still = 0;
    for my $socket (@idle) {
        syswrite $socket, 'x';
        sysread $socket, my $answer, 1;
        $still++ if $answer eq 'x';
    }
    is($still, @idle, '... and 50 that were idle');
    ok($silent->connect_SSL, '... and one that was slow');
    return;
}
