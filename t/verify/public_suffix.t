# IO::Socket::SSL::PublicSuffix finds the public part of a name and decides
# where wildcards match.
use strict;
use warnings;
use utf8;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use File::Temp qw(tempdir);
use IO::Socket::SSL;
use IO::Socket::SSL::PublicSuffix;
use IO::Socket::SSL::Utils;
use Test::More;

my $CLASS = 'IO::Socket::SSL::PublicSuffix';
my $dir   = tempdir(CLEANUP => 1);

# A name without a rule, which every list treats alike.
{
    my $default = $CLASS->default;
    isa_ok($default, $CLASS);
    is($default, $CLASS->default, 'the default is one object');
    isnt(
        $default,
        $CLASS->default(min_suffix => 2),
        '... for each min_suffix'
    );
    is($default->public_suffix('a.b.no-such-tld'),
        'no-such-tld', 'a name without a rule has a suffix of one label');
    is($CLASS->default(min_suffix => 2)->public_suffix('a.b.no-such-tld'),
        'b.no-such-tld', '... or of min_suffix labels');
    is($CLASS->default(min_suffix => 0)->public_suffix('a.b.no-such-tld'),
        '', '... or no suffix');
}

like(
    died(sub { $CLASS->default(max => 1) }),
    qr/^unknown arguments: max at \Q@{[__FILE__]}\E/,
    'an unknown argument'
);
like(
    died(sub { $CLASS->default(min_suffix => 'x') }),
    qr/^min_suffix must be a number, not 'x' at/,
    'min_suffix is a number'
);
like(
    died(sub { $CLASS->from_string(undef) }),
    qr/^from_string needs a string at/,
    'from_string without one'
);
like(
    died(sub { $CLASS->from_file(undef) }),
    qr/^from_file needs a file name or a handle at/,
    'from_file without one'
);
like(
    died(sub { $CLASS->from_file("$dir/none") }),
    qr{^cannot read \Q$dir\E/none: No such file},
    'from_file of one that is not there'
);
like(
    died(sub { $CLASS->from_file($dir) }),
    qr{^cannot read \Q$dir\E: },
    'from_file of a folder'
);
like(
    died(sub { (bless {}, $CLASS)->public_suffix('a.b') }),
    qr/^self is not of type \Q$CLASS\E/,
    'an object that we did not make'
);

subtest 'Unicode' => sub {
    plan skip_all => 'no libidn2' if !$CLASS->can_idn;
    my $ascii   = 'xn--mnchen-3ya.example';
    my $unicode = 'münchen.example';
    is(IO::Socket::SSL::PublicSuffix::idn_to_ascii($unicode),
        $ascii, 'idn_to_ascii');
    is($CLASS->idn_to_ascii($unicode), $ascii, '... as a method');
    is(IO::Socket::SSL::PublicSuffix::idn_to_unicode($ascii),
        $unicode, 'idn_to_unicode');
    is($CLASS->default->idn_to_unicode($ascii), $unicode, '... as a method');
    is($CLASS->idn_to_ascii($_), $_, "ASCII stays as it is: '$_'")
      for 'plain.example', 'PLAIN.example.', '-a.b--c', '_x.*', '';
    is($CLASS->idn_to_ascii("UPPER.\x{fc}.example"),
        'UPPER.xn--tda.example', '... also beside Unicode');
    like(
        died(sub { $CLASS->idn_to_ascii($_) }),
        qr/empty label/,
        "it dies of an empty label: '$_'"
    ) for '.', 'a..b', '.a';
    like(
        died(sub { $CLASS->idn_to_ascii("a\x{263a}.example") }),
        qr/^'a\x{263a}': libidn2: /,
        'a name that IDNA does not allow'
    );
    is($CLASS->default->public_suffix("a.\x{263a}"),
        "\x{263a}", '... is looked up nevertheless');
    is($CLASS->default->public_suffix("a.b\0.c\0"), "c\0", 'a NUL, too');
    for my $label ("b\xfccher", "b\xc3\xbccher", "\xc3.x") {
        my ($on, $off) = ("www.a.$label", "www.a.$label");
        utf8::upgrade($on);
        utf8::downgrade($off);
        my $list = $CLASS->from_string("b\xfccher\n");
        is($list->public_suffix($on, 1), $list->public_suffix($off, 1),
            'public_suffix does not depend on how Perl stores a name');
        is(
            (
                eval { $CLASS->idn_to_ascii($on) } || $@) =~ s/ at .*//sr,
            (eval { $CLASS->idn_to_ascii($off) } || $@) =~ s/ at .*//sr,
            '... nor does idn_to_ascii'
        );
    }
};

my $RULES = <<'END';
// a comment
com
uk
co.uk     and a remark
*.ck
!www.ck
jp
*.kobe.jp
!city.kobe.jp
foo.bar.baz
münchen.museum
xn--fiqs8s
END

