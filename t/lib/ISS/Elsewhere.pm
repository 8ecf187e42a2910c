# Loaded before a program of the manual: its hosts and ports are here.
#
#   ISS_PORTS='443=40001 587=40002' perl -MISS::Elsewhere program
#
# A connection to any host on such a port goes to 127.0.0.1 and the port after
# the "=".  A listener on any port listens on a free port of 127.0.0.1, and
# prints "listens 8443=40003" on standard error.
package ISS::Elsewhere;

use strict;
use warnings;

use IO::Socket::INET;

my (%PORTS, %NAMED);

BEGIN {
    %PORTS = split /[= ]/, $ENV{ISS_PORTS} || '';
    %NAMED = (https => 443, http => 80, smtp => 25);
}

for my $class ('IO::Socket::INET',
    eval { require IO::Socket::IP } ? 'IO::Socket::IP' : ())
{
    no strict 'refs';    ## no critic (ProhibitNoStrict)
    no warnings 'redefine';
    my $configure = $class->can('configure');
    *{"${class}::configure"} = sub {
        my ($self, $args) = @_;
        my %here = %$args;
        my $port = $args->{Listen} ? _listener(\%here) : _client(\%here);
        my $done = $configure->($self, \%here) or return;
        print STDERR "listens $port=", $self->sockport, "\n"
          if $args->{Listen};
        return $done;
    };
}

# For modules that resolve names themselves; they import it after this.
BEGIN {
    require Socket;
    my $resolve = Socket->can('getaddrinfo');
    no warnings 'redefine';
    *Socket::getaddrinfo = sub {
        my ($host, $port, @hints) = @_;
        ($host, $port) = ('127.0.0.1', $PORTS{$port} || $port)
          if $host =~ /\bexample\.\w+\z/;
        return $resolve->($host, $port, @hints);
      }
      if $resolve;
}

sub _client {
    my ($args) = @_;

    my ($host, $port) = _take($args, 'Peer');
    return if !defined $host;
    my $here = $PORTS{ $NAMED{$port} || $port };
    @$args{qw(PeerHost PeerPort)} =
      $here ? ('127.0.0.1', $here) : ($host, $port);
    return;
}

sub _listener {
    my ($args) = @_;

    my (undef, $port) = _take($args, 'Local');
    @$args{qw(LocalHost LocalPort)} = ('127.0.0.1', 0);
    return $port;
}

# Removes the host and port of this side from the arguments, and returns them.
sub _take {
    my ($args, $side) = @_;

    my ($host) =
      grep { defined } delete @$args{ "${side}Host", "${side}Addr" };
    my ($port) =
      grep { defined } delete @$args{ "${side}Port", "${side}Service" };
    if (defined $host && $host =~ /^(.*):(\w+)\z/) {
        $host = $1;
        $port = $2 if !defined $port;
    }
    return ($host, defined $port ? $port : 0);
}

1;
