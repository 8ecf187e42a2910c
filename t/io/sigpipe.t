# A write to a peer that has gone fails with EPIPE or ECONNRESET and never
# raises a signal.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

my $signals = 0;
$SIG{PIPE} = sub { $signals++ };

# The peer resets the connection when it is told to.
sub resetting {
    my ($sock, $me) = @_;

    $me->hear;
    close_with_reset($sock);
    $me->tell('gone');
    return;
}

sub orphan {
    my ($sock, $peer) = tls_pair(@_, peer => \&resetting);
    $peer->tell('go');
    $peer->hear;
    return $sock;
}

sub is_gone {
    my ($claim, $code) = @_;

    local $! = 0;
    my $result = $code->();
    ok(!$result,                    "$claim: it fails");
    ok($!{EPIPE} || $!{ECONNRESET}, '... with EPIPE or ECONNRESET')
      or diag $!;
    isnt("$SSL_ERROR", '', '... and $SSL_ERROR has a text');
    return;
}

my %WRITE = (
    'syswrite' => sub { syswrite($_[0], 'x') },
    'print'    => sub { print { $_[0] } 'x' },
    '->write'  => sub { $_[0]->write('x') },
    'stop_SSL' => sub { $_[0]->stop_SSL },
);
each_setting(
    sub {
        my @setting = @_;
        for my $name (sort keys %WRITE) {
            my $sock = orphan(@setting);
            is_gone($name, sub { $WRITE{$name}->($sock) });
            ok(!syswrite($sock, 'x'), '... and so does the next write');
            $sock->close;
            is(fileno $sock, undef, 'close closes the descriptor');
        }
    }
);

# A server may answer and close before it has read the whole request.
each_version(
    sub {
        my ($sock, $peer) = tls_pair(
            version => $_[0],
            peer    => sub {
                my ($sock, $me) = @_;
                print {$sock} "answer\n", "more\n";
                $sock->close(SSL_no_shutdown => 1);
                $me->tell('gone');
            }
        );
        $peer->hear;
        my $failed = grep { !defined syswrite $sock, 'x' } 1 .. 1000;
        ok($failed, 'writing to a peer that is gone fails');
        is(scalar readline $sock,
            "answer\n", '... and its answer can still be read');
        is(syswrite($sock, 'x'), undef, '... but writing fails again');
        ok($!{EPIPE}, '... with EPIPE');
        is(sysread($sock, my $more, 100), 5, '... and the rest is read');
        ok(!sysread($sock, $more, 100), '... to the end');
        ok(!$sock->stop_SSL,            'stop_SSL fails');
        ok($!{EPIPE},                   '... with EPIPE') or diag $!;
    }
);

# The peer resets the connection before our handshake.
for my $role (qw(client server)) {
    my ($tcp, $peer) = raw_pair(
        sub {
            my ($tcp, $me) = @_;
            close_with_reset($tcp);
            $me->tell('gone');
        }
    );
    $peer->hear;
    is_gone(
        "a handshake, $role",
        sub {
            scalar IO::Socket::SSL->start_SSL($tcp,
                $role eq 'client' ? client_args() : server_args());
        }
    );
}

# close, after the peer has gone.
each_version(
    sub {
        my $sock = orphan(version => $_[0]);
        close $sock;
        is(fileno $sock, undef, 'close closes the descriptor');
    }
);

is($signals, 0, 'no SIGPIPE was delivered');

# The default action does not kill a process either.
my ($sock, $peer) =
  tls_pair(peer => sub { my ($sock, $me) = @_; resetting($sock, $me) });
my $writer = peer(
    sub {
        my ($me) = @_;
        $SIG{PIPE} = 'DEFAULT';
        $me->hear;
        syswrite($sock, 'x') for 1 .. 3;
        $me->tell('alive');
    }
);
$peer->tell('go');
$peer->hear;
$writer->tell('go');
is_deeply([$writer->hear], ['alive'], 'a process without handler survives');

done_testing;
