# Which class a TLS socket is made from: the best one for IPv6 that is there.
package IO::Socket::SSL::Base;

use strict;
use warnings;

use Carp;
use IO::Socket::INET;

# In the order of preference, with the version that first served.
my @IPV6 = (
    [ 'IO::Socket::IP',    '0.31' ],
    [ 'IO::Socket::INET6', '2.62' ],
);

my $forced_inet4;

sub find_ipv6 {
    for (@IPV6) {
        my ($class, $version) = @$_;
        (my $file = "$class.pm") =~ s{::}{/}g;
        local $@;
        return $class
          if eval { require $file; $class->VERSION($version); 1 };
    }
    return '';
}

sub set {
    my ($class) = @_;

    @IO::Socket::SSL::ISA = ($class);
    my $ipv6 = $class eq 'IO::Socket::INET' ? '' : $class;
    no warnings 'redefine';
    *IO::Socket::SSL::can_ipv6 = sub { $ipv6 };
    *IO::Socket::SSL::CAN_IPV6 = sub () { $ipv6 };
    return $class;
}

sub choose { return set(find_ipv6() || 'IO::Socket::INET') }

sub use_inet4 {
    $forced_inet4 = 1;
    return set('IO::Socket::INET');
}

sub use_inet6 {
    my $class = find_ipv6()
      || croak 'inet6: neither IO::Socket::IP 0.31 nor IO::Socket::INET6'
      . ' 2.62 is there';

    carp 'IO::Socket::SSL is switched from inet4 to inet6'
      if $forced_inet4;
    $forced_inet4 = 0;
    return set($class);
}

# Domain and Family say the same to different base classes.
sub adapt {
    my ($args) = @_;
    my ($from, $to) = qw(Domain Family);

    ($from, $to) = ($to, $from)
      if $IO::Socket::SSL::ISA[0] eq 'IO::Socket::INET6';
    my $family = delete $args->{$from};
    $args->{$to} = $family if defined $family && !defined $args->{$to};
    return $args;
}

1;
