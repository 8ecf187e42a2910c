# Changes has the format of CPAN: a version and its date, then a line a change.
use strict;
use warnings;

use Test::More;

plan skip_all => 'no Test::CPAN::Changes'
  unless eval { require Test::CPAN::Changes; 1 };
Test::CPAN::Changes::changes_file_ok('Changes', { version => version() });
done_testing;

sub version {
    open my $in, '<', 'lib/IO/Socket/SSL.pm' or die "SSL.pm: $!\n";
    my ($version) = map { /^our \$VERSION\s*=\s*'([\d.]+)'/ } <$in>;
    die "no version in SSL.pm\n" if !defined $version;
    return $version;
}
