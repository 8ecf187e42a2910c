#!/usr/bin/perl
# A pre-forking server whose workers, on one machine or on many, share the
# sessions of their clients through memcached.
#
#   prefork_memcached.pl --cert server.pem --key server.key --secret secret.bin
#       [--memcached 127.0.0.1:11211] [--workers 4] [--port 8443]
#       [--host 127.0.0.1]
#
# secret.bin has 32 random bytes or more, the same on all machines: "umask 077;
# openssl rand 32 >secret.bin".  It prints its address, and answers each line
# with the process that read it and whether the session was resumed.
use strict;
use warnings;

use Cache::Memcached::Fast;
use Getopt::Long qw(GetOptions);
use IO::Socket::SSL;

my $CLIENTS = 1000;    # of a worker, before a fresh one takes its place

my %opt = (
    host      => '127.0.0.1',
    port      => 0,
    workers   => 4,
    memcached => '127.0.0.1:11211',
);
GetOptions(\%opt, 'host=s', 'port=i', 'cert=s', 'key=s', 'secret=s',
    'memcached=s', 'workers=i')
  && $opt{cert}
  && $opt{secret}
  or die
  "usage: $0 --cert FILE --key FILE --secret FILE [--memcached ADDRESS]\n";

# The sub is called in each worker: two processes must not share a connection to
# memcached.  A handshake waits for memcached, so the limits are short; without
# an answer it becomes a full handshake.
my $store = IO::Socket::SSL::Session_Store->new(
    secret  => read_secret($opt{secret}),
    backend => sub {
        return Cache::Memcached::Fast->new(
            {
                servers         => [$opt{memcached}],
                connect_timeout => 0.2,
                io_timeout      => 0.1,
            }
        );
    },
);
my $listener = IO::Socket::SSL->new(
    LocalAddr             => $opt{host},
    LocalPort             => $opt{port},
    Listen                => 128,
    ReuseAddr             => 1,
    SSL_cert_file         => $opt{cert},
    SSL_key_file          => $opt{key},
    SSL_session_cache     => $store,
    SSL_startHandshake    => 'lazy',
    SSL_handshake_timeout => 30,
    SSL_io_timeout        => 300,
) or die "cannot serve: $@\n";

$| = 1;
printf "%s:%d\n", $listener->sockhost, $listener->sockport;

my %workers;
$SIG{TERM} = $SIG{INT} = sub { kill TERM => keys %workers; exit };
while (1) {
    while (keys %workers < $opt{workers}) {
        my $pid = fork;
        die "cannot fork: $!\n" if !defined $pid;
        work()                  if !$pid;
        $workers{$pid} = 1;
    }
    delete $workers{ wait() };
}

sub work {
    $SIG{TERM} = $SIG{INT} = 'DEFAULT';
    for (1 .. $CLIENTS) {
        my $client = $listener->accept or next;
        while (my $line = <$client>) {
            print {$client} "process $$, ",
              $client->get_session_reused ? 'resumed' : 'full handshake',
              "\n";
        }
        $client->close;
    }
    exit;
}

sub read_secret {
    my ($file) = @_;
    open my $in, '<:raw', $file or die "$file: $!\n";
    local $/;
    return <$in>;
}
