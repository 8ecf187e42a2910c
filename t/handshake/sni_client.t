# The server name that a client sends.
use 5.014;
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

ok(IO::Socket::SSL->can_client_sni, 'can_client_sni');

# arguments of the client, the name that the server gets, claim
my @CASES = (
    [{ SSL_hostname => 'name.example.test' }, 'name.example.test', 'a name'],
    [{ SSL_hostname => '' }, undef, 'an empty name: none is sent'],
    [
        { SSL_hostname => undef, SSL_verifycn_name => 'localhost' },
        undef,
        'start_SSL sends a name only if one is given'
    ],
);
each_version(
    sub {
        my ($version) = @_;
        for my $case (@CASES) {
            my ($mine, $told, $claim) = @$case;
            my ($sock, $peer) = tls_pair(
                version => $version,
                mine    => $mine,
                peer    => sub {
                    my ($sock, $me) = @_;
                    $me->tell(scalar $sock->get_servername);
                }
            );
            is_deeply([$peer->hear], [$told], $claim);
        }
    }
);

# The name that the server gets from new, which knows the address.
sub told_by_new {
    my (@args) = @_;

    my ($server, $address) = tls_server(
        sub {
            my ($sock, $me) = @_;
            $me->tell(scalar $sock->get_servername);
        }
    );
    my ($port) = $address =~ /:(\d+)\z/;
    my $sock = IO::Socket::SSL->new(
        PeerPort        => $port,
        SSL_ca_file     => cert('ca'),
        SSL_verify_mode => SSL_VERIFY_NONE,
        map { s/<port>/$port/r } @args
    ) or die "connect: $SSL_ERROR";
    return ($server->hear)[0];
}

SKIP: {
    my ($any) = (gethostbyname('localhost'))[4];
    skip 'localhost is not known here', 3
      if !defined $any || $any ne "\x7f\0\0\x01";
    is(told_by_new(PeerAddr => 'localhost'),
        'localhost', 'new sends the name of PeerAddr');
    is(told_by_new(PeerHost => 'localhost'), 'localhost', '... of PeerHost');
    is(told_by_new(PeerAddr => 'localhost:<port>'),
        'localhost', '... without the port');
}
is(told_by_new(PeerAddr => '127.0.0.1'),
    undef, 'an address is not sent by itself');
is(told_by_new(PeerAddr => '127.0.0.1', SSL_hostname => 0),
    undef, 'SSL_hostname => 0 counts as not given');
for my $address ('127.0.0.1', '::1', '[::1]', '0:0:0:0:0:0:0:1') {
    is(told_by_new(PeerAddr => '127.0.0.1', SSL_hostname => $address),
        $address, "SSL_hostname => '$address' is sent as it is");
}
is(told_by_new(PeerAddr => '127.0.0.1', SSL_hostname => 'given.example'),
    'given.example', 'SSL_hostname takes precedence over PeerAddr');

subtest 'names that cannot be sent' => sub {
    for my $name ("a\0b", 'x' x 256) {
        my $result = eval {
            my ($error) = handshake_errors(mine => { SSL_hostname => $name });
            $error;
        };
        my $error = defined $result ? $result : $@;
        like($error, qr/SSL_hostname/, length($name) . ' bytes: refused');
    }
};

done_testing;
