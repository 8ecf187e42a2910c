# The addresses of a host, looked up within a bounded time: the resolver may
# wait for long, so it works in a child.
package IO::Socket::SSL::Check::Lookup;

use strict;
use warnings;

use Socket qw(AF_INET6 AI_NUMERICHOST NI_NUMERICHOST NI_NUMERICSERV
  SOCK_STREAM getaddrinfo getnameinfo);

use IO::Socket::SSL::Check::Child;

my $LARGEST = 65_536;    # bytes of an answer

# Returns an array of addresses {sockaddr number family text}, or undef and the
# reason.
sub addresses {
    my ($host, $port, $until) = @_;
    my ($error, @found) = getaddrinfo($host, $port,
        { flags => AI_NUMERICHOST, socktype => SOCK_STREAM });

    return _described(@found) if !$error && @found;
    my ($failure, @answer) = _ask($host, $port, $until);
    return (undef, $failure) if length $failure;
    return _described(@answer);
}

sub is_address {
    my ($host)  = @_;
    my ($error) = getaddrinfo($host, 0,
        { flags => AI_NUMERICHOST, socktype => SOCK_STREAM });

    return !$error;
}

sub _described {
    my @found = @_;
    my (@addresses, %seen);

    for my $entry (@found) {
        my ($error, $text) =
          getnameinfo($entry->{addr}, NI_NUMERICHOST | NI_NUMERICSERV);
        next if $error || $seen{$text}++;
        push @addresses,
          {
            sockaddr => $entry->{addr},
            number   => $entry->{family},
            family   => $entry->{family} == AF_INET6 ? 'IPv6' : 'IPv4',
            text     => $text,
          };
    }
    return \@addresses if @addresses;
    return (undef, 'it has no address');
}

# getaddrinfo in a child: the error ('' for success) and the entries.
sub _ask {
    my ($host, $port, $until) = @_;
    my ($answer, $failure) =
      IO::Socket::SSL::Check::Child::bytes_of(sub { _found($host, $port) },
        $until, $LARGEST);

    return $failure if !defined $answer;
    my ($error, @lines) = split /\n/, $answer;
    my @found = map { /^(\d+) ([0-9a-f]+)\z/ ? [$1, $2] : () } @lines;
    return (defined $error ? $error : 'the look-up failed',
        map { { family => $_->[0], addr => pack 'H*', $_->[1] } } @found);
}

sub _found {
    my ($host, $port) = @_;
    my ($error, @found) =
      getaddrinfo($host, $port, { socktype => SOCK_STREAM });

    return join "\n", "$error",
      map { "$_->{family} " . unpack 'H*', $_->{addr} } @found;
}

1;
