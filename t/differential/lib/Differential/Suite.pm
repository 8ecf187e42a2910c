# Runs the programs of t/differential under both modules at once, with the
# same counterpart.
#
#   my $suite = Differential::Suite->new(seed => 1, walks => 400);
#   my ($ours, $theirs) = $suite->run;          # or run(@names)
#
# Both are hashes from a program's name to a list of the lines that it wrote.
# ISS_TEST_REFERENCE holds the folders of the other module and of what it
# needs, separated by colons; they are given to its process alone.
package Differential::Suite;

use strict;
use warnings;

use File::Basename qw(dirname);
use File::Temp     qw(tempdir);

use ISS::Counterpart;

my $here = dirname(__FILE__) . '/../..';

sub new {
    my ($class, %self) = @_;

    $self{folder} = tempdir(CLEANUP => 1);
    $self{of}     = $$;
    ($self{socket}, $self{server}) =
      ISS::Counterpart->start($self{folder});
    $self{include} = {
        ours   => [grep { !ref } @INC],
        theirs => [split(/:/, $ENV{ISS_TEST_REFERENCE}), "$here/../lib"],
    };
    return bless \%self, $class;
}

sub DESTROY {
    my ($self) = @_;

    return if $$ != $self->{of};
    local ($?, $!);
    kill TERM => $self->{server};
    waitpid $self->{server}, 0;
    return;
}

# The version of the other module; dies if it cannot be loaded.
sub version {
    my ($self) = @_;

    my @command = $self->_perl('theirs');
    open my $from, '-|', @command, '-MIO::Socket::SSL', '-e',
      'print IO::Socket::SSL->VERSION'
      or die "$command[0]: $!\n";
    my $version = <$from>;
    close $from;
    return $version;
}

sub run {
    my ($self, @names) = @_;

    my @only;
    if (@names) {
        @only = ("$self->{folder}/names");
        open my $out, '>', @only or die "@only: $!\n";
        print {$out} map { "$_\n" } @names;
        close $out or die "@only: $!\n";
    }
    my %pid = map { $_ => $self->_start($_, @only) } qw(ours theirs);
    for my $whose (sort keys %pid) {
        waitpid $pid{$whose}, 0;
        die "the programs did not run under $whose\n" if $?;
    }
    return map { _transcripts("$self->{folder}/$_") } qw(ours theirs);
}

sub _perl {
    my ($self, $whose) = @_;
    return ($^X, map { "-I$_" } @{ $self->{include}{$whose} });
}

sub _start {
    my ($self, $whose, @only) = @_;

    my @command = (
        $self->_perl($whose),
        "$here/run.pl", $whose, $self->{socket},
        "$self->{folder}/$whose", $self->{seed}, $self->{walks}, @only
    );
    defined(my $pid = fork) or die "fork: $!\n";
    return $pid if $pid;
    local $ENV{PERL5LIB};
    exec @command or die "$command[0]: $!\n";
}

sub _transcripts {
    my ($file) = @_;

    open my $in, '<', $file or die "$file: $!\n";
    my ($name, %lines);
    while (my $line = <$in>) {
        chomp $line;
        if ($line =~ /^== (.*)/) { $lines{ $name = $1 } = [] }
        else                     { push @{ $lines{$name} }, $line }
    }
    return \%lines;
}

1;
