# Judges what differs between the transcripts of a program: is it meant?
#
#   my $verdict = Differential::Verdict->new('t/differential/MEANT');
#   my @unexplained = $verdict->judge($name, $ours, $theirs);
#   $verdict->stale;        # entries that explained nothing
#   $verdict->summary;      # the last line of a run
#
# A transcript is a list of lines "CALL: WHAT IT GAVE".  Calls are paired by
# name and turn; one that is not there gave "(nothing)".  An unexplained
# difference is a hash with the keys program, call, theirs, ours and grave.
#
# The file has paragraphs of lines "KEY VALUE"; # begins a comment:
#
#   program  ^import        a pattern for the program's name
#   call     ^got$          one for the call
#   theirs   INET4$         one for what it gave under the other module
#   ours     inet6$         and one for what it gave under ours
#   because  MANUAL: "..."  the sentence that says so; more lines go on
#   after    ^close: 1$     optional: a line before it, of either module
#   then     rest           optional: later lines follow from this one
#   admits   "..."          why ours may accept what the other refuses
#
# Where ours accepts a peer, a name or a file that the other module refuses,
# only an entry with "admits" counts, and "then" does not cover it.  A crash, a
# hang, SIGPIPE on a TLS connection and plain text on the wire are never meant.
# All these are grave.
package Differential::Verdict;

use strict;
use warnings;

my @PATTERNS = qw(program call theirs ours);
my $BROKEN   = qr/^(?:hangs|ended by signal)/;

# Calls that make or verify a connection, and what each gives on success.
my $CHECKS = qr/^(?:again,[ ])?(?:scalar[ ])?
  (?:new|make|start_SSL|connect_SSL|accept|client|listen
    |verify_hostname\w*(?:[ ]other)?)(?:[ ]\(\d+\))?$/x;
my $ACCEPTED = qr/^(?:IO::Socket::SSL|Elsewhere::|1$)/;

sub new {
    my ($class, $file) = @_;

    my $self = bless { agree => 0, meant => 0, unexplained => 0 }, $class;
    $self->{entries} = [_entries($file)];
    return $self;
}

sub judge {
    my ($self, $name, $ours, $theirs) = @_;

    my ($meant, $follows, @unexplained);
    for my $difference (_differences($name, $ours, $theirs || [])) {
        my $grave = _never_meant($difference);
        next if !$grave && _follows($difference, $follows);
        my $entry = $grave ? undef : $self->_entry_for($difference);
        if (!$entry) {
            $difference->{grave} = $grave || _admits($difference);
            push @unexplained, $difference;
            next;
        }
        $entry->{used}++;
        $meant   = 1;
        $follows = $entry if $entry->{then};
    }
    $self->{ @unexplained ? 'unexplained' : $meant ? 'meant' : 'agree' }++;
    return @unexplained;
}

sub stale {
    my ($self) = @_;
    return grep { !$_->{used} } @{ $self->{entries} };
}

sub unexplained { return $_[0]{unexplained} }

sub summary {
    my ($self) = @_;

    return sprintf 'differential: %d programs, %d agree, '
      . '%d differ as meant, %d unexplained',
      $self->{agree} + $self->{meant} + $self->{unexplained},
      @{$self}{qw(agree meant unexplained)};
}

sub _differences {
    my ($name, $ours, $theirs) = @_;

    my ($left, $right) = (_by_call($ours), _by_call($theirs));

    ($left, $right) = _until_broken($left, $right);
    my %seen;
    my @calls  = grep { !$seen{$_}++ } map { $_->[0] } @$left, @$right;
    my %ours   = map  { @$_ } @$left;
    my %theirs = map  { @$_ } @$right;
    my (@differences, @before);
    for my $call (@calls) {
        my %pair = (
            program => $name,
            call    => $call,
            ours    => defined $ours{$call}   ? $ours{$call}   : '(nothing)',
            theirs  => defined $theirs{$call} ? $theirs{$call} : '(nothing)',
            before  => [@before]
        );
        push @differences, \%pair if $pair{ours} ne $pair{theirs};
        push @before,      map { "$call: $_" } @pair{qw(ours theirs)};
    }
    return @differences;
}

