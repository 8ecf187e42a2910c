# The base class of TLS sockets: IO::Socket::IP, IO::Socket::INET6 or
# IO::Socket::INET, by what is installed and what the program asked for.
package IO::Socket::SSL::Base;

use strict;
use warnings;

use Carp;
use IO::Socket::INET;
use Socket ();

our @CARP_NOT = qw(IO::Socket::SSL);

# Classes that can do IPv6, best first, with the oldest version that works.
my @IPV6 = (
    [ 'IO::Socket::IP',    '0.31' ],
    [ 'IO::Socket::INET6', '2.62' ],
);

my $ipv6 = '';      # the class in use if it can do IPv6
my $forced_inet4;

# The best class that can do IPv6, loaded; '' if none is installed.
sub _find_ipv6 {
    for (@IPV6) {
        my ($class, $version) = @$_;
        (my $file = "$class.pm") =~ s{::}{/}g;
        local ($@, $SIG{__DIE__});
        return $class
          if eval { require $file; $class->VERSION($version); 1 };
    }
    return '';
}

# Each of these three returns the class that must become the base class.
sub choose {
    $ipv6 = _find_ipv6();
    return $ipv6 || 'IO::Socket::INET';
}

sub use_inet4 {
    $forced_inet4 = 1;
    $ipv6         = '';
    return 'IO::Socket::INET';
}

sub use_inet6 {
    my $class = _find_ipv6()
      || croak 'inet6: neither IO::Socket::IP 0.31 nor IO::Socket::INET6'
      . ' 2.62 is installed';

    carp 'IO::Socket::SSL: inet6 overrides an earlier inet4'
      if $forced_inet4;
    $forced_inet4 = 0;
    return $ipv6 = $class;
}

# The base class if it can do IPv6, else ''.
sub can_ipv6 { return $ipv6 }

# Domain and Family name one thing: pass it on under the name that the base
# class knows.
sub adapt {
    my ($args) = @_;
    my ($from, $to) = qw(Domain Family);

    ($from, $to) = ($to, $from)
      if $IO::Socket::SSL::ISA[0] eq 'IO::Socket::INET6';
    my $family = delete $args->{$from};
    $args->{$to} = $family if defined $family && !defined $args->{$to};
    return $args;
}

# For messages: what the base class could not do with these arguments.
sub attempt {
    my ($args) = @_;
    my ($side, $tried) =
      defined $args->{Listen}
      ? (Local => 'cannot listen on')
      : (Peer => 'cannot connect to');
    my ($host) = grep { defined } @$args{ "${side}Host", "${side}Addr" };
    my ($port) = grep { defined } @$args{ "${side}Service", "${side}Port" };

    return "$IO::Socket::SSL::ISA[0] configuration failed"
      if !defined $host && !defined $port;
    return "$tried port $port" if !defined $host;
    return "$tried $host" . (defined $port ? ":$port" : '');
}

# For messages: " to address:port" of a packed address, or ''.
sub digits {
    my ($packed) = @_;
    my ($bad, $host, $port) = Socket::getnameinfo($packed,
        Socket::NI_NUMERICHOST() | Socket::NI_NUMERICSERV());

    return '' if $bad || !defined $port || $port !~ /^\d+$/;
    return $host =~ /:/ ? " to [$host]:$port" : " to $host:$port";
}

1;
