# Walks of eight steps through the life of a socket, from a seed: whatever the
# program does in whatever order, it sees the same.
use strict;
use warnings;

use Socket qw(IPPROTO_TCP TCP_NODELAY);

use Differential;

my %TRUST = (SSL_ca_file => cert('ca'), SSL_verifycn_name => 'localhost');

# What the peers write.
my $LINES = "line one\nline two\nline three\n";

# Each step is called with the socket, which may be a failure from before.
my @STEPS = (
    [connect_SSL       => sub { $_[0]->connect_SSL }],
    [is_SSL            => sub { $_[0]->is_SSL ? 1 : 0 }],
    [opened            => sub { $_[0]->opened ? 1 : 0 }],
    [print             => sub { print { $_[0] } "abc\n" }],
    ['method print'    => sub { $_[0]->print("abc\n") }],
    [syswrite          => sub { syswrite $_[0], 'abcdef', 3, 1 }],
    ['method syswrite' => sub { $_[0]->syswrite('abcdef', 3) }],
    [write             => sub { $_[0]->write("abc\n") }],
    [printf            => sub { $_[0]->printf('%s', "x\n") }],
    ['scalar readline' => sub { readline $_[0] }],
    [getline           => sub { $_[0]->getline }],
    [getc              => sub { getc $_[0] }],
    [sysread           => sub { my $n = sysread $_[0], my $b, 3; ($b, $n) }],
    [read              => sub { my $n = read $_[0], my $b, 3; ($b, $n) }],
    ['method sysread'  => sub { my $n = $_[0]->sysread(my $b, 3); ($b, $n) }],
    [peek              => sub { my $n = $_[0]->peek(my $b, 3);    ($b, $n) }],
    [blocking          => sub { $_[0]->blocking      ? 1 : 0 }],
    [pending           => sub { $_[0]->pending       ? 1 : 0 }],
    [fileno            => sub { defined fileno $_[0] ? 1 : 0 }],
    [stop_SSL          => sub { $_[0]->stop_SSL      ? 1 : 0 }],
    [
        'stop_SSL fast' =>
          sub { $_[0]->stop_SSL(SSL_fast_shutdown => 1) ? 1 : 0 }
    ],
    [
        'stop_SSL quiet' =>
          sub { $_[0]->stop_SSL(SSL_no_shutdown => 1) ? 1 : 0 }
    ],
    [close         => sub { $_[0]->close                       ? 1 : 0 }],
    ['close quiet' => sub { $_[0]->close(SSL_no_shutdown => 1) ? 1 : 0 }],
    [class         => sub { ref $_[0] }],
    [get_cipher => sub { defined $_[0]->get_cipher                 ? 1 : 0 }],
    [start_SSL  => sub { IO::Socket::SSL->start_SSL($_[0], %TRUST) ? 1 : 0 }],
    [errstr     => sub { $_[0]->errstr                             ? 1 : 0 }],
);

# Without TLS these wait for the peer.
my %READS = map { $_ => 1 } 'scalar readline', 'getline', 'getc', 'sysread',
  'read', 'method sysread', 'peek';

# How the peer behaves: it reads last, so that no step waits for it for ever.
my %PEERS = (
    talks  => ['hs', "write:$LINES",               'end'],
    closes => ['hs', "write:line one\nline two\n", 'notify', 'end'],
    cuts   => ['hs', "write:line one\n",           'fin'],
    silent => ['hs', 'notify',                     'end'],
);

my %FORMS = (
    new => sub {
        my ($peer) = @_;
        return IO::Socket::SSL->new(
            PeerAddr => '127.0.0.1:' . $peer->port,
            %TRUST
        );
    },
    later => sub {
        my ($peer) = @_;
        return IO::Socket::SSL->new(
            PeerAddr           => '127.0.0.1:' . $peer->port,
            SSL_startHandshake => 0,
            %TRUST
        );
    },
    upgraded => sub {
        my ($peer) = @_;
        return IO::Socket::SSL->start_SSL(tcp_to($peer), %TRUST);
    },
);

for my $seed (seeds()) {
    for my $number (1 .. walk_count()) {
        my $random = scramble($seed * 1000 + $number);
        my $form   = pick($random, sort keys %FORMS);
        my $kind   = pick($random, sort keys %PEERS);
        my @walk   = map { pick($random, @STEPS) } 1 .. 8;
        program("walk $number of seed $seed, $form, peer $kind",
            sub { _walk($form, $kind, @walk) });
    }
}

sub _walk {
    my ($form, $kind, @walk) = @_;
    my $peer = serve({}, @{ $PEERS{$kind} });
    my $sock = seen(make => sub { $FORMS{$form}->($peer) }) or return;

    # What was written arrives, even if the socket is closed with unread data.
    setsockopt $sock, IPPROTO_TCP, TCP_NODELAY, 1;
    my ($raw, $awaited, $refused);
    my $tls = $form ne 'later';

    for my $step (@walk) {
        my ($name, $code) = @$step;
        if ($tls) {
            $awaited ||= _await($peer, $kind);
        }
        elsif ($READS{$name}) {
            $peer->give_up($sock);
        }
        my $done = _step($sock, $step, $raw, $refused) ? 1 : 0;

       # 2.099 has broken the first connection; or the peer, which did not see
       # its end, answers in its own time.
        last if $name eq 'start_SSL' && ($tls || $raw);
        $raw ||= $tls && $name eq 'stop_SSL quiet';
        if ($name =~ /^(start|stop|connect)_SSL/) {
            $tls = $1 eq 'stop' ? $tls && (!$done || $name =~ /fast/) : $done;
            $refused = $1 ne 'stop'    && !$done;
        }
        $refused = 0 if $name =~ /^close/;
        $tls     = 0 if !defined fileno $sock;
    }
    _await($peer, $kind) if $tls && !$awaited;
    undef $sock;
    ended($peer, 0, $raw);
    return;
}

# Until the peer has written.
sub _await {
    my ($peer, $kind) = @_;
    return $peer->await(@{ $PEERS{$kind} } - ($kind eq 'cuts' ? 0 : 1));
}

# Steps have other names after a handshake that failed on a socket of ours.
sub _step {
    my ($sock, $step, $raw, $refused) = @_;
    my ($name, $code) = @$step;

    local $/ = $raw ? \3 : "\n";
    local $SIG{PIPE} =
      sub { told(_is_tls($sock) ? 'SIGPIPE' : 'SIGPIPE in clear') };
    return seen(
        $refused ? "$name after a failed handshake" : $name => sub {
            my @gave =
              $name =~ /^scalar / ? scalar $code->($sock) : $code->($sock);
            @gave = _shown($name, @gave) if $raw;
            @gave[0 .. $#gave];
        }
    );
}

# Is there a connection, whatever its state?
sub _is_tls {
    my ($sock) = @_;
    return eval { defined fileno $sock && defined $sock->is_SSL };
}

# After a quiet stop_SSL the program reads what the peer encrypted: random
# bytes, perhaps with a newline.  Then a line is three bytes, and only whether
# something is in clear and how much came is shown.
sub _shown {
    my ($name, @values) = @_;

    return map { defined ? '1 raw bytes' : $_ } @values if $name eq 'getc';
    return map {
        !defined || /^[0-9]*$|^IO::Socket/ || index($LINES, $_) >= 0
          ? $_
          : length()
          . ' raw bytes'
    } @values;
}

1;
