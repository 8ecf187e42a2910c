# Every public method is in the manual next to the module.
use strict;
use warnings;

use Test::More;

plan skip_all => 'no Test::Pod::Coverage'
  unless eval { require Test::Pod::Coverage; 1 };
my @modules =
  grep { -e 'lib/' . s{::}{/}gr . '.pod' } Test::Pod::Coverage::all_modules();
plan tests => scalar @modules;
for my $module (@modules) {
    Test::Pod::Coverage::pod_coverage_ok(
        $module,
        {
            also_private => ['VERSION'],
            pod_from     => 'lib/' . $module =~ s{::}{/}gr . '.pod'
        }
    );
}
