# Runs the programs under the module that -I leads to, and writes what each of
# them saw: "== NAME" and a line an observation.  A program has a process of
# its own, so that it may change defaults, die or hang.
#
#   perl -I... t/differential/run.pl ours|theirs SOCKET OUT SEED COUNT
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use IO::Socket::SSL;
use IO::Socket::SSL::Utils;
use POSIX ();

use Differential;

my ($whose, $socket, $out, $seed, $count) = @ARGV;
die "the wrong module: $INC{'IO/Socket/SSL.pm'}\n"
  if ($whose eq 'ours') != ($INC{'IO/Socket/SSL.pm'} =~ m{\bblib\b} ? 1 : 0);
Differential::set_up($socket, "$FindBin::Bin/../certs", $seed, $count);
open my $log, '>', $out or die "$out: $!\n";
select((select($log), $| = 1)[0]);

for my $program (Differential::programs("$FindBin::Bin/programs")) {
    my ($name, $code) = @$program;
    pipe my $from, my $to or die "pipe: $!";
    defined(my $pid = fork) or die "fork: $!";
    if (!$pid) {
        close $from;
        open STDERR, '>', '/dev/null' or die;
        Differential::run($to, $code);
        POSIX::_exit(0);
    }
    close $to;
    print {$log} "== $name\n", <$from>;
    close $from;
    waitpid $pid, 0;
    print {$log} "ended by signal ", $? & 127, "\n" if $? & 127;
}
close $log or die "$out: $!\n";
