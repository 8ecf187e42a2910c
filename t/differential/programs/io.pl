# Every form of reading and writing: builtin and method, lengths, offsets,
# separators, at the end and before it.
use strict;
use warnings;

use Differential;

my %TRUST = (SSL_ca_file => cert('ca'), SSL_verifycn_name => 'localhost');

sub _sock {
    my ($peer) = @_;
    return IO::Socket::SSL->new(
        PeerAddr => '127.0.0.1:' . $peer->port,
        %TRUST
    ) || die "no connection\n";
}

# --- reading ----------------------------------------------------------------

my %READS = (
    'sysread' =>
      sub { sysread $_[0], $_[1], $_[2], defined $_[3] ? $_[3] : () },
    'read'           => sub { read $_[0], $_[1], $_[2] },
    'sysread offset' => sub { sysread $_[0], $_[1], $_[2], $_[3] || 0 },
    'read offset'    => sub { read $_[0], $_[1], $_[2], $_[3] || 0 },
    '->sysread'      => sub { $_[0]->sysread($_[1], $_[2], $_[3] || 0) },
    '->read'         => sub { $_[0]->read($_[1], $_[2], $_[3]    || 0) },
    '->peek'         => sub { $_[0]->peek($_[1], $_[2]) },
);
my %BUFFERS = (undef => undef, empty => '', short => 'xy', long => 'x' x 20);

for my $how (sort keys %READS) {
    for my $have (sort keys %BUFFERS) {
        for my $length (0, 1, 4, 100) {
            for my $offset (0, 1, 5, -1) {
                next if $offset          && $how !~ /offset|->read|->sysread/;
                next if $how eq '->read' && !$length;    # 2.099 hangs
                program(
                    "$how, buffer $have, length $length, offset $offset",
                    sub { _read($how, $BUFFERS{$have}, $length, $offset) }
                );
            }
        }
    }
}

sub _read {
    my ($how, $buffer, $length, $offset) = @_;
    my $all  = $length > 10 ? 1 : 0;    # waits for more than there is
    my $peer = serve({}, 'hs', 'write:0123456789', $all ? () : 'line',
        'notify', 'end');
    my $sock = _sock($peer);
    $peer->await(2 + $all);

    seen(
        "$how first" => sub {
            my @got = $READS{$how}->($sock, $buffer, $length, $offset);
            ($buffer, @got);
        }
    );
    seen(
        "$how second" => sub {
            my @got = $READS{$how}->($sock, $buffer, 3, 0);
            ($buffer, @got);
        }
    ) if !$all;
    seen(print => sub { print {$sock} "go on\n" }) if !$all;
    1 while $sock->sysread(my $rest, 100);
    seen(
        "$how at the end" => sub {
            my @got = $READS{$how}->($sock, $buffer, 3, 0);
            ($buffer, @got);
        }
    );
    seen(close => sub { $sock->close });
    ended($peer);
    return;
}

# --- lines ------------------------------------------------------------------

my %SEPARATORS = (
    newline    => "\n",
    undef      => undef,
    paragraph  => '',
    two        => 'ab',
    record     => \3,
    record_big => \5000,
    long       => "xyzzy\r\n",
    a          => 'a',
);
my %TEXTS = (
    lines      => "one\ntwo\nthree",
    paragraphs => "\n\none\ntwo\n\n\nthree\n\n",
    ab         => 'aababxabyab',
    xyzzy      => "1xyzzy\r\n2xyzzy\rxyzzy\r\n",
    nothing    => '',
    bytes      => join('', map { chr } 1 .. 9, 11 .. 255),
);
my %LINES = (
    'scalar <>'       => sub { my $line  = readline $_[0]; $line },
    'list <>'         => sub { my @lines = readline $_[0]; @lines },
    '->getline'       => sub { $_[0]->getline },
    '->getlines'      => sub { $_[0]->getlines },
    '->readline'      => sub { scalar $_[0]->readline },
    'list ->readline' => sub { $_[0]->readline },
);

