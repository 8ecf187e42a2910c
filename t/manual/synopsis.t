# The programs in the manual's SYNOPSIS work, and refuse a server that is not
# trusted, with a reason: each runs in a perl of its own.  See ISS::World.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::INET;
use IO::Socket::SSL;
use ISS::Pod;
use ISS::Test;
use ISS::World;
use Test::More;

plan skip_all => 'no IO::Socket::IP' if !eval { require IO::Socket::IP };

my ($block) = blocks_of(pods()->{SSL});
my ($head, %program) = split /^# (A client|A server|STARTTLS).*\n/m,
  $block->{text};
is_deeply(
    [sort keys %program],
    ['A client', 'A server', 'STARTTLS'],
    'a client, a server and STARTTLS'
);
cmp_ok(scalar(() = $block->{text} =~ /\S\n/g), '<=', 20, '... in 20 lines');

my $START = "use strict;\nuse warnings;\n$head";
my $FAILS = qr/certificate verify failed: unable to get/;

# A program that trusts our CA, or another one: (its exit status, its output).
sub run {
    my ($world, $text, $distrusts) = @_;

    $world->put('ca.pem', slurp(cert('other-ca'))) if $distrusts;
    my ($status, $said) = $world->run('program', $START . $text);
    return ($status >> 8, $said);
}

subtest 'client' => sub {
    my $world = ISS::World->new;
    $world->peer(https => 443);
    my ($status, $said) = run($world, $program{'A client'});
    is($status, 0, 'it exits with 0');
    like(
        $said,
qr{^HTTP/1\.1 200 OK\r\n.*^GET / HTTP/1\.0\r\nHost: www\.example\.com}ms,
        'it prints what the server sent'
    );

    ($status, $said) = run($world, $program{'A client'}, 1);
    isnt($status, 0, 'it fails with a server of a CA that is not trusted');
    like($said, qr/^cannot connect: .*$FAILS/, '... and says why');
};

subtest 'server' => sub {
    my $world = ISS::World->new;
    my $text  = $program{'A server'} . 'print {$client} scalar <$client>;';
    my ($server, $port) = $world->serve('server', $START . $text);
    my $sock = IO::Socket::SSL->new(
        PeerAddr     => "127.0.0.1:$port",
        SSL_hostname => 'www.example.com',
        SSL_ca_file  => $world->put('ca.pem')
    ) or die "connect: $SSL_ERROR\n";
    print {$sock} "hello\n";
    is(scalar <$sock>, "hello\n", 'it serves a client');

    ($server, $port) = $world->serve('server', $START . $text);
    my $plain = IO::Socket::INET->new("127.0.0.1:$port");
    print {$plain} "no TLS at all\r\n\r\n";
    like(
        ($server->finish)[1],
        qr/^no client: SSL accept attempt failed: /m,
        'a client without TLS, and why'
    );

    $world->put('server.key', slurp(key('server2')));
    my ($status, $said) = run($world, $text);
    isnt($status, 0, 'it does not start with a wrong key');
    like($said, qr/^cannot serve: .*does not match/, '... and says why');
};

subtest 'STARTTLS' => sub {
    my $world = ISS::World->new;
    $world->peer(mail => 465);
    my $text = <<'PERL' . $program{STARTTLS} . 'print <$socket>;';
use IO::Socket::IP;
my $socket = IO::Socket::IP->new('mail.example.com:465') or die $@;
PERL
    my ($status, $said) = run($world, $text);
    is($status, 0,         'it exits with 0');
    is($said,   "hello\n", 'it speaks under TLS');

    ($status, $said) = run($world, $text, 1);
    isnt($status, 0, 'it fails with a server of a CA that is not trusted');
    like($said, qr/^no TLS: .*$FAILS/, '... and says why');
};

done_testing;
