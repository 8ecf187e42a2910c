#!/usr/bin/perl
# Measures how example/echo_server.pl bears many clients: most are idle, up to
# 200 are active.  Its memory and CPU time are read from /proc (Linux).
#
#   perl -Mblib bench/scale.pl [--active 200] [--rounds 50] [COUNT...]
#
# COUNT is the number of idle clients, by default 100, 1000 and 5000 in turn,
# each with a new server.  In a round each active client sends 100 bytes, and
# then all read the answers, so that the server always has many of them to
# serve.  The program raises "ulimit -n" as far as it may.
use strict;
use warnings;

use FindBin;
use Getopt::Long qw(GetOptions);
use IO::Socket::SSL;
use POSIX ();

my $CERTS = "$FindBin::Bin/../t/certs";
my $SPARE = 50;    # descriptors for other things

my @given = @ARGV;
my %opt   = (active => 200, rounds => 50);
GetOptions(\%opt, 'active=i', 'rounds=i', 'raised')
  && !grep { !/^[1-9]\d*\z/ } @ARGV, $opt{active}, $opt{rounds}
  or die "usage: $0 [--active N] [--rounds N] [COUNT...]\n";
my @counts = @ARGV ? @ARGV : (100, 1000, 5000);
my @perl   = ($^X, map { "-I$_" } grep { !ref } @INC);
raise_limit() if !$opt{raised};

my $most = POSIX::sysconf(POSIX::_SC_OPEN_MAX()) - $opt{active} - $SPARE;
my $tick = POSIX::sysconf(POSIX::_SC_CLK_TCK());
my $ctx  = IO::Socket::SSL::SSL_Context->new(SSL_verify_mode => 0)
  or die "context: $SSL_ERROR\n";

print "IO::Socket::SSL $IO::Socket::SSL::VERSION, $opt{active} active clients,"
  . " $opt{rounds} rounds\n",
  "  idle  KiB a client  ms of CPU a handshake  microseconds of CPU an echo\n";
for my $count (@counts) {
    if ($count > $most) {
        print "$count: too many, ulimit -n allows $most\n";
        next;
    }
    printf "%6d %13.1f %22.2f %28.1f\n", $count, measure($count);
}

# No module of Perl's core can raise the limit, but the shell can.
sub raise_limit {
    exec 'sh', '-c', 'ulimit -n "$(ulimit -Hn)"; exec "$@"', 'sh', @perl, $0,
      '--raised', @given;
    die "sh: $!\n";
}

sub measure {
    my ($count) = @_;
    my ($pid, $out, $address) = start_server();
    my @warm   = map { connect_to($address) } 1 .. 10;
    my %before = state($pid);
    my @idle   = map { connect_to($address) } 1 .. $count;
    my @active = map { connect_to($address) } 1 .. $opt{active};
    my $total  = @idle + @active;
    my %held   = state($pid);

    for (1 .. $opt{rounds}) {
        syswrite($_, 'x' x 100) == 100 or die "write: $SSL_ERROR\n"
          for @active;
        read($_, my $answer, 100) == 100 or die "read: $SSL_ERROR\n"
          for @active;
    }
    my %after = state($pid);
    kill TERM => $pid;
    close $out;
    return (
        ($held{kib} - $before{kib}) / $total,
        ($held{seconds} - $before{seconds}) * 1e3 / $total,
        ($after{seconds} - $held{seconds}) * 1e6 / $opt{rounds} / @active
    );
}

sub start_server {
    my $pid = open my $out, '-|', @perl,
      "$FindBin::Bin/../example/echo_server.pl", '--cert',
      "$CERTS/server.pem", '--key', "$CERTS/server.key"
      or die "cannot start the server: $!\n";

    chomp(my $address = <$out>);
    return ($pid, $out, $address);    # closing $out would wait for it
}

# A client that has exchanged a little.
sub connect_to {
    my ($address) = @_;
    my $socket =
      IO::Socket::SSL->new(PeerAddr => $address, SSL_reuse_ctx => $ctx)
      or die "connect: $SSL_ERROR\n";

    syswrite($socket, 'x') or die "write: $SSL_ERROR\n";
    sysread($socket, my $answer, 1) or die "read: $SSL_ERROR\n";
    return $socket;
}

# What a process takes: KiB of resident memory, seconds of CPU time.
sub state {
    my ($pid) = @_;
    my ($kib) = slurp("/proc/$pid/status") =~ /^VmRSS:\s+(\d+) kB/m;
    my @field = split ' ', slurp("/proc/$pid/stat") =~ s/^.*\) //r;

    return (kib => $kib, seconds => ($field[11] + $field[12]) / $tick);
}

sub slurp {
    my ($file) = @_;

    local $/;
    open my $in, '<', $file or die "$file: $!\n";
    return scalar <$in>;
}
