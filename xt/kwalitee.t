# The distribution as CPAN's testers of form see it.
use strict;
use warnings;

use Test::More;

plan skip_all => 'no Test::Kwalitee'
  unless eval { require Test::Kwalitee; 1 };
plan skip_all => 'META.yml comes with make dist' unless -e 'META.yml';
Test::Kwalitee->import(tests => [qw(-has_meta_json)]);
