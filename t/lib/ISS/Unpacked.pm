# Packages that runtests has unpacked in the folder of an environment variable:
# their programs, libraries and Perl modules, beside those that are installed.
#
#   use ISS::Unpacked 'ISS_TEST_TPM';    # first
#   my $swtpm = ISS::Unpacked->find('ISS_TEST_TPM', 'swtpm');
package ISS::Unpacked;

use strict;
use warnings;

use ISS::Program;

# The loader looks at LD_LIBRARY_PATH when a program starts, so this one starts
# once more.
sub import {
    my ($class, $variable) = @_;

    my $root = $class->root($variable);
    return if !length $root;
    unshift @INC, grep { -d } map { glob "'$root'$_" } qw(/usr/lib/*/perl5/*
      /usr/share/perl5);
    return if $ENV{ISS_TEST_LOADS}++;
    local $ENV{LD_LIBRARY_PATH} = join ':',
      (grep { -d } map { glob "'$root'$_" } qw(/usr/lib/*-* /usr/lib/*-*/*)),
      grep { defined } $ENV{LD_LIBRARY_PATH};
    exec $^X, (map { "-I$_" } @INC), $0 or die "$^X: $!";
}

# The folder, or '' if everything must be installed.
sub root {
    my ($class, $variable) = @_;
    return $ENV{$variable} || '';
}

# The path of a program, or undef.
sub find {
    my ($class, $variable, $name) = @_;

    my $path = $class->root($variable) . "/usr/bin/$name";
    return -x $path ? $path : ISS::Program->find($name);
}

1;
