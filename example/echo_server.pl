#!/usr/bin/perl
# An echo server with one process for thousands of clients: a pattern to copy.
#
#   echo_server.pl --cert server.pem [--key server.key] [--port 8443]
#       [--host 127.0.0.1]
#
# It prints its address.  Each client takes a descriptor: raise "ulimit -n"
# for more than about a thousand.  Control-C ends it.  A server that strangers
# can reach also needs time limits, which are left out here.
use strict;
use warnings;

use Getopt::Long qw(GetOptions);
use IO::Socket::SSL;

my $SIZE   = 16384;    # of a read: the most that a record holds
my $ROUNDS = 16;       # of reading and writing, before others get their turn

my %opt = (host => '127.0.0.1', port => 0);
GetOptions(\%opt, 'host=s', 'port=i', 'cert=s', 'key=s') && $opt{cert}
  or die "usage: $0 --cert FILE [--key FILE] [--port N] [--host ADDRESS]\n";

my $listener = IO::Socket::SSL->new(
    LocalAddr          => $opt{host},
    LocalPort          => $opt{port},
    Listen             => 1024,
    ReuseAddr          => 1,
    Blocking           => 0,
    SSL_server         => 1,
    SSL_startHandshake => 0,             # done step by step, in serve
    SSL_cert_file      => $opt{cert},
    SSL_key_file       => $opt{key},
) or die "cannot serve: ", $@ || $SSL_ERROR, "\n";

my $door = fileno $listener;
my %clients;               # by descriptor: { socket, ready, out }
my %again;                 # descriptors with data that select may not see
my $readers = '';          # which descriptors select watches, as bits:
my $writers = '';          # unlike IO::Select, no list is searched each time
my ($recent, $older) = ('', '');    # who was served lately, likewise
vec($readers, $door, 1) = 1;

$| = 1;
printf "%s:%d\n", $listener->sockhost, $listener->sockport;

# The more descriptors select watches, the longer it takes.  So most of the time
# it watches only those that were served lately; all of them now and then, and
# when these are quiet.
my $looks = 0;
while (1) {
    my @turn  = keys %again;
    my $all   = $looks++ % 16 == 0;
    my @found = $all ? () : ready($recent | $older, @turn ? 0 : 0.005);
    if ($all || !@turn && !@found) {
        @found = ready($readers | $writers, @turn ? 0 : undef);
        ($recent, $older) = ('', $recent) if $looks % 64 == 1;
    }
    %again = ();
    for my $fd (@turn, @found) {
        vec($recent, $fd, 1) = 1;
        if    ($fd == $door)  { accept_clients() }
        elsif ($clients{$fd}) { serve($fd) }
    }
}

# Which of these can go on?  Waits so many seconds, undef: for ever.
sub ready {
    my ($among, $seconds) = @_;
    my $found = select my $readable = $readers & $among,
      my $writable = $writers & $among, undef, $seconds;

    return $found > 0 ? descriptors($readable | $writable) : ();
}

# The numbers of the bits that are set.
sub descriptors {
    my ($bits) = @_;
    my @found;

    while ($bits =~ /[^\0]/g) {
        my $first = 8 * (pos($bits) - 1);
        push @found, grep { vec $bits, $_, 1 } $first .. $first + 7;
    }
    return @found;
}

sub accept_clients {
    while (my $socket = $listener->accept) {
        my $fd = fileno $socket;
        $socket->blocking(0);
        $clients{$fd} = { socket => $socket };
        serve($fd);
    }

    # Without a free descriptor, wait until a client goes.
    vec($readers, $door, 1) = 0 if $!{EMFILE} || $!{ENFILE};
    return;
}

# Go on with a client until it must wait.
sub serve {
    my ($fd) = @_;
    my $client = $clients{$fd};
    my $socket = $client->{socket};

    if (!$client->{ready}) {
        $socket->accept_SSL or return wait_for($fd);
        $client->{ready} = 1;
    }
    for (1 .. $ROUNDS) {
        my $data = delete $client->{out};
        if (!defined $data) {
            my $got = sysread $socket, $data, $SIZE;
            return wait_for($fd) if !defined $got;
            return drop($fd)     if !$got;           # the end
        }
        my $put = syswrite $socket, $data;
        if (!defined $put || $put < length $data) {
            $client->{out} = substr $data, $put || 0;
            return wait_for($fd) if !defined $put;
        }
    }
    $again{$fd} = 1;
    return;
}

# The last call has failed: wait for what it needs, if it is that.
sub wait_for {
    my ($fd) = @_;
    my $reads  = $SSL_ERROR == SSL_WANT_READ;
    my $writes = $SSL_ERROR == SSL_WANT_WRITE;

    return drop($fd) if !$reads && !$writes;
    vec($readers, $fd, 1) = $reads  ? 1 : 0;
    vec($writers, $fd, 1) = $writes ? 1 : 0;
    return;
}

sub drop {
    my ($fd) = @_;

    vec($_, $fd, 1) = 0 for $readers, $writers;
    vec($readers, $door, 1) = 1;
    delete($clients{$fd})->{socket}->close;
    return;
}
