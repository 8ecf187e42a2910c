# The common tools of the tests: a peer in a forked child, pairs of connected
# sockets, servers, certificates, and a watchdog that turns a hang into a
# failure with a stack trace.
#
# For one connection:
#
#   my ($sock, $peer) = tls_pair(
#       version => 'TLSv1_3',              # of both sides; default: any
#       role    => 'client',               # our role; default: client
#       mine    => { SSL_... => ... },     # more arguments for our side
#       theirs  => { SSL_... => ... },     # more arguments for the peer
#       peer    => sub { my ($sock, $me) = @_; $me->tell('ready'); ... },
#   );
#   is_deeply([$peer->hear], ['ready'], 'the peer is ready');
#
# For several connections, or when the test itself calls new:
#
#   my ($server, $address) = tls_server(
#       sub { my ($sock, $me) = @_; print $sock "hello\n"; ... },
#       SSL_... => ...,                    # more arguments for the server
#   );
#   my $sock = IO::Socket::SSL->new(PeerAddr => $address, client_args());
#
# The subs run in the child.  tell and hear pass lists between child and test.
# After the sub of a pair has returned, its socket stays open until the test
# drops $peer.  A server closes the socket when its sub returns, waits for the
# next client, and ends when the test drops $server: keep it in a variable.
package ISS::Test;

use strict;
use warnings;

use Carp           qw(croak longmess);
use Exporter       qw(import);
use File::Basename qw(dirname);
use File::Spec;
use IO::Handle;
use IO::Select;
use IO::Socket::INET;
use IO::Socket::SSL;
use POSIX  ();
use Socket qw(SOL_SOCKET SO_LINGER SO_SNDBUF);
use Test::More;

use ISS::Test::Peer;

our @EXPORT = qw(
  cert key cert_file identity identities server_args client_args
  versions each_version each_setting
  listener address peer plain_server tls_server
  raw_pair tls_pair failing_pair handshake_errors
  readable writable complete fill read_all tell_all close_with_reset
  warnings_of died refused perl_says memory
);

our $CERTS = File::Spec->rel2abs(
    File::Spec->catdir(dirname(__FILE__), '..', '..', 'certs'));

# Seconds that a whole test file may take.  Slow tools raise it.
our $DEADLINE = $ENV{ISS_TEST_DEADLINE} || 300;

my $loaded = $INC{'IO/Socket/SSL.pm'};
die "IO::Socket::SSL came from $loaded, not from blib\n"
  if $loaded !~ m{\bblib\b};
watch_for_hangs('the test');

# The signal handler is an unsafe one on purpose: it must run even while C
# code waits for a socket.
sub watch_for_hangs {
    my ($who) = @_;

    my $bark = sub {
        my $where = longmess("# HANG: $who did not end in $DEADLINE seconds");
        syswrite(STDERR, $where);
        ISS::Test::Peer->kill_all;
        ISS::Program->kill_all if ISS::Program->can('kill_all');
        POSIX::_exit(3);
    };
    POSIX::sigaction(POSIX::SIGALRM(), POSIX::SigAction->new($bark));
    alarm $DEADLINE;
    return;
}

# --- certificates and arguments ---------------------------------------------

sub cert_file { return File::Spec->catfile($CERTS, $_[0]) }
sub cert      { return cert_file("$_[0].pem") }
sub key       { return cert_file("$_[0].key") }

sub server_args {
    return (
        SSL_server    => 1,
        SSL_cert_file => cert('server'),
        SSL_key_file  => key('server'),
        @_
    );
}

sub client_args {
    return (
        SSL_ca_file       => cert('ca'),
        SSL_verifycn_name => 'localhost',
        SSL_hostname      => 'localhost',
        @_
    );
}

# --- each version and role --------------------------------------------------

sub versions { return qw(TLSv1_2 TLSv1_3) }

sub each_version {
    my ($code) = @_;

    for my $version (versions()) {
        subtest $version => sub { $code->($version) };
    }
    return;
}

# Calls the sub with arguments for tls_pair: each version, in either role.
sub each_setting {
    my ($code) = @_;

    for my $version (versions()) {
        for my $role (qw(client server)) {
            subtest "$version, $role" =>
              sub { $code->(version => $version, role => $role) };
        }
    }
    return;
}

# --- connections ------------------------------------------------------------