for my $how (sort keys %LINES) {
    for my $separator (sort keys %SEPARATORS) {
        for my $text (sort keys %TEXTS) {
            program(
                "$how, separator $separator, text $text",
                sub { _lines($how, $SEPARATORS{$separator}, $TEXTS{$text}) }
            );
        }
    }
}

sub _lines {
    my ($how, $separator, $text) = @_;
    my $peer =
      serve({}, 'hs', length $text ? "write:$text" : (), 'notify', 'end');
    my $sock = _sock($peer);

    $peer->await(length $text ? 3 : 2);
    local $/ = $separator;
    for my $turn (1 .. 4) {
        seen("$how $turn" => sub { $LINES{$how}->($sock) });
        told('$.:', defined $. ? $. : 'undef');
    }
    seen(eof => sub { eof($sock) ? 1 : 0 });
    {
        local $/ = "\n";
        seen(print => sub { print {$sock} "still\n" });
        seen(close => sub { $sock->close });
    }
    ended($peer);
    return;
}

# --- writing ----------------------------------------------------------------

my %WRITES = (
    'print'      => sub { print { $_[0] } @{ $_[1] } },
    '->print'    => sub { $_[0]->print(@{ $_[1] }) },
    'printf'     => sub { printf { $_[0] } '%s|%s', @{ $_[1] }, 'x', 'y' },
    '->printf'   => sub { $_[0]->printf('%s', @{ $_[1] }) },
    '->say'      => sub { $_[0]->say(@{ $_[1] }) },
    'syswrite'   => sub { syswrite $_[0], $_[1][0] },
    '->syswrite' => sub { $_[0]->syswrite($_[1][0]) },
    '->write'    => sub { $_[0]->write($_[1][0]) },
    'syswrite length'          => sub { syswrite $_[0], $_[1][0], 2 },
    '->syswrite length'        => sub { $_[0]->syswrite($_[1][0], 2) },
    '->write length'           => sub { $_[0]->write($_[1][0], 2) },
    'syswrite offset'          => sub { syswrite $_[0], $_[1][0], 2, 1 },
    '->write offset'           => sub { $_[0]->write($_[1][0], 2, 1) },
    '->syswrite beyond'        => sub { $_[0]->syswrite($_[1][0], 2, 100) },
    'syswrite negative offset' => sub { syswrite $_[0], $_[1][0], 2, -2 },
    'syswrite negative length' => sub { syswrite $_[0], $_[1][0], -2 },
);
my %DATA = (
    text   => ['hello'],
    list   => ['a', 'b', 'c'],
    empty  => [''],
    undef  => [undef],
    number => [42],
    latin  => ["caf\xe9"],
    utf8   => [
        do { my $t = "caf\xe9"; utf8::upgrade($t); $t }
    ],
    wide => ["\x{263a}"],
    big  => ['x' x 40_000],
    nul  => ["a\0b"],
);
my %VARIABLES = (plain => [undef, undef], set => [',', '!']);

for my $how (sort keys %WRITES) {
    for my $data (sort keys %DATA) {
        for my $variables (sort keys %VARIABLES) {
            next if $variables eq 'set' && $how !~ /print|say/;
            program(
                "$how, data $data, variables $variables",
                sub {
                    _write($how, $DATA{$data}, @{ $VARIABLES{$variables} });
                }
            );
        }
    }
}

sub _write {
    my ($how, $data, $between, $after) = @_;
    my $peer = serve({}, 'hs', 'end');
    my $sock = _sock($peer);

    {
        no warnings;
        local $, = $between;
        local $\ = $after;
        seen($how => sub { $WRITES{$how}->($sock, $data) });
    }
    seen(close => sub { $sock->close });
    seen("$how after close" =>
          sub { no warnings; $WRITES{$how}->($sock, $data) });
    ended($peer);
    return;
}

1;
