# IPv4 and IPv6, Domain and Family, and IO::Socket::INET as the base class.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Socket;
use Test::More;

# Listens and connects with these arguments; returns the line the client
# reads.
sub through {
    my ($host, %args) = @_;

    my $listener = IO::Socket::SSL->new(
        LocalAddr => $host,
        Listen    => 5,
        %args,
        server_args()
    ) or return "listen: $!, $SSL_ERROR";
    my $server = peer(
        sub {
            my $sock = $listener->accept or die "accept: $SSL_ERROR\n";
            print $sock 'from ', $sock->sockhost, "\n";
            close $sock;
        }
    );
    my $client = IO::Socket::SSL->new(
        PeerAddr => $host,
        PeerPort => $listener->sockport,
        %args,
        client_args()
    ) or return "connect: $!, $SSL_ERROR";
    return scalar <$client>;
}

is(through('127.0.0.1'), "from 127.0.0.1\n", 'IPv4');
for my $name (qw(Domain Family)) {
    is(
        through('127.0.0.1', $name => AF_INET),
        "from 127.0.0.1\n",
        "$name => AF_INET"
    );
}

my $class = IO::Socket::SSL->can_ipv6;
is($class, IO::Socket::SSL::CAN_IPV6(), 'can_ipv6 and CAN_IPV6 agree');

SKIP: {
    skip 'no base class for IPv6', 3 if !$class;
    isa_ok('IO::Socket::SSL', $class, 'the base class');
    my $probe = $class->new(LocalAddr => '::1', Listen => 1);
    skip 'no IPv6 on this machine', 2 if !$probe;
    is(through('::1'), "from ::1\n", 'IPv6');
    is(through('::1', Family => Socket::AF_INET6()),
        "from ::1\n", 'Family => AF_INET6');
}

# The other base class needs a process of its own.
my ($server, $address) = tls_server(
    sub {
        my ($sock) = @_;
        while (my $line = <$sock>) {
            print $sock "echo $line";
        }
    }
);
my $ca = cert('ca');
is(
    perl_says('-MIO::Socket::SSL=inet4', '-we', <<"CODE"),
my \$sock = IO::Socket::SSL->new(
    PeerAddr => '$address', Timeout => 20,
    SSL_ca_file => '$ca', SSL_verifycn_name => 'localhost'
) or die "connect: \$SSL_ERROR";
print \$sock "hello\\n";
print "\@IO::Socket::SSL::ISA: ", scalar <\$sock>;
CODE
    "IO::Socket::INET: echo hello\n",
    'inet4: IO::Socket::INET as the base class'
);
like(
    perl_says('-MIO::Socket::SSL=inet4', '-we', <<"CODE"),
print defined IO::Socket::SSL->new('127.0.0.1:1') ? '' : "\$!; \$SSL_ERROR";
CODE
    qr/refused.*; ./,
    '... and its errors are reported'
);

done_testing;
