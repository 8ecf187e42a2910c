# Signals during a wait: sysread and syswrite return EINTR; readline, print
# and handshakes continue.  Perl's handlers run in all of them.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use POSIX ();
use Test::More;
use Time::HiRes qw(ITIMER_REAL setitimer);

my $handled = 0;
my $handler = sub { $handled++ };

# Without SA_RESTART, and with Perl's own deferred delivery.
my $action = POSIX::SigAction->new($handler, POSIX::SigSet->new, 0);
$action->safe(1);
POSIX::sigaction(POSIX::SIGUSR1(), $action);

# In the peer: sends us signals until it is told to go on.  A single signal
# might arrive between two system calls.
sub pester {
    my ($me) = @_;

    my $test = getppid;
    do { kill USR1 => $test } while $me->quiet_for(0.05);
    $me->hear;
    return;
}

# A handler that tells the peer to go on at the third signal.
sub after_three {
    my ($peer) = @_;

    my $count = 0;
    return sub {
        $handled++;
        $$peer->tell('go on') if ++$count == 3;
    };
}

each_setting(
    sub {
        my ($sock, $peer) = tls_pair(
            @_,
            peer => sub {
                my ($sock, $me) = @_;
                pester($me);
                print $sock "data\n";
                $me->hear;
            }
        );
        $handled = 0;
        local $! = 0;
        is(sysread($sock, my $buffer, 10), undef, 'sysread returns undef');
        ok($!{EINTR}, '... with EINTR') or diag "$!, $SSL_ERROR";
        ok($handled,  '... after the handler ran');

        local $SIG{USR1} = after_three(\$peer);
        is(scalar <$sock>, "data\n", 'readline continues');
    }
);

each_setting(
    sub {
        my ($sock, $peer) = tls_pair(
            @_,
            peer => sub {
                my ($sock, $me) = @_;
                pester($me);
                $me->tell($sock->read(my $buffer, 10_000_000));
            }
        );
        my $big = 'x' x 10_000_000;
        $handled = 0;
        local $SIG{USR1} = after_three(\$peer);
        is(print({$sock} $big), length $big, 'print continues');
        cmp_ok($handled, '>=', 3, '... and the handler ran while it waited');
        is_deeply([$peer->hear], [length $big], '... and nothing is lost');
    }
);

each_version(
    sub {
        my ($version) = @_;

        my ($sock, $peer) = tls_pair(
            version => $version,
            peer    => sub { my ($sock, $me) = @_; pester($me); $me->hear }
        );
        $handled = 0;
        my ($written, $count) = (0, 0);
        local $! = 0;
        while (defined($count = syswrite($sock, 'x' x 16_384))) {
            $written += $count;
        }
        ok($!{EINTR}, 'syswrite returns EINTR') or diag "$!, $SSL_ERROR";
        ok($handled,  '... after the handler ran');
        $peer->tell('go on');
    }
);

for my $role (qw(client server)) {
    my ($tcp, $peer) = raw_pair(
        sub {
            my ($tcp, $me) = @_;
            pester($me);
            my @args = $role eq 'client' ? server_args() : client_args();
            my $sock = IO::Socket::SSL->start_SSL($tcp, @args)
              or die "start_SSL: $SSL_ERROR\n";
            print $sock "done\n";
            $me->hear;
        }
    );
    $handled = 0;
    local $SIG{USR1} = after_three(\$peer);
    my $sock = IO::Socket::SSL->start_SSL($tcp,
        $role eq 'client' ? client_args() : server_args());
    isa_ok($sock, 'IO::Socket::SSL', "a blocking handshake, $role, continues")
      or diag $SSL_ERROR;
    cmp_ok($handled, '>=', 3, '... and the handler ran while it waited');
    is(scalar <$sock>, "done\n", '... and the connection works');
}

subtest 'a handler that dies' => sub {
    my ($sock, $peer) = tls_pair(
        peer => sub {
            my ($sock, $me) = @_;
            pester($me);
            print $sock "a line\n";
            $me->hear;
        }
    );
    local $SIG{USR1} = 'IGNORE';
    for my $case (
        ['readline', sub { scalar <$sock> }],
        ['sysread',  sub { sysread($sock, my $buffer, 10) }],
      )
    {
        my ($name, $code) = @$case;
        my $interrupted = sub {
            local $SIG{USR1} = sub { die "from the handler\n" };
            $code->();
        };
        is(
            died($interrupted),
            "from the handler\n",
            "reaches the caller of $name"
        );
    }
    $peer->tell('go on');
    is(scalar <$sock>, "a line\n", 'the connection works afterwards');
};

# One alarm, while the peer never lets the call wait, or never reads.
subtest 'a signal that comes once' => sub {
    my $endless = sub {
        my ($sock) = @_;
        my $piece = 'x' x 16_384;
        local $SIG{PIPE} = 'IGNORE';
        1 while syswrite $sock, $piece;
    };
    my $deaf  = sub { my ($sock, $me) = @_; $me->hear };
    my $big   = 'x' x 50_000_000;
    my @cases = (
        ['read',     $endless, sub { $_[0]->read(my $buffer, 1 << 30) }],
        ['readline', $endless, sub { my $line = readline $_[0] }],
        [
            'a list of records',
            $endless, sub { local $/ = \1000; my @lines = readline $_[0] }
        ],
        ['print',              $deaf, sub { print { $_[0] } $big }],
        ['write',              $deaf, sub { $_[0]->write($big) }],
        ['a loop of syswrite', $deaf, sub { 1 while syswrite $_[0], $big }],
    );
    for my $case (@cases) {
        my ($what, $other, $code) = @$case;
        each_version(
            sub {
                my ($sock, $peer) =
                  tls_pair(version => $_[0], peer => $other);
                local $SIG{ALRM} = sub { die "the alarm\n" };
                setitimer(ITIMER_REAL, 0.1);
                is(died(sub { $code->($sock) }), "the alarm\n", $what);
                setitimer(ITIMER_REAL, 0);
                $sock->close;
                ok(!defined fileno $sock, '... and close returns');
                $peer->tell('done') if $other == $deaf;
            }
        );
    }
};

done_testing;
