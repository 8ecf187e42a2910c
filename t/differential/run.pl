# Runs the programs under the module that -I leads to, and writes what each of
# them saw: "== NAME" and a line an observation.  A program has a process of
# its own, so that it may change defaults, die, crash or hang.
#
#   perl -I... t/differential/run.pl ours|theirs SOCKET OUT SEED WALKS [NAMES]
#
# NAMES is a file with a name a line: only these are run, one after the other.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use IO::Select;
use IO::Socket::SSL;
use IO::Socket::SSL::Utils;
use POSIX       ();
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

use Differential;

my $AT_ONCE = 6;     # most of their time they wait
my $SECONDS = 60;    # for one program; one that takes longer hangs

my ($whose, $socket, $out, $seed, $walks, $names) = @ARGV;
die "the wrong module: $INC{'IO/Socket/SSL.pm'}\n"
  if ($whose eq 'ours') != ($INC{'IO/Socket/SSL.pm'} =~ m{\bblib\b} ? 1 : 0);
Differential::set_up($socket, "$FindBin::Bin/../certs", $seed, $walks);
open my $log, '>', $out or die "$out: $!\n";

my @programs = Differential::programs("$FindBin::Bin/programs");
if ($names) {
    my %only = map { $_ => 1 } lines($names);
    @programs = grep { $only{ $_->[0] } } @programs;
    ($AT_ONCE, $SECONDS) = (1, 2 * $SECONDS);
}

my $select = IO::Select->new;
my %child;    # by the handle that its observations come from
while (@programs || %child) {
    start(shift @programs) while @programs && keys %child < $AT_ONCE;
    listen_to($_) for $select->can_read(1);
    for my $late (grep { now() > $child{$_}{until} } keys %child) {
        $child{$late}{text} .= "hangs\n";
        kill KILL => $child{$late}{pid};
        finish($child{$late});
    }
}
close $log or die "$out: $!\n";

sub now { return clock_gettime(CLOCK_MONOTONIC) }

sub lines {
    my ($file) = @_;

    open my $in, '<', $file or die "$file: $!\n";
    chomp(my @lines = <$in>);
    return @lines;
}

sub start {
    my ($program) = @_;
    my ($name, $code) = @$program;

    pipe my $from, my $to or die "pipe: $!";
    defined(my $pid = fork) or die "fork: $!";
    if (!$pid) {
        close $from;
        close $_->{from} for values %child;
        open STDERR, '>', '/dev/null' or die;
        Differential::run($to, $code);
        POSIX::_exit(0);
    }
    close $to;
    $child{$from} = {
        from  => $from,
        pid   => $pid,
        name  => $name,
        text  => '',
        until => now() + $SECONDS
    };
    $select->add($from);
    return;
}

sub listen_to {
    my ($from) = @_;

    my $child = $child{$from} or return;
    sysread $from, $child->{text}, 65_536, length $child->{text}
      or finish($child);
    return;
}

sub finish {
    my ($child) = @_;

    $select->remove($child->{from});
    delete $child{ $child->{from} };
    close $child->{from};
    waitpid $child->{pid}, 0;
    my $signal = $? & 127;
    $child->{text} .= "ended by signal $signal\n"
      if $signal && $child->{text} !~ /^hangs$/m;
    print {$log} "== $child->{name}\n", $child->{text};
    return;
}
