# connect_SSL and accept_SSL on a non-blocking socket: they report what they
# wait for, continue where they stopped, and can be called again when done.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

# A socket whose handshake has not started.  The peer starts its own when it
# is told to.
sub waiting {
    my %arg = @_;

    my $client = $arg{role} eq 'client';
    my @both   = (SSL_version => $arg{version});
    my @theirs =
      $client
      ? server_args(@both, @{ $arg{theirs} || [] })
      : client_args(@both, @{ $arg{theirs} || [] });
    my ($tcp, $peer) = raw_pair(
        sub {
            my ($tcp, $me) = @_;
            $me->hear;
            my $sock = IO::Socket::SSL->start_SSL($tcp, @theirs)
              or return $me->tell("failed: $SSL_ERROR");
            print $sock "hello\n";
            $me->tell(scalar <$sock>);
        }
    );
    $tcp->blocking(0);
    my $sock = IO::Socket::SSL->start_SSL(
        $tcp,
        $client ? client_args(@both) : server_args(@both),
        SSL_startHandshake => 0
    );
    my $method = $client ? 'connect_SSL' : 'accept_SSL';
    return ($sock, sub { scalar $sock->$method }, $peer);
}

each_setting(
    sub {
        my @setting = @_;

        my ($sock, $handshake, $peer) = waiting(@setting);
        ok(!$sock->opening, 'before the first call: not opening');
        for my $time ('first', 'second') {
            local $! = 0;
            is($handshake->(), undef, "the $time call returns undef");
            ok($!{EWOULDBLOCK}, '... with EWOULDBLOCK');
            cmp_ok($SSL_ERROR, '==', SSL_WANT_READ, '... and SSL_WANT_READ');
            is($SSL_ERROR, 'SSL wants a read first!', '... with its text');
        }
        ok(!$sock->opened, 'under way: not opened');
        ok($sock->opening, 'under way: opening');
        is(scalar $sock->pending || 0, 0, 'nothing is pending');

        $peer->tell('go');
        is(complete($sock, $handshake), $sock, 'done, it returns the socket')
          or diag $SSL_ERROR;
        is($sock->opened, 1, 'done: opened');
        ok(!$sock->opening,  'done: not opening');
        ok(!$sock->blocking, 'the socket still does not block');
        is($handshake->(), $sock, 'called again, it returns the socket');

        $sock->blocking(1);
        is(scalar <$sock>, "hello\n", 'the peer is heard');
        print $sock "hello to you\n";
        is_deeply([$peer->hear], ["hello to you\n"], 'the peer hears us');
    }
);

# I/O during a handshake continues the handshake; nothing is lost or sent in
# the clear (io/no_plaintext.t looks at the bytes).
each_setting(
    sub {
        my @setting = @_;

        my ($sock, $handshake, $peer) = waiting(@setting);
        $handshake->();
        my %operation = (
            sysread  => sub { sysread($sock, my $buffer, 10) },
            syswrite => sub { syswrite($sock, 'x') },
            readline => sub { scalar <$sock> },
            peek     => sub { scalar $sock->peek(my $buffer, 10) },
        );
        for my $name (sort keys %operation) {
            local $! = 0;
            is($operation{$name}->(), undef, "$name in a handshake: undef");
            ok($!{EWOULDBLOCK}, '... with EWOULDBLOCK') or diag $!;
        }
        $peer->tell('go');
        is(complete($sock, sub { sysread($sock, $_[0], 100); }),
            6, 'sysread completes the handshake');
        is($sock->opened, 1, 'the socket is opened');
        $sock->blocking(1);
        print $sock "hello to you\n";
        is_deeply([$peer->hear], ["hello to you\n"],
            'the peer got only the data written after it');
    }
);

each_version(
    sub {
        my ($version) = @_;

        my ($sock, $handshake, $peer) = waiting(
            role    => 'client',
            version => $version,
            theirs  => [
                SSL_cert_file => cert('expired'),
                SSL_key_file  => key('expired')
            ]
        );
        $handshake->();
        $peer->tell('go');
        is(complete($sock, $handshake), undef, 'a failing handshake: undef');
        ok(!$!{EWOULDBLOCK}, '... not EWOULDBLOCK');
        like($SSL_ERROR, qr/expired/, '... and $SSL_ERROR says why');
        is_deeply([$sock->connect_SSL], [], 'called again, it fails again');
        ok(!syswrite($sock, 'x'), 'nothing can be written');
        ok(!$sock->opening,       'it is no longer opening');
        like(($peer->hear)[0], qr/^failed/, 'the peer has failed, too');
    }
);

subtest 'a non-blocking connect by new' => sub {
    my ($server, $address) =
      tls_server(sub { my ($sock) = @_; print $sock "hello\n" });
    my $sock = IO::Socket::SSL->new(
        PeerAddr           => $address,
        Blocking           => 0,
        SSL_startHandshake => 0,
        client_args()
    ) or die "connect: $!";
    writable($sock);
    ok(complete($sock, sub { scalar $sock->connect_SSL }),
        'the handshake succeeds')
      or diag $SSL_ERROR;
    $sock->blocking(1);
    is(scalar <$sock>, "hello\n", 'and the peer is heard');
};

done_testing;
