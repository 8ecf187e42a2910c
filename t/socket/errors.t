# $SSL_ERROR, errstr, $! and $@ after failures.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use Errno qw(EBADF);
use IO::Socket::SSL;
use Test::More;

# The result of new against a peer that behaves like this.
sub new_against {
    my ($behaviour, @args) = @_;

    my ($server, $address) = plain_server(
        sub {
            my ($tcp, $me) = @_;
            $behaviour->($tcp, $me);
            $me->hear;
        }
    );
    ($@, $!, $SSL_ERROR) = ('stale', EBADF, 'stale');
    return IO::Socket::SSL->new(
        PeerAddr => $address,
        client_args(@args)
    );
}

sub refuses {
    my ($tcp) = @_;
    IO::Socket::SSL->start_SSL($tcp, server_args(SSL_version => 'TLSv1_3'));
    return;
}

my %FAILURE = (
    'a peer that closes' =>
      [sub { sysread $_[0], my $hello, 100_000; close $_[0] }, qr/clos|eof/],
    'a peer that speaks another protocol' => [
        sub { syswrite $_[0], "SSH-2.0-OpenSSH\r\n" },
        qr/wrong version number/
    ],
    'an alert' =>
      [\&refuses, qr/alert.*protocol version/, SSL_version => 'TLSv1_2'],
    'an unknown CA' => [
        sub { IO::Socket::SSL->start_SSL($_[0], server_args()) },
        qr/certificate verify failed.*unable to get local issuer/,
        SSL_ca_file => cert('other-ca')
    ],
    'a wrong name' => [
        sub { IO::Socket::SSL->start_SSL($_[0], server_args()) },
        qr/hostname verification failed/,
        SSL_verifycn_name => 'other.test'
    ],
);
for my $claim (sort keys %FAILURE) {
    my ($behaviour, $reason, @args) = @{ $FAILURE{$claim} };
    my @result = new_against($behaviour, @args);
    my ($died, $errno) = ($@, $!);
    is_deeply(\@result, [], "$claim: new returns the empty list");
    like($SSL_ERROR, $reason, '... $SSL_ERROR says why');
    like($died,      $reason, '... and so does $@');
    isnt($errno + 0, EBADF, '... $! is not stale');
    is(IO::Socket::SSL::errstr(), "$SSL_ERROR", '... errstr, a function');
    is(IO::Socket::SSL->errstr,   "$SSL_ERROR", '... errstr, a class method');
    isnt($SSL_ERROR + 0, 0, '... which is a number, too');
}

# TLS 1.3: the client completes its handshake before the server misses the
# certificate.
subtest 'an alert after the handshake' => sub {
    my ($sock, $peer) = failing_pair(
        version => 'TLSv1_3',
        theirs  => {
            SSL_ca_file     => cert('ca'),
            SSL_verify_mode => SSL_VERIFY_PEER |
              SSL_VERIFY_FAIL_IF_NO_PEER_CERT
        },
        peer => sub { }
    );
    ok($sock, 'the handshake of the client succeeds');
    $! = EBADF;
    is(sysread($sock, my $buffer, 1), undef, 'the next read fails');
    like(
        $SSL_ERROR,
        qr/the peer sent the alert "certificate required"/,
        '... told by its name'
    );
    ok($!{EPROTO}, '... with EPROTO') or diag $!;
};

subtest 'errors of the system' => sub {
    my $gone = listener();
    my $port = address($gone);
    close $gone;
    ($!, $SSL_ERROR) = (EBADF, 'stale');
    is_deeply([IO::Socket::SSL->new(PeerAddr => $port, client_args())],
        [], 'no listener: new returns the empty list');
    ok($!{ECONNREFUSED}, '... with ECONNREFUSED') or diag $!;
    unlike($SSL_ERROR, qr/\A(?:stale)?\z/, '... and a text');

    my $taken = listener();
    $! = EBADF;
    is_deeply(
        [
            IO::Socket::SSL->new(
                LocalAddr => '127.0.0.1',
                LocalPort => $taken->sockport,
                Listen    => 1,
                server_args()
            )
        ],
        [],
        'the port is taken: new returns the empty list'
    );
    ok($!{EADDRINUSE}, '... with EADDRINUSE') or diag $!;
    my $why = qr/^cannot listen on \Q@{[address($taken)]}\E: \w/;
    like($SSL_ERROR, $why, '... and a text that names the address');
    like($@,         $why, '... in $@, too');
};

subtest 'a reset in the handshake' => sub {
    my @result = new_against(
        sub {
            sysread $_[0], my $hello, 1000;
            close_with_reset($_[0]);
        }
    );
    ok($!{ECONNRESET}, 'fails with ECONNRESET') or diag $!;
    is_deeply(\@result, [], 'new returns the empty list');
};

