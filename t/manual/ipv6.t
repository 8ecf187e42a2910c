# IPv6: a host with addresses of both kinds, and IO::Socket::INET6 as the base
# class without IO::Socket::IP.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Socket qw(AF_INET);
use Test::More;

my $CA = cert('ca');

# Tells each client which address it has reached.  The other listeners that
# the child has inherited are closed.
sub greeter {
    my ($listener, @others) = @_;

    my ($server) = tls_server(
        sub {
            my ($sock) = @_;
            close $_ for @others;
            print $sock 'reached ', $sock->sockhost, "\n";
            close $sock;
        },
        listener => $listener
    );
    return $server;
}

sub greeting {
    my (@args) = @_;
    my $sock = IO::Socket::SSL->new(client_args(@args))
      or return "$!, $SSL_ERROR";
    return scalar <$sock>;
}

SKIP: {
    skip 'IO::Socket::IP is not the base class', 4
      if !IO::Socket::SSL->isa('IO::Socket::IP');
    my $v6 = IO::Socket::IP->new(
        LocalAddr => '::1',
        Listen    => 5,
        V6Only    => 1
    );
    skip 'no IPv6 on this machine', 4 if !$v6;
    my $port = $v6->sockport;
    my $v4   = eval { listener(LocalPort => $port) };
    skip "port $port of IPv4 is taken", 4 if !$v4;

    # Resolves the host dual.test to addresses of both kinds, IPv6 first.
    my $resolve = \&IO::Socket::IP::getaddrinfo;
    no warnings 'redefine';
    local *IO::Socket::IP::getaddrinfo = sub {
        my ($host, $service, $hints) = @_;
        return $resolve->(@_) if $host ne 'dual.test';
        my $family = $hints->{family} || 0;
        my @found;
        for my $address ('::1', '127.0.0.1') {
            my ($error, @here) = $resolve->($address, $service, $hints);
            push @found, @here if !$error;
        }
        return ('', @found);
    };

    my %dual = (PeerAddr => 'dual.test', PeerPort => $port);
    my ($six, $four) = (greeter($v6, $v4), greeter($v4, $v6));
    is(
        greeting(%dual),
        "reached ::1\n",
        'a name with addresses of both kinds: IPv6 is tried first'
    );
    for my $name (qw(Domain Family)) {
        is(
            greeting(%dual, $name => AF_INET),
            "reached 127.0.0.1\n",
            "$name => AF_INET forces IPv4"
        );
    }
    close $v6;
    $six->kill;
    is(
        greeting(%dual),
        "reached 127.0.0.1\n",
        'no IPv6 connectivity: IPv4 is tried then (it failed in 1.77)'
    );
}

# Another base class needs a process of its own.
my $HIDE = q(BEGIN { unshift @INC, sub {)
  . q( die "hidden\n" if $_[1] eq 'IO/Socket/IP.pm' } } );
my $USE = "$HIDE use IO::Socket::SSL;";

SKIP: {
    skip 'IO::Socket::INET6 2.62 is not installed', 8
      if perl_says('-e', 'print eval q(use IO::Socket::INET6 2.62; 1) || 0')
      ne '1';

    is(
        perl_says(
            '-we',
            "$USE print qq(\@IO::Socket::SSL::ISA "
              . '@{[IO::Socket::SSL->can_ipv6]} @{[IO::Socket::SSL::CAN_IPV6]});'
        ),
        'IO::Socket::INET6 IO::Socket::INET6 IO::Socket::INET6',
        'IO::Socket::INET6 is used if available'
    );
    is(
        perl_says(
            '-we',
            "$HIDE use IO::Socket::SSL 'inet4';"
              . ' print "@IO::Socket::SSL::ISA"'
        ),
        'IO::Socket::INET',
        '... unless inet4 is imported'
    );
    is(
        perl_says(
            '-we',
            "$HIDE use IO::Socket::SSL 'inet6';"
              . ' print "@IO::Socket::SSL::ISA"'
        ),
        'IO::Socket::INET6',
        '... also if inet6 is imported'
    );

    skip 'IO::Socket::INET6 wants /etc/protocols', 5
      if !getprotobyname 'tcp';
    my $listener = listener();
    my $greeter  = greeter($listener);
    my $connect  = <<"PERL";
sub greeting {
    my \$sock = IO::Socket::SSL->new(
        \@_,
        Timeout           => 20,
        SSL_ca_file       => '$CA',
        SSL_verifycn_name => 'localhost'
    ) or return "\$!, \$SSL_ERROR\n";
    return scalar <\$sock>;
}
PERL
    my $address = address($listener);
    for my $name (qw(Domain Family)) {
        is(
            perl_says(
                '-we',
                "$USE use Socket; $connect print greeting("
                  . "PeerAddr => '$address', $name => AF_INET)"
            ),
            "reached 127.0.0.1\n",
            "INET6: a client over IPv4, $name => AF_INET"
        );
    }
    is(
        perl_says(
            '-we', "$USE $connect print greeting(PeerAddr => '$address')"
        ),
        "reached 127.0.0.1\n",
        'INET6: a client that leaves the family open'
    );

  SKIP: {
        my $class = IO::Socket::SSL->can_ipv6;
        my $v6    = $class && $class->new(LocalAddr => '::1', Listen => 5);
        skip 'no IPv6 on this machine', 1 if !$v6;
        my $there = greeter($v6);
        my $port  = $v6->sockport;
        is(
            perl_says(
                '-we',
                "$USE $connect print greeting("
                  . "PeerAddr => '::1', PeerPort => $port)"
            ),
            "reached ::1\n",
            'INET6: a client over IPv6'
        );
    }

    my $server = <<"PERL";
my \$listener = IO::Socket::SSL->new(
    LocalAddr     => '127.0.0.1',
    Listen        => 5,
    SSL_cert_file => '@{[cert('server')]}',
    SSL_key_file  => '@{[key('server')]}',
) or die "listen: \$SSL_ERROR";
if (fork) {
    my \$sock = \$listener->accept or die "accept: \$SSL_ERROR";
    print \$sock ref \$sock, ' at ', \$sock->sockhost, "\\n";
    close \$sock;
    wait;
} else {
    print greeting(PeerAddr => '127.0.0.1',
        PeerPort => \$listener->sockport);
}
PERL
    is(
        perl_says('-we', "$USE $connect $server"),
        "IO::Socket::SSL at 127.0.0.1\n",
        'INET6: a server'
    );
}

# Without a base class for IPv6.
(my $none = $USE) =~ s{eq 'IO/Socket/IP.pm'}{=~ m!Socket/(?:IP|INET6)[.]pm!};
my $listener = listener();
my $greeter  = greeter($listener);
my $address  = address($listener);
for my $family ('', 'Domain => Socket::AF_INET(),',
    'Family => Socket::AF_INET(),')
{
    is(
        perl_says(
            '-we',
            "$none my \$sock = IO::Socket::SSL->new(PeerAddr =>"
              . " '$address', $family Timeout => 20,"
              . " SSL_ca_file => '$CA', SSL_verifycn_name => 'localhost')"
              . ' or die "$!, $SSL_ERROR"; print "@IO::Socket::SSL::ISA ",'
              . ' scalar <$sock>'
        ),
        "IO::Socket::INET reached 127.0.0.1\n",
        "IO::Socket::INET if neither is available; $family"
    );
}

done_testing();
