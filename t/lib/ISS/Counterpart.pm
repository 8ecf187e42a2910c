# The other side of the connections of t/differential: one process with our
# module, which every program talks to over a UNIX socket, so that programs
# under two different modules have the same counterpart.
#
#   my $socket = ISS::Counterpart->start($folder);         # in the test
#   my $peer   = ISS::Counterpart->ask($socket, serve => { ... }, @steps);
#   $peer->port;               # where it listens (serve), on 127.0.0.1
#   $peer->await(2);           # until it has done two steps
#   print $peer->report;       # how each step ended
#
# serve accepts one TCP connection, connect => { port => N, ... } makes one.
# The hash may have any SSL_* option, and plain => 1 for a peer that never
# speaks TLS, patience => 2 where the program may never begin the handshake: if
# nothing comes for so many seconds, the peer gives up.  Steps, each of which adds a word to the report:
#
#   hs          the handshake          write:TEXT   write that
#   read:N      read N bytes           line         read a line
#   end         read to the end        notify       send close_notify
#   stop        stop_SSL               fin          end TCP, no close_notify
#   plain:TEXT  write that in clear    plainend     read in clear to the end
package ISS::Counterpart;

use strict;
use warnings;

use Errno;
use IO::Socket::INET;
use IO::Socket::UNIX;
use POSIX    ();
use Socket   qw(MSG_PEEK);
use Storable qw(freeze thaw);

my $SECONDS  = 40;    # for one program
my $PATIENCE = 20;    # for a handshake, however busy the machine is

# Forks the process that serves; returns the path of its socket.
sub start {
    my ($class, $folder) = @_;

    my $path     = "$folder/counterpart";
    my $listener = IO::Socket::UNIX->new(Local => $path, Listen => 100)
      or die "$path: $!";
    defined(my $pid = fork) or die "fork: $!";
    return ($path, $pid) if $pid;
    require IO::Socket::SSL;
    $SIG{CHLD} = 'IGNORE';
    $SIG{PIPE} = 'IGNORE';

    while (1) {
        my $channel = $listener->accept or next;
        defined(my $child = fork)       or die "fork: $!";
        next if $child;
        alarm $SECONDS;
        eval { _be_the_peer($channel); 1 } or print STDERR "# peer: $@";
        POSIX::_exit(0);
    }
}

sub ask {
    my ($class, $path, $what, $args, @steps) = @_;

    my $channel = IO::Socket::UNIX->new(Peer => $path) or die "$path: $!";
    my $request = freeze([$what, $args, @steps]);
    syswrite $channel, pack 'N/a*', $request;
    my $self = bless { channel => $channel }, $class;
    $self->{port} = $self->_line if $what eq 'serve';
    return $self;
}

sub port { return $_[0]{port} }

sub _line {
    my ($self) = @_;

    local $/ = "\n";
    my $line = readline $self->{channel};
    return if !defined $line;
    chomp $line;
    return $line;
}

# Waits until the peer has done this many steps; false if it never will.
sub await {
    my ($self, $steps) = @_;

    my $done = $self->{done} ||= [];
    while (@$done < $steps) {
        my $line = $self->_line;
        return 0 if !defined $line;
        push @$done, $line;
    }
    return 1;
}

# One line; to be called when the program is done with its socket.
sub report {
    my ($self) = @_;

    shutdown $self->{channel}, 1;    # no connection will come any more
    $self->await(1000);
    my @done = @{ $self->{done} };
    push @done, 'never ended' if !@done || pop @done ne '.';
    return join '; ', @done;
}

# --- in the child of the process that serves --------------------------------

sub _be_the_peer {
    my ($channel) = @_;

    read($channel, my $size,    4);
    read($channel, my $request, unpack("N", $size));
    my ($what, $args, @steps) = @{ thaw($request) };
    my $tcp = $what eq 'serve' ? _accept($channel) : _connect($args);
    $channel->autoflush(1);
    if ($tcp) {
        my $peer = { tcp => $tcp, args => $args, server => $what eq 'serve' };
        print {$channel} _step($peer, $_), "\n" for @steps;
    }
    else {
        print {$channel} "no connection\n";
    }
    print {$channel} ".\n";
    return;
}

