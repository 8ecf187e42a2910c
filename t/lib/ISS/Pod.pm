# The verbatim blocks of our PODs, for the tests that compile and run them.
#
# A hidden paragraph before a block says how to test it, as words and values:
#
#   =for test run peers=https:443 prints="200 OK"
#
# The words are:
#
#   text     not code, such as a table
#   shell    commands of the shell
#   output   what the program before it prints, in lines of another length
#   options, methods, functions  tables of the reference: see tables.t
#   bench    figures that bench/README has
#   says     the message of a mistake that t/manual/messages.t makes
#   run      a whole program, which t/manual/programs.t runs; see there for the
#            values
#   piece    statements or arguments, which a test frames; see ISS::Piece
#   synopsis programs, which t/manual/synopsis.t runs
#   perl     subs, with a name by which programs ask for them
#
# A block without such a paragraph is Perl that nothing runs, which
# t/manual/blocks.t does not allow.
package ISS::Pod;

use strict;
use warnings;

use Exporter       qw(import);
use File::Basename qw(dirname);
use File::Find     ();
use File::Spec;

our @EXPORT = qw(pods blocks_of slurp);

my $LIB = File::Spec->catdir(dirname(__FILE__), qw(.. .. .. lib IO Socket));

# Our PODs: name, such as "SSL/Tutorial", => path.
sub pods {
    my %pods = ('iossl-check' =>
          File::Spec->catfile($LIB, qw(.. .. .. bin iossl-check)));

    File::Find::find(
        {
            no_chdir => 1,
            wanted   => sub { $pods{$1} = $_ if m{IO/Socket/(.*)\.pod\z} }
        },
        $LIB
    );
    return \%pods;
}

sub slurp {
    my ($file) = @_;
    open my $in, '<', $file or die "$file: $!\n";
    local $/;
    return <$in>;
}

# The blocks of a POD, in order: { text, line, kind, and the values }.  Verbatim
# paragraphs with nothing between them are one block.
sub blocks_of {
    my ($file) = @_;

    my ($line, $directive, $in_pod, $block, @blocks) = (1, '');
    for my $paragraph (split /(\n\n+)/, slurp($file)) {
        $in_pod = $1 ne 'cut' if $paragraph =~ /^=(\w+)/;
        if ($paragraph =~ /^[ \t]/ && $in_pod) {
            push @blocks, $block = _block($directive, $line) if !$block;
            $block->{text} .= ($block->{gap} || '') . $paragraph;
            $directive = '';
        }
        elsif ($paragraph =~ /^\n/) {
            $block->{gap} = $paragraph if $block;
        }
        else {
            $block     = undef;
            $directive = $1 if $paragraph =~ /^=for test\s+(.*)/s;
        }
        $line += $paragraph =~ tr/\n//;
    }
    $_->{text} =~ s/^ {4}//mg for @blocks;
    return @blocks;
}

sub _block {
    my ($directive, $line) = @_;

    my ($kind, $case) = $directive =~ /^(\w+)(?: ([\w-]+)$)?(?!\S)/m;
    my %value = $directive =~ /(\w+)=("[^"]*"|\S+)/g;
    s/^"(.*)"\z/$1/s for values %value;
    $value{name} = $case if defined $case;
    return { %value, kind => $kind || 'perl', line => $line, text => '' };
}

1;
