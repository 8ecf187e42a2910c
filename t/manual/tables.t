# The tables of the manual have every option, method and function that it
# explains, and no others; and each option has a value and a default.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::SSL;
use ISS::Pod;
use ISS::Test;
use Test::More;

my $pod   = slurp(pods()->{SSL});
my %block = map { $_->{kind} => $_->{text} } blocks_of(pods()->{SSL});

# The names in a table: words up to two blanks.
sub listed {
    my ($kind) = @_;
    return map { split } map { s/ {2,}.*//r } split /\n/, $block{$kind} || '';
}

# The names that the sections between these headings explain.
sub explained {
    my ($pattern, @sections) = @_;
    my %names;
    for my $section (@sections) {
        my ($text) = $pod =~ /^=head1 $section\n(.*?)^=head1/ms or next;
        $text =~ s/^=head2 Old names\n.*//ms;
        $names{$_} = 1 for $text =~ /$pattern/g;
    }
    my @names = sort keys %names;
    return @names;
}

sub same {
    my ($kind, @explained) = @_;

    my %listed    = map { $_ => 1 } listed($kind);
    my %explained = map { $_ => 1 } @explained;
    cmp_ok(scalar @explained, '>', 20, "$kind");
    is_deeply([grep { !$listed{$_} } @explained],
        [], "... are all in the table: add those to EVERYTHING AT A GLANCE");
    is_deeply([grep { !$explained{$_} } sort keys %listed],
        [], '... and no others');
    return;
}

my @options = explained(qr/^=item (SSL_[a-z]\w*)$/m, 'OPTIONS');
same('options', @options);
same('methods',
    explained(qr/^=item \$?[\w:]+->(\w+)/m, 'CONSTRUCTION', 'METHODS'));
same('functions', explained(qr/X<(\w+)>/, 'FUNCTIONS'));

my @methods = grep { !/^(?:reload|has_session_cache)$/ } listed('methods');
is_deeply([grep { !IO::Socket::SSL->can($_) } @methods, listed('functions')],
    [], 'all methods and functions are there');

# An option's entry: the items that it is for, and its text.
my ($section) = $pod =~ /^=head1 OPTIONS\n(.*?)^=head1/ms;
for my $entry ($section =~
    /((?:^=item SSL_[a-z]\w*\n.*\n\n)+.*?)(?=^=item SSL_[a-z]|^=head|\z)/msg)
{
    my $names = join ', ', $entry =~ /^=item (\w+)$/mg;
    like($entry, qr/^Values?: \S/m,    "$names: the value");
    like($entry, qr/\b[Dd]efaults?\b/, '... and the default');
}
done_testing;
