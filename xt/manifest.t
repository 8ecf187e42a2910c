# MANIFEST lists every file of the distribution and no other, and DEVELOPING
# describes each of them.
use strict;
use warnings;

use ExtUtils::Manifest qw(filecheck manicheck maniread);
use Test::More;

$ExtUtils::Manifest::Quiet = 1;
is_deeply [manicheck()],            [], 'every file in MANIFEST exists';
is_deeply [filecheck_or_tracked()], [], 'every file is in MANIFEST';

my $developing = do {
    open my $in, '<', 'DEVELOPING' or die "DEVELOPING: $!\n";
    local $/;
    <$in>;
};
is_deeply [grep { !told($_) } sort keys %{ maniread() }], [],
  'every file is told of in DEVELOPING';
my @named =
  map { s/\.\[ch\]\z/.h/r } map { /^    (\S+?),?(?: |$)/ ? $1 : () }
  split /\n/, ($developing =~ /^The files\n(.*)/ms)[0];
is_deeply [grep { !-e $_ } map { /[*]/ ? (glob)[0] || $_ : $_ } @named], [],
  'and DEVELOPING tells of no file that is gone';
done_testing;

# In a checkout only tracked files count.
sub filecheck_or_tracked {
    my @tracked = -e '.git' ? qx{git ls-files} : ();
    return filecheck() if !@tracked;
    chomp @tracked;
    my $listed = maniread();
    return grep { !exists $listed->{$_} && $_ ne '.gitignore' } @tracked;
}

# Listed by its path, as src/ROOM/NAME.[ch] for a source and its header, or by
# a line that ends in /* for a folder of similar files.
sub told {
    my ($file) = @_;
    my $pair   = $file =~ s/\.[ch]\z/.[ch]/r;
    my $folder = $file =~ s{[^/]+\z}{*}r;
    return grep { $developing =~ /(?:^|[\s,])\Q$_\E(?=[\s,]|$)/m } $file,
      $pair, $folder;
}
