# read, sysread, peek, getc, write and syswrite: counts, offsets, padding and
# wide characters.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

# The peer sends each text in a separate record and waits.
sub records {
    my ($records, @setting) = @_;

    my ($sock, $peer) = tls_pair(
        @setting,
        peer => sub {
            my ($sock, $me) = @_;
            syswrite($sock, $_) for @$records;
            $me->tell('sent');
            $me->hear;
        }
    );
    $peer->hear;
    return ($sock, $peer);
}

# Calls $code on a socket: ($result, everything that the peer received).
sub written {
    my ($code, @setting) = @_;

    my ($sock, $peer) = tls_pair(
        @setting,
        peer => sub {
            my ($sock, $me) = @_;
            $me->tell(read_all($sock));
        }
    );
    my @result = $code->($sock);
    close $sock;
    return (\@result, $peer->hear);
}

# Builtins and methods of the same name.
my %READ = (
    'sysread'   => sub { sysread($_[0], $_[1], $_[2], $_[3] || 0) },
    'read'      => sub { read($_[0], $_[1], $_[2], $_[3]    || 0) },
    '->sysread' => sub { $_[0]->sysread($_[1], $_[2], $_[3] || 0) },
    '->peek'    => sub { $_[0]->peek($_[1], $_[2], $_[3]    || 0) },
);
my %WRITE = (
    'syswrite'   => sub { my $sock = shift; syswrite_with($sock, @_) },
    '->syswrite' => sub { my $sock = shift; $sock->syswrite(@_) },
    '->write'    => sub { my $sock = shift; $sock->write(@_) },
);

sub syswrite_with {
    my $sock = shift;

    return syswrite($sock, $_[0]) if @_ == 1;
    return syswrite($sock, $_[0], $_[1]) if @_ == 2;
    return syswrite($sock, $_[0], $_[1], $_[2]);
}

each_setting(
    sub {
        my @setting = @_;

        for my $name (sort keys %READ) {
            my $read = $READ{$name};
            my $next = $name eq '->peek' ? 'first' : 'second';

            my ($sock) = records(['first', 'second'], @setting);
            is($read->($sock, my $buffer, 100),
                5, "$name returns one record of several");
            is($buffer,                      'first', '... and its text');
            is(sysread($sock, $buffer, 100), length $next, 'the next read');
            is($buffer, $next, "... returns the $next record");

            ($sock) = records(['abcdefgh'], @setting);
            is($read->($sock, $buffer, 3), 3, "$name honours the length");
            is($buffer, 'abc',                '... and replaces the buffer');
            is(
                $sock->pending,
                $name eq '->peek' ? 8 : 5,
                '... pending counts what is left'
            );

            for my $case (
                [2, 'xyz', "xyabc",  'the buffer is cut off at the offset'],
                [3, 'xyz', 'xyzabc', 'an offset at the end appends'],
                [
                    5, 'xyz', "xyz\0\0abc",
                    'an offset beyond the end pads with NUL'
                ],
                [-1, 'xyz', 'xyabc', 'a negative offset counts from the end'],
                [-3, 'xyz', 'abc',   'the most negative one'],
                [2,  undef, "\0\0abc", 'an undefined buffer is empty'],
              )
            {
                my ($offset, $before, $after, $claim) = @$case;
                my ($sock) = records(['abc'], @setting);
                my $buffer = $before;
                is($read->($sock, $buffer, 10, $offset),
                    3, "$name: $claim (count)");
                is($buffer, $after, "$name: $claim");
            }
        }
    }
);

each_setting(
    sub {
        my @setting = @_;

        for my $name (sort keys %WRITE) {
            my $write = $WRITE{$name};
            for my $case (
                [['abcdef'],        'abcdef', 'all of it'],
                [['abcdef', 3],     'abc',    'a length'],
                [['abcdef', 3, 2],  'cde',    'a length and an offset'],
                [['abcdef', 30, 2], 'cdef',   'a length beyond the end'],
                [['abcdef', 3, -2], 'ef',     'an offset from the end'],
                [['abcdef', 1, -6], 'a',      'the most negative offset'],
                [['abcdef', 3, 6],  '',       'an offset at the end'],
                [[''],              '',       'nothing'],
                [["\0a\0"],         "\0a\0",  'NULs'],
              )
            {
                my ($arguments, $sent, $claim) = @$case;
                my ($result, $got) =
                  written(sub { $write->($_[0], @$arguments) }, @setting);
                is_deeply($result, [length $sent], "$name: $claim (count)");
                is($got, $sent, "$name: $claim");
            }
        }
    }
);

