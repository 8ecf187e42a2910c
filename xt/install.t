# The tarball of make dist, unpacked elsewhere, builds and installs; what is
# installed is complete, has nothing else, and works when the folder that it was
# built in is gone.
use strict;
use warnings;

use Config;
use Cwd                qw(getcwd realpath);
use ExtUtils::Manifest qw(manicopy maniread);
use File::Find         ();
use File::Path         qw(remove_tree);
use File::Temp         qw(tempdir);
use JSON::PP           qw(decode_json);
use Test::More;

$SIG{ALRM} = sub { die "no end after 20 minutes\n" };
alarm 1200;

plan skip_all => 'not built here: no Makefile' if !-e 'Makefile';

delete @ENV{qw(PERL5LIB PERL5OPT PERL_MM_OPT PERL_MB_OPT LD_PRELOAD)};
my $MAKE = $Config{make};
my $HERE = getcwd();
my $TMP  = realpath(tempdir(CLEANUP => 1));
my $BASE = "$TMP/base";
my %want = map { $_ => 1 } wanted();

END { chdir '/' }    # so that the temporary folder can be removed

my $tree = unpacked_tarball();
chdir $tree or BAIL_OUT("$tree: $!");

# Quick to compile; with the OpenSSL that this Makefile has.
my ($prefix) = slurp("$HERE/build-flags") =~ /^OPENSSL_PREFIX=(.+)/m;
my $said = must($^X, 'Makefile.PL', "INSTALL_BASE=$BASE", 'OPTIMIZE=-O0',
    defined $prefix ? "OPENSSL_PREFIX=$prefix" : ());
like($said, qr/^Looks good$/m, 'Makefile.PL finds all files of MANIFEST');
unlike($said, qr/^Warning/mi, '... and warns of nothing');
must($MAKE, '-j2');

# A package builder's way, with the same files.
must($MAKE, 'install', "DESTDIR=$TMP/destdir");
is_deeply([differences("$TMP/destdir$BASE")],
    [], 'make install DESTDIR= installs every file, and no other');
must($MAKE, 'install');
is_deeply([differences($BASE)],
    [], 'INSTALL_BASE= installs every file, and no other');
works_without($tree);
done_testing;

# --- what is to be installed -------------------------------------------------

# As paths below INSTALL_BASE, without the folder of the architecture.
sub wanted {
    my @lib = files_in('lib');
    return (
        'bin/iossl-check',
        'man/man1/iossl-check.' . $Config{man1ext},
        map({ "lib/perl5/$_" } @lib),
        map({ 'man/man3/' . s{/}{::}gr =~ s/pod\z/$Config{man3ext}/r }
            grep { /\.pod\z/ } @lib),
        map { "lib/perl5/auto/IO/Socket/SSL/$_" } '.packlist',
        "SSL.$Config{dlext}"
    );
}

sub differences {
    my ($base) = @_;

    my %there =
      map { s{^lib/perl5/\Q$Config{archname}\E/}{lib/perl5/}r => 1 }
      files_in($base);

    # MakeMaker writes these in some cases only.
    delete @there{
        qw(lib/perl5/perllocal.pod
          lib/perl5/auto/IO/Socket/SSL/SSL.bs)
    };
    return (
        map({ "missing: $_" } grep { !$there{$_} } sort keys %want),
        map { "too much: $_" } grep { !$want{$_} } sort keys %there
    );
}

# --- the tarball --------------------------------------------------------------

# make dist in a copy, because it writes into the folder that it runs in.
sub unpacked_tarball {
    $ExtUtils::Manifest::Quiet = 1;
    manicopy(maniread(), "$TMP/copy", 'cp');
    chdir "$TMP/copy" or BAIL_OUT("$TMP/copy: $!");
    must($^X,   'Makefile.PL');
    must($MAKE, 'dist');
    my ($tarball) = glob "$TMP/copy/IO-Socket-SSL-*.tar.gz";
    ok($tarball, 'make dist makes a tarball') or BAIL_OUT('no tarball');

    mkdir "$TMP/from tarball" or BAIL_OUT("mkdir: $!");
    chdir "$TMP/from tarball";
    must("gzip -dc '$tarball' | tar xf -");
    my ($name) = $tarball =~ m{([^/]+)\.tar\.gz\z};
    is_deeply([glob '*'], [$name], '... with one folder, named as it is');
    ok(same_as_manifest($name), '... with the files of MANIFEST');

    my $meta = decode_json(slurp("$name/META.json"));
    is($meta->{name}, 'IO-Socket-SSL',          'META.json has the name');
    is("$meta->{name}-$meta->{version}", $name, '... and the version');
    is($meta->{provides}{'IO::Socket::SSL'}{file},
        'lib/IO/Socket/SSL.pm', '... and where the modules are');
    is_deeply(
        [
            grep { !-e "$name/$_" }
            map  { $_->{file} } values %{ $meta->{provides} }
        ],
        [],
        '... all of them'
    );
    rename $name, "$TMP/built" or BAIL_OUT("rename: $!");
    chdir $TMP;
    remove_tree("$TMP/copy", "$TMP/from tarball");
    return "$TMP/built";
}