# Where theirs crashed or hung, there is nothing to compare with: what both saw
# before is left.  If ours broke in the same way at the same call, they agree.
sub _until_broken {
    my ($left, $right) = @_;

    my ($end) = grep { $right->[$_][0] =~ $BROKEN } 0 .. $#$right;
    return ($left, $right) if !defined $end;
    my ($own) = grep { $left->[$_][0] =~ $BROKEN } 0 .. $#$left;
    my @left =
      defined $own && $own == $end && $left->[$own][0] eq $right->[$end][0]
      ? @$left[0 .. $own - 1]
      : @$left;
    my @right  = @$right[0 .. $end - 1];
    my %common = map { $_->[0] => 1 } @right;
    return ([grep { $common{ $_->[0] } || $_->[0] =~ $BROKEN } @left],
        \@right);
}

# [call, what it gave] of each line; a call's second turn is "CALL (2)".
sub _by_call {
    my ($lines) = @_;

    my (%turns, @pairs);
    for my $line (@$lines) {
        my ($call, $gave) =
          $line =~ /^(.*?): (.*)/s ? ($1, $2) : ($line, 'yes');
        my $turn = ++$turns{$call};
        push @pairs, [$turn > 1 ? "$call ($turn)" : $call, $gave];
    }
    return \@pairs;
}

sub _never_meant {
    my ($difference) = @_;

    return 1
      if $difference->{ours} eq 'yes'
      && $difference->{call} =~ /$BROKEN|^SIGPIPE(?: \(\d+\))?$/;
    return
         $difference->{call} eq 'peer'
      && $difference->{ours}   =~ /plain '[^']/
      && $difference->{theirs} !~ /plain '[^']/;
}

# Does a difference come from the one before, which this entry explained?
sub _follows {
    my ($difference, $entry) = @_;

    return   if !$entry;
    return 1 if !_admits($difference);
    return $entry->{admits} && $difference->{theirs} eq '(nothing)';
}

# Does ours accept what the other module refuses?
sub _admits {
    my ($difference) = @_;

    return
         $difference->{call}   =~ $CHECKS
      && $difference->{ours}   =~ $ACCEPTED
      && $difference->{theirs} !~ $ACCEPTED;
}

sub _entry_for {
    my ($self, $difference) = @_;

    my $admits = _admits($difference) ? 1 : 0;
    for my $entry (@{ $self->{entries} }) {
        next          if $admits != (defined $entry->{admits} ? 1 : 0);
        next          if grep { $difference->{$_} !~ $entry->{$_} } @PATTERNS;
        return $entry if _comes_after($difference, $entry->{after});
    }
    return;
}

sub _comes_after {
    my ($difference, $pattern) = @_;
    return !defined $pattern
      || grep { /$pattern/ } @{ $difference->{before} };
}

sub _entries {
    my ($file) = @_;

    open my $in, '<', $file or die "$file: $!\n";
    local $/ = '';
    my @entries;
    while (my $paragraph = <$in>) {
        my $line  = $.;
        my %entry = (text => $paragraph);
        my $key;
        for (grep { !/^#/ && /\S/ } split /\n/, $paragraph) {
            if    (/^(\w+)\s+(.*)/) { $entry{ $key = $1 } = $2 }
            elsif (/^\s+(.*)/)      { $entry{$key} .= " $1" }
        }
        next if keys %entry == 1;
        for my $pattern (@PATTERNS) {
            die "$file: no $pattern in:\n$paragraph"
              if !defined $entry{$pattern};
            $entry{$pattern} = qr/$entry{$pattern}/;
        }
        $entry{after} = qr/$entry{after}/      if defined $entry{after};
        die "$file: no reason in:\n$paragraph" if !$entry{because};
        push @entries, \%entry;
    }
    return @entries;
}

1;
