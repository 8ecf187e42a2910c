# Reading and writing on a non-blocking socket.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

# The peer follows orders: it sends texts, reads so many bytes, or closes.
sub obedient {
    my ($sock, $me) = @_;

    while (my ($order, $what) = $me->hear) {
        if ($order eq 'send') {
            print $sock $what;
            $me->tell('sent');
        }
        elsif ($order eq 'read') {
            $sock->read(my $buffer, $what);
            $me->tell($buffer);
        }
        elsif ($order eq 'close') {
            close $sock;
            $me->tell('closed');
        }
    }
    return;
}

# A non-blocking socket that has already received the tickets of TLS 1.3.
sub quiet_pair {
    my ($sock, $peer) = tls_pair(@_, peer => \&obedient);
    order($peer, 'send', 'x');
    sysread $sock, my $buffer, 1;
    $sock->blocking(0);
    return ($sock, $peer);
}

sub order {
    my ($peer, @order) = @_;
    $peer->tell(@order);
    return ($peer->hear)[0];
}

sub would_block {
    my ($claim, $want, $code) = @_;

    # The kernel of a busy machine makes room in a full socket now and then.
    local $! = 0;
    my @result = grep { defined } $code->();
    for (1 .. 100) {
        last if !@result || $want != SSL_WANT_WRITE;
        $!      = 0;
        @result = grep { defined } $code->();
    }
    is_deeply(\@result, [], "$claim: no result");
    ok($!{EWOULDBLOCK}, '... with EWOULDBLOCK') or diag $!;
    cmp_ok($SSL_ERROR, '==', $want, "... and $want");
    return;
}

each_setting(
    sub {
        my ($sock, $peer) = quiet_pair(@_);

        my $buffer;
        my %read = (
            'sysread'    => sub { sysread($sock, $buffer, 10) },
            '->sysread'  => sub { $sock->sysread($buffer, 10) },
            '->peek'     => sub { $sock->peek($buffer, 10) },
            'readline'   => sub { scalar <$sock> },
            '->getline'  => sub { $sock->getline },
            'getc'       => sub { getc $sock },
            'all lines'  => sub { <$sock> },
            '->getlines' => sub { $sock->getlines },
        );
        for my $name (sort keys %read) {
            would_block($name, SSL_WANT_READ, $read{$name});
        }
        is(scalar(() = $sock->sysread($buffer, 10)),
            0, 'the method sysread returns the empty list');

        order($peer, 'send', 'data');
        readable($sock);
        is(complete($sock, sub { sysread($sock, $buffer, 10) }),
            4, 'then data arrives');
        is($buffer, 'data', '... as it was sent');
        would_block('once it is read', SSL_WANT_READ, $read{sysread});

        order($peer, 'close');
        readable($sock);
        is(complete($sock, sub { sysread($sock, $buffer, 10) }),
            0, 'the end of file reads as 0');
    }
);

each_setting(
    sub {
        my ($sock, $peer) = quiet_pair(@_);

        # An incomplete line.
        order($peer, 'send', 'half a ');
        readable($sock);
        my $text = complete($sock, sub { scalar <$sock> });
        order($peer, 'send', "line\nnext\n");
        until ($text =~ /\n/) {
            readable($sock);
            my $part = <$sock>;
            $text .= $part if defined $part;
        }
        is($text, "half a line\n",   'a line in two pieces is not lost');
        is(scalar <$sock>, "next\n", 'nor is the next one');
    }
);

each_setting(
    sub {
        my ($sock, $peer) = quiet_pair(@_);

        my $record  = 'w' x 16_384;
        my $written = fill($sock, $record);
        would_block('syswrite to a peer that does not read',
            SSL_WANT_WRITE, sub { syswrite($sock, $record) });
        would_block('print to it', SSL_WANT_WRITE,
            sub { print {$sock} $record });

        $peer->tell('read', $written + length $record);
        is(
            complete($sock, sub { syswrite($sock, $record) }),
            length $record,
            'the record goes out when the peer reads'
        );
        my ($got) = $peer->hear;
        is(length $got,    $written + length $record, 'the peer has it all');
        is($got =~ tr/w//, length $got,               '... and nothing else');
    }
);

# The data of a retried write may have grown, or be at another address.
each_version(
    sub {
        my ($version) = @_;

        my ($sock, $peer) = quiet_pair(version => $version);
        my $written = fill($sock, 'a' x 16_384);
        my $text    = ('a' x 16_384) . 'b';
        $peer->tell('read', $written + length $text);
        my $count = complete($sock, sub { syswrite($sock, "$text") });
        ok($count, 'a retry with a longer, moved buffer') or diag $SSL_ERROR;
        substr($text, 0, $count, '');
        complete($sock, sub { syswrite($sock, $text) }) if length $text;
        my ($got) = $peer->hear;
        is(length $got, $written + 16_385, '... loses and repeats nothing');
        like($got, qr/\Aa+b\z/, '... and keeps the order');
    }
);

# It may be shorter, but it must be the same: half of it may have been sent.
each_version(
    sub {
        my ($version) = @_;

        my ($sock, $peer) = quiet_pair(version => $version);
        my $text    = ('a' x 16_383) . 'z';
        my $written = fill($sock, $text);
        my @result  = grep { defined } syswrite $sock, 'b' x 10;
        is_deeply(\@result, [], 'a retry with other data fails');
        ok($!{EINVAL}, '... with EINVAL') or diag $!;
        like($SSL_ERROR, qr/with the same data/, '... and says why');

        $peer->tell('read', $written + length($text) + 3);
        for my $length (100, 1000, 16_384) {
            my $part  = substr $text, 0, $length;
            my $count = complete($sock, sub { syswrite $sock, $part });
            ok($count, "a retry with $length bytes") or diag $SSL_ERROR;
            substr($text, 0, $count, '') if $count;
        }
        is($text, '', '... writes all of them');
        is(complete($sock, sub { syswrite $sock, 'end' }), 3,
            '... then more');
        my ($got) = $peer->hear;
        like($got, qr/\A(?:a{16383}z)+end\z/,
            '... and nothing is lost or doubled');
    }
);

subtest 'print of more than the socket accepts' => sub {
    my ($sock, $peer) = quiet_pair();
    my $text = join '', map { sprintf "%09d\n", $_ } 1 .. 1_000_000;

    my $count = print {$sock} $text;
    ok(defined $count, 'part of it is written') or diag $SSL_ERROR;
    cmp_ok($count, '<', length $text,
        '... and the count is smaller than the length');
    $peer->tell('read', $count);
    my ($got) = $peer->hear;
    ok($got eq substr($text, 0, $count), 'the count is what the peer got');
};

subtest 'blocking' => sub {
    my ($sock, $peer) = quiet_pair();
    ok(!$sock->blocking,    'blocking returns the mode');
    ok(!$sock->blocking(1), 'setting the mode returns the former one');
    ok($sock->blocking,     'and now it blocks');
    order($peer, 'send', "line\n");
    is(scalar <$sock>, "line\n", 'readline waits');
};

done_testing;
