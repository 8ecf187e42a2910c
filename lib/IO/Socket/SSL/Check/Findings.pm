# From facts to findings, worst first, and the verdict.
package IO::Socket::SSL::Check::Findings;

use strict;
use warnings;

use IO::Socket::SSL::Check::Certificates;
use IO::Socket::SSL::Check::Setup;
use IO::Socket::SSL::Check::Texts qw(finding);
use IO::Socket::SSL::Check::Trouble;

my @SEVERITIES = qw(bad unreached ends weak note);
my %RANK       = map { $SEVERITIES[$_] => $_ } 0 .. $#SEVERITIES;
my %EXIT       = (good => 0, ends => 1, bad => 2, unreached => 3);
my $DAY        = 86_400;

# Bad, but no reason why a certificate is refused.
my %ASIDE = map { $_ => 1 } qw(broken_cipher dane dane_needs_ca);

# Adds findings, status, exit, not_after and days_left to a result.
sub judge {
    my ($result, $plan) = @_;
    my @records = @{ $result->{addresses} };
    my $reached = grep { $_->{reached} } @records;
    my @found;

    push @found, [undef, IO::Socket::SSL::Check::Trouble::of_lookup($result)]
      if $result->{error};
    for my $record (@records) {
        push @found,
          map { [$record->{address}, $_] }
          _of_address($result, $record, $plan, $reached);
    }
    push @found,
      map { [undef, $_] } IO::Socket::SSL::Check::Setup::of_dns($result),
      _differ(@records);
    $result->{findings} = _merged(@found);
    _conclude($result, $reached);
    return;
}

# Whatever is known, or not known, of the certificates: an address that verifying
# clients refuse has a bad finding that says so.
sub _of_address {
    my ($result, $record, $plan, $reached) = @_;
    my @found = (
        IO::Socket::SSL::Check::Trouble::of_address($record, $plan, $reached),
        IO::Socket::SSL::Check::Certificates::of_address(
            $result, $record, $plan
        ),
        IO::Socket::SSL::Check::Setup::of_address($record)
    );

    return @found if !_is_refused($record);
    return @found
      if grep { $_->{severity} eq 'bad' && !$ASIDE{ $_->{id} } } @found;
    return (IO::Socket::SSL::Check::Certificates::refused($record), @found);
}

sub _is_refused { return $_[0]{reached} && !$_[0]{verified} }

# One finding for all addresses that have it.
sub _merged {
    my @found = @_;
    my (%known, @merged);

    for my $pair (@found) {
        my ($address, $finding) = @$pair;
        my $key = "$finding->{id}\n$finding->{text}";
        push @merged, $known{$key} = { %$finding, addresses => [] }
          if !$known{$key};
        push @{ $known{$key}{addresses} }, $address if defined $address;
    }
    my @order = sort {
             $RANK{ $merged[$a]{severity} } <=> $RANK{ $merged[$b]{severity} }
          || $a <=> $b
    } 0 .. $#merged;
    return [@merged[@order]];
}

# Do the addresses show different certificates?
sub _differ {
    my @records = @_;
    my %shown;

    push @{ $shown{ $_->{chain}{sent}[0]{fingerprint} } }, $_->{address}
      for grep { $_->{chain} } @records;
    return keys %shown < 2 ? () : finding('different_certificates');
}

sub _conclude {
    my ($result, $reached) = @_;
    my @ends = sort { $a <=> $b }
      grep { defined } map { $_->{not_after} } @{ $result->{addresses} };
    my %has = map { $_->{severity} => 1 } @{ $result->{findings} };

    $result->{not_after} = $ends[0];
    $result->{days_left} =
      @ends ? _whole_days($ends[0] - $result->{clock}) : undef;
    $has{bad} ||= grep { _is_refused($_) } @{ $result->{addresses} };
    $result->{status} =
       !$reached   ? 'unreached'
      : $has{bad}  ? 'bad'
      : $has{ends} ? 'ends'
      :              'good';
    $result->{exit} = $EXIT{ $result->{status} };
    return;
}

# Rounded down, so that a certificate that ended an hour ago has -1.
sub _whole_days {
    my ($seconds) = @_;
    my $days = int($seconds / $DAY);

    return $seconds < $days * $DAY ? $days - 1 : $days;
}

1;
