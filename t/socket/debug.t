# The output of debug0 to debug3, and set_msg_callback.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

my $SECRET = 'THE-SECRET-TEXT';

# The output of one connection on STDERR at a level.
sub debugged {
    my ($level, %arg) = @_;
    my $printed = '';
    my ($sock, $peer) = raw_pair(
        sub {
            my ($tcp, $me) = @_;
            my $sock = IO::Socket::SSL->start_SSL($tcp, server_args())
              or return;
            $me->tell(<$sock>);
        }
    );

    open(my $saved, '>&', \*STDERR) or die $!;
    open(my $file,  '+>', undef)    or die $!;
    open(STDERR,    '>&', $file)    or die $!;
    {
        local $IO::Socket::SSL::DEBUG = $level;
        if (IO::Socket::SSL->start_SSL($sock, client_args(%arg))) {
            print $sock "$SECRET\n";
            close $sock;
        }
    }
    open(STDERR, '>&', $saved) or die $!;
    seek $file, 0, 0;
    return do { local $/; scalar <$file> };
}

is(debugged(0), '', 'debug0: nothing');

my $printed = debugged(1);
like($printed, qr/TLSv1\.3 with TLS_/, 'debug1: the cipher');
unlike($printed, qr/ClientHello|start_SSL/, '... and no more');
like(
    debugged(1, SSL_ca_file => cert('other-ca')),
    qr/certificate verify failed/,
    'debug1: an error'
);

$printed = debugged(2);
like($printed, qr/start_SSL.*connect_SSL.*close/s, 'debug2: the calls');
like(
    $printed,
    qr/sent \S+ handshake ClientHello, \d+ bytes/,
    '... what was sent, in words'
);
like($printed, qr/received TLSv1_3 handshake Finished/, '... and received');
like(
    $printed,
    qr/sent TLSv1_3 alert warning "close notify"/,
    '... alerts by name'
);
unlike($printed, qr/^DEBUG:     0000 /m, '... and no dumps');

$printed = debugged(3);
like($printed, qr/^DEBUG:     0000  01 00 /m, 'debug3: dumps');
is_deeply([grep { !/^DEBUG: \S|^DEBUG:     / } split /\n/, $printed],
    [], '... each line preceded by the word DEBUG');
unlike($printed, qr/$SECRET/, '... but not of secret data');

is(\$IO::Socket::SSL::DEBUG, \$Net::SSLeay::trace,
    '$DEBUG is $Net::SSLeay::trace');

each_setting(
    sub {
        my @setting = @_;
        my @told;
        my ($sock) = tls_pair(@setting, peer => sub { my ($s) = @_; <$s> });
        $sock->set_msg_callback(sub { push @told, [@_] }, 'more', 42);
        print $sock "data\n";
        close $sock;
        my ($close) = grep { $_->[3] == 21 } @told;
        ok($close, 'the callback gets the close_notify');
        is($close->[0], $sock,  '... with the socket');
        is($close->[1], 1,      '... that was sent');
        is($close->[4], "\1\0", '... with its bytes');
        is($close->[5], 2,      '... their count');
        like($close->[6], qr/^[1-9]\d+\z/, '... a handle');
        is_deeply(
            [@$close[7, 8]],
            ['more', 42],
            '... and the arguments of set_msg_callback'
        );
    }
);

subtest 'a callback' => sub {
    my ($sock) = tls_pair(peer => sub { my ($s) = @_; <$s> });
    $sock->set_msg_callback(sub { die "enough\n" });
    is(died(sub { $sock->stop_SSL(SSL_fast_shutdown => 1) }),
        "enough\n", 'its exception is passed on');
    $sock->set_msg_callback(undef);
    is(died(sub { $sock->close }), undef, 'undef removes it');
    like(
        died(sub { $sock->set_msg_callback('x') }),
        qr/code reference.*debug\.t/,
        'a string croaks'
    );
};

done_testing();
