# t/core/ mirrors src/: each module has its test in C, in the same room.
use strict;
use warnings;

use Test::More;

my @modules = map { s{^src/}{}r } glob 'src/*/*.c';

ok @modules > 50, 'the modules of src/ are found';
is_deeply [grep { !-e "t/core/$_" } @modules], [],
  'each src/ROOM/NAME.c has its t/core/ROOM/NAME.c';
is_deeply [grep { !-d "src/$_" } rooms_of_tests()], [],
  'no test is in a room that src/ does not have';
done_testing;

# All but the folders of tests that belong to no single room: the seeds of fuzz
# targets, faults, and threads.
sub rooms_of_tests {
    return
      grep { !/^(?:fuzz|faults|threads)$/ }
      map { s{^t/core/}{}r } grep { -d } glob 't/core/*';
}
