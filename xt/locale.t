# The core asks the locale nothing: perl sets that of the user, where the lower
# case of I may be another letter.  src/base/ascii.h has what is needed.
use strict;
use warnings;

use Test::More;

my $asks = qr/\b(?:to(?:lower|upper)|is(?:al(?:pha|num)|digit|xdigit|space|
    blank|print|graph|punct|cntrl|lower|upper)|strn?casecmp|strcoll)\s*\(/x;
my @sources = (glob('src/*/*.[ch]'), glob('xs/*.[ch]'));

cmp_ok(scalar @sources, '>', 150, 'the sources in C');
for my $source (@sources) {
    open my $in, '<', $source or die "$source: $!";
    my @lines = grep { /$asks/ } <$in>;
    is_deeply(\@lines, [], $source);
}

done_testing();
