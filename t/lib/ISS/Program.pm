# Runs other programs during a test: curl, openssl, nginx.  Every wait has a
# deadline, and all programs are ended with the test.
package ISS::Program;

use strict;
use warnings;

use Carp  qw(croak);
use Fcntl qw(F_SETFD);
use IO::Handle;
use IO::Socket::INET;
use POSIX       ();
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

# Seconds that a single wait may take: a quarter of the time that ISS::Test
# gives the whole file.
our $DEADLINE = ($ENV{ISS_TEST_DEADLINE} || 300) / 4;

my %running;    # pid => the process that started it

# A test that is killed exits properly, so that DESTROY runs.
for my $signal (qw(HUP INT PIPE TERM)) {
    $SIG{$signal} ||= sub { exit 1 };
}

# The path of a program, or undef.  Servers are in sbin, which may be missing
# in PATH, or unpacked in the folder of ISS_TEST_SERVERS.
sub find {
    my ($class, $name) = @_;

    my $unpacked = $ENV{ISS_TEST_SERVERS} || '';
    for my $dir (split(/:/, $ENV{PATH} || ''),
        '/usr/sbin', '/sbin', "$unpacked/usr/sbin")
    {
        return "$dir/$name" if -x "$dir/$name" && !-d _;
    }
    return;
}

# For a program that find has found: the folder that it is unpacked in ('' if
# it is installed), and the environment that it needs.
sub unpacked {
    my ($class, $path) = @_;

    my $root = $ENV{ISS_TEST_SERVERS} || '';
    return ('') if !length $root      || index($path, "$root/") != 0;
    my @libraries = grep { -d } glob "'$root'/usr/lib/*-*";
    return ($root, LD_LIBRARY_PATH => join ':', @libraries);
}

# ISS::Program->start([command, arguments], env => {}, inherit => [handles],
# own_group => 1 for a program that signals its whole process group).
# Standard output and standard error are read as one stream.
sub start {
    my ($class, $command, %arg) = @_;

    pipe(my $child_in, my $in)        or croak "pipe: $!";
    pipe(my $out,      my $child_out) or croak "pipe: $!";

    defined(my $pid = fork) or croak "fork: $!";
    _become($command, $child_in, $child_out, %arg) if !$pid;
    $running{$pid} = $$;

    $in->autoflush(1);
    return bless {
        name  => $command->[0],
        pid   => $pid,
        owner => $$,
        in    => $in,
        out   => $out,
        seen  => '',
    }, $class;
}

# Start a program, send it input, and wait for its end: (wait status, output).
sub run {
    my ($class, $command, %arg) = @_;

    my $input = delete $arg{input};
    my $self  = $class->start($command, %arg);
    $self->send($input) if defined $input;
    return $self->finish;
}

sub send {
    my ($self, $text) = @_;

    local $SIG{PIPE} = 'IGNORE';    # it may have ended
    return print { $self->{in} } $text;
}

# The output so far.
sub output {
    my ($self) = @_;
    return $self->{seen};
}

# Wait until the output matches; returns the captured groups, or 1.  Dies with
# the output if the program ends or the deadline passes first.
sub wait_for {
    my ($self, $pattern) = @_;

    my $until = _now() + $DEADLINE;
    while ($self->{seen} !~ $pattern) {
        my $more = $self->_read_more($until);
        next if $more;
        my $why = defined $more ? 'it ended' : "$DEADLINE seconds passed";
        die "$self->{name}: $why before $pattern:\n$self->{seen}\n";
    }
    my @captured = $self->{seen} =~ $pattern;
    return wantarray ? @captured : $captured[0];
}

# Wait until it listens on a port of 127.0.0.1, for servers that print nothing
# when they are ready.
sub wait_for_port {
    my ($self, $port) = @_;

    my $until = _now() + $DEADLINE;
    until (IO::Socket::INET->new("127.0.0.1:$port")) {
        die "$self->{name}: nobody listens on port $port:\n$self->{seen}\n"
          if _now() > $until;
        ## no critic (ProhibitSleepViaSelect)
        select undef, undef, undef, 0.01;
    }
    return;
}

# Forget the output, so that wait_for sees only later output.
sub forget {
    my ($self) = @_;
    $self->{seen} = '';
    return;
}

# Close its standard input and wait for its end: (wait status, output).
sub finish {
    my ($self) = @_;

    my $until = _now() + $DEADLINE;
    close $self->{in};
    while (my $more = $self->_read_more($until)) { }
    my $late   = _now() > $until;
    my $status = $late ? $self->_kill('KILL') : $self->_reap;
    die "$self->{name}: no end after $DEADLINE seconds:\n$self->{seen}\n"
      if $late;
    return ($status, $self->{seen});
}

# Terminate it: (wait status, output).
sub stop {
    my ($self) = @_;

    my $status = $self->_kill('TERM');
    my $until  = _now() + $DEADLINE;
    while ($self->_read_more($until)) { }
    return ($status, $self->{seen});
}

# For code that ends the test without unwinding.
sub kill_all {
    kill TERM => grep { $running{$_} == $$ } keys %running;
    return;
}

sub DESTROY {
    my ($self) = @_;

    local ($@, $!, $?);
    $self->_kill('TERM') if $self->{pid} && $self->{owner} == $$;
    return;
}

sub _now { return clock_gettime(CLOCK_MONOTONIC) }

sub _become {
    my ($command, $in, $out, %arg) = @_;

    open STDIN,  '<&', $in  or POSIX::_exit(126);
    open STDOUT, '>&', $out or POSIX::_exit(126);
    open STDERR, '>&', $out or POSIX::_exit(126);
    fcntl $_, F_SETFD, 0 for @{ $arg{inherit} || [] };
    setpgrp if $arg{own_group};
    my %env = (LC_ALL => 'C', %{ $arg{env} || {} });
    @ENV{ keys %env } = values %env;

    # make sanitize preloads a library for perl, which makes curl hang.
    delete $ENV{LD_PRELOAD} if $command->[0] ne $^X;
    no warnings 'exec';
    exec { $command->[0] } @$command;
    print "cannot run $command->[0]: $!\n";
    STDOUT->flush;
    POSIX::_exit(127);
}

# True: there was more output.  0: its end.  undef: the deadline has passed.
sub _read_more {
    my ($self, $until) = @_;

    while ((my $left = $until - _now()) > 0) {
        vec(my $ready = '', fileno $self->{out}, 1) = 1;
        my $count = select $ready, undef, undef, $left;
        next if $count < 0;    # a signal; the deadline stands
        last if !$count;
        my $got = sysread $self->{out}, $self->{seen}, 65536,
          length $self->{seen};
        return $got if defined $got;
    }
    return;
}

# It has closed its output and will end soon; the test's watchdog still
# applies.
sub _reap {
    my ($self) = @_;

    my $pid = delete $self->{pid};
    delete $running{$pid};
    local ($?, $!);
    waitpid $pid, 0;
    return $?;
}

sub _kill {
    my ($self, $signal) = @_;

    return if !$self->{pid};
    kill $signal => $self->{pid};
    return $self->_reap;
}

1;
