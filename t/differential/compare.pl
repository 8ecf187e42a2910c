# Runs the programs of t/differential under our module and under another
# IO::Socket::SSL, with the same counterpart, and lists what differs: how many
# programs, the first line that differs in each, and some names.
#
#   ISS_TEST_REFERENCE=FOLDER[:FOLDER...] \
#       perl -Mblib t/differential/compare.pl [SEED [WALKS]]
#
# The folders hold the other module and what it needs; they are given to its
# process alone.  A list to be read by a person: it judges nothing.
use strict;
use warnings;

use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";

use ISS::Counterpart;

my ($seed, $walks) = (@ARGV, 1, 400);
my $dirs = $ENV{ISS_TEST_REFERENCE}
  or die "ISS_TEST_REFERENCE is not set: see the head of this file\n";
my $folder = tempdir(CLEANUP => 1);
my ($socket, $server) = ISS::Counterpart->start($folder);
my %include = (
    ours   => [grep { !ref } @INC],
    theirs => [split(/:/, $dirs), "$FindBin::Bin/../lib"],
);

my %pid = map { $_ => start($_) } sort keys %include;
waitpid $_, 0 for values %pid;
kill TERM => $server;
report(map { transcripts("$folder/$_") } qw(ours theirs));

sub start {
    my ($whose) = @_;

    defined(my $pid = fork) or die "fork: $!\n";
    return $pid if $pid;
    exec $^X, (map { "-I$_" } @{ $include{$whose} }),
      "$FindBin::Bin/run.pl", $whose, $socket, "$folder/$whose", $seed,
      $walks
      or die "$^X: $!\n";
}

# From a program's name to the lines that it wrote.
sub transcripts {
    my ($file) = @_;

    open my $in, '<', $file or die "$file: $!\n";
    my ($name, %lines);
    while (<$in>) {
        chomp;
        if (/^== (.*)/) { $lines{ $name = $1 } = [] }
        else            { push @{ $lines{$name} }, $_ }
    }
    return \%lines;
}

sub report {
    my ($ours, $theirs) = @_;

    my %group;
    for my $name (sort keys %$ours) {
        my @pair = ($ours->{$name}, $theirs->{$name} || []);
        my $most =
          $#{ $pair[0] } > $#{ $pair[1] } ? $#{ $pair[0] } : $#{ $pair[1] };
        my ($first) =
          grep { line($pair[0], $_) ne line($pair[1], $_) } 0 .. $most;
        next if !defined $first;
        push @{ $group{ join "\n  theirs: ", map { line($_, $first) } @pair }
          },
          $name;
    }
    for my $what (sort { @{ $group{$b} } <=> @{ $group{$a} } } keys %group) {
        my @names = @{ $group{$what} };
        printf "%d programs\n  ours:   %s\n    %s\n", scalar @names, $what,
          join "\n    ", grep { defined } @names[0 .. 2];
    }
    my $differ = 0;
    $differ += @$_ for values %group;
    printf "%d programs, %d differ\n", scalar keys %$ours, $differ;
    return;
}

sub line { return defined $_[0][$_[1]] ? $_[0][$_[1]] : '(nothing)' }
