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
# The hash may have any SSL_* option.  Where the program may never begin the
# handshake, or has left TLS, it calls give_up before it waits for data in clear:
# a peer that waits for the handshake or for the end then goes on.  Steps, each
# of which adds a word to the report:
#
#   hs          the handshake          write:TEXT   write that
#   read:N      read N bytes           line         read a line
#   end         read to the end        notify       send close_notify
#   stop        stop_SSL               fin          end TCP, no close_notify
#   plain:TEXT  write that in clear    plainend     read in clear to the end
#
# After the last step the peer ends TCP, but reads until the program has closed
# its side: what the program sees never depends on when a reset comes.
package ISS::Counterpart;

use strict;
use warnings;

use Errno;
use IO::Socket::INET;
use IO::Socket::UNIX;
use POSIX    ();
use Socket   qw(IPPROTO_TCP MSG_PEEK);
use Storable qw(freeze thaw);

my $SECONDS  = 180;       # for one program, however busy the machine is
my $PATIENCE = 100;       # for a handshake
my $SIOCOUTQ = 0x5411;    # Linux: bytes that the peer has not acknowledged
my $TCP_INFO = 11;        # Linux

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

# Nothing more is going to come on the socket after what was sent: the peer
# hears how much that is, and waits for it.
sub give_up {
    my ($self, $sock) = @_;

    my $unsent = pack 'i', 0;
    my $acknowledged;
    do {    # again if an acknowledgement comes in between
        ($acknowledged) = _tcp_counts($sock);
        ioctl $sock, $SIOCOUTQ, $unsent;
    } until $acknowledged == (_tcp_counts($sock))[0];
    $acknowledged-- if $acknowledged && $self->{port};    # our SYN
    local $SIG{PIPE} = 'IGNORE';                          # it may have ended
    syswrite $self->{channel}, pack('N', $acknowledged + unpack 'i', $unsent);
    return;
}

# How many bytes the other end has acknowledged and we have received, as Linux
# counts them in its tcp_info.
sub _tcp_counts {
    my ($sock) = @_;
    my $info   = getsockopt $sock, IPPROTO_TCP, $TCP_INFO;

    return defined $info && length $info >= 136
      ? unpack('x120 Q Q', $info)
      : (0, 0);
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

    my $size    = unpack 'N', _taken($channel, 4);
    my $request = _taken($channel, $size);
    my ($what, $args, @steps) = @{ thaw($request) };
    my $tcp = $what eq 'serve' ? _accept($channel) : _connect($args);
    $channel->autoflush(1);
    if (!$tcp) {
        print {$channel} "no connection\n.\n";
        return;
    }
    my $peer = {
        tcp     => $tcp,
        args    => $args,
        server  => $what eq 'serve',
        channel => $channel
    };
    print {$channel} _step($peer, $_), "\n" for @steps;
    print {$channel} ".\n";
    _end_tcp($tcp);
    _raw_rest($tcp);
    return;
}

# So many bytes, of which none is left in a buffer where select does not see it;
# '' at the end.
sub _taken {
    my ($channel, $count) = @_;

    my $bytes = '';
    while (length $bytes < $count) {
        sysread($channel, $bytes, $count - length $bytes, length $bytes)
          || return '';
    }
    return $bytes;
}

# Not by our own shutdown, which sends a close_notify before.
sub _end_tcp {
    my ($tcp) = @_;

    my $copy = POSIX::dup(fileno $tcp);
    open my $raw, '<&=', $copy or return;
    return shutdown $raw, 1;
}

# All that comes until the program ends TCP, in clear or not.
sub _raw_rest {
    my ($tcp) = @_;
    my $all = '';

    $tcp->blocking(1);
    while (POSIX::read(fileno $tcp, my $part, 10_000)) {
        last if !length $part;    # 0 is "0 but true"
        $all .= $part;
    }
    return $all;
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
        my ($peer) = @_;
        my $ok = _handshake_comes($peer) && IO::Socket::SSL->start_SSL(
            $peer->{tcp},
            %{ $peer->{args} },
            SSL_server => $peer->{server},
            Timeout    => $PATIENCE
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
        my ($all, $how) = _read_to_end($peer);
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
        return _end_tcp($peer->{tcp}) ? 'closed' : 'close failed';
    },
    plain => sub {
        my ($peer, $text) = @_;
        my $fd = fileno $peer->{tcp};
        return POSIX::write($fd, $text, length $text) ? 'plain' : 'failed';
    },
    plainend => sub {
        my ($peer) = @_;
        return "plain '" . _raw_rest($peer->{tcp}) . "'";
    },
);

# False if the program gives up before, or begins with something else.
sub _handshake_comes {
    my ($peer) = @_;

    return 1 if !$peer->{server};
    return 0 if _gives_up($peer);
    recv $peer->{tcp}, my $first, 1, MSG_PEEK;
    return $first eq "\x16";
}

# Waits until the peer can read; true if the program gives up before.
sub _gives_up {
    my ($peer) = @_;
    my ($tcp, $channel) = @$peer{qw(tcp channel)};

    while (1) {
        my $sent     = $peer->{sent};
        my $all_came = defined $sent && (_tcp_counts($tcp))[1] >= $sent;
        my $wait     = '';
        vec($wait, fileno $tcp, 1)     = 1;
        vec($wait, fileno $channel, 1) = 1
          if !$peer->{over} && !defined $sent;
        select $wait, undef, undef, $all_came ? 0 : undef;
        return 0 if vec $wait, fileno $tcp, 1;
        if ($all_came) {
            delete $peer->{sent};
            return 1;
        }
        my $count = _taken($channel, 4);
        if ($count ne '') { $peer->{sent} = unpack 'N', $count }
        else              { $peer->{over} = 1 }    # it waits for the report
    }
}

# All that comes, and how it ended.
sub _read_to_end {
    my ($peer) = @_;
    my $tcp    = $peer->{tcp};
    my $all    = '';
    my ($got, $given_up);

    $tcp->blocking(0);
    while (1) {
        $got = sysread $tcp, $all, 100_000, length $all;
        next                      if $got;
        last                      if defined $got || !$!{EWOULDBLOCK};
        return ($all, 'given up') if $given_up;
        $given_up = _gives_up($peer);
    }
    return ($all, 'an error') if !defined $got && !$!{ECONNRESET};
    my $why = $tcp->can('eof_reason') && $tcp->eof_reason || '';
    return ($all, $why eq 'close_notify' ? $why : 'cut off');
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
