# Without free descriptors operations fail with a clear error, do not crash or
# leak, and work again once descriptors are free.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

# Takes every free descriptor, runs the code, and frees them again.
sub starving {
    my ($code) = @_;

    my @taken;
    while (open(my $null, '<', '/dev/null')) {
        push @taken, $null;
        die 'there is no limit to reach' if @taken > 100_000;
    }
    my @result = $code->();
    my ($errno, $error, $died) = ($!, "$SSL_ERROR", $@);
    @taken = ();
    ($!, $@) = ($errno, $died);
    return ($error, @result);
}

my $LIMIT = `sh -c 'ulimit -n'`;
plan skip_all => 'the limit of descriptors is unknown or too high'
  if !$LIMIT || $LIMIT !~ /^(\d+)/ || $1 > 70_000;

my ($server, $address) = tls_server(
    sub {
        my ($sock) = @_;
        print $sock "line\n";
        close $sock;
    }
);

# Load now what is loaded on demand.
my $first = IO::Socket::SSL->new(PeerAddr => $address, client_args());
is(scalar <$first>, "line\n", 'with descriptors');
close $first;

my ($error, @result) = starving(
    sub {
        IO::Socket::SSL->new(PeerAddr => $address, client_args());
    }
);
is_deeply(\@result, [], 'new without descriptors returns the empty list');
ok($!{EMFILE} || $!{ENFILE}, '... with EMFILE') or diag $!;
isnt($error, '', '... and $SSL_ERROR has a text');

($error, @result) = starving(
    sub {
        return eval { IO::Socket::SSL::SSL_Context->new(server_args()) };
    }
);
is_deeply(\@result, [], 'a context without descriptors fails');
like("$error $@", qr/Too many open files/, '... and says why');

# A file that no context has read yet.
($error, @result) = starving(
    sub {
        IO::Socket::SSL::SSL_Context->new(SSL_ca_file => cert('other-ca'));
    }
);
is_deeply(\@result, [], 'a context that cannot read its CAs fails, too');
like($error, qr/other-ca.*Too many open files/, '... and does not die');

my $tls_listener = IO::Socket::SSL->new(
    LocalAddr => '127.0.0.1',
    Listen    => 5,
    server_args()
);
my $client = peer(
    sub {
        my ($me) = @_;
        my $sock = IO::Socket::SSL->new(
            PeerAddr => address($tls_listener),
            client_args()
        ) or die "connect: $SSL_ERROR\n";
        $me->tell(scalar <$sock>);
    }
);
readable($tls_listener);
($error, @result) = starving(sub { $tls_listener->accept });
is_deeply(\@result, [], 'accept without descriptors returns the empty list');
ok($!{EMFILE} || $!{ENFILE}, '... with EMFILE') or diag $!;
SKIP: {
    # set by inc/memcheck
    skip 'valgrind takes the connection and drops it', 2
      if $ENV{ISS_CORE_RUNNER};
    my $accepted = $tls_listener->accept;
    isa_ok($accepted, 'IO::Socket::SSL',
        'accept once descriptors are free again');
    print $accepted "served\n";
    is_deeply([$client->hear], ["served\n"],
        '... and the client has not noticed');
}

# A handshake needs no further descriptor.
my ($tcp, $peer) = raw_pair(
    sub {
        my ($tcp, $me) = @_;
        IO::Socket::SSL->start_SSL($tcp, server_args());
    }
);
my @args    = client_args();
my $context = IO::Socket::SSL::SSL_Context->new(@args);
($error, @result) = starving(
    sub {
        IO::Socket::SSL->start_SSL($tcp, @args, SSL_reuse_ctx => $context);
    }
);
is(scalar @result, 1, 'start_SSL with a context needs no descriptor')
  or diag $error;

my $last = IO::Socket::SSL->new(PeerAddr => $address, client_args());
is(scalar <$last>, "line\n", 'afterwards everything works again');

done_testing;