# name => [rest, suffix, suffix and one more label]
my %NAME = (
    'www.example.com'   => ['www.example', 'com',         'example.com'],
    'WWW.Example.COM'   => ['www.example', 'com',         'example.com'],
    'com'               => ['',            'com',         'com'],
    'example.com.'      => ['example',     'com.',        'example.com.'],
    '.example..com'     => ['example',     'com',         'example.com'],
    'a.b.example.co.uk' => ['a.b.example', 'co.uk',       'example.co.uk'],
    'co.uk'             => ['',            'co.uk',       'co.uk'],
    'x.uk'              => ['x',           'uk',          'x.uk'],
    'a.b.c.ck'          => ['a.b',         'c.ck',        'b.c.ck'],
    'c.ck'              => ['',            'c.ck',        'c.ck'],
    'a.www.ck'          => ['a.www',       'ck',          'www.ck'],
    'ck'                => ['',            'ck',          'ck'],
    'kobe.jp'           => ['kobe',        'jp',          'kobe.jp'],
    'kobe.jp.'          => ['kobe',        'jp.',         'kobe.jp.'],
    'a.kobe.jp'         => ['',            'a.kobe.jp',   'a.kobe.jp'],
    'b.city.kobe.jp'    => ['b.city',      'kobe.jp',     'city.kobe.jp'],
    'x.foo.bar.baz'     => ['x',           'foo.bar.baz', 'x.foo.bar.baz'],
    'bar.baz'           => ['bar',         'baz',         'bar.baz'],
    'a.unknown'         => ['a',           'unknown',     'a.unknown'],
    '192.0.2.1'         => ['192.0.2',     '1',           '2.1'],
    'a.xn--fiqs8s'      => ['a',           'xn--fiqs8s',  'a.xn--fiqs8s'],
    '*.com'             => ['*',           'com',         '*.com'],
);
my %UNICODE_NAME = (
    'a.b.münchen.museum' => ['a.b', 'münchen.museum', 'b.münchen.museum'],
    'a.MÜNCHEN.museum'   => ['a',   'münchen.museum', 'a.münchen.museum'],
    'b.xn--mnchen-3ya.museum' =>
      ['b', 'xn--mnchen-3ya.museum', 'b.xn--mnchen-3ya.museum'],
    'a.中国' => ['a', '中国', 'a.中国'],
);
%NAME = (%NAME, %UNICODE_NAME) if $CLASS->can_idn;

sub parts {
    return [grep { length } split /\./, $_[0]];
}

sub check {
    my ($list) = @_;

    for my $name (sort keys %NAME) {
        my ($rest, $suffix, $more) = @{ $NAME{$name} };
        my $shown = $name =~ s/([^ -~])/sprintf '\\x{%x}', ord $1/ger;
        is_deeply([$list->public_suffix($name)], [$rest, $suffix], $shown);
        is(scalar $list->public_suffix($name),    $suffix, '... as a scalar');
        is(scalar $list->public_suffix($name, 1), $more, '... and one more');
        is(
            scalar $list->public_suffix($name, 100),
            lc $name =~ s/^\.|\.(?=\.)//gr,
            '... and more labels than it has'
        );
        next if $name =~ /\.\z|\.\./;
        is_deeply(
            [$list->public_suffix(parts($name))],
            [parts($rest), parts($suffix)],
            '... as arrays'
        );
        is_deeply(scalar $list->public_suffix(parts($name), 1),
            parts($more), '... and one more');
    }
    return;
}

SKIP: {
    my $list = eval { $CLASS->from_string($RULES) };
    skip 'no libpsl', 1 if !$list && $@ =~ /built without libpsl/;
    isa_ok($list, $CLASS) or diag($@);

    subtest 'from_string' => sub { check($list) };

    my $bytes = $RULES;
    utf8::encode($bytes);
    subtest 'from_string with bytes' =>
      sub { check($CLASS->from_string($bytes)) };

    my $file = "$dir/list";
    open(my $out, '>', $file) or die $!;
    print {$out} $bytes =~ s/\n/\r\n/gr;
    close $out or die $!;
    subtest 'from_file, with CRLF' => sub { check($CLASS->from_file($file)) };
    open(my $in, '<:encoding(UTF-8)', $file) or die $!;
    subtest 'from_file, a handle' => sub { check($CLASS->from_file($in)) };

    is_deeply([$list->public_suffix('')],    [], 'the empty name has none');
    is_deeply([$list->public_suffix('.')],   [], '... nor has the root');
    is_deeply([$list->public_suffix(undef)], [], '... nor has undef');
    is_deeply([$list->public_suffix([])], [], '... nor has an empty array');

    my $none = $CLASS->from_string('');
    is($none->public_suffix('a.co.uk'), 'uk', 'an empty list has no rules');
    $none = $CLASS->from_string($RULES, min_suffix => 0);
    is($none->public_suffix('a.unknown'), '', 'min_suffix => 0');
    is($none->public_suffix('a.www.ck'),
        'ck', '... does not affect exceptions');
    is_deeply(
        [$none->public_suffix('ck')],
        ['ck', ''],
        '... the parent of a wildcard has no suffix'
    );
    is_deeply(
        [$none->public_suffix(['ck'])],
        [['ck'], []],
        '... also as an array'
    );
    is_deeply(
        [
            $CLASS->from_string("$RULES\nck", min_suffix => 0)
              ->public_suffix('ck')
        ],
        ['', 'ck'],
        '... unless it has a rule of its own'
    );

    my $default = $CLASS->default;
    is($default->public_suffix('a.example.co.uk'),
        'co.uk', 'the default list has rules');
    is($default->public_suffix('me.github.io'),
        'io', '... but not those for private suffixes');
    for my $list ($default, $CLASS->default(min_suffix => 0)) {
        is_deeply(
            [$list->public_suffix("$_.jp")],
            [$_, 'jp'],
            "$_.jp is not a suffix, but all names below it are"
        ) for qw(kobe kawasaki);
    }
    $none = $CLASS->default(min_suffix => 0);
    is_deeply([$none->public_suffix($_)],
        [$_, ''], "$_ alone has no suffix with min_suffix => 0")
      for qw(ck mm er fk np);
    is_deeply(
        [$default->public_suffix('ck')],
        ['', 'ck'],
        '... and is one without'
    );
}

