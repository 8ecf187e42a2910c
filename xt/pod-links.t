# The links in our PODs lead to pages and sections that exist.
use strict;
use warnings;

use File::Find;
use Test::More;

my %text;    # page => POD
find(
    {
        no_chdir => 1,
        wanted   =>
          sub { $text{ page_of($1) } = slurp($_) if m{^lib/(.*)\.pod\z} }
    },
    'lib'
);
my %sections = map { $_ => sections_of($text{$_}) } keys %text;

for my $page (sort keys %text) {
    for my $link (links_of($text{$page})) {
        my ($to, $section) = $link =~ m{^([^/]*)(?:/"?(.*?)"?)?\z}s;
        next        if $to =~ /\(\w+\)\z/;    # a manual page of the system
        $to = $page if $to eq '';
        next        if $to !~ /^IO::Socket::SSL/;
        ok($sections{$to},           "$page: the page of L<$link>");
        ok($sections{$to}{$section}, "$page: the section of L<$link>")
          if defined $section && $sections{$to};
    }
}
done_testing;

sub page_of { return $_[0] =~ s{/}{::}gr }

sub slurp {
    my ($file) = @_;
    open my $in, '<', $file or die "$file: $!\n";
    local $/;
    return <$in>;
}

# Without their text, and with line breaks as blanks.
sub links_of {
    my ($pod) = @_;
    $pod =~ s/^[ \t].*//mg;    # code
    my @links = $pod =~ /\bL<+\s*((?:[^<>]|E<\w+>)+?)\s*>+/g;
    return grep { !/^https?:/ } map { s/\s+/ /gr =~ s/^[^|]*\|//r } @links;
}

sub sections_of {
    my ($pod) = @_;
    return {
        map   { s/[A-Z]<+ ?(.*?) ?>+/$1/gr => 1 }
          map { s/\s+/ /gr =~ s/ \z//r }
          $pod =~ /^=(?:head\d|item)\s+((?:.+\n?)+)/mg
    };
}