subtest 'close_notify instead of a handshake' => sub {
    my @result = new_against(
        sub {
            sysread $_[0], my $hello, 1000;
            syswrite $_[0], "\x15\x03\x03\x00\x02\x01\x00";
        }
    );
    like($SSL_ERROR, qr/close_notify/, 'is named in $SSL_ERROR');
    is_deeply(\@result, [], 'new returns the empty list');
};

subtest 'failures before there is TLS' => sub {
    my $gone    = listener();
    my $address = address($gone);
    close $gone;
    my $listener = IO::Socket::SSL->new(
        LocalAddr => '127.0.0.1',
        Listen    => 1,
        Blocking  => 0,
        server_args()
    ) or die $SSL_ERROR;
    my %fails = (
        'accept, when nobody is there' =>
          [sub { $listener->accept }, 'EWOULDBLOCK'],
        'new, refused' => [
            sub { IO::Socket::SSL->new(PeerAddr => $address, client_args()) },
            'ECONNREFUSED'
        ],
        'new_from_fd of no descriptor' => [
            sub { IO::Socket::SSL->new_from_fd(9999, client_args()) },
            'EBADF'
        ],
        'close, when it is closed' => [
            sub { my ($sock) = tls_pair(); $sock->close; $sock->close },
            'EBADF', ''
        ],
    );
    for my $what (sort keys %fails) {
        my ($code, $errno, @result) = @{ $fails{$what} };
        $SSL_ERROR = 'stale';
        local $! = 0;
        is_deeply([$code->()],
            \@result, "$what: " . (@result ? 'an empty string' : 'the empty list'));
        ok($!{$errno}, "... with $errno") or diag $!;
        unlike($SSL_ERROR, qr/stale/, '... and no stale $SSL_ERROR');
        isnt($SSL_ERROR, '', '... nor an empty one');
    }
    my @result = IO::Socket::SSL->new(PeerAddr => 'no.such.host.invalid:443');
    my $reason = $@;
    is_deeply(\@result, [], 'an unknown host: the empty list');
    like(
        $reason,
        qr/^cannot connect to no\.such\.host\.invalid:443: \w/,
        '... with host, port and reason in $@'
    );
    unlike($reason, qr/Invalid argument/, '... not that of $!');
    is("$SSL_ERROR", $reason, '... and in $SSL_ERROR');
};

subtest 'the number and the text of SSL_WANT_*' => sub {
    my ($sock, $peer) = tls_pair(peer => sub { $_[1]->hear });
    $sock->blocking(0);
    sysread $sock, my $buffer, 1;
    cmp_ok($SSL_ERROR,    '==', SSL_WANT_READ, '$SSL_ERROR is a number');
    cmp_ok($sock->errstr, '==', SSL_WANT_READ, 'errstr is a number, too');
    is($sock->errstr, 'SSL wants a read first!', '... and a text');
    ok($sock->want_read,   'want_read');
    ok(!$sock->want_write, 'not want_write');
};

subtest 'errors belong to their socket' => sub {
    my ($sock, $peer) = tls_pair(peer => sub { $_[1]->hear });
    $sock->blocking(0);
    sysread $sock, my $buffer, 1;
    my ($error) =
      handshake_errors(mine => { SSL_ca_file => cert('other-ca') });
    like(
        IO::Socket::SSL::errstr(),
        qr/certificate verify failed/,
        'errstr as a function tells the last one'
    );
    is(
        $sock->errstr,
        'SSL wants a read first!',
        'errstr as a method tells that of the socket'
    );
};

subtest 'close of a closed socket' => sub {
    my ($sock, $peer) = tls_pair();
    close $sock;
    $@ = 'of the program';
    ok(!$sock->close, 'fails');
    is($@,         'of the program',         '... and leaves $@ alone');
    is($SSL_ERROR, 'the socket is not open', '$SSL_ERROR says why');
};

subtest 'success' => sub {
    my ($sock, $peer) = tls_pair();
    $SSL_ERROR = 'stale';
    syswrite $sock, 'x';
    unlike($SSL_ERROR, qr/stale/, 'a write that succeeds clears $SSL_ERROR');
};

subtest 'stale errors of OpenSSL' => sub {
    my ($sock, $peer) = tls_pair(
        peer => sub { my ($sock, $me) = @_; $me->hear; print $sock "ok\n" });

    # A context that fails could leave errors in OpenSSL's queue.
    eval {
        IO::Socket::SSL::SSL_Context->new(
            server_args(SSL_cert_file => cert_file('garbage.txt')));
    };
    $peer->tell('go');
    is(scalar <$sock>, "ok\n", 'do not fail another socket')
      or diag $SSL_ERROR;
};

done_testing;
