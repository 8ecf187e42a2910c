# Callbacks that exit: nothing that OpenSSL still uses is torn down, and a
# forked child that exits does not touch the connection.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use Config;
use ISS::Test;
use IO::Socket::SSL;
use POSIX ();
use Test::More;

# Runs the code in a child, which should exit in it; returns the child's
# output.
sub leaving {
    my ($code) = @_;

    pipe(my $out, my $in)   or die $!;
    defined(my $pid = fork) or die $!;
    if (!$pid) {
        close $out;
        Leaving->say_so($in);
        eval { $code->($in) };
        syswrite $in, "returned $@";
        POSIX::_exit(1);
    }
    close $in;
    my $said = do { local $/; <$out> };
    waitpid($pid, 0);
    return $said;
}

my ($server, $address) =
  tls_server(sub { my ($sock) = @_; print $sock "hello\n" });

sub connecting {
    my (@more) = @_;
    return IO::Socket::SSL->new(
        PeerAddr => $address,
        client_args(@more)
    );
}

my %LEAVES = (
    'SSL_verify_callback' => sub {
        connecting(SSL_verify_callback => sub { exit 7 });
    },
    'SSL_create_ctx_callback' => sub {
        connecting(SSL_create_ctx_callback => sub { exit 7 });
    },
    'the sub of a scheme' => sub {
        connecting(SSL_verifycn_scheme => { callback => sub { exit 7 } });
    },
    'SSL_passwd_cb' => sub {
        connecting(
            SSL_cert_file => cert('client'),
            SSL_key_file  => key('encrypted'),
            SSL_passwd_cb => sub { exit 7 }
        );
    },
);

for my $name (sort keys %LEAVES) {
    is(leaving($LEAVES{$name}),
        'END 7', "$name may exit: END runs, and the status is kept");
}

subtest 'a socket whose callback has exited' => sub {
    my $said = leaving(
        sub {
            my ($out) = @_;
            our $sock = IO::Socket::SSL->new(
                PeerAddr => $address,
                client_args(
                    SSL_startHandshake  => 0,
                    SSL_verify_callback => sub { exit 7 }
                )
            );
            $Leaving::last = sub {
                my $read = eval { sysread $sock, my $buffer, 10 };
                syswrite $out, defined $read ? "read $read " : 'nothing ';
                close $sock;
            };
            $sock->connect_SSL;
        }
    );
    is($said, 'nothing END 7', 'cannot be read in END');
};

subtest 'a child that exits in a callback' => sub {
    my @children;
    open(my $null, '>', '/dev/null') or die $!;
    my $sock = connecting(
        SSL_verify_callback => sub {
            defined(my $pid = fork) or die $!;
            if (!$pid) {
                Leaving->say_so($null);
                exit 0;
            }
            waitpid($pid, 0);
            push @children, $?;
            return 1;
        }
    );
    ok($sock, 'does not disturb the handshake of its parent')
      or diag $SSL_ERROR;
    cmp_ok(scalar @children, '>=', 1, 'the callback was called');
    is(scalar <$sock>, "hello\n", 'and the connection works');
};

SKIP: {
    skip 'no threads', 1 if !$Config{useithreads};
    require threads;
    my $called = 0;
    my ($thread) = threads->create(
        sub {
            connecting(
                SSL_verify_callback => sub { threads->exit if threads->tid });
        }
    );
    $thread->join;
    ok(connecting(),
        'a thread that exits in a callback leaves the others alone');
}

done_testing;

# Runs when a child exits, in place of the END blocks of the test.
{

    package Leaving;
    our ($out, $last, $pid);
    sub say_so { ($out, $pid) = ($_[1], $$); return }

    END {
        if (defined $pid && $pid == $$) {
            $last->() if $last;
            syswrite $out, "END $?";
            POSIX::_exit($?);
        }
    }
}
