# The judge of t/differential: broken programs; an entry of MEANT does not hide a
# weaker verification; MEANT hides no flaw that is planted; and what it quotes is
# in the manual.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib", "$FindBin::Bin/lib";

use File::Temp qw(tempdir);
use Test::More;

use Differential::Verdict;

my $meant = tempdir(CLEANUP => 1) . '/MEANT';

open my $out, '>', $meant or die "$meant: $!";
print {$out} <<'END';
program  ^p$
call     .
theirs   .
ours     .
then     rest
because  everything is meant

program  ^state$
call     ^opened$
theirs   ^1$
ours     ^0$
after    ^close: 1$
because  a sentence says so

program  ^admitted$
call     ^new$
theirs   ^dies$
ours     ^IO::Socket::SSL$
admits   nothing is verified less
then     rest
because  a sentence says so
END
close $out or die "$meant: $!";

sub unexplained {
    my ($name, $ours, $theirs) = @_;
    return
      map { $_->{call} }
      Differential::Verdict->new($meant)->judge($name, $ours, $theirs);
}

is_deeply([unexplained('p', ['a: 1', 'hangs'], ['a: 1', 'hangs'])],
    [], 'two programs that hang at the same call agree');
is_deeply([unexplained('p', ['a: 1', 'hangs'], ['a: 1', 'b: 2', 'hangs'])],
    ['hangs'], 'one that hangs sooner does not');
is_deeply([unexplained('p', ['a: 1', 'hangs'], ['a: 2', 'b: 1'])],
    ['hangs'], 'a hang does not follow from what is meant');
is_deeply([unexplained('p', ['print: 1'], ['print: 2'])],
    [], 'an entry explains a difference');

my %GRAVE = (
    'a crash'      => ['ended by signal 11',   'hangs'],
    'a refusal'    => ['new: IO::Socket::SSL', 'new: ()'],
    'another text' => ['getline: 1',           'getline: 2'],
);
for my $what (sort keys %GRAVE) {
    my ($ours, $theirs) = @{ $GRAVE{$what} };
    my ($difference) =
      Differential::Verdict->new($meant)->judge('q', [$ours], [$theirs]);
    is(
        $difference->{grave}    ? 'grave' : '',
        $what eq 'another text' ? ''      : 'grave',
        "is $what grave?"
    );
}

for my $call ('new', 'scalar accept', 'start_SSL (2)') {
    is_deeply(
        [unexplained('p', ["$call: IO::Socket::SSL"], ["$call: dies"])],
        [$call],
        "$call: a general entry does not explain a connection that "
          . 'the other module refuses'
    );
}
is_deeply([unexplained('p', ['verify_hostname: 1'], ['verify_hostname: 0'])],
    ['verify_hostname'], '... or a name');
is_deeply(
    [
        unexplained(
            'p',
            ['print: 1', 'new: IO::Socket::SSL'],
            ['print: 2', 'new: ()']
        )
    ],
    ['new'],
    '... nor does it follow from what is meant'
);
is_deeply(
    [
        unexplained(
            'admitted',
            ['new: IO::Socket::SSL', 'scalar accept: IO::Socket::SSL'],
            ['new: dies']
        )
    ],
    [],
    'an entry with "admits" does'
);
is_deeply([unexplained('p', ['new: dies'], ['new: IO::Socket::SSL'])],
    [], 'a connection that ours refuses needs none');

is_deeply([unexplained('state', ['opened: 0'], ['opened: 1'])],
    ['opened'], 'an entry with "after" does not hold before that');
is_deeply(
    [
        unexplained(
            'state',
            ['close: 1', 'opened: 0'],
            ['close: 1', 'opened: 1']
        )
    ],
    [],
    '... but after it'
);

