# Work that may wait for long, as that of a resolver, done in a child and within
# a bounded time.
package IO::Socket::SSL::Check::Child;

use strict;
use warnings;

use POSIX ();

use IO::Socket::SSL::Check::Probe;

# Returns the bytes that the sub returns, $largest of them at most, or undef and
# the reason; the child is then ended.
sub bytes_of {
    my ($work, $until, $largest) = @_;

    pipe(my $reader, my $writer) || return (undef, "pipe: $!");
    my $pid = fork;
    return (undef, "fork: $!") if !defined $pid;
    if (!$pid) {
        close $reader;
        _answer($writer, $work);
        POSIX::_exit(0);
    }
    close $writer;
    my $bytes = _read($reader, $until, $largest);
    kill KILL => $pid;
    local ($?, $!);
    waitpid $pid, 0;
    return defined $bytes ? $bytes : (undef, 'no answer in time');
}

sub _answer {
    my ($writer, $work) = @_;

    local $SIG{PIPE} = 'IGNORE';
    local $SIG{__DIE__};
    my $bytes = eval { $work->() };
    my $sent  = 0;
    while (defined $bytes && $sent < length $bytes) {
        my $count = syswrite $writer, $bytes, length($bytes) - $sent, $sent;
        next if !defined $count && $!{EINTR};
        last if !$count;
        $sent += $count;
    }
    return;
}

sub _read {
    my ($reader, $until, $largest) = @_;
    my $bytes = '';

    while (length $bytes < $largest) {
        my $left = $until - IO::Socket::SSL::Check::Probe::now();
        my $bits = '';
        return if $left <= 0;
        vec($bits, fileno $reader, 1) = 1;
        next if select($bits, undef, undef, $left) <= 0;
        my $count = sysread $reader, $bytes, $largest - length $bytes,
          length $bytes;
        next if !defined $count && $!{EINTR};
        last if !$count;
    }
    return $bytes;
}

1;
