package Rules;

# The parts of our Makefile that MakeMaker does not write: a rule for each
# object, and the targets for developers.

use strict;
use warnings;

# glob sorts
sub core_sources { return glob 'src/*/*.c' }
sub glue_sources { return glob 'xs/*.c' }

sub object_of {
    my ($source) = @_;
    return $source =~ s/\.c$/\$(OBJ_EXT)/r;
}

sub text {
    my ($build) = @_;
    return join "\n", macros($build),
      (map { rule($_, 'ISS_CORE_CC',        '$(ISS_SRC_H)') } core_sources()),
      (map { rule($_, 'ISS_HIDDEN_GLUE_CC', '$(ISS_GLUE_H)') }
          glue_sources()),
      targets();
}

sub macros {
    my ($build)     = @_;
    my $src_headers = join ' ', glob 'src/*/*.h';
    my $xs_headers  = join ' ', glob 'xs/*.h';
    my $xs_includes = join ' ', glob 'xs/*.xsi';

    return <<"MAKE";
ISS_INC = $build->{cflags}
ISS_LDFLAGS = $build->{ldflags}
ISS_SRC_H = $src_headers
ISS_GLUE_H = \$(ISS_SRC_H) $xs_headers ppport.h
ISS_DEFINE_VERSION = -DVERSION=\\"\$(VERSION)\\" \\
	-DXS_VERSION=\\"\$(XS_VERSION)\\"

# The core: the compiler cannot find Perl's headers.
ISS_CORE_CC = \$(CC) -c $build->{standard} $build->{abi} \$(CCCDLFLAGS) \\
	\$(OPTIMIZE) $build->{warnings} $build->{hidden} \$(DEFINE) \\
	-Isrc \$(ISS_INC)

# The glue: our folders come before Perl's flags, which may name a folder with
# another OpenSSL.
ISS_GLUE_CC = \$(CC) -c -I. -Isrc \$(ISS_INC) \$(INC) \$(CCFLAGS) \\
	\$(CCCDLFLAGS) \$(OPTIMIZE) $build->{warnings} \$(DEFINE) \\
	\$(ISS_DEFINE_VERSION) $build->{perl_inc}"\$(PERL_INC)"
ISS_HIDDEN_GLUE_CC = \$(ISS_GLUE_CC) $build->{hidden}

# Not hidden: boot_ must be visible, and xsubpp makes everything else static.
\$(BASEEXT)\$(OBJ_EXT) : \$(BASEEXT).c \$(ISS_GLUE_H)
	\$(ISS_GLUE_CC) \$(BASEEXT).c -o \$\@

\$(BASEEXT).c : \$(BASEEXT).xs typemap $xs_includes
MAKE
}

sub rule {
    my ($source, $compile, $headers) = @_;
    my $object = object_of($source);
    return "$object : $source $headers\n\t\$($compile) $source -o \$\@\n";
}

sub targets {
    return <<'MAKE';
# For developers.
lint : all
	sh inc/lint

memcheck : all
	sh inc/memcheck $(TEST_FILES)

sanitize :
	sh inc/sanitize

faults : all
	ISS_FAULTS=all ISS_CORE_ONLY=^faults- ISS_TEST_DEADLINE=7200 \
		prove -bv t/core.t

tsan : all
	sh inc/tsan

clang :
	sh inc/clang

matrix :
	ROOTS="$(ROOTS)" MATRIX_TESTS="$(MATRIX_TESTS)" sh inc/matrix

bare :
	ROOTS="$(ROOTS)" sh inc/bare-roots

fuzz :
	SECONDS_EACH="$(SECONDS)" TARGETS="$(TARGETS)" sh inc/fuzz

fuzz-coverage :
	TARGETS="$(TARGETS)" sh inc/fuzz coverage

limbo : all
	$(FULLPERL) -Mblib inc/limbo.pl $(LIMBO)

.PHONY : lint memcheck sanitize faults tsan clang matrix bare fuzz fuzz-coverage limbo
MAKE
}

1;
