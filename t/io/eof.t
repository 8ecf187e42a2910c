# The end of a connection that was closed properly.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

# The peer sends a text and closes.
sub closing {
    my ($text, @setting) = @_;

    return tls_pair(
        @setting,
        peer => sub {
            my ($sock) = @_;
            print $sock $text if length $text;
            close $sock;
        }
    );
}

each_setting(
    sub {
        my ($sock, $peer) = closing('abc', @_);

        ok(!eof($sock), 'eof is false while data remains');
        is(getc $sock, 'a',                   '... and does not consume any');
        is(sysread($sock, my $buffer, 10), 2, 'the rest can be read');
        ok(eof $sock, 'then eof is true');
        local $! = 0;
        is(sysread($sock, $buffer, 10), 0,    'sysread returns 0');
        is($buffer,                     '',   '... and empties the buffer');
        is($! + 0,                      0,    '... and is no error');
        is($sock->eof_reason, 'close_notify', 'it was a clean end');
        is(scalar <$sock>,    undef,          'readline returns undef');
        is_deeply([<$sock>], [], '... nothing in list context');
        ok(eof $sock,  'eof stays true');
        ok($sock->eof, '... as a method, too');
        is($sock->opened, 1, 'the socket is still opened');
    }
);

each_setting(
    sub {
        my ($sock, $peer) = closing('', @_);

        is($sock->eof_reason, undef, 'no reason before the end is seen');
        ok(eof $sock, 'a peer that sends nothing: eof at once');
        is($sock->peek(my $buffer, 10), 0,              'peek returns 0');
        is($sock->eof_reason,           'close_notify', 'a clean end');
    }
);

subtest 'the offset of a read at the end' => sub {
    my ($sock) = closing('');
    my $buffer = 'abcdef';
    is(sysread($sock, $buffer, 10, 3), 0, 'sysread returns 0');
    is($buffer, 'abc', 'the buffer ends at the offset, as perlfunc says');
};

subtest 'SSL_strict_eof and a clean end' => sub {
    my ($sock, $peer) = tls_pair(
        mine => { SSL_strict_eof => 1 },
        peer => sub { my ($sock) = @_; print $sock 'abc'; close $sock }
    );
    is(sysread($sock, my $buffer, 10), 3, 'the data is read');
    is(sysread($sock, $buffer,    10), 0, 'the end reads as 0');
};

# On a non-blocking socket eof must not mistake silence for the end.
subtest 'a silent peer' => sub {
    my ($sock, $peer) = tls_pair(peer => sub { $_[1]->hear });
    $sock->blocking(0);
    ok(!eof($sock), 'is not an end of file');
};

done_testing;
