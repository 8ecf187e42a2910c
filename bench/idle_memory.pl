#!/usr/bin/perl
# Measures the memory of an idle connection, and how much
# SSL_mode_release_buffers saves.  A server, then a client, has many
# connections, each of which has received and sent a little.  The program
# reports the growth of its resident memory and of its heap (buffers that are
# allocated but never filled cost only address space).
#
#   perl -Mblib bench/idle_memory.pl [--count 1000]
#
# Other folders than blib (-I) measure another IO::Socket::SSL.
#
# Each connection takes a descriptor in each of two processes: raise "ulimit
# -n" for large counts.
use strict;
use warnings;

use FindBin;
use Getopt::Long qw(GetOptions);
use IO::Socket::INET;
use IO::Socket::SSL;

my $CERTS = "$FindBin::Bin/../t/certs";

my $count = 1000;
GetOptions('count=i' => \$count) && $count > 0
  or die "usage: $0 [--count N]\n";

print "IO::Socket::SSL $IO::Socket::SSL::VERSION, $count connections\n";
printf "%-7s %-9s %-16s %s\n", 'side', 'protocol', 'release_buffers',
  'KiB a connection: resident, heap';
for my $side (qw(server client)) {
    for my $version (qw(TLSv1_2 TLSv1_3)) {
        for my $release (0, 1) {
            printf "%-7s %-9s %-16s %26.1f %5.1f\n", $side, $version,
              $release ? 'yes' : 'no',
              split / /,
              in_a_child(sub { measure($side, $version, $release) });
        }
    }
}

# Freed memory is not always returned to the system, so each measurement has
# its own process.
sub in_a_child {
    my ($code) = @_;

    defined(my $pid = open(my $result, '-|')) or die "fork: $!";
    if (!$pid) {
        print $code->();
        exit;
    }
    my $answer = <$result>;
    close $result or die "the measuring process failed\n";
    return $answer;
}

# KiB of this process, resident and heap; Linux only.
sub memory {
    open my $in, '<', '/proc/self/status' or die "no /proc/self/status: $!\n";
    my %kib = map { /^(\w+):\s+(\d+) kB/ ? ($1, $2) : () } <$in>;
    return @kib{qw(VmRSS VmData)};
}

sub measure {
    my ($side, $version, $release) = @_;

    my $listener = IO::Socket::INET->new(
        LocalAddr => '127.0.0.1',
        Listen    => 100
    ) or die "listen: $!\n";
    my $port  = $listener->sockport;
    my $ctx   = context($side, $version, $release);
    my %other = (server => 'client', client => 'server');
    my %make  = (
        server => sub { serve($listener, $_[0]) },
        client => sub { visit($port,     $_[0]) },
    );
    my $pid = fork;
    defined $pid or die "fork: $!\n";

    if (!$pid) {
        my $theirs = context($other{$side}, $version, $release);
        my @held   = map { $make{ $other{$side} }->($theirs) } 1 .. $count + 10;
        sleep 600;    # idle, until the parent kills us
        exit;
    }
    my @held;
    push @held, $make{$side}->($ctx) for 1 .. 10;    # warm up
    my @before = memory();
    push @held, $make{$side}->($ctx) for 1 .. $count;
    my @after = memory();
    kill TERM => $pid;
    waitpid $pid, 0;
    return join ' ', map { ($after[$_] - $before[$_]) / $count } 0, 1;
}

sub context {
    my ($side, $version, $release) = @_;

    return IO::Socket::SSL::SSL_Context->new(
        SSL_version              => $version,
        SSL_mode_release_buffers => $release,
        $side eq 'server'
        ? (
            SSL_server    => 1,
            SSL_cert_file => "$CERTS/server.pem",
            SSL_key_file  => "$CERTS/server.key",
          )
        : (SSL_verify_mode => SSL_VERIFY_NONE)
    ) || die "context: $SSL_ERROR\n";
}

# Connections that have exchanged a little data and are now idle.
sub serve {
    my ($listener, $ctx) = @_;

    my $tcp  = $listener->accept or die "accept: $!\n";
    my $sock = IO::Socket::SSL->start_SSL(
        $tcp,
        SSL_server    => 1,
        SSL_reuse_ctx => $ctx
    ) or die "accept: $SSL_ERROR\n";
    sysread($sock, my $request, 100) or die "read: $SSL_ERROR\n";
    syswrite($sock, 'x' x 100)       or die "write: $SSL_ERROR\n";
    return $sock;
}

sub visit {
    my ($port, $ctx) = @_;

    my $sock = IO::Socket::SSL->new(
        PeerAddr      => "127.0.0.1:$port",
        SSL_reuse_ctx => $ctx
    ) or die "connect: $SSL_ERROR\n";
    syswrite($sock, 'x' x 100)      or die "write: $SSL_ERROR\n";
    sysread($sock, my $answer, 100) or die "read: $SSL_ERROR\n";
    return $sock;
}
