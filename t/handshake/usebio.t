# SSL_usebio: TLS over any handle that can sysread and syswrite.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use Errno qw(EAGAIN EIO ENOSPC);
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

# A user-defined handle: not a glob, and without a descriptor to select on.
package My::Handle;

sub new {
    my ($class, $socket) = @_;
    return bless { socket => $socket }, $class;
}

sub sysread {
    my ($self) = @_;
    $self->{reads}++;
    return sysread $self->{socket}, $_[1], $_[2];
}

sub syswrite {
    my ($self, $bytes, $len) = @_;
    $self->{writes}++;
    $len = 1000 if $len > 1000;    # a handle may take less
    return syswrite $self->{socket}, $bytes, $len;
}

package My::Dying;
our @ISA = 'My::Handle';
sub sysread { die "no\n" }

# Its sysread or syswrite returns that, if it is defined, with that error.
package My::Odd;
our @ISA = 'My::Handle';
our ($read, $wrote, $errno);

sub sysread {
    my ($self) = @_;
    return $self->SUPER::sysread($_[1], $_[2]) if !defined $read;
    $! = $errno;
    return $read;
}

sub syswrite {
    my ($self, @args) = @_;
    return $self->SUPER::syswrite(@args) if !defined $wrote;
    $! = $errno;
    return $wrote;
}

package main;

# Puts so many layers of TLS over a socket, as client or server.
sub layers {
    my ($socket, $depth, @args) = @_;

    for (1 .. $depth) {
        $socket = IO::Socket::SSL->start_SSL($socket, SSL_usebio => 1, @args)
          or die "layer $_: $SSL_ERROR";
    }
    return $socket;
}

# The peer: a server with as many layers, which echoes lines.
sub echo_peer {
    my ($depth, $version, %arg) = @_;

    return raw_pair(
        sub {
            my ($tcp, $me) = @_;
            $me->hear if $arg{waits};
            my $sock =
              layers($tcp, $depth, server_args(SSL_version => $version));
            while (my $line = <$sock>) {
                print $sock "echo $line";
            }
            $me->tell($sock->eof_reason);
            $sock->close;
        }
    );
}

each_version(
    sub {
        my ($version) = @_;

        for my $depth (1 .. 3) {
            my ($tcp, $peer) = echo_peer($depth, $version);
            my $sock =
              layers($tcp, $depth, client_args(SSL_version => $version));
            isa_ok($sock, 'IO::Socket::SSL', "$depth deep");
            is($sock->get_sslversion, $version, '... the version');
            ok(print({$sock} "one\n"), '... print');
            is(<$sock>, "echo one\n", '... readline');
            my $long = ('x' x 100_000) . "\n";
            ok(print({$sock} $long),                    '... a long print');
            ok(<$sock> eq "echo $long",                 '... comes back');
            ok($sock->stop_SSL(SSL_fast_shutdown => 1), '... close_notify');
            is(($peer->hear)[0], 'close_notify', '... arrives');
        }
    }
);

each_version(
    sub {
        my ($version) = @_;

        my ($tcp, $peer) = echo_peer(2, $version, waits => 1);
        $tcp->blocking(0);
        my $outer = IO::Socket::SSL->start_SSL(
            $tcp,
            SSL_usebio         => 1,
            SSL_startHandshake => 0,
            client_args(SSL_version => $version)
        );
        ok(!$outer->blocking,    'the new socket does not block either');
        ok(!$outer->connect_SSL, 'a handshake under way');
        ok($!{EAGAIN},           '... says EAGAIN');
        cmp_ok($SSL_ERROR, '==', SSL_WANT_READ, '... and what it waits for');
        $peer->tell('go on');
        ok(complete($outer, sub { $outer->connect_SSL }),
            '... succeeds in the end');
        my $inner = IO::Socket::SSL->start_SSL(
            $outer,
            SSL_usebio         => 1,
            SSL_startHandshake => 0,
            client_args(SSL_version => $version)
        );
        ok(complete($inner, sub { $inner->connect_SSL }),
            'so does one inside it');
        is(sysread($inner, my $buffer, 100), undef, 'nothing to read');
        ok($!{EAGAIN}, '... is EAGAIN');
        ok(complete($inner, sub { syswrite $inner, "two\n" }), 'a write');
        my $got = complete($inner, sub { sysread $inner, $buffer, 100 });
        is($buffer, "echo two\n", '... and its echo');
    }
);

