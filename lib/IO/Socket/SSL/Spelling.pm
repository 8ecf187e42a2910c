# Unknown options: warns of them, once for each place in a program, and guesses
# what was meant.  Loaded when there is one.
package IO::Socket::SSL::Spelling;

use strict;
use warnings;

use Carp       qw(carp shortmess);
use List::Util qw(min);

our @CARP_NOT = qw(IO::Socket::SSL IO::Socket::SSL::Defaults
  IO::Socket::SSL::SSL_Context IO::Socket::SSL::Upgrade IO::Socket::IP
  IO::Socket);

my %told;    # name and place => 1

# No version ever had these options, but a well-known module gives them.
my %IS_NO_MISTAKE = (SSL_OP_NO_RENEGOTIATION => 'MongoDB');

# The program gave these options, which are not among the known ones.
sub warn_of {
    my ($known, @unknown) = @_;

    return if !warnings::enabled('IO::Socket::SSL');
    my $place = shortmess('');
    for my $name (sort @unknown) {
        next if $IS_NO_MISTAKE{$name} || $told{"$name$place"}++;
        my $meant = _nearest($name, @$known);
        carp "unknown option $name"
          . (defined $meant ? " (did you mean $meant?)" : '');
    }
    return;
}

# The known name that takes the fewest changes, but at most a third of it.
sub _nearest {
    my ($name,    @known) = @_;
    my ($nearest, $least) = (undef, 1 + length($name) / 3);

    for my $candidate (sort @known) {
        my $distance = _distance(lc $name, lc $candidate);
        ($nearest, $least) = ($candidate, $distance) if $distance < $least;
    }
    return $nearest;
}

# How many letters must be put in, left out, changed, or swapped with the next
# one (the distance of Damerau and Levenshtein).
sub _distance {
    my ($from, $to) = @_;
    my @from = split //, $from;
    my @to   = split //, $to;
    my @cost = ([0 .. @to]);

    for my $i (1 .. @from) {
        $cost[$i][0] = $i;
        for my $j (1 .. @to) {
            my $same = $from[$i - 1] eq $to[$j - 1];
            my $swapped =
                 $i > 1
              && $j > 1
              && $from[$i - 1] eq $to[$j - 2]
              && $from[$i - 2] eq $to[$j - 1];
            $cost[$i][$j] = min(
                $cost[$i - 1][$j] + 1,
                $cost[$i][$j - 1] + 1,
                $cost[$i - 1][$j - 1] + ($same ? 0 : 1),
                $swapped ? $cost[$i - 2][$j - 2] + 1 : ()
            );
        }
    }
    return $cost[@from][@to];
}

1;
