# Runs the programs of t/differential under our module and under another
# IO::Socket::SSL, and lists, for a person, what differs and is not meant: how
# many programs, the first such line in each, and some names.
#
#   ISS_TEST_REFERENCE=FOLDER[:FOLDER...] \
#       perl -Mblib t/differential/compare.pl [SEED [WALKS [PATTERN]]]
#
# With a PATTERN it prints the transcripts of the programs so named.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib", "$FindBin::Bin/lib";

use Differential::Suite;
use Differential::Verdict;

my ($seed, $walks, $pattern) = (@ARGV, (1, 400)[@ARGV .. 1]);
die "ISS_TEST_REFERENCE is not set: see the head of this file\n"
  if !$ENV{ISS_TEST_REFERENCE};
my $suite = Differential::Suite->new(seed => $seed, walks => $walks);
my ($ours, $theirs) = $suite->run;
if (defined $pattern) {
    for my $name (sort grep { /$pattern/ } keys %$ours) {
        print "== $name\n";
        print map { "  ours:   $_\n" } @{ $ours->{$name} };
        print map { "  theirs: $_\n" } @{ $theirs->{$name} };
    }
    exit;
}
my $verdict = Differential::Verdict->new("$FindBin::Bin/MEANT");
my %group;
for my $name (sort keys %$ours) {
    my ($first) = $verdict->judge($name, $ours->{$name}, $theirs->{$name});
    push @{
        $group{
"$first->{call}\n  ours:   $first->{ours}\n  theirs: $first->{theirs}"
        }
      },
      $name
      if $first;
}
for my $what (sort { @{ $group{$b} } <=> @{ $group{$a} } } keys %group) {
    my @names = @{ $group{$what} };
    printf "%d programs: %s\n    %s\n", scalar @names, $what,
      join "\n    ", grep { defined } @names[0 .. 4];
}
print $verdict->summary, "\n";
