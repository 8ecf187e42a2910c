# COVERAGE has a line for each claim of what goes beyond the manual of 1.77 and
# IO::Socket::SSL 2.099, and each test that it names exists.
use strict;
use warnings;

use File::Spec;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;

use ISS::Coverage;

check_coverage(File::Spec->catfile($FindBin::Bin, 'COVERAGE'), 230, 230);
done_testing();