sub listener {
    return IO::Socket::INET->new(
        LocalAddr => '127.0.0.1',
        Listen    => 10,
        Proto     => 'tcp',
        @_
    ) || croak "cannot listen on 127.0.0.1: $!";
}

sub address {
    my ($listener) = @_;
    return $listener->sockhost . ':' . $listener->sockport;
}

sub peer { return ISS::Test::Peer->start(@_) }

# Accepts one connection after the other in a child and runs the code with
# each: $code->($tcp, $me).  Returns the peer and the address of its listener;
# one may be given, and a listener under TLS accepts TLS sockets.
sub plain_server {
    my ($code, $listener) = @_;

    $listener ||= listener();
    my $server = peer(
        sub {
            my ($me) = @_;
            while ($me->waits_for_client($listener)) {
                my $tcp = $listener->accept or die "accept: $!, $SSL_ERROR\n";
                $code->($tcp, $me);
            }
        }
    );
    return ($server, address($listener));
}

# The same under TLS: $code->($sock, $me).  A client whose handshake fails is
# dropped.  All connections share one context, SSL_reuse_ctx or one that is
# made from server_args with these arguments.  "listener" may be among them.
sub tls_server {
    my ($code, %args) = @_;

    my $listener = delete $args{listener};
    my $context  = $args{SSL_reuse_ctx};
    my $upgraded = sub {
        my ($tcp, $me) = @_;
        $context ||= IO::Socket::SSL::SSL_Context->new(server_args(%args))
          or die "the server's context: $SSL_ERROR\n";
        my $sock = IO::Socket::SSL->start_SSL(
            $tcp,
            SSL_server    => 1,
            SSL_reuse_ctx => $context
        );
        $code->($sock, $me) if $sock;
    };
    return plain_server($upgraded, $listener);
}

# A TCP connection whose other end is in the child: $code->($tcp, $me)
sub raw_pair {
    my ($code) = @_;

    my $listener = listener();
    my $peer     = peer(
        sub {
            my ($me) = @_;
            my $tcp = $listener->accept or die "accept: $!";
            close $listener;
            $code->($tcp, $me);
            $me->hear;
        }
    );
    my $tcp = IO::Socket::INET->new(address($listener))
      or croak "connect: $!";
    $tcp->autoflush(1);
    return ($tcp, $peer);
}

# Both ends under TLS.  Both call start_SSL; if that fails, the peer dies and
# we croak.
sub tls_pair {
    my %arg = @_;

    my ($sock, $peer) = failing_pair(
        %arg,
        peer => sub {
            my ($sock, $me) = @_;
            die "the peer's handshake failed: $SSL_ERROR\n" if !$sock;
            $arg{peer}->($sock, $me)                        if $arg{peer};
        }
    );
    croak "our handshake failed: $SSL_ERROR" if !$sock;
    return ($sock, $peer);
}

# The same for handshakes that may fail: ours then returns undef for the
# socket, and the peer's sub gets undef if its own handshake failed.
sub failing_pair {
    my %arg = @_;

    my %both   = $arg{version} ? (SSL_version => $arg{version}) : ();
    my %as     = (client => \&client_args, server => \&server_args);
    my $role   = $arg{role} || 'client';
    my $other  = $role eq 'client' ? 'server' : 'client';
    my @mine   = $as{$role}->(%both, %{ $arg{mine} || {} });
    my @theirs = $as{$other}->(%both, %{ $arg{theirs} || {} });
    my $class  = $arg{class} || 'IO::Socket::SSL';

    my ($tcp, $peer) = raw_pair(
        sub {
            my ($tcp, $me) = @_;
            my $sock = IO::Socket::SSL->start_SSL($tcp, @theirs);
            $arg{peer}->($sock, $me) if $arg{peer};
        }
    );
    return (scalar $class->start_SSL($tcp, @mine), $peer);
}

# $SSL_ERROR on both sides after the handshake, ours first; '' for success.
sub handshake_errors {
    my ($sock, $peer) = failing_pair(
        @_,
        peer => sub {
            my ($sock, $me) = @_;
            $me->tell($sock ? '' : "$SSL_ERROR");
        }
    );
    my $ours = $sock ? '' : "$SSL_ERROR";
    return ($ours, $peer->hear);
}

# Arguments that make a side show this certificate.
sub identity {
    my ($name) = @_;
    return (SSL_cert_file => cert($name), SSL_key_file => key($name));
}

