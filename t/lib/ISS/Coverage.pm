# Checks a COVERAGE: it has a line for each sentence of a document, and each test
# that it names exists.
#
#   check_coverage($file, $sentences, $lines);
#
# The document has so many sentences, and the file at least so many lines.
package ISS::Coverage;

use strict;
use warnings;

use Exporter       qw(import);
use File::Basename qw(dirname);
use File::Spec;
use Test::More;

our @EXPORT = qw(check_coverage);

my $t = File::Spec->catdir(dirname(__FILE__), '..', '..');

sub slurp {
    my ($file) = @_;
    open(my $in, '<', $file) or return;
    local $/;
    return scalar <$in>;
}

# The text of a test without comments and quotes, its white space folded.
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

# The first error in the proofs of a line; '' for none.
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

# The sections in the order of the manual, each with its count of sentences
# and of lines.
my (@sections, %count);
my $number = 0;

sub begin_section {
    my ($name, $sentences) = @_;
    push @sections, { name => $name, sentences => $sentences, lines => 0 };
    return;
}

sub check_line {
    my ($at, $section, $quotation, $status, $why) = @_;

    $number++;
    is($at,      $number,             "$section: $quotation");
    is($section, $sections[-1]{name}, '... is in its section');
    $sections[-1]{lines}++;
    $count{$status}++;
    is(wrong_with($why), '', '... is proved by tests') if $status eq 'test';
    return;
}

my $LINE = qr/^(\d+)[ ]\|[ ]([^|]+)[ ]\|[ ]([^|]+)[ ]\|[ ]
  (test|none):?[ ](\S.*)\z/x;

sub check_coverage {
    my ($file, $sentences, $least) = @_;

    (@sections, %count) = ();
    $number = 0;
    open my $coverage, '<', $file or die "$file: $!";
    while (my $line = <$coverage>) {
        next if $line =~ /^\s*(?:#|$)/;
        chomp $line;
        if ($line =~ /^= (.+): (\d+)\z/) {
            begin_section($1, $2);
        }
        elsif ($line =~ $LINE) {
            check_line($1, $2, $3, $4, $5);
        }
        else {
            fail("line $.: number | section | sentence | test or none");
            diag($line);
        }
    }
    check_sections($sentences);
    cmp_ok($number, '>=', $least, '... and no line');
    note(join ', ', map { "$_: $count{$_}" } sort keys %count);
    return;
}

sub check_sections {
    my ($expected) = @_;
    my ($sum, %seen) = 0;

    for my $section (@sections) {
        my ($name, $sentences, $lines) = @$section{qw(name sentences lines)};
        ok(!$seen{$name}++, "$name is one section");
        cmp_ok($lines, '>=', $sentences, '... with a line for each sentence');
        $sum += $sentences;
    }
    is($sum, $expected, 'no section is missing');
    return;
}

1;