sub same_as_manifest {
    my ($folder) = @_;

    my %listed = map { /^(\S+)/ ? ($1 => 1) : () } split /\n/,
      slurp("$folder/MANIFEST");
    my %there = map { $_ => 1 } files_in($folder);
    my @wrong = (
        map({ "missing: $_" } grep { !$there{$_} } sort keys %listed),
        map { "too much: $_" } grep { !$listed{$_} } sort keys %there
    );
    diag $_ for @wrong;
    return !@wrong;
}

# --- it works -----------------------------------------------------------------

sub works_without {
    my ($built) = @_;

    my %pods = map { $_ => slurp("$BASE/$_") } grep { m{^man/} } keys %want;
    for my $page (sort keys %pods) {
        like($pods{$page}, qr/^\.SH "?NAME"?/m, "$page has a name");
        unlike($pods{$page}, qr/POD ERRORS/, '... and no errors of POD');
    }
    my @inside = grep { !m{\.packlist\z} } files_in($BASE);
    is_deeply([grep { slurp("$BASE/$_") =~ /\Q$built\E/ } @inside],
        [], 'no installed file names the folder that it was built in');
    chdir '/';
    remove_tree($built);

    my @perl = ($^X, "-I$BASE/lib/perl5", '-w');
    my ($status, $out) = run(@perl, program());
    is($status, 0, 'a program with the installed module ends well');
    like($out, qr/^hello over TLSv1\.\d\n\z/, '... after a handshake')
      or diag $out;

    # The script finds the module by PERL5LIB, as INSTALL_BASE wants it.
    local $ENV{PERL5LIB} = "$BASE/lib/perl5";
    my $check = "$BASE/bin/iossl-check";
    ok(-x $check, 'iossl-check can be executed');
    ($status, $out) = run($check, '--help');
    is($status, 0, '--help ends well');
    like(
        $out,
        qr/^SYNOPSIS\n +iossl-check .*^OPTIONS\n/ms,
        '... and explains its options'
    );

    ($status, $out) = run(@perl, program("$check --name localhost"));
    like(
        $out,
        qr/: BAD, .*^BAD    The certificate is .*self-signed/ms,
        'it reports on a server with a self-signed certificate'
    ) or diag $out;
    return;
}

# A program with a server of its own; it talks to it, or runs a command with its
# address.
sub program {
    my ($command) = @_;

    my $file = "$TMP/program.pl";
    open my $out, '>', $file or die "$file: $!\n";
    print {$out} "my \$COMMAND = '", $command || '', "';\n", <<'PERL';
use strict;
use IO::Socket::SSL;
use IO::Socket::SSL::Utils;

my ($cert, $key) = CERT_create(
    subject         => { commonName => 'localhost' },
    subjectAltNames => [[DNS => 'localhost']],
    purpose         => 'server'
);
my $server = IO::Socket::SSL->new(
    LocalAddr => '127.0.0.1:0',
    Listen    => 10,
    SSL_cert  => $cert,
    SSL_key   => $key
) or die "cannot serve: $@\n";
my $address = '127.0.0.1:' . $server->sockport;
defined(my $pid = fork) or die "fork: $!\n";
if (!$pid) {
    $SIG{ALRM} = 'DEFAULT';
    alarm 600;
    while (1) {
        my $client = $server->accept or next;
        print {$client} 'hello over ', $client->get_sslversion =~ tr/_/./r,
          "\n";
        close $client;
    }
}
close $server;
if ($COMMAND) {
    system "$COMMAND $address";
}
else {
    my $sock = IO::Socket::SSL->new(
        PeerAddr     => $address,
        SSL_hostname => 'localhost',
        SSL_ca       => $cert
    ) or warn "cannot connect: $@\n";
    print <$sock>;
}
kill TERM => $pid;
waitpid $pid, 0;
PERL
    close $out or die "$file: $!\n";
    return $file;
}

# --- tools -------------------------------------------------------------------

sub files_in {
    my ($folder) = @_;
    my @files;
    File::Find::find(
        {
            no_chdir => 1,
            wanted => sub { push @files, substr $_, 1 + length $folder if -f }
        },
        $folder
    );
    return sort @files;
}

sub slurp {
    my ($file) = @_;
    open my $in, '<', $file or die "$file: $!\n";
    local $/;
    return scalar <$in>;
}

# (wait status, what it printed).
sub run {
    my @command = @_;

    @command = ('/bin/sh', '-c', @command) if @command == 1;
    open my $in, '-|', '/bin/sh', '-c', 'exec "$@" 2>&1 </dev/null', 'sh',
      @command
      or die "@command: $!\n";
    my $out = do { local $/; <$in> };
    close $in;
    return ($?, defined $out ? $out : '');
}

sub must {
    my @command = @_;

    my ($status, $out) = run(@command);
    BAIL_OUT("@command: $out") if $status;
    return $out;
}
