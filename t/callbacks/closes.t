# Callbacks that close, stop or drop the socket that they are called for.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

# The things that a callback may do to its socket.
my %DEED = (
    'closes it'       => sub { close $_[0] },
    'closes without'  => sub { $_[0]->close(SSL_no_shutdown => 1) },
    'stops TLS'       => sub { $_[0]->stop_SSL(SSL_no_shutdown => 1) },
    'reads from it'   => sub { sysread $_[0],  my $buffer, 10 },
    'writes to it'    => sub { syswrite $_[0], 'x' },
    'starts again'    => sub { $_[0]->connect_SSL },
    'drops its hash'  => sub { %{ *{ $_[0] } } = () },
    'blesses it anew' => sub { bless $_[0], 'IO::Handle' },
    'unties it'       => sub { no warnings; untie *{ $_[0] } },
);

each_version(
    sub {
        my ($version) = @_;

        for my $name (sort keys %DEED) {
            my ($tcp, $peer) = raw_pair(
                sub {
                    my ($tcp) = @_;
                    IO::Socket::SSL->start_SSL($tcp,
                        server_args(SSL_version => $version));
                }
            );
            $tcp->blocking(0);
            my $sock   = $tcp;
            my $called = 0;
            IO::Socket::SSL->start_SSL(
                $tcp,
                client_args(
                    SSL_startHandshake  => 0,
                    SSL_verify_callback => sub {
                        eval { $DEED{$name}->($sock) } if !$called++;
                        return 1;
                    }
                )
            );
            my @warnings = warnings_of(
                sub {
                    eval {
                        complete($sock, sub { scalar $sock->connect_SSL });
                    };
                }
            );
            cmp_ok($called, '>=', 1,
                "a verify callback that $name: no crash");
            is_deeply(\@warnings, [], '... and no warning');
            eval { $sock->close };
        }
    }
);

for my $name (sort keys %DEED) {
    my $called = 0;
    my ($sock, $peer) = tls_pair(
        mine => {
            SSL_on_peer_shutdown => sub {
                eval { $DEED{$name}->($_[0]) } if !$called++;
                return 0;
            }
        },
        peer => sub {
            my ($sock, $me) = @_;
            $sock->stop_SSL(SSL_fast_shutdown => 1);
            close $sock;
            $me->hear;
        }
    );
    eval { sysread $sock, my $buffer, 10 };
    is($called, 1, "an SSL_on_peer_shutdown that $name: no crash");
    eval { close $sock };
}

subtest 'a signal handler that closes the socket being read' => sub {
    for my $read (
        sub { sysread $_[0], my $buffer, 10 },
        sub { my $sock = $_[0]; scalar <$sock> }
      )
    {
        my $test = $$;
        my ($sock, $peer);
        local $SIG{USR1} = sub { close $sock if $sock };
        ($sock, $peer) = tls_pair(
            peer => sub {
                my ($sock, $me) = @_;
                do { kill USR1 => $test } while $me->quiet_for(0.05);
            }
        );
        ok(!$read->($sock), 'the read ends without data');
        is(fileno $sock, undef, 'and the socket is closed');
        $SIG{USR1} = 'IGNORE';
        undef $peer;
    }
};

subtest 'a buffer that is changed during a read into it' => sub {
    my $buffer = 'before';
    my ($sock) = tls_pair(
        mine => {
            SSL_on_peer_shutdown => sub {
                eval { $buffer = 'x' x 1_000_000; undef $buffer };
                return 0;
            }
        },
        peer => sub { $_[0]->stop_SSL(SSL_fast_shutdown => 1); $_[1]->hear }
    );
    eval { sysread $sock, $buffer, 100_000 };
    ok(1, 'does not crash');
    cmp_ok(length(defined $buffer ? $buffer : ''),
        '<=', 1_000_000, '... and leaves a string or undef');
};

done_testing;
