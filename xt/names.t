# Every name of the interface appears in the code of a test: options, methods,
# functions, constants, words.  The lists come from our own tables; names in
# comments and sentences do not count.
use strict;
use warnings;

use B;
use Errno      ();
use File::Find qw(find);
use Socket     ();
use Test::More;

use IO::Socket::SSL;
use IO::Socket::SSL::Intercept;
use IO::Socket::SSL::OCSP_Cache;
use IO::Socket::SSL::OCSP_Resolver;
use IO::Socket::SSL::PublicSuffix;
use IO::Socket::SSL::Utils;

my $US      = 'IO::Socket::SSL';
my $UTILS   = 'lib/IO/Socket/SSL/Utils.pm';
my $CONFIGS = [glob 'src/options/*config.c'];
my @PERL    = ('lib/IO/Socket/SSL.pm', glob 'lib/IO/Socket/SSL/*.pm');

like($INC{'IO/Socket/SSL.pm'}, qr/\bblib\b/, 'the module comes from blib');

# --- our names --------------------------------------------------------------

# The captures of a pattern in these files; with "from", only between that and
# the end of the table.
sub found {
    my ($pattern, $files, $from, $to) = @_;
    my %found;

    for my $text (map { slurp($_) } ref $files ? @$files : $files) {
        if ($from) {
            $to ||= qr/\};|\);/;
            ($text) = $text =~ /$from(.*?)\n(?:$to)/s or next;
        }
        $found{$_} = 1 for grep { defined } $text =~ /$pattern/g;
    }
    return sort keys %found;
}

sub slurp {
    my ($file) = @_;

    open my $in, '<', $file or die "$file: $!\n";
    local $/;
    return scalar <$in>;
}

# The public subs that a package defines; Perl calls those in capitals.
sub methods {
    my ($package) = @_;
    my %not = map { $_ => 1 } qw(bootstrap import for_context resume);
    no strict 'refs';

    return grep { !$not{$_}        && !/^_|^[A-Z_]+(?:_freeze|_thaw)?\z/ }
      grep      { !Socket->can($_) && !Errno->can($_) }
      grep      { is_ours("${package}::$_") } sort keys %{"${package}::"};
}

sub is_ours {
    my ($name) = @_;
    no strict 'refs';

    return
      defined &$name
      && B::svref_2object(\&$name)->GV->STASH->NAME =~ /^\Q$US\E(?!::Utils)/;
}

