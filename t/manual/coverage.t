# COVERAGE has a line for each sentence of the manual, and each test that it
# names is there.
use strict;
use warnings;

use File::Spec;
use FindBin;
use Test::More;

my $t = File::Spec->catdir($FindBin::Bin, '..');

sub slurp {
    my ($file) = @_;
    open(my $in, '<', $file) or return;
    local $/;
    return scalar <$in>;
}

# The text of a test without its comments, its quotes and line breaks evened out.
my %text;

sub text_of {
    my ($file) = @_;
    return $text{$file} ||= do {
        my $text = slurp(File::Spec->catfile($t, split m{/}, $file));
        defined $text or return;
        $text =~ s/^\s*#\s.*//mg;
        $text =~ s/["'\\]//g;
        $text =~ s/\s+/ /g;
        $text;
    };
}

# What is wrong with the proofs that a line names; '' for nothing.
sub wrong_with {
    my ($proofs) = @_;

    for my $proof (split / \+ /, $proofs) {
        my ($file, $name) = $proof =~ /^(\S+\.[tc]): (\S.*)\z/
          or return "'$proof' is not FILE: NAME";
        my $text = text_of($file);
        return "there is no t/$file" unless defined $text;
        $name =~ s/["'\\]//g;
        $name =~ s/\s+/ /g;
        return "t/$file has no '$name'" if index($text, $name) < 0;
    }
    return '';
}

open(my $coverage, '<', File::Spec->catfile($FindBin::Bin, 'COVERAGE'))
  or die "COVERAGE: $!";
my ($number, @open) = 0;
my %count = map { $_ => 0 } qw(test none open);

while (my $line = <$coverage>) {
    next if $line =~ /^\s*(?:#|$)/;
    chomp $line;
    my ($at, $section, $quotation, $status, $why) =
      $line =~ /^(\d+) \| ([^|]+) \| ([^|]+) \| (test|none|open):? (\S.*)\z/;
    if (!defined $at) {
        fail("line $.: number | section | sentence | status");
        diag($line);
        next;
    }
    $number++;
    is($at, $number, "$section: $quotation");
    $count{$status}++;
    if ($status eq 'test') {
        is(wrong_with($why), '', "... $at is proven by tests");
    }
    push @open, $line if $status eq 'open';
}

cmp_ok($number, '>=', 269, 'every sentence of the manual has a line');
diag(join ', ', map { "$_: $count{$_}" } sort keys %count);
diag("not proven yet: $_") for @open;

done_testing();
