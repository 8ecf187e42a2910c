# Connections, contexts and failures leak neither memory nor descriptors, in
# many rounds of each.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Scalar::Util qw(weaken);
use Test::More;

my $ROUNDS = 200;

# The next free descriptor, which rises if some are left open.
sub next_descriptor {
    open(my $null, '<', '/dev/null') or die $!;
    return fileno $null;
}

my ($server, $address) = tls_server(
    sub {
        my ($sock) = @_;
        print $sock "line\n";
        close $sock;
    }
);

# One round of each.
my %ROUND = (
    'a connection' => sub {
        my $sock = IO::Socket::SSL->new(PeerAddr => $address, client_args())
          or die $SSL_ERROR;
        <$sock>;
        close $sock;
    },
    'a connection that is dropped' => sub {
        my $sock = IO::Socket::SSL->new(PeerAddr => $address, client_args())
          or die $SSL_ERROR;
    },
    'a connection that is refused' => sub {
        IO::Socket::SSL->new(
            PeerAddr => $address,
            client_args(SSL_ca_file => cert('other-ca'))
        ) and die 'it succeeded';
    },
    'a callback that dies' => sub {
        eval {
            IO::Socket::SSL->new(
                PeerAddr => $address,
                client_args(SSL_verify_callback => sub { die 'refused' })
            );
        };
    },
    'methods that describe a connection' => sub {
        my $sock = IO::Socket::SSL->new(PeerAddr => $address, client_args())
          or die $SSL_ERROR;
        my @facts = map { $sock->peer_certificate($_) }
          qw(issuer subject cn subjectAltNames);
        push @facts, $sock->peer_certificate, $sock->peer_certificates,
          $sock->dump_peer_certificate, $sock->get_cipher;
    },
    'a context' => sub {
        IO::Socket::SSL::SSL_Context->new(server_args()) or die $SSL_ERROR;
    },
    'a session that is resumed' => sub {
        our $context ||= IO::Socket::SSL::SSL_Context->new(
            client_args(SSL_session_cache_size => 1));
        my $sock = IO::Socket::SSL->new(
            PeerAddr      => $address,
            SSL_reuse_ctx => $context,
            client_args()
        ) or die $SSL_ERROR;
        <$sock>;
        close $sock;
    },
    'a session in a cache of its own' => sub {
        my $cache = IO::Socket::SSL::Session_Cache->new(1);
        for (1, 2) {
            my $sock = IO::Socket::SSL->new(
                PeerAddr          => $address,
                SSL_session_cache => $cache,
                client_args()
            ) or die $SSL_ERROR;
            <$sock>;
        }
    },
    'a context that fails' => sub {
        eval {
            IO::Socket::SSL::SSL_Context->new(
                server_args(SSL_key_file => key('server2')));
        };
    },
);

for my $name (sort keys %ROUND) {
    my $round = $ROUND{$name};
    $round->() for 1 .. 20;    # caches fill, allocators settle
    my ($descriptor, $memory) = (next_descriptor(), memory());
    $round->() for 1 .. $ROUNDS;
    is(next_descriptor(), $descriptor, "$name: no descriptor is left open");
  SKIP: {
        skip 'resident memory cannot be measured here', 1 if !defined $memory;
        cmp_ok(memory() - $memory,
            '<', $ROUNDS, "$name: less than 1 KiB a round");
    }
}

subtest 'references' => sub {
    my ($sock) = tls_pair();
    my $glob = $sock;
    weaken($glob);
    undef $sock;
    is($glob, undef, 'a socket is freed with its last reference');

    my $held;
    {
        my $object   = {};
        my $callback = sub { return $object && $_[0] };
        weaken($held = $object);
        ($sock) = tls_pair(mine => { SSL_verify_callback => $callback });
    }
    ok($held, 'a callback is held while its socket lives');
    undef $sock;
    is($held, undef, 'and released with it');
};

subtest 'global destruction' => sub {
    my @args = client_args();
    my $ca   = cert('ca');
    is(
        perl_says(
            '-w',
            '-MIO::Socket::SSL',
            '-e',
            "our \$s = IO::Socket::SSL->new(PeerAddr => '$address',"
              . " SSL_ca_file => '$ca', SSL_verifycn_name => 'localhost')"
              . " or die \$SSL_ERROR; our \$loop = [\$s]; push \@\$loop, \$loop;"
              . " print 'connected'"
        ),
        'connected',
        'neither warns nor crashes'
    );
};

done_testing;
