# readline, getline and getlines under every form of $/.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

# claim, data from the peer, $/, the expected lines
my @FORMS = (
    ['lines',             "a\nbb\n\nc\n", "\n", "a\n", "bb\n", "\n", "c\n"],
    ['no newline at end', "a\nb",         "\n", "a\n", 'b'],
    ['nothing at all',    '',                   "\n"],
    ['one byte',          ';;a;',               ';',     ';',     ';', 'a;'],
    ['several bytes',     "a\r\nb\rc\r\n",      "\r\n",  "a\r\n", "b\rc\r\n"],
    ['a separator that begins twice', 'xaaby',  'aab',   'xaab',  'y'],
    ['a separator that overlaps',     'aaaab-', 'aab',   'aaaab', '-'],
    ['undef: the whole file',         "a\n\nb\n", undef, "a\n\nb\n"],
    [
        "'': paragraphs", "\n\na\nb\n\n\n\nc\n\nd", '', "a\nb\n\n", "c\n\n",
        'd'
    ],
    ['a record size',         'abcdefgh', \3,   'abc', 'def', 'gh'],
    ['a record size as text', 'abcde',    \'2', 'ab',  'cd',  'e'],
    ['a NUL',                 "a\0b\0",   "\0", "a\0", "b\0"],
);

sub sends {
    my ($text, @setting) = @_;

    return tls_pair(
        @setting,
        peer => sub {
            my ($sock) = @_;
            print $sock $text;
            close $sock;
        }
    );
}

each_setting(
    sub {
        my @setting = @_;

        for my $form (@FORMS) {
            my ($claim, $sent, $separator, @lines) = @$form;
            local $/ = $separator;

            my ($sock) = sends($sent, @setting);
            my @one_by_one;
            while (defined(my $line = <$sock>)) {
                push @one_by_one, $line;
            }
            is_deeply(\@one_by_one, \@lines, "$claim, one by one");
            is(scalar <$sock>, undef, '... and the end of file remains');

            ($sock) = sends($sent, @setting);
            is_deeply([<$sock>], \@lines, "$claim, in list context");
        }
    }
);

my ($sock) = sends("one\ntwo\nthree\nfour\n");
is($sock->getline, "one\n", 'getline returns one line');
my ($line) = $sock->getline('ignored');
is($line, "two\n", 'getline returns one line in list context too');
is_deeply(
    [$sock->getlines('ignored')],
    ["three\n", "four\n"],
    'getlines returns the others'
);
is($sock->getline, undef, 'getline returns undef at the end');
is_deeply([$sock->getlines], [], 'getlines returns nothing at the end');

($sock) = sends("one\ntwo\n");
my $error = died(sub { my $scalar = $sock->getlines });
like(
    $error,
    qr/getlines.*scalar context/,
    'getlines in scalar context croaks'
);
like($error, qr/readline\.t/, '... at the line of the caller');

($sock) = sends("one\ntwo\nthree\n");
my $before = $.;
scalar <$sock> for 1 .. 2;
is(scalar(() = <$sock>), 1, 'the remaining lines can be counted');

subtest 'a long line made of many records' => sub {
    my $long = ('x' x 99_999) . "\n";
    my ($sock) = sends($long . "next\n");
    is(length(<$sock>), length $long, 'it is returned in one piece');
    is(scalar <$sock>,  "next\n",     'and the next one is not lost');
};

subtest 'a separator that is split between two records' => sub {
    my ($sock) = tls_pair(
        peer => sub {
            my ($sock) = @_;
            syswrite $sock, 'first-E';
            syswrite $sock, 'N';
            syswrite $sock, 'D-secondEND-';
            close $sock;
        }
    );
    local $/ = 'END';
    is_deeply([<$sock>], ['first-END', '-secondEND', '-'], 'it is found');
};

subtest 'data that readline leaves can be read' => sub {
    my ($sock, $peer) = tls_pair(
        peer => sub {
            my ($sock, $me) = @_;
            syswrite $sock, "line\nrest";
            $me->hear;
        }
    );
    is(scalar <$sock>,                "line\n", 'the line');
    is($sock->pending,                4,        'pending counts the rest');
    is(sysread($sock, my $rest, 100), 4,        'sysread returns its length');
    is($rest,                         'rest', 'it is the rest of the record');
};

subtest 'readline into a variable that is appended to' => sub {
    my ($sock) = sends("b\nc\n");
    my $text = 'a';
    $text .= <$sock>;
    is($text, "ab\n", 'as perlfunc says');
};

done_testing;