each_version(
    sub {
        my ($version) = @_;

        my ($tcp, $peer) = echo_peer(1, $version);
        my $handle = My::Handle->new($tcp);
        my $sock   = IO::Socket::SSL->start_SSL(
            $handle,
            SSL_usebio => 1,
            client_args(SSL_version => $version)
        );
        ok($sock, 'over an object of another class') or diag $SSL_ERROR;
        ok(print({$sock} 'y' x 50_000, "\n"), '... print');
        is(length(<$sock>), 50_006, '... readline');
        cmp_ok($handle->{writes}, '>', 50,
            '... although it accepts little at a time');
        print $sock "a\nb\n";
        is(sysread($sock, my $buffer, 1), 1, 'one byte of a record');
        cmp_ok($sock->pending, '>=', 6, '... the rest is pending');
    }
);

ok(IO::Socket::SSL->can_nested_ssl, 'can_nested_ssl');

subtest 'pending and records in the layer below' => sub {
    my ($tcp, $peer) = raw_pair(
        sub {
            my ($tcp, $me) = @_;
            my $below = layers($tcp,   1, server_args());
            my $sock  = layers($below, 1, server_args());
            print $sock 'abc';
            print $sock 'defgh';
            $me->tell('sent');
            $me->hear;
        }
    );
    my $below = layers($tcp,   1, client_args());
    my $sock  = layers($below, 1, client_args());
    is(($peer->hear)[0], 'sent', 'two records are written');
    ok(readable($tcp), '... and arrive');
    is(sysread($sock, my $buffer, 1), 1, 'a byte is read');
    is($sock->pending,                2, 'the rest of its record is pending');
    is(sysread($sock, $buffer, 2),    2, '... and read');
};

# A server that speaks TLS for a line, then in the clear.
sub stopping_peer {
    return raw_pair(
        sub {
            my ($tcp, $me) = @_;
            my $sock = IO::Socket::SSL->start_SSL($tcp, server_args())
              or return;
            print $sock "under TLS\n";
            $sock->stop_SSL or return;
            print $tcp "in the clear\n";
            $me->tell(scalar <$tcp>);
        }
    );
}

subtest 'stop_SSL gives the original back' => sub {
    my ($tcp, $peer) = stopping_peer();
    my $class = ref $tcp;
    my $sock  = layers($tcp, 1, client_args());
    isnt($sock, $tcp, 'start_SSL returns another socket');
    is(ref $tcp,        $class,        '... the original keeps its class');
    is(tied *$tcp,      undef,         '... and is not tied');
    is(scalar <$sock>,  "under TLS\n", '... TLS');
    is($sock->stop_SSL, $tcp,          'stop_SSL returns the original');
    undef $sock;
    is(scalar <$tcp>, "in the clear\n", '... alive, for reading');
    print $tcp "alive\n";
    is_deeply([$peer->hear], ["alive\n"], '... and for writing');
};

subtest 'close closes the original' => sub {
    my ($tcp, $peer) = echo_peer(1, 'TLSv1_3');
    my $sock = layers($tcp, 1, client_args());
    ok($sock->close, 'close');
    is(fileno $tcp,      undef,          '... the original is closed');
    is(($peer->hear)[0], 'close_notify', '... after a close_notify');
};