# Kinds of names: [kind => pattern of the code of a test, names].
my $KEY    = '(?<!\w)%s["\']?(?:\s*=>|\})';
my $METHOD = '(?:->|::)%s\b';
my $WORD   = '(?<![\w$@])%s(?!\w)';
my @kinds  = (
    [
        options => $KEY,
        (
            map { "SSL_$_" }
              found(qr/\b(?:CONTEXT|IDENTITY|PEER)\("(\w+)"/, $CONFIGS)
        ),
        found(qr/"(SSL_[a-z]\w+)/,          [glob 'xs/*.c']),
        found(qr/(?<![\w:])(SSL_[a-z]\w+)/, \@PERL)
    ],
    [
        'short keys of set_defaults' => $KEY,
        found(qr/(\w+)\s*=>/, \@PERL, qr/my %SHORT = \(/)
    ],
    [
        'import words' => $WORD,
        (map { ("debug$_", ":debug$_") } 0 .. 3),
        found(
            qr/'?(:?[\w.-]+)'?\s*=> sub/,
            'lib/IO/Socket/SSL.pm',
            qr/%ON_IMPORT = \(/
        )
    ],
    [exports   => $WORD,  @IO::Socket::SSL::EXPORT],
    [variables => '\$%s', map { "${US}::$_" } qw(ERROR DEBUG VERSION)],
    [
        methods => $METHOD,
        qw(VERSION CAN_IPV6 _get_ssl_object _get_ctx_object), methods($US)
    ],
    (
        map { ["methods of $_" => $METHOD, methods("${US}::$_")] }
          qw(SSL_Context Session_Cache OCSP_Cache OCSP_Resolver Intercept
          PublicSuffix)
    ),
    [
        classes => '%s(?:["\']?->|::|;)',
        map { "${US}::$_" }
          qw(SSL_Context Session_Cache OCSP_Cache Intercept PublicSuffix
          Utils)
    ],
    [
        'functions of Utils' => '(?<!\w)%s\(|\\\\&%s',
        @IO::Socket::SSL::Utils::EXPORT
    ],
    [
        'keys of a socket' => $KEY,
        map { "_SSL_$_" }
          qw(arguments object ctx opened fileno read_closed write_closed
          ioclass_upgraded)
    ],
    ['keys of a context' => $KEY,  qw(context session_cache)],
    ['what is_SSL says'  => $WORD, qw(rw r w)],
    [
        'what eof_reason says' => $WORD,
        found(qr/newSVpvs\("(\w+)"\)/, 'SSL.xs', qr/\neof_reason/, qr/\n/)
    ],
    ['arguments of IO::Socket' => $KEY,  qw(Timeout Blocking Domain Family)],
    ['builtins on a handle' => '\b%s\b', qw(binmode tell fileno eof select)],
    [environment => $WORD, qw(SSL_CERT_FILE SSL_CERT_DIR OPENSSL_CONF)],
    ['what the filter of arguments may be' => $WORD, 'use_defaults'],
    [
        'protocols' => $WORD,
        qw(SSLv23),
        found(
            qr/"([\w.]+)"/, 'src/options/version.c',
            qr/protocols\[PROTOCOLS\] = \{/
        )
    ],
    [
        schemes => $WORD,
        found(
            qr/"(\w+)"/, 'src/names/scheme.c',
            qr/scheme_row schemes\[\] = \{/
        )
    ],
    [
        'words of schemes' => $WORD,
        qw(callback check_cn wildcards_in_alt wildcards_in_cn ip_in_cn),
        map {
            found(
                qr/\{ "(\w+)"/,
                'src/names/scheme.c',
                qr/${_}_words\[\] = \{/
            )
        } qw(cn wildcard ip)
    ],
    [
        'digests of fingerprints' => $WORD,
        found(qr/\{ "(\w+)", \d+/, 'src/options/fingerprint.c')
    ],
    [
        'fields of certificates' => $WORD,
        found(qr/\{ "(\w+)", FIELD_/, 'xs/conninfo.c')
    ],
    [
        'keys of CERT_asHash' => $KEY,
        found(
            qr/\b(?:store\w*|push_word)\(aTHX_ [\w.>-]+, "(\w+)"/,
            'xs/cert_hash.c'
        ),
        found(qr/\{ "(\w+)", ISS_CERT_/, 'xs/cert_hash.c'),
        map { "${_}sha256" }
          found(qr/sv_setpvf\(key, "(\w+_)%s"/, 'xs/cert_hash.c')
    ],
    [
        'types of names' => $WORD,
        found(qr/\{ "(\w+)", (?:true|false) \}/, 'src/x509/altname.c')
    ],
    [
        'keys of CERT_create' => $KEY,
        found(qr/^ +(\w+) *=>/m, $UTILS, qr/\nmy %ARGUMENT = \(/),
        map { split }
          found(qr/qw\(([^)]*)\)/, $UTILS, qr/\nmy %ARGUMENT = \(/)
    ],
    [
        purposes => $WORD,
        found(qr/\{ "(\w+)", /, 'src/x509/purposes.c', qr/ words\[\] = /)
    ],
    [
        'keys of Intercept' => $KEY,
        qw(serial cache),
        map { ($_, "${_}_file") } found(
            qr/_load\(\\%args, '(\w+)'/, 'lib/IO/Socket/SSL/Intercept.pm'
        )
    ],
    ['keys of PublicSuffix' => $KEY, 'min_suffix'],
);

# --- the code of the tests --------------------------------------------------

# Perl code without comments, POD and strings of several words, which are
# sentences unless they contain code.
sub code_of {
    my ($text) = @_;

    $text =~ s/^__(?:END|DATA)__\n.*//ms;
    $text =~ s/^=\w.*?^=cut$//msg;
    $text =~ s/^\s*#.*//mg;
    $text =~ s/\s#\s.*//mg;
    $text =~
s{("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')}{is_sentence($1) ? "''" : $1}ge;
    return $text;
}

sub is_sentence {
    my ($string) = @_;

    return $string =~ /\s/ && $string !~ /;|->\w+\(/;
}

sub code_of_c {
    my ($text) = @_;

    $text =~ s{/\*.*?\*/}{}sg;
    return $text;
}

my $code = '';
my %listed;    # words of qw lists, and strings of one word

find(
    {
        no_chdir => 1,
        wanted   => sub {
            $code .= code_of(slurp($_))   if /\.(?:t|pm)\z/;
            $code .= code_of_c(slurp($_)) if /\.c\z/;
        }
    },
    't'
);
$listed{$_} = 1 for map { split } $code =~ /\bqw\s*[(\[\/{]([^)\]\/}]*)/g;
$listed{$2} = 1 while $code             =~ /(["'])(:?[\w.-]+)\1/g;

for my $kind (@kinds) {
    my ($what, $pattern, @names) = @$kind;

    cmp_ok(scalar @names, '>', 0, "there are $what");
    for my $name (sort { $a cmp $b } keys %{ { map { $_ => 1 } @names } }) {
        (my $look = $pattern) =~ s/%s/\Q$name\E/g;
        ok($listed{$name} || $code =~ $look, "$what: $name");
    }
}
done_testing;
