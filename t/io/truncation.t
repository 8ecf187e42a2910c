# Ends without close_notify and forged records are distinguished from a proper
# end.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use Errno qw(EPROTO);
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

# The peer sends a text, then ends the TCP connection only.
sub truncating {
    my ($mine, @setting) = @_;

    return tls_pair(
        @setting,
        mine => $mine,
        peer => sub {
            my ($sock) = @_;
            print $sock "line\nhalf";
            close_like_a_crash($sock);
        }
    );
}

# Close without a close_notify, and without a reset for unread tickets.
sub close_like_a_crash {
    my ($sock) = @_;

    $sock->stop_SSL(SSL_no_shutdown => 1) or die "stop_SSL: $SSL_ERROR\n";
    CORE::shutdown($sock, 1);
    return;
}

each_setting(
    sub {
        my ($sock, $peer) = truncating({}, @_);

        is(scalar <$sock>,                 "line\n", 'a line');
        is(scalar <$sock>,                 'half',   'data before the end');
        is(scalar <$sock>,                 undef,    'then the end of file');
        is(sysread($sock, my $buffer, 10), 0,        'sysread returns 0');
        is($sock->eof_reason, 'truncated', 'the end is a truncation');
        is(sysread($sock, $buffer, 10), 0, 'sysread returns 0 again');
    }
);

# OpenSSL before 3.0 still writes to a peer that has ended only its own half.
my %WRITE = (
    'print'    => sub { print { $_[0] } 'x' },
    'printf'   => sub { printf { $_[0] } 'x' },
    'syswrite' => sub { syswrite $_[0], 'x' },
    'write'    => sub { scalar $_[0]->write('x') },
);

each_setting(
    sub {
        my ($sock, $peer) = truncating({}, @_);

        is(scalar <$sock>, "line\n", 'a line');
        is_deeply([<$sock>], ['half'], 'the rest');
        for my $name (sort keys %WRITE) {
            local $! = 0;
            $SSL_ERROR = '';
            is($WRITE{$name}->($sock),
                undef, "$name fails after a truncated end");
            ok($!{EPIPE}, '... with EPIPE') or diag $!;
            like(
                $SSL_ERROR,
                qr/write error.*without close_notify/,
                '... and a text'
            );
            is(scalar <$sock>, undef, '... the end stays an end');
        }
        is(scalar $sock->stop_SSL, undef, 'stop_SSL fails');
        like(
            $SSL_ERROR,
            qr/shutdown error.*without close_notify/,
            '... for the same reason'
        );
        ok(close $sock, 'close succeeds');
    }
) if IO::Socket::SSL::_openssl_version_number() >= 0x30000000;

each_setting(
    sub {
        my ($sock, $peer) = truncating({ SSL_strict_eof => 1 }, @_);

        is(sysread($sock, my $buffer, 5),
            5, 'SSL_strict_eof: data can be read');
        is(sysread($sock, $buffer, 100), 4,     '... all of it');
        is(sysread($sock, $buffer, 100), undef, 'the end is an error');
        is($! + 0, EPROTO, '... EPROTO');
        like(
            $SSL_ERROR,
            qr/eof|truncat|without close_notify/i,
            '... with a clear text'
        );
        is($sock->eof_reason, 'truncated',      'eof_reason says so, too');
        is(sysread($sock, $buffer, 100), undef, 'and the error remains');
        is(scalar <$sock>,               undef, 'readline returns undef');
    }
);

each_version(
    sub {
        my ($version) = @_;

        my ($sock, $peer) = tls_pair(
            version => $version,
            peer    => sub {
                my ($sock, $me) = @_;
                $me->hear;
                close_with_reset($sock);
            }
        );
        $peer->tell('go');
        local $! = 0;
        is(sysread($sock, my $buffer, 10), undef, 'a reset is an error');
        ok($!{ECONNRESET}, '... ECONNRESET') or diag $!;
        isnt("$SSL_ERROR", '', '... with a text');
    }
);

# Here the alert that OpenSSL sends in answer to the end cannot be delivered.
each_setting(
    sub {
        my ($sock, $peer) = tls_pair(
            @_,
            peer => sub {
                my ($sock, $me) = @_;
                getc $sock;
                $sock->close(SSL_no_shutdown => 1);
                $me->tell('closed');
            }
        );
        syswrite $sock, 'x';
        $peer->hear;
        syswrite $sock, 'bounces';
        is(sysread($sock, my $buffer, 10),
            0, 'the end of file is reported although nothing can be written');
        is($sock->eof_reason, 'truncated', '... as a truncation');
    }
);

# Bytes of an attacker in place of a record.
my %FORGERY = (
    'text in the clear'   => "HTTP/1.0 200 OK\r\n\r\n",
    'a record of rubbish' => "\x17\x03\x03\x00\x40" . ("\x55" x 0x40),
    'a record too long'   => "\x17\x03\x03\xff\xff" . ("\x55" x 0xffff),
    'a close_notify in the clear' => "\x15\x03\x03\x00\x02\x01\x00",
);
for my $name (sort keys %FORGERY) {
    each_setting(
        sub {
            my ($sock, $peer) = tls_pair(
                @_,
                peer => sub {
                    my ($sock, $me) = @_;
                    print $sock 'true';
                    $sock->stop_SSL(SSL_no_shutdown => 1);
                    syswrite $sock, $FORGERY{$name};
                    $me->hear;
                }
            );
            is(sysread($sock, my $buffer, 100), 4,     "data before $name");
            is(sysread($sock, $buffer,    100), undef, "$name is an error");
            isnt("$SSL_ERROR", '', "... with a text: $SSL_ERROR");
            is(sysread($sock, $buffer, 100), undef, '... which remains');
            ok(!syswrite($sock, 'x'), 'nothing can be written any more');
            is($sock->eof_reason, undef, 'it is not an end of file');
        }
    );
}

subtest 'a fatal alert is an error' => sub {

    # In TLS 1.3 a client learns only after its handshake that the server
    # requires a certificate.
    my ($sock, $peer) = failing_pair(
        version => 'TLSv1_3',
        theirs  => {
            SSL_ca_file     => cert('ca'),
            SSL_verify_mode => SSL_VERIFY_PEER |
              SSL_VERIFY_FAIL_IF_NO_PEER_CERT
        }
    );
    isa_ok($sock, 'IO::Socket::SSL', 'the client after its handshake');
    is(sysread($sock, my $buffer, 10), undef, 'its read fails');
    like(
        $SSL_ERROR,
        qr/alert certificate required/i,
        '... and the alert is named'
    );
};

done_testing;