# Arguments for a server with a certificate for each name: name =>
# certificate.
sub identities {
    my (%cert) = @_;
    return (
        SSL_server    => 1,
        SSL_cert_file => { map { $_ => cert($cert{$_}) } keys %cert },
        SSL_key_file  => { map { $_ => key($cert{$_}) } keys %cert }
    );
}

# --- waiting for something --------------------------------------------------

sub readable {
    my ($handle) = @_;
    return !!IO::Select->new($handle)->can_read($DEADLINE);
}

sub writable {
    my ($handle) = @_;
    return !!IO::Select->new($handle)->can_write($DEADLINE);
}

# Call a non-blocking operation until it succeeds or fails for good.  Between
# the calls, wait for what $SSL_ERROR asks for.
sub complete {
    my ($sock, $operation) = @_;

    while (1) {
        my $result = $operation->();
        return $result if defined $result;
        return         if !$!{EWOULDBLOCK};
        if    ($SSL_ERROR == SSL_WANT_READ)  { readable($sock) }
        elsif ($SSL_ERROR == SSL_WANT_WRITE) { writable($sock) }
        else                                 { return }
    }
}

# Write the same text to a non-blocking socket until it accepts no more;
# returns the count of bytes.
sub fill {
    my ($sock, $text) = @_;

    # The kernel takes a little more now and then, so the socket is full only
    # if it refuses a few times in a row; the last refusal is just now.
    my ($written, $refused) = (0, 0);
    setsockopt $sock, SOL_SOCKET, SO_SNDBUF, pack 'i', 65_536;
    while ($refused < 5) {
        my $wait = '';
        vec($wait, fileno $sock, 1) = 1;
        select undef, $wait, undef, 0.1 if $refused;
        if (my $count = syswrite $sock, $text) {
            $written += $count;
            $refused = 0;
        }
        else {
            $refused++;
        }
    }
    return $written;
}

# All bytes until the end of file; croaks on an error.
sub read_all {
    my ($sock) = @_;

    my $all = '';
    while (1) {
        my $count = sysread($sock, my $part, 100_000);
        croak "read: $SSL_ERROR, $!" if !defined $count;
        return $all                  if !$count;
        $all .= $part;
    }
}

# For a peer: read until the end of file, and tell the bytes and eof_reason.
sub tell_all {
    my ($sock, $me) = @_;

    my $all = read_all($sock);
    $me->tell($all, $sock->eof_reason);
    return;
}

# End a connection, under TLS or not, with a TCP reset.
sub close_with_reset {
    my ($sock) = @_;

    setsockopt $sock, SOL_SOCKET, SO_LINGER, pack('II', 1, 0);
    $sock->stop_SSL(SSL_no_shutdown => 1) if $sock->can('stop_SSL');
    close $sock;
    return;
}

# --- the effects of a piece of code -----------------------------------------

sub warnings_of {
    my ($code) = @_;

    my @warnings;
    local $SIG{__WARN__} = sub { push @warnings, @_ };
    $code->();
    return @warnings;
}

# The exception that the code threw, or undef.
sub died {
    my ($code) = @_;

    local $@;
    return eval { $code->(); 1 } ? undef : $@;
}

# The error of a call that returned the empty list, as it should; else what
# happened instead.
sub refused {
    my ($code) = @_;

    my @result;
    my $died = died(sub { @result = $code->() });
    return "it died: $died"        if defined $died;
    return "it returned (@result)" if @result;
    return "$SSL_ERROR";
}

# The output of a fresh perl that can load our module, STDERR included.
sub perl_says {
    my (@arguments) = @_;

    my @include = map { "-I$_" } map { File::Spec->rel2abs($_) }
      grep { !ref } @INC;
    defined(my $pid = open(my $output, '-|')) or croak "fork: $!";
    if (!$pid) {
        open(STDERR, '>&', \*STDOUT)    or POSIX::_exit(1);
        exec($^X, @include, @arguments) or POSIX::_exit(1);
    }
    my $said = do { local $/; <$output> };
    close $output;
    return $said;
}

# Resident memory in KiB.  undef without /proc, and under tools that keep
# freed memory (they count leaks themselves).
sub memory {
    return if ($ENV{LD_PRELOAD} || '') =~ /[at]san|vgpreload/;
    open(my $status, '<', '/proc/self/status') or return;
    my ($size) = map { /^VmRSS:\s+(\d+)/ ? $1 : () } <$status>;
    return $size;
}

1;