# A flaw in a walk that met nothing else, and in one that did.
$meant = "$FindBin::Bin/MEANT";
my $WALK   = 'walk 1 of seed 1, new, peer talks';
my @BEFORE = ('make: IO::Socket::SSL', 'print: 4', "getc: 'l'");
my %STATE  = (
    open         => [],
    'read on'    => ["sysread: 'ine', 3", 'errstr: 0  $!=0 $SSL_ERROR=no'],
    'wrote more' => ['method print: 4',   'pending: 1'],
);
my %PLANTED = (
    'data is lost on reading' =>
      [["sysread: '', 0  \$!=0 \$SSL_ERROR=no"], ["sysread: 'ine', 3"]],
    'other data is read' => [["getline: 'two'"], ["getline: 'one'"]],
    'less is read'       => [["read: 'i', 1"],   ["read: 'ine', 3"]],
    'a read fails'       =>
      [["read: '', undef  \$!=EPROTO \$SSL_ERROR=set"], ["read: 'ine', 3"]],
    'a failure reads as the end' => [
        ["sysread: '', 0  \$!=0 \$SSL_ERROR=no"],
        ["sysread: undef, undef  \$!=ECONNRESET \$SSL_ERROR=set"]
    ],
    'a write fails' =>
      [['syswrite: undef  $!=EPIPE $SSL_ERROR=set'], ['syswrite: 3']],
    'less is written'       => [['syswrite: 1'], ['syswrite: 3']],
    'a write seems to work' =>
      [['print: 4'], ['print: undef  $!=EPIPE $SSL_ERROR=set']],
    'the peer gets less' => [
        ["peer: handshake; wrote; end after '': close_notify"],
        ["peer: handshake; wrote; end after 'abc': close_notify"]
    ],
    'the peer gets other data' => [
        ["peer: handshake; wrote; end after 'xbc': close_notify"],
        ["peer: handshake; wrote; end after 'abc': close_notify"]
    ],
    'the peer sees a truncation' => [
        ["peer: handshake; wrote; end after 'abc': cut off"],
        ["peer: handshake; wrote; end after 'abc': close_notify"]
    ],
    'TLS is not on' => [
        ['is_SSL: 0  $!=0 $SSL_ERROR=no', 'get_cipher: 1'],
        ['is_SSL: 1',                     'get_cipher: 1']
    ],
    'it is not open'  => [['opened: 0  $!=0 $SSL_ERROR=no'],  ['opened: 1']],
    'pending forgets' => [['pending: 0  $!=0 $SSL_ERROR=no'], ['pending: 1']],
    'the class changes' =>
      [["class: 'IO::Socket::INET'"], ["class: 'IO::Socket::SSL'"]],
    'stop_SSL fails' =>
      [['stop_SSL fast: 0  $!=EPIPE $SSL_ERROR=set'], ['stop_SSL fast: 1']],
    'close fails' => [['close: 0  $!=EBADF $SSL_ERROR=set'], ['close: 1']],
    'it dies'     => [['getline: dies'],       ["getline: 'one'"]],
    'it hangs'    => [['hangs'],               ["getline: 'one'"]],
    'it crashes'  => [['ended by signal 11'],  ["getline: 'one'"]],
    'SIGPIPE'     => [['SIGPIPE', 'print: 4'], ['print: 4']],
    'plain text'  =>
      [["peer: handshake; plain 'abc'"], ["peer: handshake; plain ''"]],
);
for my $flaw (sort keys %PLANTED) {
    for my $state (sort keys %STATE) {
        my ($ours, $theirs) =
          map { [@BEFORE, @{ $STATE{$state} }, @$_] } @{ $PLANTED{$flaw} };
        ok(
            scalar unexplained($WALK, $ours, $theirs),
            "planted in a walk, $state: $flaw"
        );
    }
}

# What MEANT quotes from the manual, between "..." and without [remarks].
my $manual = join ' ', map { manual_text($_) }
  map { glob "$FindBin::Bin/../../lib/IO/Socket/$_" } 'SSL.pod', 'SSL/*.pod';
my @missing = grep { index($manual, $_) < 0 } quotes($meant);
is("@missing", '', 'what MEANT quotes is in the manual');
done_testing();

sub content {
    my ($file) = @_;
    local $/;
    open my $in, '<', $file or die "$file: $!";
    return scalar readline $in;
}

sub manual_text {
    my ($file) = @_;
    my $text = content($file);

    $text         =~ s/[A-Z]<<+ (.*?) >>+/$1/gs;
    1 while $text =~ s/[A-Z]<([^<>]*)>/$1/g;
    return $text  =~ s/\s+/ /gr;
}

sub quotes {
    my ($file) = @_;
    my @quotes;

    for my $entry (split /\n{2,}/, content($file)) {
        my ($because) = $entry =~ /^because\s+(.*?)(?=^\w|\z)/ms or next;
        $because =~ s/\s+/ /g;
        push @quotes,
          map { /"([^"]*)"/g } $because =~ /(MANUAL.*?)(?=INTERFACE|$)/g;
    }
    return map { split /\s*\.\.\.\s*|\s*\[[^]]*\]\s*/ } @quotes;
}
