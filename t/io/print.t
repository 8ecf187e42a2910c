# print, printf, say and write: the bytes sent and the values returned.
use 5.014;
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

# Runs $code on a socket: (its result, everything that the peer received).
sub printed {
    my ($code, @setting) = @_;

    my ($sock, $peer) = tls_pair(@setting,
        peer => sub { my ($sock, $me) = @_; $me->tell(read_all($sock)) });
    my $result = $code->($sock);
    close $sock;
    return ($result, $peer->hear);
}

my @CASES = (
    ['print',             'one', sub { print { $_[0] } 'one' }],
    ['print a list',      'abc', sub { print { $_[0] } 'a', 'b', 'c' }],
    ['print nothing',     '',    sub { print { $_[0] } '' }],
    ['->print nothing',   '',    sub { $_[0]->print }],
    ['printf of nothing', '',    sub { printf { $_[0] } '%s', '' }],
    [
        'print with $,', 'a-b',
        sub { local $, = '-'; print { $_[0] } 'a', 'b' }
    ],
    ['print with $\\', 'a!', sub { local $\ = '!'; print { $_[0] } 'a' }],
    [
        'print with both',
        'a-b!', sub { local ($,, $\) = ('-', '!'); print { $_[0] } 'a', 'b' }
    ],
    ['->print', 'abc', sub { $_[0]->print('a', 'b', 'c') }],
    [
        '->print with both',
        'a-b!', sub { local ($,, $\) = ('-', '!'); $_[0]->print('a', 'b') }
    ],
    ['printf',   '007', sub { printf { $_[0] } '%03d', 7 }],
    ['->printf', 'a:b', sub { $_[0]->printf('%s:%s', 'a', 'b') }],
    [
        'printf ignores $, and $\\',
        'ab',
        sub { local ($,, $\) = ('-', '!'); printf { $_[0] } '%s%s', 'a', 'b' }
    ],
    ['say',          "a\n",   sub { say { $_[0] } 'a' }],
    ['say a list',   "ab\n",  sub { say { $_[0] } 'a', 'b' }],
    ['->say',        "ab\n",  sub { $_[0]->say('a', 'b') }],
    ['say with $,',  "a-b\n", sub { local $, = '-'; say { $_[0] } 'a', 'b' }],
    ['say with $\\', "a\n",   sub { local $\ = '!'; say { $_[0] } 'a' }],
    ['print a number', '1.5',  sub { print { $_[0] } 1.5 }],
    ['print NULs',     "\0\0", sub { print { $_[0] } "\0", "\0" }],
);

each_setting(
    sub {
        my @setting = @_;
        for my $case (@CASES) {
            my ($claim, $sent, $code) = @$case;
            my ($result, $got) = printed($code, @setting);
            is($got, $sent, $claim);
            cmp_ok($result, '==', length $sent,
                "$claim: returns the bytes written");
            ok($result, '... which is true');
        }
    }
);

each_setting(
    sub {
        my @setting = @_;
        my $big     = join '', map { sprintf "%07d\n", $_ } 1 .. 200_000;

        my ($sock, $peer) = tls_pair(
            @setting,
            peer => sub {
                my ($sock, $me) = @_;
                $sock->read(my $got, length $big);
                $me->tell($got);
            }
        );
        is(print({$sock} $big), length $big, 'a print of 1.6 MB writes all');
        my ($got) = $peer->hear;
        ok($got eq $big, '... and nothing is lost');
    }
);

subtest 'strings with the utf8 flag that fit in bytes' => sub {
    my $latin = "caf\xe9";
    utf8::upgrade($latin);

    for my $case (
        ['print',   sub { print { $_[0] } $latin }],
        ['printf',  sub { printf { $_[0] } '%s', $latin }],
        ['->print', sub { $_[0]->print($latin) }],
      )
    {
        my ($name, $code) = @$case;
        my $got;
        my @warnings = warnings_of(sub { (undef, $got) = printed($code) });
        is($got, "caf\xe9", "$name sends their bytes");
        is_deeply(\@warnings, [], '... without a warning');
    }
};

subtest 'wide characters' => sub {
    my $wide = "\x{20ac}\xe9";
    my ($result, $got);
    my @warnings = warnings_of(
        sub {
            ($result, $got) = printed(sub { print { $_[0] } $wide });
        }
    );
    is($got,             "\xe2\x82\xac\xc3\xa9", 'print sends UTF-8');
    is($result,          5,                      '... counts its bytes');
    is(scalar @warnings, 1,                      '... and warns once');
    like(
        $warnings[0],
        qr/^Wide character in print at \S*print\.t/,
        '... with the wording of Perl, at the line of the caller'
    );
    is(length $wide, 2, 'the string is unchanged');

    @warnings = warnings_of(
        sub {
            no warnings 'utf8';
            printed(sub { print { $_[0] } $wide });
        }
    );
    is_deeply(\@warnings, [], 'no warning under "no warnings"');
};

subtest 'undef' => sub {
    my ($got, $result);
    my @warnings = warnings_of(
        sub {
            (undef, $got) = printed(sub { print { $_[0] } 'a', undef });
        }
    );
    is($got, 'a', 'is printed as nothing');
    like($warnings[0], qr/uninitialized/, '... with the usual warning');
};

subtest 'after close' => sub {
    my ($sock) = tls_pair();
    close $sock;
    no warnings 'closed';
    local $! = 0;
    ok(!print({$sock} 'x'), 'print fails');
    ok($!{EBADF},           '... with EBADF');
};

# A peer that stops reading: not all is sent, so they fail.
subtest 'a failure in the middle' => sub {
    my $big = 'x' x 20_000_000;
    for my $case (
        ['print',   sub { print { $_[0] } $big }],
        ['->print', sub { $_[0]->print($big) }],
        ['printf',  sub { printf { $_[0] } '%s', $big }],
        ['say',     sub { say { $_[0] } $big }],
        ['->write', sub { $_[0]->write($big) }],
      )
    {
        my ($name, $code) = @$case;
        my ($sock, $peer) = tls_pair(
            mine => { SSL_io_timeout => 0.05 },
            peer => sub { my ($sock, $me) = @_; $me->hear }
        );
        local $! = 0;
        ok(!$code->($sock), "$name fails");
        ok($!{ETIMEDOUT},   '... with the reason') or diag "$!";
        $sock->close;
        ok(!defined fileno $sock, '... and close returns');
        $peer->tell('done');

        ($sock, $peer) =
          tls_pair(peer => sub { my ($sock, $me) = @_; $me->hear });
        $sock->blocking(0);
        my $sent = $code->($sock);
        ok($sent > 0 && $sent < length $big,
            '... but on a non-blocking socket it tells how much');
        $peer->tell('done');
    }
};

done_testing;
