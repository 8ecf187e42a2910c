# The tests of the C core: each file of t/core/*/ is a program that is linked
# with the core and run; its TAP output becomes a subtest.  Fuzz targets run
# over their corpora; the tests of t/core/faults are linked so that functions of
# the system fail as they wish.  ISS_CORE_ONLY, a pattern, chooses by name.

use strict;
use warnings;

use Config;
use File::Basename qw(basename);
use File::Temp     qw(tempdir);
use Test::More;
use Text::ParseWords qw(shellwords);

my $JOBS     = 2;
my $DEADLINE = $ENV{ISS_TEST_DEADLINE} || 300;    # seconds for a program
my $dir      = tempdir('iss-core-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my %flags    = build_flags();
%flags = guessed_flags() if !%flags;
my @cc     = shellwords($flags{CC});
my @cflags = (
    shellwords($flags{CFLAGS}),
    '-It/core', '-Werror=implicit-function-declaration'
);
my @libs   = shellwords($flags{LIBS});

# A command to run each program with; make memcheck sets "valgrind ...".
my @runner = shellwords($ENV{ISS_CORE_RUNNER} || '');

plan skip_all => "no C compiler: '$flags{CC}' does not work"
  unless compiler_works();

# What t/core/fault.h replaces.
my @wrapped = map { "-Wl,--wrap=$_" }
  qw(malloc calloc realloc strdup free recv send);
my $only     = $ENV{ISS_CORE_ONLY} || '.';
my @programs = grep { $_->{name} =~ /$only/ } (
    (
        map       { { source => $_, name => basename($_, '.c'), run => [] } }
        sort grep { !m{^t/core/(?:fuzz|faults)/} } glob 't/core/*/*.c'
    ),
    (
        map {
            {
                source => $_,
                name   => 'faults-' . basename($_, '.c'),
                extra  => \@wrapped,
                run    => [],
            }
        } sort glob 't/core/faults/*.c'
    ),
    (
        map {
            my $name = basename($_, '.c');
            {
                source => $_,
                name   => "fuzz-$name",
                extra  => ['t/core/fuzz/seeds.c'],
                run    => ["fuzz/corpus/$name"],
            }
        } sort glob 'fuzz/*.c'
    )
);

if (!compiler_works(@wrapped)) {
    note "no faults: the linker does not know --wrap";
    @programs = grep { $_->{name} !~ /^faults-/ } @programs;
}
plan skip_all => 'nothing is left to run' if !@programs;

my $core   = core_archive();
my $failed = run_jobs(map { link_job($_) } @programs);
run_jobs(map { $failed->{ $_->{name} } ? () : run_job($_) } @programs);
for my $program (@programs) {
    subtest $program->{name} => sub {
        if ($failed->{ $program->{name} }) {
            fail("$program->{source} compiles");
            diag($failed->{ $program->{name} });
            return;
        }
        repeat($program);
    };
}
done_testing();

# The findings of Makefile.PL: one NAME=value on each line.
sub build_flags {
    open my $in, '<', 'build-flags' or return;
    return map { /^(\w+)=(.*)$/ ? ($1, $2) : () } <$in>;
}

# Without a built tree: the default compiler and OpenSSL.
sub guessed_flags {
    my $cflags = "$Config{optimize} -std=c99 -D_POSIX_C_SOURCE=200809L -Isrc";
    my $libs   = '';

    if (defined(my $prefix = $ENV{OPENSSL_PREFIX})) {
        $cflags .= " -I$prefix/include";
        $libs   .= " -L$prefix/lib -Wl,-rpath,$prefix/lib";
    }
    for my $package (qw(libidn2 libpsl)) {
        my $found = `pkg-config --cflags --libs $package 2>/dev/null`;
        next if $? != 0;
        $cflags .= " -DHAVE_\U$package";
        $libs   .= " $found";
    }
    return (
        CC     => $Config{cc},
        CFLAGS => $cflags,
        LIBS   => "$libs -lssl -lcrypto"
    );
}

sub compiler_works {
    my @with   = @_;
    my $source = "$dir/probe.c";
    open my $out, '>', $source or die "$source: $!";
    print {$out} "int main(void) { return 0; }\n";
    close $out or die "$source: $!";
    my $failed = run_jobs(
        {
            name    => 'probe',
            command => [@cc, $source, @with, '-o', "$dir/probe"]
        }
    );
    return !%$failed;
}

# The objects of the build, or new ones if they are missing or too old.  They
# are in an archive, so that a test links only the objects that it uses.
sub core_archive {
    my @headers = glob 'src/*/*.h';
    my $archive = "$dir/core.a";
    my (@objects, @jobs);

    for my $source (sort glob 'src/*/*.c') {
        my $built = $source =~ s/\.c$/$Config{_o}/r;
        if (is_newer($built, $source, @headers)) {
            push @objects, $built;
            next;
        }
        my $object = "$dir/" . basename($built);
        push @objects, $object;
        push @jobs,
          {
            name    => $source,
            command => [@cc, @cflags, '-c', $source, '-o', $object]
          };
    }
    my $bad = run_jobs(@jobs);
    for my $source (sort keys %$bad) {
        fail("$source compiles");
        diag($bad->{$source});
    }
    $bad = run_jobs(
        {
            name    => 'ar',
            command => [$Config{ar}, 'rcs', $archive, grep { -e } @objects]
        }
    );
    BAIL_OUT("$Config{ar}: $bad->{ar}") if %$bad;
    return $archive;
}

sub is_newer {
    my ($file, @others) = @_;
    my $mtime = (stat $file)[9];
    return defined $mtime && !grep { (stat $_)[9] > $mtime } @others;
}

sub link_job {
    my ($program) = @_;
    $program->{file} = "$dir/$program->{name}";
    return {
        name    => $program->{name},
        command => [
            @cc,   @cflags, $program->{source}, @{ $program->{extra} || [] },
            $core, '-o',    $program->{file},   @libs, '-pthread'
        ]
    };
}

# A program does not run for ever: an alarm outlives exec.
sub run_job {
    my ($program) = @_;
    return $program->{job} = {
        name    => $program->{name},
        command => [@runner, $program->{file}, @{ $program->{run} }],
        seconds => $DEADLINE
    };
}

# Runs commands, a few at a time; each job gets its log and its status.  Returns
# the output of those that fail, by name.
sub run_jobs {
    my @waiting = @_;
    my (%running, %said);

    while (@waiting || %running) {
        while (@waiting && keys %running < $JOBS) {
            my $job = shift @waiting;
            $running{ start($job) } = $job;
        }
        my $pid = wait;
        die 'lost a job' if $pid < 0;
        my $job = delete $running{$pid} or next;
        $job->{status} = $?;
        $said{ $job->{name} } = slurp($job->{log}) . "status $?"
          if $? != 0;
    }
    return \%said;
}

sub start {
    my ($job) = @_;
    $job->{log} = "$dir/" . basename($job->{name}) . '.log';
    defined(my $pid = fork) or die "fork: $!";
    return $pid if $pid;
    open STDOUT, '>',  $job->{log} or die "$job->{log}: $!";
    open STDERR, '>&', \*STDOUT    or die "STDERR: $!";
    alarm $job->{seconds} if $job->{seconds};
    exec { $job->{command}[0] } @{ $job->{command} }
      or print "$job->{command}[0]: $!\n";
    require POSIX;
    POSIX::_exit(127);
}

sub slurp {
    my ($file) = @_;
    open my $in, '<', $file or return '';
    local $/;
    my $text = <$in>;
    return defined $text ? $text : '';
}

# Repeats each claim of a program that has run.  A wrong plan, a signal, and an
# exit status without a failed claim are failures, too.
sub repeat {
    my ($program) = @_;
    my ($run, $bad, $failing, $planned) = (0, 0);

    for my $line (split /\n/, slurp($program->{job}{log})) {
        if ($line =~ /^(not )?ok (\d+)(?: - (.*))?$/) {
            my ($not, $number, $name) = ($1, $2, $3);
            $run++;
            $bad++ if $not;
            $failing = $not;
            ok(!$not && $number == $run, $name);
        }
        elsif ($line =~ /^1\.\.(\d+)$/) { $planned = $1 }
        elsif ($line =~ /^# ?(.*)/)     { $failing ? diag($1) : note($1) }
        else { diag("unexpected output: $line"); $bad++ }
    }
    ok(defined $planned && $planned == $run && $run > 0,
        'all that was planned was run');
    is($program->{job}{status}, $bad ? 1 << 8 : 0, 'exit status');
    return;
}
