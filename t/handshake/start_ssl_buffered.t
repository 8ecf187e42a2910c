# Plain text in Perl's buffers when TLS begins: printed text is sent before
# the handshake; bytes that were read ahead belong to the handshake.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::INET;
use IO::Socket::SSL;
use Test::More;

# Bytes in the same packet as the command may have been injected by an
# attacker, so they must never count as data under TLS.  But a ClientHello
# that Perl has read ahead is legitimate.
subtest 'a ClientHello that came with the command' => sub {
    my ($tcp, $peer) = raw_pair(
        sub {
            my ($tcp, $me) = @_;

            # A handshake of our own over a socket pair, to get its bytes.
            socketpair(my $near, my $far, Socket::AF_UNIX(),
                Socket::SOCK_STREAM(), 0)
              or die "socketpair: $!";
            $near = bless $near, 'IO::Socket::INET';
            $near->blocking(0);
            my $sock = IO::Socket::SSL->start_SSL($near,
                client_args(SSL_startHandshake => 0));
            $sock->connect_SSL;
            sysread $far, my $hello, 10_000;
            syswrite $tcp, "STARTTLS\n$hello";

            while (!$sock->opened) {
                sysread $tcp, my $answer, 10_000 or last;
                syswrite $far, $answer;
                last if $sock->connect_SSL;
                next if !sysread $far, $answer, 10_000;
                syswrite $tcp, $answer;
            }
            $me->tell($sock->opened ? 'opened' : "$SSL_ERROR");
        }
    );
    is(scalar <$tcp>, "STARTTLS\n", 'the command is read through a buffer');
    my $sock = IO::Socket::SSL->start_SSL($tcp,
        server_args(SSL_version => 'TLSv1_2', Timeout => 5));
    isa_ok($sock, 'IO::Socket::SSL', 'and the handshake gets its bytes')
      or diag $SSL_ERROR;
};

subtest 'text that was injected after the command' => sub {
    my ($tcp, $peer) = raw_pair(
        sub {
            my ($tcp, $me) = @_;
            syswrite $tcp, "STARTTLS\nRCPT TO:<attacker>\r\n";
            $me->hear;
        }
    );
    is(scalar <$tcp>, "STARTTLS\n", 'the command is read');
    is_deeply([IO::Socket::SSL->start_SSL($tcp, server_args(Timeout => 5))],
        [], 'the handshake fails on it');
    like(
        $SSL_ERROR,
        qr/wrong version number|http request|unexpected/i,
        '... because it is not TLS'
    );
};

subtest 'text that was printed and not flushed' => sub {
    my ($tcp, $peer) = raw_pair(
        sub {
            my ($tcp, $me) = @_;
            my $line = <$tcp>;
            my $sock = IO::Socket::SSL->start_SSL($tcp, server_args())
              or die "start_SSL: $SSL_ERROR\n";
            $me->tell($line, scalar <$sock>);
        }
    );
    $tcp->autoflush(0);
    print $tcp "220 go ahead\r\n";
    my $sock = IO::Socket::SSL->start_SSL($tcp, client_args());
    isa_ok($sock, 'IO::Socket::SSL', 'a client that did not flush')
      or diag $SSL_ERROR;
    print $sock "under TLS\n";
    is_deeply(
        [$peer->hear],
        ["220 go ahead\r\n", "under TLS\n"],
        'both arrive, in order'
    );
};

done_testing;
