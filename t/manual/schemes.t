# The scheme of verify_hostname as a hash: each key, and each of its values.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Manual;
use IO::Socket::SSL;
use Test::More;

# The names of the servers' certificates: the common name first, then DNS
# names.
my %NAMES = (
    both => ['cn.example.test', 'alt.example.test'],
    cn   => ['cn.example.test'],
    alt  => ['unused', '*.star.test', 'www*.part.test', 'in.*.test', '*'],
    star => ['*.star.test'],
    part => ['www*.part.test'],
);
my (%sock, @peers);
for my $kind (keys %NAMES) {
    ($sock{$kind}, my $peer) = named_pair(@{ $NAMES{$kind} });
    push @peers, $peer;
}

# claim, certificate, scheme, host, whether it matches
my @CASES = (
    ['check_cn: 0', 'both', {}, 'cn.example.test', 0],
    [
        '... without subjectAltNames, too',
        'cn', { check_cn => 0 },
        'cn.example.test', 0
    ],
    [
        'check_cn: always',       'both',
        { check_cn => 'always' }, 'cn.example.test',
        1
    ],
    [
        '... without subjectAltNames, too', 'cn',
        { check_cn => 'always' },           'cn.example.test',
        1
    ],
    [
        'check_cn: when_only, with subjectAltNames', 'both',
        { check_cn => 'when_only' },                 'cn.example.test',
        0
    ],
    ['... without', 'cn', { check_cn => 'when_only' }, 'cn.example.test', 1],
    [
        '... another word: the common name is not checked',
        'cn', { check_cn => 'sometimes' },
        'cn.example.test', 0
    ],
    ['subjectAltNames count always', 'both', {}, 'alt.example.test', 1],

    ['wildcards_in_alt: 0', 'alt', {}, 'a.star.test', 0],
    [
        'wildcards_in_alt: leftmost',       'alt',
        { wildcards_in_alt => 'leftmost' }, 'a.star.test',
        1
    ],
    [
        '... for one label',
        'alt', { wildcards_in_alt => 'leftmost' },
        'a.b.star.test', 0
    ],
    [
        '... and a whole one',              'alt',
        { wildcards_in_alt => 'leftmost' }, 'www1.part.test',
        0
    ],
    [
        'wildcards_in_alt: anywhere',       'alt',
        { wildcards_in_alt => 'anywhere' }, 'www1.part.test',
        1
    ],
    [
        '... but not in the middle',        'alt',
        { wildcards_in_alt => 'anywhere' }, 'in.a.test',
        0
    ],
    [
        '... and not as the whole name',    'alt',
        { wildcards_in_alt => 'anywhere' }, 'anything',
        0
    ],

    [
        'wildcards_in_cn: 0',     'star',
        { check_cn => 'always' }, 'a.star.test', 0
    ],
    [
        'wildcards_in_cn: leftmost',
        'star', { check_cn => 'always', wildcards_in_cn => 'leftmost' },
        'a.star.test', 1
    ],
    [
        '... whole labels',
        'part', { check_cn => 'always', wildcards_in_cn => 'leftmost' },
        'www1.part.test', 0
    ],
    [
        'wildcards_in_cn: anywhere',
        'part', { check_cn => 'always', wildcards_in_cn => 'anywhere' },
        'www1.part.test', 1
    ],
);

for my $case (@CASES) {
    my ($claim, $cert, $scheme, $host, $expected) = @$case;
    my $sock = $sock{$cert};
    is(!!$sock->verify_hostname($host, $scheme), !!$expected, $claim);
}

my @asked;
ok(
    $sock{both}->verify_hostname(
        'any.host',
        { callback => sub { @asked = @_; return 1 }, check_cn => 'always' }
    ),
    'callback: it decides, and other keys are ignored'
);
is_deeply(
    \@asked,
    ['any.host', 'cn.example.test', GEN_DNS, 'alt.example.test'],
    '... it is called with host, common name, subjectAltNames'
);
ok(
    !$sock{both}->verify_hostname(
        'cn.example.test', { callback => sub { 0 }, check_cn => 'always' }
    ),
    '... also if it refuses'
);

# Schemes of applications and RFCs applied to the same certificate.
is_deeply(
    [
        map { !!$sock{alt}->verify_hostname('www1.part.test', $_) }
          qw(http ldap smtp sip none)
    ],
    [!!1, !!0, !!0, !!0, !!1],
    'schemes differ in the wildcards that they allow'
);

done_testing();
