# The POD is well-formed.
use strict;
use warnings;

use Test::More;

plan skip_all => 'no Test::Pod' unless eval { require Test::Pod; 1 };
Test::Pod::all_pod_files_ok(Test::Pod::all_pod_files('lib', 'example'));