# --- where wildcards match --------------------------------------------------

my ($cert, $key) = CERT_create(
    key             => KEY_create_ec(),
    subject         => { CN => 'none' },
    subjectAltNames =>
      [map { [DNS => $_] } qw(*.co.uk *.private.example *.kobe.jp)]
);

sub matches {
    my ($name, $suffixes) = @_;
    return !!IO::Socket::SSL::verify_hostname_of_cert($name, $cert, 'default',
        $suffixes);
}

SKIP: {
    my $list = eval { $CLASS->from_string("uk\nprivate.example\n") };
    skip 'no libpsl', 1 if !$list && $@ =~ /built without libpsl/;
    ok(!matches('a.co.uk'),          'by default not below a public suffix');
    ok(matches('a.co.uk', ''),       '... but anywhere with the empty text');
    ok(matches('a.co.uk', $list),    '... or if our list has no rule');
    ok(matches('a.private.example'), 'below a name that is not public');
    ok(
        !matches('a.private.example', $list),
        '... unless our list says that it is'
    );
    for my $min (0, 1) {
        my $rules = "jp\n*.kobe.jp";
        ok(
            !matches(
                'a.kobe.jp', $CLASS->from_string($rules, min_suffix => $min)
            ),
            'below the parent of a wildcard no certificate matches'
        );
        ok(!matches('a.kobe.jp', $CLASS->default(min_suffix => $min)),
            '... also with the default list as an object');
    }
    ok(!matches('a.kobe.jp'), '... and with the default list');
    ok(matches('a.kobe.jp', ''), '... but it does without a list');
    ok(!matches('a.b.co.uk', $list),
        'a wildcard still covers one label only');

    each_version(
        sub {
            my ($version) = @_;
            my %pair = (
                version => $version,
                theirs  => {
                    SSL_cert => $cert,
                    SSL_key  => $key,
                    map { $_ => undef } qw(SSL_cert_file SSL_key_file)
                }
            );
            my %mine = (
                SSL_ca              => [$cert],
                SSL_ca_file         => undef,
                SSL_verifycn_name   => 'a.private.example',
                SSL_verifycn_scheme => 'default',
            );
            is((handshake_errors(%pair, mine => {%mine}))[0],
                '', 'a connection with the default list');
            like(
                (
                    handshake_errors(
                        %pair,
                        mine => { %mine, SSL_verifycn_publicsuffix => $list }
                    )
                )[0],
                qr/hostname verification failed/,
                '... and with our own'
            );
            my ($sock) = tls_pair(
                %pair,
                mine => {
                    %mine,
                    SSL_verifycn_name         => 'a.co.uk',
                    SSL_verifycn_publicsuffix => $CLASS->from_string("uk\n")
                }
            );
            ok($sock, '... which may be freed before it is needed');
        }
    );
    ok(!matches('a.kobe.jp', 0), '0 means: the default list');
    for my $wrong ('com', {}, bless({}, 'Foo'), bless({}, $CLASS)) {
        like(
            died(sub { matches('a.co.uk', $wrong) }),
            qr/^SSL_verifycn_publicsuffix must be '' or an IO::Socket::SSL/,
            "not a list: $wrong"
        );
    }
  SKIP: {
        skip 'perl without threads', 1
          unless eval { require threads; threads->VERSION('1.07'); 1 };
        my $there = threads->create(
            sub {
                my $suffix = $list->public_suffix('a.private.example');
                undef $list;
                return $suffix;
            }
        )->join;
        is($list->public_suffix('a.private.example'),
            $there, 'a thread has its own reference to the list');
    }
}

CERT_free($cert);
KEY_free($key);

done_testing;