# The session's ticket may still come, but not out of data that nobody reads.
subtest 'close with unread data and a cache of sessions' => sub {
    my ($server, $address) = tls_server(
        sub {
            my ($sock) = @_;
            print {$sock} 'x' x 20000;
            scalar <$sock>;
        },
        SSL_version => 'TLSv1_3'
    );
    my $tcp  = IO::Socket::INET->new($address) or die "connect: $@";
    my $sock = IO::Socket::SSL->start_SSL(
        $tcp,
        SSL_usebio             => 1,
        SSL_session_cache_size => 1,
        SSL_session_key        => 'here',
        client_args()
    ) or die $SSL_ERROR;
    vec(my $readable = '', fileno $tcp, 1) = 1;
    is(select($readable, undef, undef, 10), 1, 'data arrives');
    ok(close $sock, '... and close returns all the same');
};

subtest 'new ignores SSL_usebio' => sub {
    my ($server, $address) = tls_server(sub { print { $_[0] } "hello\n" });
    my $sock = IO::Socket::SSL->new(
        PeerAddr   => $address,
        SSL_usebio => 1,
        client_args()
    );
    ok($sock, 'new succeeds') or diag "$SSL_ERROR, $!";
    is(scalar <$sock>, "hello\n", '... and the socket works');
};

subtest 'failures' => sub {
    my ($tcp, $peer) = echo_peer(1, 'TLSv1_3');
    my $class = ref $tcp;
    my $sock  = IO::Socket::SSL->start_SSL(
        $tcp,
        SSL_usebio => 1,
        client_args(SSL_ca_file => cert('other-ca'))
    );
    ok(!$sock, 'a certificate of another CA is refused');
    like($SSL_ERROR, qr/certificate verify failed/, '... for that reason');
    is(ref $tcp, $class, '... and the handle is unchanged');

    ($tcp, $peer) = raw_pair(sub { $_[1]->hear });
    ok(
        !IO::Socket::SSL->start_SSL(
            $tcp,
            SSL_usebio => 1,
            Timeout    => 0.2,
            client_args()
        ),
        'a silent peer'
    );
    ok($!{ETIMEDOUT}, '... fails after the Timeout');

    ($tcp, $peer) = echo_peer(1, 'TLSv1_3');
    my $dying = My::Dying->new($tcp);
    is(
        died(
            sub {
                IO::Socket::SSL->start_SSL(
                    $dying,
                    SSL_usebio => 1,
                    client_args()
                );
            }
        ),
        "no\n",
        'the exception of a handle is passed on'
    );
};

subtest 'handles that return odd counts' => sub {
    my ($tcp, $peer) = echo_peer(1, 'TLSv1_3');
    my $sock    = layers(My::Odd->new($tcp), 1, client_args());
    my $outcome = sub {
        my ($code, $errno) = @_;
        local $My::Odd::errno = $errno;
        my $result = $code->();
        return defined $result ? "it returned $result" : $! + 0;
    };
    my $write = sub { syswrite $sock, "line\n" };

    {
        local $My::Odd::wrote = 0;
        is(
            $outcome->($write, EAGAIN),
            'it returned 5',
            'syswrite returns 0, but could write later'
        );
    }
    is(scalar readline $sock, "echo line\n", '... which it then does');
    {
        local $My::Odd::read = -1;
        is($outcome->(sub { sysread $sock, my $buffer, 1 }, EAGAIN),
            EAGAIN, 'sysread returns -1: that is a failure, not the end');
    }
    for ([0, 0, EIO], [-1, ENOSPC, ENOSPC], [1_000_000, 0, EIO]) {
        my ($count, $errno, $expected) = @$_;
        my ($tcp, $peer) = echo_peer(1, 'TLSv1_3');
        $sock = layers(My::Odd->new($tcp), 1, client_args());
        local $My::Odd::wrote = $count;
        is($outcome->($write, $errno),
            $expected, "syswrite returns $count: the write fails");
        like($SSL_ERROR, qr/^SSL_usebio: write/, '... and says where');
    }
};

done_testing();
