# The distribution passes the checks of Kwalitee.
use strict;
use warnings;

use Config;
use Cwd        qw(getcwd);
use File::Temp qw(tempdir);
use Test::More;

$ENV{RELEASE_TESTING} = 1;    # without, Test::Kwalitee warns
plan skip_all => 'no Test::Kwalitee'
  unless eval { require Test::Kwalitee; 1 };

# The files of make dist, with the META files.
my $here = getcwd();
my $dist = tempdir(CLEANUP => 1) . '/IO-Socket-SSL';
my $said = `$Config{make} distdir DISTVNAME=$dist 2>&1`;
-e "$dist/META.yml" or BAIL_OUT("make distdir: $said");
chdir $dist         or die "$dist: $!";

Test::Kwalitee->import;
chdir $here or die "$here: $!";
