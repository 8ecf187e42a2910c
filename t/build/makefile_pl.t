# Makefile.PL without a usable OpenSSL (missing, something else, or headers
# and libraries of different versions): it prints the reason and the remedy in
# one paragraph, writes no Makefile and exits with 0, as CPAN testers expect.
# The OpenSSLs are fake: two small headers and two small libraries.

use strict;
use warnings;

use Config;
use File::Basename qw(dirname);
use File::Copy     qw(copy);
use File::Path     qw(mkpath);
use File::Temp     qw(tempdir);
use Test::More;

delete @ENV{qw(OPENSSL_PREFIX PERL_MM_OPT LD_PRELOAD)};
plan skip_all => 'not the checkout: no Makefile.PL' unless -e 'Makefile.PL';
plan skip_all => "no C compiler: '$Config{cc}' does not work"
  unless compiles('probe.c', 'int main(void) { return 0; }', '-c');

my $perl = $^X =~ m{^/} ? $^X : $Config{perlpath};
my $tree = copy_of_what_it_reads();
my $none = tempdir(CLEANUP => 1) . '/none';

refused(
    'a prefix that is not there',
    [], qr{'\Q$none\E', but there is no \Q$none\E/include/openssl/ssl\.h},
    "OPENSSL_PREFIX=$none"
);
{
    local $ENV{OPENSSL_PREFIX} = $none;
    refused('the same from the environment',
        [], qr{there is no \Q$none\E/include/openssl/ssl\.h});
}
my $headers_only = openssl(header => 0x30000020);
unlink glob "$headers_only/lib/*";
refused(
    'a prefix without a library',
    [],
    qr{there is no libssl in \Q$headers_only\E/lib64, },
    "OPENSSL_PREFIX=$headers_only"
);
refused('LibreSSL', [], qr{not OpenSSL's: they say Made-Up 20000000},
    'OPENSSL_PREFIX='
      . openssl(header => 0x20000000, define => 'LIBRESSL_VERSION_NUMBER'));
refused(
    'OpenSSL 1.0.2',
    [],
    qr{headers there are too old: Made-Up 100020bf},
    'OPENSSL_PREFIX=' . openssl(header => 0x100020bf)
);
refused(
    'headers and library of different versions',
    [],
    qr{the headers are Made-Up 30000020, the library is Made-Up 30500010},
    'OPENSSL_PREFIX=' . openssl(header => 0x30000020, library => 0x30500010)
);
refused(
    'a library that lacks what the headers promise',
    [],
    qr{found the headers of Made-Up 30000020, but a program .* not link},
    'OPENSSL_PREFIX='
      . openssl(header => 0x30000020, library_source => 'int nothing;')
);
refused(
    'a path with a blank in it',
    [],
    qr{characters that a Makefile cannot use},
    "OPENSSL_PREFIX=$none/with blank"
);
refused(
    'no headers anywhere',
    [PKG_CONFIG => 'false'],
    qr{openssl/ssl\.h\) in the compiler's own folders .* compiler says: \S},
    "CC=$Config{cc} -nostdinc"
);
refused('no compiler', [],
    qr{^The C compiler does not work: '\Q$none\E/cc' says: \S},
    "CC=$none/cc");

my $good = openssl(header => 0x30000020, library => 0x30000020);
my ($status, $said) = makefile_pl("OPENSSL_PREFIX=$good");
is $status, 0, 'a good prefix is accepted';
like $said, qr{^OpenSSL: Made-Up 30000020, below OPENSSL_PREFIX, \Q$good\E$}m,
  'and told';
my $makefile = slurp("$tree/Makefile");
like $makefile, qr{^ISS_INC = -I\Q$good\E/include}m, 'its headers are used';
like $makefile, qr{^ISS_LDFLAGS = -L\Q$good/lib -Wl,-rpath,$good/lib\E}m,
  'its libraries are used, and found again when the module is loaded';
like $makefile, qr{\$\(ISS_LDFLAGS\) \$\(LDDLFLAGS\)},
  'before a folder that Perl was configured with';
like $makefile, qr{Makefile\.PL .*"OPENSSL_PREFIX=\Q$good\E"},
  'a Makefile that writes itself anew remembers the prefix';
like slurp("$tree/build-flags"), qr{^OPENSSL_PREFIX=\Q$good\E$}m,
  'build-flags tell the prefix';

my ($parent, $name) = $good =~ m{(.*)/(.*)};
symlink $good, "$tree/$name" or die "symlink: $!\n";
($status, $said) = makefile_pl("OPENSSL_PREFIX=$name");
like slurp("$tree/Makefile"), qr{rpath,\S+/\Q$name\E/lib\b},
  'a relative prefix becomes an absolute one';
done_testing;

# refused NAME, ENVIRONMENT, REASON, ARGUMENT...
sub refused {
    my ($name, $env, $reason, @arg) = @_;

    subtest $name => sub {
        spew("$tree/Makefile", "stale:\n");
        local %ENV = (%ENV, @{$env});
        my ($status, $said) = makefile_pl(@arg);
        (my $text = $said) =~ s/^\n+|\n+\z//g;
        my $line = join ' ', split ' ', $text;

        is $status, 0, 'success';
        ok !-e "$tree/Makefile",    'no Makefile, not even an older one';
        ok !-e "$tree/build-flags", 'no build-flags either';
        like $line,   $reason,  'the reason';
        unlike $text, qr/\n\n/, 'one paragraph';
        like $line, qr/apt-get install .*dnf install .*apk add .*mac/i,
          'what to install';
        like $line, qr/No Makefile was written\.\z/, 'and the outcome';
        unlike $line, qr/ line \d+\.| at \S+\.p[lm] /,
          'nothing about our own code';
    };
    return;
}

sub makefile_pl {
    my @arg = @_;
    my $log = "$tree/log";

    defined(my $pid = fork) or die "fork: $!\n";
    if (!$pid) {
        chdir $tree or die "$tree: $!\n";
        open STDIN,  '<',  '/dev/null' or die "STDIN: $!\n";
        open STDOUT, '>',  $log        or die "$log: $!\n";
        open STDERR, '>&', \*STDOUT    or die "STDERR: $!\n";
        exec $perl, 'Makefile.PL', @arg or die "$perl: $!\n";
    }
    waitpid $pid, 0;
    return ($?, slurp($log));
}

sub copy_of_what_it_reads {
    my $dir = tempdir(CLEANUP => 1);

    for my $file ('Makefile.PL', 'MANIFEST', 'SSL.xs', 'typemap',
        'lib/IO/Socket/SSL.pm', glob 'inc/*.pm')
    {
        next unless -e $file;
        mkpath("$dir/" . dirname($file));
        copy($file, "$dir/$file") or die "$file: $!\n";
    }
    return $dir;
}

# A prefix with headers of one version and libraries of another.
sub openssl {
    my %arg    = (library => 0, define => 'MADE_UP', @_);
    my $prefix = tempdir(CLEANUP => 1);
    my $header = sprintf '0x%xL',      $arg{header};
    my $text   = sprintf 'Made-Up %x', $arg{header};

    mkpath(["$prefix/include/openssl", "$prefix/lib"]);
    spew("$prefix/include/openssl/opensslv.h", <<"H");
#define $arg{define} 1
#define OPENSSL_VERSION_NUMBER $header
#define OPENSSL_VERSION_TEXT "$text"
H
    spew("$prefix/include/openssl/ssl.h", <<'H');
#include <openssl/opensslv.h>
typedef struct ssl_ctx_st SSL_CTX;
enum { OPENSSL_VERSION };
SSL_CTX *SSL_CTX_new(const void *);
void SSL_CTX_free(SSL_CTX *);
const void *TLS_method(void);
unsigned long OpenSSL_version_num(void);
const char *OpenSSL_version(int);
H
    my $source = $arg{library_source} || sprintf <<'C', ($arg{library}) x 2;
#include <openssl/ssl.h>
SSL_CTX *SSL_CTX_new(const void *m) { return (SSL_CTX *)m; }
void SSL_CTX_free(SSL_CTX *c) { (void)c; }
const void *TLS_method(void) { return "method"; }
unsigned long OpenSSL_version_num(void) { return 0x%xUL; }
const char *OpenSSL_version(int t) { (void)t; return "Made-Up %x"; }
C
    for my $lib (["$prefix/lib/libssl.$Config{so}", $source],
        ["$prefix/lib/libcrypto.$Config{so}", 'int nothing_at_all;'])
    {
        compiles("$prefix/lib.c", $lib->[1],
            "-I$prefix/include $Config{cccdlflags} -shared -o $lib->[0]")
          or die "cannot make $lib->[0]\n";
    }
    return $prefix;
}

sub compiles {
    my ($file, $source, $flags) = @_;
    my $dir = tempdir(CLEANUP => 1);

    $file = "$dir/$file" unless $file =~ m{/};
    spew($file, $source);
    $flags .= " -o $dir/probe.o" unless $flags =~ /-o /;
    return system("$Config{cc} $file $flags") == 0;
}

sub spew {
    my ($file, $text) = @_;
    open my $out, '>', $file or die "$file: $!\n";
    print {$out} $text;
    close $out or die "$file: $!\n";
    return;
}

sub slurp {
    my ($file) = @_;
    open my $in, '<', $file or return '';
    local $/;
    my $text = <$in>;
    return $text;
}
