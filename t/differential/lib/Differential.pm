# What the programs of t/differential are written with.  Each is a sub that
# says what it sees; only what a user's program could see and act on counts,
# never the words of a message.
#
#   program("new, SSL_verify_mode => 0", sub {
#       my $peer = serve({}, 'hs', 'line');
#       my $sock = seen(new => sub { IO::Socket::SSL->new(...) });
#       seen(print => sub { print {$sock} "x\n" }) if $sock;
#       ended($peer);
#   });
package Differential;

use strict;
use warnings;

use Errno        ();
use Exporter     qw(import);
use Scalar::Util qw(blessed dualvar looks_like_number reftype);

use ISS::Counterpart;

our @EXPORT = qw(program serve connecting seen told ended value_of cert key
  file seeds walk_count pick scramble tcp_to);

my ($socket, $certs, $seed, $count, $to, @programs, %ports);

sub set_up {
    ($socket, $certs, $seed, $count) = @_;
    return;
}

sub programs {
    my ($folder) = @_;

    for my $file (sort glob "$folder/*.pl") {
        my $done = do $file;
        die "$file: ", $@ || $! if !$done;
    }
    return @programs;
}

sub program {
    my ($name, $code) = @_;

    push @programs, [$name, $code];
    return;
}

sub run {
    my ($handle, $code) = @_;

    $to = $handle;
    select((select($to), $| = 1)[0]);
    local $SIG{PIPE} = sub { told('SIGPIPE') };
    return if eval { $code->(); 1 };
    my $why = $@ =~ s/ at \S+ line \d+.*//sr;
    told("the program died: $why");
    return;
}

# --- what they are made of --------------------------------------------------

sub file { return "$certs/$_[0]" }
sub cert { return file("$_[0].pem") }
sub key  { return file("$_[0].key") }

sub seeds      { return split /,/, $seed }
sub walk_count { return $count }

# A generator of our own: perl's rand differs between builds.
sub scramble {
    my ($state) = @_;

    $state %= 2147483648;
    return sub {
        my ($n) = @_;
        $state = ($state * 1103515245 + 12345) % 2147483648;
        return int($state / 65536) % $n;
    };
}

sub pick {
    my ($random, @from) = @_;
    return $from[$random->(scalar @from)];
}

sub serve {
    my ($args, @steps) = @_;

    my %args = (
        SSL_cert_file => cert('server'),
        SSL_key_file  => key('server'),
        %$args
    );
    my $peer = ISS::Counterpart->ask($socket, serve => \%args, @steps);
    $ports{ $peer->port } = 'PORT';
    return $peer;
}

sub connecting {
    my ($port, $args, @steps) = @_;

    my %args = (
        SSL_ca_file       => cert('ca'),
        SSL_verifycn_name => 'localhost',
        SSL_hostname      => 'localhost',
        port              => $port,
        %$args
    );
    $ports{$port} = 'PORT';
    return ISS::Counterpart->ask($socket, connect => \%args, @steps);
}

# A plain TCP connection to a peer.
sub tcp_to {
    my ($peer) = @_;

    return IO::Socket::INET->new('127.0.0.1:' . $peer->port)
      || die "connect: $!";
}

# --- what they say ----------------------------------------------------------

sub told {
    my (@words) = @_;

    local ($,, $\);
    print {$to} join(' ', @words), "\n";
    return;
}

# The result of a sub as a program sees it: what it returns, in list context
# or by "scalar NAME" in scalar context; on failure the errors too.
sub seen {
    my ($name, $code) = @_;

    my $scalar = $name =~ /^scalar /;
    local $@;
    local $! = 0;
    $IO::Socket::SSL::SSL_ERROR = '';
    my @result;
    my $lived = eval { @result = $scalar ? scalar $code->() : $code->(); 1 };
    my ($errno, $error) = ($! + 0, $IO::Socket::SSL::SSL_ERROR);
    if (!$lived) {
        told("$name: dies");
        return;
    }
    my $failed = !@result || !defined $result[-1] || !$result[-1];
    told(
        "$name:",
        @result ? join(', ', map { value_of($_) } @result) : '()',
        $failed ? ('', errors($errno, $error))             : ()
    );
    return $result[0];
}

sub errors {
    my ($errno, $error) = @_;

    $errno = 0 if $errno == Errno::ENOTTY;    # perl's own, of opening a file
    my ($name) =
      grep { $errno && exists &{"Errno::$_"} && Errno->can($_)->() == $errno }
      qw(EAGAIN ETIMEDOUT ECONNREFUSED EPIPE EPERM EBADF EINVAL ENOENT EINTR
      ECONNRESET EPROTO ESPIPE EACCES ENOTCONN EISDIR);
    my $number = defined $error && $error ? $error + 0 : 0;
    return (
        $errno ? '$!=' . ($name || "E$errno") : '$!=0',
        '$SSL_ERROR='
          . (
              $number == 2                              ? 'WANT_READ'
            : $number == 3                              ? 'WANT_WRITE'
            : defined $error && length $error && $error ? 'set'
            :                                             'no'
          )
    );
}

sub value_of {
    my ($value) = @_;

    return 'undef' if !defined $value;
    if (ref $value) {
        my $class = blessed($value);
        return $class if defined $class && $class !~ /^Net::SSLeay/;
        return '[' . join(', ', map { value_of($_) } @$value) . ']'
          if ref $value eq 'ARRAY';
        return '{'
          . join(', ',
            map { "$_ => " . value_of($value->{$_}) } sort keys %$value)
          . '}'
          if ref $value eq 'HASH';
        return '\\' . reftype $value;
    }
    return 'HANDLE' if looks_like_number($value) && $value =~ /^-?\d{12,}$/;
    return 'PORT'   if exists $ports{$value};
    my $text = substr $value, 0, 200;
    utf8::encode($text) if utf8::is_utf8($text) && $text =~ /[^\x00-\xff]/;
    $text =~ s/([^ -~])/sprintf '\\x%02x', ord $1/ge;
    return looks_like_number($value) ? $text : "'$text'";
}

# The program is over; how was it for the peer?  When it learns that it was
# refused is a matter of time: then only whether it got a line counts.  So is
# how it ended for a peer that got something in clear.
sub ended {
    my ($peer, $refused, $raw) = @_;

    my $report = $peer->report;
    $report =~ s/: (?:cut off|an error|close_notify|given up)$// if $raw;
    $report = 'no line' if $refused && $report !~ /line '/;
    told('peer:', $report);
    return;
}

1;