subtest 'more than one record' => sub {
    my $big = join '', map { chr($_ % 256) } 1 .. 100_000;

    my ($result, $got) = written(sub { syswrite($_[0], $big) });
    is_deeply($result, [16384], 'syswrite writes one record');
    is($got, substr($big, 0, 16384), '... the first');

    ($result, $got) = written(sub { $_[0]->write($big) });
    is_deeply($result, [100_000], 'write writes all');
    ok($got eq $big, '... unchanged');

    my ($sock) = tls_pair(
        peer => sub { my ($sock, $me) = @_; print $sock $big; $me->hear });
    is($sock->read(my $buffer, 100_000),
        100_000, 'the method read waits for the whole length');
    ok($buffer eq $big, '... and returns it unchanged');
};

subtest 'the method read stops at the end of file' => sub {
    my ($sock) = tls_pair(
        peer => sub {
            my ($sock) = @_;
            syswrite($sock, $_) for qw(ab cd);
            close $sock;
        }
    );
    is($sock->read(my $buffer, 100), 4,      'it returns the count of bytes');
    is($buffer,                      'abcd', '... from all records');

    ($sock) = tls_pair(peer => sub { close $_[0] });
    is($sock->read($buffer, 100), 0, 'at the end it returns 0');
    is($buffer, '', '... and an empty buffer, as perlfunc says');
};

subtest 'errors of the caller' => sub {
    my ($sock, $peer) = records(['abc']);
    my $buffer = 'xyz';

    for my $name (sort keys %READ) {
        like(
            died(sub { $READ{$name}->($sock, $buffer, -1) }),
            qr/Negative length.*read_write\.t/s,
            "$name: a negative length croaks at the line of the caller"
        );
        like(
            died(sub { $READ{$name}->($sock, $buffer, 1, -4) }),
            qr/Offset outside string.*read_write\.t/s,
            "$name: an offset before the buffer croaks"
        );
    }
    for my $name (sort keys %WRITE) {
        like(
            died(sub { $WRITE{$name}->($sock, 'abc', -1) }),
            qr/Negative length.*read_write\.t/s,
            "$name: a negative length croaks at the line of the caller"
        );
        for my $offset (-4, 4) {
            like(
                died(sub { $WRITE{$name}->($sock, 'abc', 1, $offset) }),
                qr/Offset outside string.*read_write\.t/s,
                "$name: the offset $offset croaks"
            );
        }
    }
    is($buffer,                     'xyz', 'the buffer was not touched');
    is(sysread($sock, $buffer, 10), 3,     'and no data is lost');
};

# Numbers at the limits of their range, as objects, and as tied variables.
{

    package Number;
    use overload '0+' => sub { $_[0][0]->() }, fallback => 1;

    package Tied;
    sub TIESCALAR { bless [$_[1]] }
    sub FETCH     { $_[0][0] }
    sub STORE     { $_[0][0] = $_[1] }
}

subtest 'lengths and offsets of all kinds' => sub {
    my ($sock, $peer) = records(['abcdefghijklmnopqrstuvwxyz']);
    my $buffer = 'xyz';

    for my $far (~0 >> 1, -(~0 >> 1) - 1, -9e99) {
        for my $name (sort keys %READ) {
            like(
                died(sub { $READ{$name}->($sock, $buffer, 1, $far) }),
                qr/Offset .* read_write\.t/x,
                "$name: the offset $far croaks"
            );
        }
    }
    is($buffer, 'xyz', 'the buffer was not touched');
    for my $name (sort keys %READ) {
        tie my $two, 'Tied', 2;
        $buffer = 'xyz';
        $READ{$name}->($sock, $buffer, $two, $two);
        like($buffer, qr/\Axy[a-z]{2}\z/, "$name: a tied length and offset");
        my $empties = bless [sub { undef $buffer; 2 }], 'Number';
        $buffer = 'xyz';
        is($READ{$name}->($sock, $buffer, 2, $empties),
            2, "$name: an offset that empties the buffer");
        like($buffer, qr/\A\0\0[a-z]{2}\z/, '... is padded to');
    }

    for my $name (sort keys %WRITE) {
        my (undef, $got) = written(
            sub {
                my ($sock) = @_;
                tie my $one, 'Tied', 1;
                $WRITE{$name}->($sock, 'abc', $one, $one);
                my $data    = 'd' x 2000;
                my $empties = bless [sub { undef $data; 0 }], 'Number';
                $WRITE{$name}->($sock, $data, 2000, $empties);
            }
        );
        is($got, 'b', "$name: data that its own offset frees");
    }
};

