# quickstart and runtests on other systems: the command of the package manager
# that they run, or tell the user to run.  The programs are stubs that log
# their arguments.
use strict;
use warnings;

use File::Temp qw(tempdir);
use Test::More;

plan skip_all => 'not in a checkout' if !-e 'inc/common.sh';

my $tools = tempdir(CLEANUP => 1);
my $log   = "$tools/log";

sub stub {
    my ($name, $code) = @_;
    open(my $out, '>', "$tools/bin/$name") or die "$name: $!";
    print $out "#!/bin/sh\necho \"$name \$*\" >>$log\n$code\n";
    close $out or die "$name: $!";
    chmod 0755, "$tools/bin/$name" or die "$name: $!";
    return;
}

# A run on a system with these programs: (exit status, output, calls).
sub told {
    my (%system) = @_;

    mkdir "$tools/bin" or die $!;
    for my $name (qw(sed grep cat rm chmod mktemp tail)) {
        my ($path) = grep { -x } map { "$_/$name" } split /:/, $ENV{PATH};
        symlink $path, "$tools/bin/$name" or die "$name: $!";
    }
    stub(id    => "echo $system{uid}");
    stub(uname => 'echo ' . ($system{uname} || 'Linux'));
    stub($_    => $system{programs}{$_}) for keys %{ $system{programs} };
    unlink $log;
    my $said =
`PATH=$tools/bin /bin/sh -c 'set -eu; . inc/common.sh; $system{do}' 2>&1`;
    my $status = $? >> 8;
    open(my $in, '<', $log) or die "$log: $!";
    my @calls = grep { !/^(?:id|uname) / } <$in>;
    chomp @calls;
    unlink glob "$tools/bin/*";
    rmdir "$tools/bin" or die $!;
    return ($status, $said, @calls);
}

# The programs of each package manager, which has no package installed; its
# query, and the pattern of the command that installs.
my %SYSTEM = (
    Fedora => {
        uid      => 0,
        programs => { dnf => 'exit 0', rpm => 'exit 1' },
        install  =>
qr/^dnf install -y perl-interpreter perl-devel .*\bgcc make openssl-devel /,
        tests => qr/^dnf install -y nginx openssl curl /,
    },
    Alpine => {
        uid      => 0,
        programs => { apk => 'if [ "$1" = info ]; then exit 1; fi; exit 0' },
        install  => qr/^apk add perl perl-dev gcc musl-dev make openssl-dev /,
        tests    => qr/^apk add nginx openssl curl /,
    },
    macOS => {
        uid      => 501,        # Homebrew refuses root
        uname    => 'Darwin',
        programs => {
            brew => 'case $1 in --prefix) echo /opt/openssl;; '
              . 'list) exit 1;; esac'
        },
        install => qr/^brew install openssl\@3 pkgconf libidn2 libpsl$/,
        tests   => qr/^brew install nginx curl /,
    },
);
for my $name (sort keys %SYSTEM) {
    my %system = %{ $SYSTEM{$name} };
    my ($status, $said, @calls) = told(%system, do => 'provide_build');
    is($status, 0, "$name: the packages of the build are installed")
      or diag $said;
    is(scalar(grep { $_ =~ $system{install} } @calls),
        1, '... by one command')
      or diag join "\n", @calls;
    like($said, qr/^== installing \S.* \(\w+\)$/m, '... with a message');

    ($status, $said, @calls) = told(%system, do => 'provide tests');
    is($status, 0, "$name: and those of the tests");
    is(scalar(grep { $_ =~ $system{tests} } @calls), 1, '... by one command')
      or diag join "\n", @calls;

    # A user who is not root.
    $system{uid} = $system{uid} ? 0 : 501;
    ($status, $said, @calls) = told(%system, do => 'provide_build');
    is($status, 1, "$name: a user who is not root gets an error");
    my ($command) = $said =~ /^    (\S.*)$/m;
    my $sudo = $name eq 'macOS' ? '' : 'sudo ';
    like($command, qr/^\Q$sudo\E/, '... with the command to run');
    like(substr($command, length $sudo),
        $system{install}, '... and its packages');
    ok(!(grep { /install|add/ } @calls), '... and nothing was installed')
      or diag join "\n", @calls;
}

# If everything is installed already, nothing is installed.
my ($status, $said, @calls) = told(
    uid      => 0,
    programs => { dnf => 'exit 0', rpm => 'exit 0' },
    do       => 'provide_build'
);
is($status, 0, 'with everything installed');
ok(!(grep { /install/ } @calls), '... nothing is installed');

($status, $said, @calls) = told(
    uid      => 0,
    programs => {
        dnf => 'echo "Could not resolve host: mirrors.example" >&2; exit 1',
        rpm => 'exit 1'
    },
    do => 'provide_build'
);
is($status, 1, 'without a network');
like($said, qr/^== dnf cannot install them: it reaches no server /m,
    '... the reason is said');
unlike($said, qr/mirrors\.example/, '... and dnf is not quoted');

($status, $said) = told(uid => 0, programs => {}, do => 'provide_build');
is($status, 1, 'an unknown system without a compiler');
like(
    $said,
    qr/unknown;.*please install perl.*OpenSSL 1\.1\.1/s,
    '... is told what to install'
);
done_testing;
