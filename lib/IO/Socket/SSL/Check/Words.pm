# Dates, periods, names and lists, as people read them.
package IO::Socket::SSL::Check::Words;

use strict;
use warnings;

use Exporter qw(import);
use POSIX    qw(strftime);

our @EXPORT_OK =
  qw(cut day endpoint listed names_of period plural quoted short who);

my $MOST    = 8;      # items of a list before "and N more"
my $LONGEST = 100;    # characters of a name that a server may have made up

my @PERIODS =
  ([86_400, 'day'], [3600, 'hour'], [60, 'minute'], [1, 'second'],);

sub day {
    my ($seconds) = @_;

    return strftime('%Y-%m-%d %H:%M UTC', gmtime $seconds);
}

# A number of seconds in its largest unit, rounded down: "12 days".
sub period {
    my ($seconds) = @_;

    $seconds = abs $seconds;
    for my $period (@PERIODS) {
        my ($length, $unit) = @$period;
        next if $seconds < 2 * $length && $length > 1 && $unit ne 'minute';
        return plural(int($seconds / $length), $unit) if $seconds >= $length;
    }
    return 'a moment';
}

# host:port, as the command takes it.
sub endpoint {
    my ($host, $port) = @_;

    return $host =~ /:/ ? "[$host]:$port" : "$host:$port";
}

sub plural {
    my ($count, $unit) = @_;

    return $count == 1 ? "1 $unit" : "$count ${unit}s";
}

sub listed {
    my @items = @_;
    my $more  = @items - $MOST;

    return join ', ', @items if $more <= 0;
    return join(', ', @items[0 .. $MOST - 1]) . " and $more more";
}

# At most so many characters; "..." stands for the rest.
sub cut {
    my ($text, $most) = @_;

    return $text if length $text <= $most;
    return substr($text, 0, $most - 3) . '...';
}

# The hosts that a certificate is for.
sub names_of {
    my ($cert) = @_;

    return map { cut($_->[1], $LONGEST) }
      grep { $_->[0] eq 'DNS' || $_->[0] eq 'IP' } @{ $cert->{names} || [] };
}

# The subject of a certificate, or what comes next to it.
sub who {
    my ($cert) = @_;

    return length $cert->{subject}
      ? quoted(short($cert->{subject}))
      : 'without a subject';
}

# A distinguished name in short: the common name, if it has one.
sub short {
    my ($name) = @_;
    my @parts  = split m{(?<!\\)/(?=[\w.]+=)}, $name;
    my ($cn)   = map { /^CN=(.+)/s ? $1 : () } reverse @parts;

    return cut(defined $cn ? $cn : $name, $LONGEST);
}

sub quoted { return qq("$_[0]") }

1;
