# fuzz/unreached is honest: its files exist, are not parsers, and each has a
# reason.
use strict;
use warnings;

use Test::More;

open my $in, '<', 'fuzz/unreached' or die "fuzz/unreached: $!";
my @rows = grep { !/^#/ } <$in>;
close $in;

# What takes in bytes from outside, or gets at those that came.
my $READS = qr{
    ^(?: recv | read | fread | open | fopen | getpeername
      | (?: d2i | PEM | OCSP | PKCS12 | SSL | X509V3 | BIO | ASN1 )_
      | X509_(?: get | NAME | STORE | VERIFY | CRL ) )
}x;

ok @rows > 5, 'the list has rows';
for my $row (@rows) {
    my ($source, $reason) = $row =~ /^(src\S+\.c) (\S.*)$/;
    ok $source && -e $source, "$source exists, with a reason";
    my $object = $source =~ s/\.c$/.o/r;
  SKIP: {
        skip "$object is not built", 1 if !-e $object;
        my @calls = map { /\bU (\w+)/ ? $1 : () } `nm -u $object`;
        is_deeply [grep { /$READS/ } @calls], [], '... and reads nothing';
    }
}
done_testing;
