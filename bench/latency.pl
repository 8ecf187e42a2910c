#!/usr/bin/perl
# Measures the time to connect, do the handshake, send 100 bytes and receive
# them back, between two processes on loopback that both use IO::Socket::SSL.
#
#   perl -Mblib bench/latency.pl [--count 200]
#
# "Nagle" is what was done to his algorithm on both ends after the handshake:
# nothing ("default": as the module leaves it), or turned on or off.
use strict;
use warnings;

use FindBin;
use Getopt::Long qw(GetOptions);
use IO::Socket::INET;
use IO::Socket::SSL;
use Socket      qw(IPPROTO_TCP TCP_NODELAY);
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

my $CERTS   = "$FindBin::Bin/../t/certs";
my $MESSAGE = 'x' x 100;

# The settings of TCP_NODELAY; undef leaves it unchanged.
my @NAGLE = (['default'], ['on', 0], ['off', 1]);

my $count = 200;
GetOptions('count=i' => \$count) && $count > 0
  or die "usage: $0 [--count N]\n";

print "IO::Socket::SSL $IO::Socket::SSL::VERSION, $count connections each\n";
printf "%-9s %-12s %10s %10s\n", 'protocol', 'Nagle', 'median ms', '90 % ms';
for my $version (qw(TLSv1_2 TLSv1_3)) {
    for my $nagle (@NAGLE) {
        my ($name, $nodelay) = @$nagle;
        my @ms = sort { $a <=> $b } measure($version, $nodelay);
        printf "%-9s %-12s %10.2f %10.2f\n", $version, $name,
          $ms[@ms / 2], $ms[@ms * 0.9];
    }
}

# The milliseconds of each connection.
sub measure {
    my ($version, $nodelay) = @_;

    my $listener = IO::Socket::INET->new(
        LocalAddr => '127.0.0.1',
        Listen    => 10
    ) or die "cannot listen: $@\n";
    defined(my $pid = fork) or die "cannot fork: $!\n";
    if (!$pid) {
        serve($listener, $version, $nodelay);
        exit;
    }

    my $port = $listener->sockport;
    close $listener;
    my $context = IO::Socket::SSL::SSL_Context->new(
        SSL_version => $version,
        SSL_ca_file => "$CERTS/ca.pem"
    ) or die "no context: $SSL_ERROR\n";
    visit($port, $context, $nodelay) for 1 .. 5;    # not counted
    my @ms = map { visit($port, $context, $nodelay) } 1 .. $count;
    waitpid $pid, 0;
    die "the server failed\n" if $?;
    return @ms;
}

sub visit {
    my ($port, $context, $nodelay) = @_;

    my $start  = clock_gettime(CLOCK_MONOTONIC);
    my $server = IO::Socket::SSL->new(
        PeerAddr            => '127.0.0.1',
        PeerPort            => $port,
        SSL_reuse_ctx       => $context,
        SSL_verifycn_scheme => 'none'
    ) or die "cannot connect: $SSL_ERROR\n";
    set_nodelay($server, $nodelay);
    echo($server);
    my $ms = 1000 * (clock_gettime(CLOCK_MONOTONIC) - $start);
    close $server;
    return $ms;
}

sub echo {
    my ($server) = @_;

    print {$server} $MESSAGE;
    my $reply = '';
    while (length $reply < length $MESSAGE) {
        sysread($server, $reply, length $MESSAGE, length $reply)
          or die "no reply: $SSL_ERROR\n";
    }
    die "another reply\n" if $reply ne $MESSAGE;
    return;
}

sub serve {
    my ($listener, $version, $nodelay) = @_;

    my $context = IO::Socket::SSL::SSL_Context->new(
        SSL_server    => 1,
        SSL_version   => $version,
        SSL_cert_file => "$CERTS/server.pem",
        SSL_key_file  => "$CERTS/server.key"
    ) or die "no context: $SSL_ERROR\n";
    for (1 .. $count + 5) {
        my $client = $listener->accept or die "accept: $!\n";
        IO::Socket::SSL->start_SSL(
            $client,
            SSL_server    => 1,
            SSL_reuse_ctx => $context
        ) or die "handshake: $SSL_ERROR\n";
        set_nodelay($client, $nodelay);
        sysread $client, my $message, length $MESSAGE;
        syswrite $client, $message;
        sysread $client, $message, 1;    # until the client closes
        close $client;
    }
    return;
}

sub set_nodelay {
    my ($socket, $nodelay) = @_;
    return if !defined $nodelay;
    $socket->setsockopt(IPPROTO_TCP, TCP_NODELAY, $nodelay)
      or die "TCP_NODELAY: $!\n";
    return;
}
