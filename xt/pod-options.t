# Every option that the code reads has an item in the manual, and the manual
# has no other options.
use strict;
use warnings;

use Test::More;

# The captures of a pattern in these files.
sub found {
    my ($pattern, @files) = @_;
    my %found;

    for my $file (@files) {
        open my $in, '<', $file or die "$file: $!\n";
        local $/;
        $found{$_} = 1 for <$in> =~ /$pattern/g;
    }
    return \%found;
}

my $tables = found(qr/\b(?:CONTEXT|BY_VHOST|IDENTITY|NEUTRAL|PEER)\("(\w+)"/,
    glob 'src/options/*config.c');
my $glue = found(qr/"(SSL_[a-z]\w+)/, glob 'xs/*.c');
my $perl = found(qr/(?<![\w:])(SSL_[a-z]\w+)/,
    'lib/IO/Socket/SSL.pm', glob 'lib/IO/Socket/SSL/*.pm');
my %read = (%$perl, %$glue, map { ("SSL_$_" => 1) } keys %$tables);

my $manual = found(qr/^=item (SSL_[a-z]\w+)/m, 'lib/IO/Socket/SSL.pod');
for my $option (sort keys %read) {
    ok($manual->{$option}, "the manual has $option");
}
is_deeply([grep { !$read{$_} } sort keys %$manual],
    [], 'it has no option that is not read');
done_testing;
