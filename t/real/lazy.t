# An accept loop with SSL_startHandshake => 'lazy' serves curl and s_client
# behind silent clients, and a deadline holds against s_client held back by a
# pipe.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::INET;
use IO::Socket::SSL;
use ISS::OpenSSL;
use ISS::Program;
use ISS::Test;
use Test::More;
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC CLOCK_PROCESS_CPUTIME_ID);

plan skip_all => 'there is no openssl command' if !find_openssl();

my $SILENT = 50;
my $TIME   = 1;
my $SLACK  = $ISS::Test::DEADLINE / 20;

# A plain accept loop: a child for each client.
my $listener = IO::Socket::SSL->new(
    Listen                => 100,
    LocalAddr             => '127.0.0.1',
    SSL_startHandshake    => 'lazy',
    SSL_handshake_timeout => $ISS::Test::DEADLINE,
    server_args()
) or BAIL_OUT("listen: $SSL_ERROR");
my $address = address($listener);
my $server  = peer(
    sub {
        my ($me) = @_;
        local $SIG{CHLD} = 'IGNORE';
        while ($me->waits_for_client($listener)) {
            my $sock = $listener->accept or die "accept: $SSL_ERROR\n";
            defined(my $pid = fork) or die "fork: $!\n";
            if (!$pid) {
                my $request = <$sock>;
                print $sock "HTTP/1.0 200 OK\r\n\r\nserved\n"
                  if defined $request;
                close $sock;
                POSIX::_exit(0);
            }
            close $sock;
        }
    }
);
close $listener;
my @silent = map { IO::Socket::INET->new($address) } 1 .. $SILENT;

subtest "behind $SILENT silent clients" => sub {
    my $start   = clock_gettime(CLOCK_MONOTONIC);
    my $s_client = ISS::Program->start(
        [
            find_openssl(), 's_client', '-connect' => $address,
            '-CAfile' => cert('ca'), '-quiet'
        ]
    );
    print { $s_client->{in} } "GET / HTTP/1.0\r\n\r\n";
    ok($s_client->wait_for(qr/^served$/m), 's_client is served');
    $s_client->stop;
  SKIP: {
        my $curl = ISS::Program->find('curl') or skip 'there is no curl', 1;
        my ($port) = $address =~ /:(\d+)$/;
        my (undef, $said) = ISS::Program->run(
            [
                $curl, '-sS', '--cacert', cert('ca'), '--connect-to',
                "localhost:$port:127.0.0.1:$port", "https://localhost:$port/"
            ]
        );
        like($said, qr/^served$/m, 'and curl');
    }
    cmp_ok(clock_gettime(CLOCK_MONOTONIC) - $start,
        '<', $SLACK, '... at once');
};

for my $option ('-tls1_2', '-tls1_3') {
    subtest "$option: a client that cannot write what it reads" => sub {
        my ($sock, $client) = accept_s_client([$option, '-quiet'],
            server_args());
        ok($sock, 's_client connects') or diag $SSL_ERROR;
        my $data  = 'x' x 20_000_000;
        my $start = clock_gettime(CLOCK_MONOTONIC);
        my $cpu   = clock_gettime(CLOCK_PROCESS_CPUTIME_ID);
        $sock->deadline($TIME);
        my $count = print {$sock} $data;
        my $error = $! + 0;
        my $used  = clock_gettime(CLOCK_PROCESS_CPUTIME_ID) - $cpu;
        my $took  = clock_gettime(CLOCK_MONOTONIC) - $start;
        ok(!defined $count || $count < length $data, 'not all is written');
        $! = $error;
        ok($!{ETIMEDOUT}, '... by the deadline') or diag $!;
        ok($took >= $TIME && $took < $TIME + $SLACK, '... in time')
          or diag $took;
        cmp_ok($used, '<', 0.05 * $took, '... and mostly sleeps')
          if !$ENV{LD_PRELOAD} && !$ENV{ISS_TEST_SLOW};
        $client->stop;
    };
}

done_testing;
