package Probe;

# Asks the C compiler questions: small programs are compiled, linked and run
# in a temporary folder.  Knows nothing of what is being looked for.

use strict;
use warnings;

use File::Spec::Functions qw(catfile);
use File::Temp            qw(tempdir);

# ld links a shared library, cc a program; shared holds the flags of both
# steps for a shared library.
sub new {
    my ($class, %arg) = @_;
    my $self = bless { %arg, count => 0, said => '' }, $class;
    $self->{dir} = tempdir(CLEANUP => 1);
    return $self;
}

# What the last command printed: its first line that tells of an error, or
# its first line at all.
sub complaint {
    my ($self) = @_;
    my @lines  = grep { /\S/ } split /\n/, $self->{said};
    my ($line) = grep { /error|cannot|not found|undefined/i } @lines;
    $line = $lines[0] unless defined $line;
    return '' unless defined $line;
    $line =~ s/\Q$self->{dir}\E\S*?:(?:\d+:)*\s*//g;
    return $line;
}

# Run a command, keeping what it says; true when it succeeded.
sub command {
    my ($self, $command) = @_;
    my $log    = catfile($self->{dir}, 'log');
    my $status = system "$command >$log 2>&1 </dev/null";
    $self->{said} = slurp($log);
    return $status == 0;
}

# A program's output, or undef when it cannot be compiled, linked or run;
# failed_at then says which ("compile", "link" or "run").
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

# Does the compiler take this flag, and take it silently?
sub takes_flag {
    my ($self, $flag) = @_;
    my $base = $self->source_file(
        "int probe(void);\nint probe(void)" . " { return 0; }\n");
    return $self->command(
        "$self->{cc} $self->{cflags} $flag -c $base.c -o $base.o")
      && $self->{said} !~ /\S/;
}

# Does the linker take this flag for a shared library?
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
