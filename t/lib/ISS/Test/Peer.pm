# A child process and the channel to it.  tell sends a list, hear receives
# one.  When the other side has ended, hear returns nothing in the child; in
# the parent it dies, because a peer that ends early is a failure.
package ISS::Test::Peer;

use strict;
use warnings;

use Carp         qw(croak);
use IO::Select   ();
use POSIX        ();
use Scalar::Util qw(weaken);
use Socket       qw(AF_UNIX MSG_PEEK SOCK_STREAM PF_UNSPEC);
use Storable     qw(freeze thaw);
use Test::More   ();

# Children of this very process: pid => our end of the channel (weakly).  When
# the test drops a peer, its channel closes and the child ends by itself.
my %running;

sub start {
    my ($class, $code) = @_;

    socketpair(my $ours, my $theirs, AF_UNIX, SOCK_STREAM, PF_UNSPEC)
      or croak "socketpair: $!";
    defined(my $pid = fork) or croak "fork: $!";
    if (!$pid) {
        close $ours;
        _be_the_peer(bless({ channel => $theirs }, $class), $code);
    }
    close $theirs;
    weaken($running{$pid} = $ours);
    return bless { channel => $ours, pid => $pid }, $class;
}

sub _be_the_peer {
    my ($self, $code) = @_;

    close $_ for grep { defined } values %running;
    %running = ();
    $SIG{$_} = 'DEFAULT' for qw(PIPE INT TERM);
    ISS::Test::watch_for_hangs('the peer');
    my $ok = eval { $code->($self); 1 };
    print STDERR "# the peer died: $@" if !$ok;
    POSIX::_exit($ok ? 0 : 1);
}

sub tell {
    my ($self, @message) = @_;

    my $left = pack 'N/a*', freeze(\@message);
    local $SIG{PIPE} = 'IGNORE';
    while (length $left) {
        my $count = syswrite($self->{channel}, $left);
        next   if !defined $count && $!{EINTR};
        return if !defined $count && !$self->{pid};    # the test is over
        croak "the peer is gone: $!" if !defined $count;
        substr($left, 0, $count, '');
    }
    return;
}

sub hear {
    my ($self) = @_;

    my $size    = $self->_take(4);
    my $message = defined $size ? $self->_take(unpack 'N', $size) : undef;
    return @{ thaw($message) }                if defined $message;
    croak 'the peer ended before it answered' if $self->{pid};
    return;
}

sub _take {
    my ($self, $size) = @_;

    my $taken = '';
    while (length $taken < $size) {
        my $count = sysread(
            $self->{channel}, $taken,
            $size - length $taken,
            length $taken
        );
        next   if !defined $count && $!{EINTR};
        return if !$count;
    }
    return $taken;
}

# True if the other process sends nothing for so many seconds.  Peers pace
# themselves with it, because it returns at once when the test ends.
sub quiet_for {
    my ($self, $seconds) = @_;
    return !IO::Select->new($self->{channel})->can_read($seconds);
}

# In the child: waits until a client can be accepted; false once the test has
# dropped us.  A message of the test is left for hear.
sub waits_for_client {
    my ($self, @listeners) = @_;

    my $channel = $self->{channel};
    my $select  = IO::Select->new(@listeners, $channel);
    while (1) {
        for my $ready ($select->can_read) {
            return $ready if $ready != $channel;
            recv $channel, my $byte, 1, MSG_PEEK;
            return 0 if !defined $byte || $byte eq '';
            $select->remove($channel);
        }
    }
}

# Wait for its end.  A peer that failed fails the test.
sub done {
    my ($self) = @_;

    close $self->{channel};
    delete $running{ $self->{pid} };
    waitpid(my $pid = delete $self->{pid}, 0);
    Test::More::fail("the peer ended well (status $?)") if $?;
    return;
}

# Kill it, as a crash would.
sub kill {
    my ($self) = @_;

    my $pid = delete $self->{pid} or return;
    delete $running{$pid};
    CORE::kill(KILL => $pid);
    waitpid($pid, 0);
    return;
}

sub kill_all {
    CORE::kill(KILL => keys %running) if %running;
    return;
}

END {
    local ($!, $?);
    kill_all();
}

1;
