# COVERAGE has a line for each sentence of the manual, and each test that it
# names exists.
use strict;
use warnings;

use File::Spec;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;

use ISS::Coverage;

check_coverage(File::Spec->catfile($FindBin::Bin, 'COVERAGE'), 235, 269);
done_testing();
