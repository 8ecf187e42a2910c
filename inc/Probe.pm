package Probe;

# Tests the C compiler: compiles, links and runs small programs in a temporary
# folder.  Independent of OpenSSL.

use strict;
use warnings;

use File::Spec::Functions qw(catfile);
use File::Temp            qw(tempdir);

# Arguments: cc and cflags compile and link a program; ld, cccdlflags and
# lddlflags a shared library.
sub new {
    my ($class, %arg) = @_;
    my $self = bless { %arg, count => 0, said => '' }, $class;
    $self->{dir} = tempdir(CLEANUP => 1);
    return $self;
}

# The error that the last command printed: the first line that looks like an
# error, or else the first line.
sub complaint {
    my ($self) = @_;
    my @lines  = grep { /\S/ } split /\n/, $self->{said};
    my ($line) = grep { /error|cannot|not found|undefined/i } @lines;
    $line = $lines[0] unless defined $line;
    return '' unless defined $line;
    $line =~ s/\Q$self->{dir}\E\S*?:(?:\d+:)*\s*//g;
    return $line;
}

# Runs a command and keeps its output; true if it succeeded.
sub command {
    my ($self, $command) = @_;
    my $log    = catfile($self->{dir}, 'log');
    my $status = system "$command >$log 2>&1 </dev/null";
    $self->{said} = slurp($log);
    return $status == 0;
}

# Returns the program's output, or nothing if it cannot be compiled, linked or
# run; failed_at then returns the step: "compile", "link" or "run".
sub output_of {
    my ($self, $source, $cflags, $libs) = @_;
    my $base = $self->source_file($source);

    $self->{failed_at} = 'compile';
    $self->command(
        "$self->{cc} $self->{cflags} $cflags -c $base.c -o $base.o")
      or return;
    $self->{failed_at} = 'link';
    $self->command("$self->{cc} $self->{cflags} $base.o -o $base.exe $libs")
      or return;
    $self->{failed_at} = 'run';
    $self->command("$base.exe") or return;
    $self->{failed_at} = '';
    return $self->{said};
}

sub failed_at { return $_[0]{failed_at} }

# Does the compiler accept this flag without a message?
sub takes_flag {
    my ($self, $flag) = @_;
    my $base = $self->source_file(
        "int probe(void);\nint probe(void)" . " { return 0; }\n");
    return $self->command(
        "$self->{cc} $self->{cflags} $flag -c $base.c -o $base.o")
      && $self->{said} !~ /\S/;
}

# Does the linker accept this flag for a shared library?
sub takes_shared_flag {
    my ($self, $flag) = @_;
    my $base = $self->source_file(
        "int probe(void);\nint probe(void)" . " { return 0; }\n");
    return $self->command("$self->{cc} $self->{cflags} $self->{cccdlflags}"
          . " -c $base.c -o $base.o")
      && $self->command(
        "$self->{ld} $self->{lddlflags} $base.o -o $base.so $flag")
      && $self->{said} !~ /\S/;
}

sub source_file {
    my ($self, $source) = @_;
    my $base = catfile($self->{dir}, 'probe' . ++$self->{count});
    open my $out, '>', "$base.c" or die "$base.c: $!\n";
    print {$out} $source;
    close $out or die "$base.c: $!\n";
    return $base;
}

sub slurp {
    my ($file) = @_;
    open my $in, '<', $file or return '';
    local $/;
    my $text = <$in>;
    return defined $text ? $text : '';
}

1;
