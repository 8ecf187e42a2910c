package OpenSSL;

# Finds OpenSSL: in OPENSSL_PREFIX, else where pkg-config says, else where the
# compiler looks by itself.  Explains what is wrong if OpenSSL is missing, too
# old or another library, or if headers and library do not match.

use strict;
use warnings;

use Config;
use File::Spec;

use constant OLDEST => 0x10101000;    # 1.1.1

# Uses only the headers, so that the error can name the library even if it
# lacks the functions used below.
my $HEADERS = <<'C';
#include <openssl/opensslv.h>
#include <openssl/ssl.h>
#include <stdio.h>
int
main(void)
{
#if defined(LIBRESSL_VERSION_NUMBER) || defined(OPENSSL_IS_BORINGSSL) ||      \
    defined(OPENSSL_IS_AWSLC)
	printf("0 %s\n", OPENSSL_VERSION_TEXT);
#else
	printf("%lu %s\n", (unsigned long)OPENSSL_VERSION_NUMBER,
	    OPENSSL_VERSION_TEXT);
#endif
	return 0;
}
C

my $LIBRARY = <<'C';
#include <openssl/ssl.h>
#include <stdio.h>
int
main(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());

	printf("%lu %s\n", OpenSSL_version_num(),
	    OpenSSL_version(OPENSSL_VERSION));
	SSL_CTX_free(ctx);
	return ctx == NULL;
}
C

# Returns a hash of where, cflags, libs, ldflags, number and version; dies with
# the reason.
sub find {
    my ($probe, $prefix) = @_;
    my $found =
      defined $prefix
      ? below_prefix($prefix)
      : pkg_config($probe, 'openssl') || bare();

    check_headers($probe, $found);
    check_library($probe, $found);
    return $found;
}

sub below_prefix {
    my ($prefix) = @_;

    $prefix = File::Spec->rel2abs($prefix);
    die "OPENSSL_PREFIX is '$prefix', which has characters that a Makefile"
      . " cannot use\n"
      if $prefix =~ /["\$`\\#;&|<>*?\s]/;
    my $header = "$prefix/include/openssl/ssl.h";
    die "OPENSSL_PREFIX is '$prefix', but there is no $header\n"
      unless -e $header;
    my ($libdir) = grep { glob "$_/libssl.*" } lib_dirs($prefix);
    die "OPENSSL_PREFIX is '$prefix', but there is no libssl in "
      . join(', ', lib_dirs($prefix)) . "\n"
      unless defined $libdir;
    return {
        where   => "below OPENSSL_PREFIX, $prefix",
        cflags  => "-I$prefix/include",
        libs    => '-lssl -lcrypto',
        ldflags => ldflags($libdir),
    };
}

sub lib_dirs {
    my ($prefix) = @_;
    return ("$prefix/lib64", "$prefix/lib",
        grep { index($_, "$prefix/") == 0 && !m{/lib(?:64)?$} }
          split ' ',
        $Config{libpth});
}

# Returns nothing if there is no pkg-config, or it does not know the package.
sub pkg_config {
    my ($probe, $package) = @_;
    my $tool = $ENV{PKG_CONFIG} || 'pkg-config';
    my %flags;

    $probe->command("$tool --exists $package") or return;
    for my $kind (qw(cflags libs)) {
        $probe->command("$tool --$kind $package") or return;
        $flags{$kind} = join ' ', split ' ', $probe->{said};
    }
    my @dirs = $flags{libs} =~ /(?:^|\s)-L(\S+)/g;
    $flags{libs} =~ s/(?:^|\s)-L\S+//g;
    return {
        where => 'where pkg-config points ('
          . (join(' ', $flags{cflags} || (), map {"-L$_"} @dirs)
              || "the compiler's own folders")
          . ')',
        %flags,
        ldflags => join(' ', map { ldflags($_) } @dirs),
    };
}

sub bare {
    return {
        where =>
          "in the compiler's own folders (pkg-config does not know it)",
        cflags  => '',
        libs    => '-lssl -lcrypto',
        ldflags => '',
    };
}

# The run-time linker searches only the system's folders, so others need an
# rpath.
sub ldflags {
    my ($dir) = @_;
    return "-L$dir" if $dir =~ m{^(?:/usr)?/lib(?:\w*)(?:/|$)};
    return "-L$dir -Wl,-rpath,$dir";
}

sub check_headers {
    my ($probe, $found) = @_;
    my $said = $probe->output_of($HEADERS, $found->{cflags}, '');

    die "looked for the headers (openssl/ssl.h) $found->{where}, and the"
      . " compiler says: ", $probe->complaint, "\n"
      unless defined $said;
    my ($number, $text) = split ' ', $said, 2;
    chomp $text;
    die "looked $found->{where}, and the headers there are not OpenSSL's:"
      . " they say $text; LibreSSL and other forks lack functions that this"
      . " module needs\n"
      unless $number;
    die "looked $found->{where}, and the headers there are too old: $text\n"
      if $number < OLDEST;
    @{$found}{qw(number version)} = ($number, $text);
    return;
}

# A static libcrypto may need these system libraries.
sub check_library {
    my ($probe, $found) = @_;
    my ($said, $complaint);

    for my $more ('', ' -ldl -lpthread') {
        $said = $probe->output_of($LIBRARY, $found->{cflags},
            "$found->{ldflags} $found->{libs}$more");
        if (defined $said) {
            $found->{libs} .= $more;
            last;
        }
        $complaint = $probe->complaint unless defined $complaint;
        last if $probe->failed_at ne 'link';
    }
    die "looked $found->{where}, and found the headers of $found->{version},"
      . " but a program that uses them does not "
      . $probe->failed_at
      . ": $complaint\n"
      unless defined $said;

    my ($number, $text) = split ' ', $said, 2;
    chomp $text;
    die "looked $found->{where}, and found headers and a library that do not"
      . " match: the headers are $found->{version}, the library is $text\n"
      if $number != $found->{number};
    return;
}

1;
