# Code of the manual that is no whole program: a test gives it what it needs, and
# looks at what it does.  A paragraph before the code names it:
#
#   =for test piece NAME
#
#   try_pieces(SSL => {
#       NAME => sub {
#           my ($piece) = @_;
#           my $code = $piece->code(before => 'my ($sock) = @_;');
#           is($code->($sock), ...);
#       },
#   });
#
# Every piece of that POD must have such a sub, or be named after them: then
# another file has it.
package ISS::Piece;

use strict;
use warnings;

use Carp     qw(croak);
use Cwd      qw(getcwd);
use Exporter qw(import);
use File::Spec;
use ISS::Pod;
use ISS::Program;
use Test::More;

our @EXPORT = qw(try_pieces printed in_folder here);

my $rooms = 0;

sub try_pieces {
    my ($pod, $subs, @others) = @_;

    my @pieces = grep { $_->{kind} eq 'piece' } blocks_of(pods()->{$pod});
    my %named  = map  { $_->{name} => $_ } @pieces;
    is_deeply(
        [sort keys %named],
        [sort(keys(%$subs), @others)],
        "$pod: each piece has a test"
    );
    is(scalar keys %named, scalar @pieces, '... and a name of its own');
    for my $piece (@pieces) {
        my $try = $subs->{ $piece->{name} } or next;
        bless $piece, __PACKAGE__;
        $piece->{where} = "$pod.pod";
        subtest "$pod.pod, line $piece->{line}: $piece->{name}" =>
          sub { $try->($piece) };
    }
    return;
}

sub text { return $_[0]{text} }

# A sub of this code, with more before and after it.
#
#   as      the code, if it is not that of the manual as it stands
#   dots    what stands for "..." in it
sub code {
    my ($self, %arg) = @_;

    my $text = defined $arg{as} ? $arg{as} : $self->{text};
    $text =~ s/^([^#\n]*)\.\.\.(?=\s)/$1$arg{dots}/m
      if defined $arg{dots};
    my $whole = join "\n",
      'package ISS::Piece::Room' . ++$rooms . ';',
      'use strict; use warnings; use IO::Socket::SSL qw(:DEFAULT SSL_LATER);',
      'use IO::Socket::SSL::Utils;',
      'sub {', $arg{before} || '', qq{#line $self->{line} "$self->{where}"},
      $text, $arg{after} || '', '}';
    my $sub = eval $whole;    ## no critic (ProhibitStringyEval)
    croak "$self->{where}, line $self->{line}: $@" if !$sub;
    return $sub;
}

# The list that the code is: arguments.
sub list {
    my ($self, %arg) = @_;
    return $self->code(as => "(\n$self->{text}\n)", %arg)
      ->(@{ $arg{with} || [] });
}

# The code in a perl of its own: (exit status, output).
sub alone {
    my ($self, %arg) = @_;

    my ($status, $said) = ISS::Program->run(
        [
            $^X,
            map({ "-I$_" }
                map { File::Spec->rel2abs($_) } grep { !ref } @INC),
            '-e',
            join "\n",
            $arg{before} || '',
            $self->{text},
            $arg{after} || ''
        ],
        env => $arg{env} || {}
    );
    return ($status >> 8, $said);
}

# --- tools for these subs ---------------------------------------------------

# What the sub prints.
sub printed {
    my ($code, @args) = @_;

    open my $out, '>', \my $text or die $!;
    my $before = select $out;
    my $lived  = eval { $code->(@args); 1 };
    select $before;
    die $@ if !$lived;
    return $text;
}

# Run a sub in a folder with these files: name => content.
sub in_folder {
    my ($dir, $files, $code) = @_;

    for my $name (keys %$files) {
        open my $out, '>', "$dir/$name" or die "$dir/$name: $!";
        print {$out} $files->{$name};
        close $out or die $!;
        chmod 0600, "$dir/$name";
    }
    my $here = getcwd();
    chdir $dir or die $!;
    my @result = eval { $code->() };
    my $error  = $@;
    chdir $here or die $!;
    die $error if $error;
    return @result;
}

# The code listens on a port of loopback instead of this one.
sub here {
    my ($text, $port) = @_;
    $text =~ s/LocalPort( *)=> $port/LocalAddr$1=> '127.0.0.1:0'/
      || $text =~ s/'0\.0\.0\.0:$port'/'127.0.0.1:0'/
      || croak "no port $port";
    return $text;
}

1;
