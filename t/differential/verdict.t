# The judge of t/differential: broken programs, and that an entry of MEANT does
# not hide a weaker verification.
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
program  .
call     .
theirs   .
ours     .
then     rest
because  everything is meant

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
done_testing();
