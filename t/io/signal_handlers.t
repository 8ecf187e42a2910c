# What the handler of a signal does to the socket whose call it interrupts, and
# limits that signals must not prolong.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Test::More;
use Time::HiRes qw(ITIMER_REAL setitimer);

my $LINES = 3000;

# Run the code while a signal comes again and again, or once, at $time.
sub interrupted {
    my ($handler, $code, $time) = @_;

    local $SIG{ALRM} = $handler;
    setitimer(ITIMER_REAL, $time || 0.1, $time ? 0 : 0.1);
    my $result = $code->();
    setitimer(ITIMER_REAL, 0);
    return $result;
}

# A blocking socket with the rest of a write that could not be completed.
sub half_written {
    my ($sock, $peer) = tls_pair(@_);
    $sock->blocking(0);
    my $sent = fill($sock, 'x' x 16_000);
    $sock->blocking(1);
    return ($sock, $peer, $sent);
}

# Of a record, as a message callback gets it.
sub is_ticket {
    my ($content, $message) = @_;
    return $content == 22 && $message =~ /^\x04/;
}

# The peer: reads all when it is told to, and tells how much it got.
sub reads_when_told {
    my ($sock, $me) = @_;

    $me->hear;
    my ($got, $count) = (0);
    while ($count = sysread $sock, my $buffer, 16_384) { $got += $count }
    $me->tell($got, $count);
    return;
}

each_version(
    sub {
        my ($sock, @read);
        local $SIG{USR1} = sub { push @read, scalar readline $sock if $sock };
        ($sock, my $peer) = tls_pair(
            version => $_[0],
            peer    => sub {
                my ($sock) = @_;
                my $test = getppid;
                for my $n (1 .. $LINES) {
                    syswrite $sock, "<line $n" . 'x' x ($n % 40) . ">\n";
                    kill USR1 => $test if $n % 8 == 0;
                }
                $sock->close;
            }
        );
        while (defined(my $line = readline $sock)) { push @read, $line }
        @read = grep { defined } @read;
        is(scalar @read, $LINES, 'a handler reads lines, too');
        is_deeply([grep { !/\A<line \d+x*>\n\z/ } @read],
            [], '... and none is torn');
    }
);

for my $case (
    ['readline', sub { scalar readline $_[0] }],
    ['read',     sub { $_[0]->read(my $buffer, 10) }],
    ['getc',     sub { getc $_[0] }],
    ['print',    sub { print { $_[0] } 'x' x 20_000_000 }],
  )
{
    my ($what, $code) = @$case;
    my ($sock, $peer) = tls_pair(
        mine => { SSL_io_timeout => 0.3 },
        peer => sub { $_[1]->hear }
    );
    my $handled = 0;
    local $! = 0;
    is(interrupted(sub { $handled++ }, sub { $code->($sock) }),
        undef, "SSL_io_timeout ends $what although signals come");
    ok($!{ETIMEDOUT}, '... with ETIMEDOUT') or diag "$!, $SSL_ERROR";
    ok($handled,      '... and handlers run');
}

{
    my ($sock, $peer) = half_written(peer => sub { $_[1]->hear });
    my $handled = 0;
    interrupted(sub { $handled++ }, sub { $sock->close });
    ok($handled, 'close ends although signals come');
}

# close gives up the rest of such a write after a second; the others do not.
for my $case (
    ['stop_SSL',        sub { $_[0]->stop_SSL }],
    ['shutdown(1)',     sub { shutdown $_[0], 1 }],
    ['a fast stop_SSL', sub { $_[0]->stop_SSL(SSL_fast_shutdown => 1) }],
  )
{
    my ($what, $code) = @$case;
    my ($sock, $peer, $sent) = half_written(peer => \&reads_when_told);
    my $late = sub { $peer->tell('read') };
    ok(interrupted($late, sub { $code->($sock) }, 1.2),
        "$what waits for a peer that is slow");
    my ($got, $end) = $peer->hear;
    cmp_ok($got, '>', $sent, '... which gets the rest of the write');
    is($end, 0, '... and the end');
}

{
    my ($sock, $peer) = half_written(peer => \&reads_when_told);
    my $drops = sub { undef $sock; $peer->tell('read') };
    ok(
        interrupted($drops, sub { shutdown $sock, 1 }),
        'a handler drops the socket while it shuts down'
    );
}

{
    my ($sock, $peer) = tls_pair(peer => sub { $_[1]->hear });
    is(
        interrupted(
            sub { $sock->stop_SSL(SSL_no_shutdown => 1) },
            sub { $sock->getline }
        ),
        undef,
        'a handler ends TLS while getline waits'
    );
}

SKIP: {
    skip 'this OpenSSL cannot', 1 if !IO::Socket::SSL->can_do('new_ticket');
    my ($sock, $peer) = tls_pair(
        role    => 'server',
        version => 'TLSv1_3',
        mine    => { SSL_num_tickets => 0 },
        peer    => sub {
            my ($sock, $me) = @_;
            my $count = 0;
            $me->hear;
            $sock->set_msg_callback(sub { $count += is_ticket(@_[3, 4]) });
            readline $sock;
            $me->tell($count);
        }
    );
    my ($asked, $before, $waited) = (0, 0, 0);
    my $tickets = sub {
        while ($waited < 5) {
            $sock->new_ticket or die "new_ticket: $SSL_ERROR";
            $asked++;
        }
    };
    my $reads = sub {
        $waited = $asked == $before ? $waited + 1 : 0;
        $before = $asked;
        $peer->tell('read') if $waited == 5;
    };
    interrupted($reads, $tickets);
    print {$sock} "done\n";
    my ($got) = $peer->hear;
    is($got, $asked, 'new_ticket sends one, however often interrupted');
}

done_testing;