subtest 'a length of 0' => sub {
    my ($sock) = records(['abc']);
    for my $name (sort keys %READ) {
        my $buffer = 'xyz';
        is($READ{$name}->($sock, $buffer, 0), 0, "$name returns 0");
        is($buffer, '', '... and empties the buffer');
    }
    is(sysread($sock, my $buffer, 10), 3, 'the data is still unread');
};

subtest 'strings with the utf8 flag' => sub {
    my $latin = "caf\xe9";
    utf8::upgrade($latin);
    my $wide = "\x{20ac}";

    for my $name (sort keys %WRITE) {
        my ($result, $got) = written(sub { $WRITE{$name}->($_[0], $latin) });
        is_deeply($result, [4], "$name counts bytes");
        is($got, "caf\xe9", '... and sends the bytes, not their UTF-8');
    }
    ok(utf8::is_utf8($latin), 'the caller\'s string keeps its flag');

    for my $name (qw(syswrite ->syswrite)) {
        my $error;
        my (undef, $got) = written(
            sub {
                my ($sock) = @_;
                $error = died(sub { $WRITE{$name}->($sock, $wide) });
            }
        );
        like(
            $error,
            qr/Wide character.*read_write\.t/s,
            "$name of a wide character dies at the line of the caller"
        );
        is($got, '', '... and sends nothing');
    }

    my ($sock) = records([$latin, 'abc']);
    my $buffer = $wide;
    is(sysread($sock, $buffer, 10), 4,         'reading into a wide string');
    is($buffer,                     "caf\xe9", '... replaces it by bytes');
    $buffer = $wide;
    is(sysread($sock, $buffer, 10, 1),
        3, 'reading to the end of a wide string');
    is($buffer, "${wide}abc", '... appends bytes, as perlfunc says');
};

subtest 'getc' => sub {
    my ($sock) = tls_pair(
        peer => sub { my ($sock) = @_; syswrite $sock, "ab\0"; close $sock });
    is(getc $sock,  'a',   'the builtin returns one byte');
    is($sock->getc, 'b',   'so does the method');
    is(getc $sock,  "\0",  'a NUL is a byte');
    is(getc $sock,  undef, 'undef at the end');
    is($sock->getc, undef, '... for the method too');
};

subtest 'pending' => sub {
    my ($sock, $peer) = records(['abcdef']);
    is($sock->pending, 0, 'nothing is pending before the first read');
    is($sock->peek(my $buffer, 1), 1, 'peek looks at one byte');
    is($sock->pending,             6, 'then the whole record is pending');
    sysread($sock, $buffer, 6);
    is($sock->pending, 0, 'and nothing once it is read');
};

subtest 'peek on a socket without TLS' => sub {
    my ($tcp, $peer) = raw_pair(sub { print { $_[0] } "hello\nworld\n" });
    my $sock =
      IO::Socket::SSL->start_SSL($tcp, SSL_startHandshake => 0, client_args())
      or die $SSL_ERROR;
    readable($sock);
    my $buffer = 'old';
    is($sock->peek($buffer, 5, 3), 5, 'peek returns how much it has seen');
    is($buffer, 'oldhello', '... puts it at the offset');
    is(scalar <$sock>, "hello\n", '... and takes nothing');
    is($sock->peek($buffer, 5), 5, 'data that Perl has read ahead');
    is($buffer, 'world', '... is seen, too');
    is(scalar <$sock>, "world\n", '... and stays');
    $sock->blocking(0);
    local $! = 0;
    is_deeply([$sock->peek($buffer, 5)], [], 'nothing there: an empty list');
    ok($!{EWOULDBLOCK}, '... with EWOULDBLOCK') or diag $!;
    like(died(sub { $sock->peek($buffer, -1) }),
        qr/^Negative length/, 'a negative length croaks');
};

done_testing;