sub _accept {
    my ($channel) = @_;

    my $listener = IO::Socket::INET->new(
        LocalAddr => '127.0.0.1',
        Listen    => 5,
        Proto     => 'tcp'
    ) or die "listen: $!";
    syswrite $channel, $listener->sockport . "\n";
    my $wait = '';
    vec($wait, fileno $_, 1) = 1 for $listener, $channel;
    select $wait, undef, undef, undef;
    return if !vec($wait, fileno $listener, 1);    # the program has ended
    return scalar $listener->accept;
}

sub _connect {
    my ($args) = @_;

    return IO::Socket::INET->new("127.0.0.1:" . delete $args->{port});
}

my %STEP = (
    hs => sub {
        my ($peer)  = @_;
        my %args    = %{ $peer->{args} };
        my $seconds = _patience($peer, delete $args{patience});
        my $ok      = IO::Socket::SSL->start_SSL(
            $peer->{tcp}, %args,
            SSL_server => $peer->{server},
            Timeout    => $seconds
        );
        $peer->{failed} = 1 if !$ok;
        return $ok ? 'handshake' : 'no handshake';
    },
    write => sub {
        my ($peer, $text) = @_;
        return print({ $peer->{tcp} } $text) ? 'wrote' : 'write failed';
    },
    read => sub {
        my ($peer, $size) = @_;
        my $got = read($peer->{tcp}, my $bytes, $size);
        return defined $got ? "read '$bytes'" : 'read failed';
    },
    line => sub {
        my ($peer) = @_;
        my $line = readline $peer->{tcp};
        return defined $line ? "line '$line'" : 'no line';
    },
    end => sub {
        my ($peer) = @_;
        my $all = '';
        my $got;
        do { $got = sysread $peer->{tcp}, $all, 100_000, length $all }
          while $got;
        my $how =
          !defined $got && !$!{ECONNRESET} ? 'an error'
          : $peer->{tcp}->can('eof_reason')
          && ($peer->{tcp}->eof_reason || '') eq 'close_notify'
          ? 'close_notify'
          : 'cut off';
        $all = length($all) . ' bytes' if length $all > 200;
        $all = 'CIPHERTEXT' if $all =~ /^[\x14-\x17]\x03[\x01-\x04]/;
        return "end after '$all': $how";
    },
    notify => sub {
        my ($peer) = @_;
        return $peer->{tcp}->stop_SSL(SSL_fast_shutdown => 1)
          ? 'sent close_notify'
          : 'close_notify failed';
    },
    stop => sub {
        my ($peer) = @_;
        return $peer->{tcp}->stop_SSL ? 'stopped' : 'stop failed';
    },
    fin => sub {
        my ($peer) = @_;
        my $how =
            $peer->{tcp}->isa('IO::Socket::SSL')
          ? $peer->{tcp}->close(SSL_no_shutdown => 1)
          : close $peer->{tcp};
        return $how ? 'closed' : 'close failed';
    },
    plain => sub {
        my ($peer, $text) = @_;
        my $fd = fileno $peer->{tcp};
        open my $raw, '>&=', $fd or return "open: $!";
        return POSIX::write($fd, $text, length $text) ? 'plain' : 'failed';
    },
    plainend => sub {
        my ($peer) = @_;
        my $all = '';
        while (POSIX::read(fileno($peer->{tcp}), my ($part), 10_000)) {
            last if !length $part || $part eq '0 but true';
            $all .= $part;
        }
        return "plain '$all'";
    },
);

# How long the handshake may take.  A program that begins with anything but a
# handshake record, or with nothing, gets the given few seconds.
sub _patience {
    my ($peer, $few) = @_;

    return $PATIENCE if !$few;
    return $few      if !$peer->{server};
    vec(my $wait = '', fileno $peer->{tcp}, 1) = 1;
    select $wait, undef, undef, $few;
    return $few if !vec $wait, fileno $peer->{tcp}, 1;
    recv $peer->{tcp}, my $first, 1, MSG_PEEK;
    return $first eq "\x16" ? $PATIENCE : $few;
}

sub _step {
    my ($peer, $step) = @_;

    my ($name, $value) = split /:/, $step, 2;
    return "$name skipped" if $peer->{failed};
    my $word = eval { $STEP{$name}->($peer, $value) };
    $word = "$name died" if !defined $word;
    $word =~ s/([^ -~])/sprintf '\\x%02x', ord $1/ge;
    return $word;
}

1;
