# SSL_io_timeout limits each blocking read and write; it may be a fraction.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

my $TIMEOUT = 0.2;

my %SILENT = (
    'sysread'  => sub { sysread($_[0], my $buffer, 10) },
    'readline' => sub { my $sock = $_[0]; scalar <$sock> },
    '->read'   => sub { $_[0]->read(my $buffer, 10) },
    '->peek'   => sub { $_[0]->peek(my $buffer, 10) },
    'getc'     => sub { getc $_[0] },
);
each_setting(
    sub {
        my ($sock, $peer) = tls_pair(
            @_,
            mine => { SSL_io_timeout => $TIMEOUT },
            peer => sub {
                my ($sock, $me) = @_;
                $me->hear;
                print $sock "late\n";
                $me->hear;
            }
        );
        for my $name (sort keys %SILENT) {
            local $! = 0;
            is(scalar $SILENT{$name}->($sock),
                undef, "$name of a silent peer: undef");
            ok($!{ETIMEDOUT}, '... with ETIMEDOUT') or diag "$! $SSL_ERROR";
        }
        ok($sock->blocking, 'the socket still blocks');
        $peer->tell('go');
        my $line;
        do { $line = <$sock> } until defined $line || !$!{ETIMEDOUT};
        is($line, "late\n", 'and still works');
    }
);

each_version(
    sub {
        my ($version) = @_;

        my ($sock, $peer) = tls_pair(
            version => $version,
            mine    => { SSL_io_timeout => $TIMEOUT },
            peer    => sub { $_[1]->hear }
        );
        local $! = 0;
        my $count = print {$sock} 'x' x 20_000_000;
        ok($!{ETIMEDOUT}, 'print to a peer that does not read: ETIMEDOUT')
          or diag "$! $SSL_ERROR";
        ok(!defined $count || $count < 20_000_000, '... and not all written');
    }
);

each_version(
    sub {
        my ($sock, $peer) = tls_pair(
            version => $_[0],
            mine    => { SSL_io_timeout => $TIMEOUT },
            peer    => sub { $_[1]->hear }
        );
        local $! = 0;
        is(scalar $sock->stop_SSL, undef, 'stop_SSL, a silent peer: undef');
        ok($!{ETIMEDOUT}, '... with ETIMEDOUT') or diag "$! $SSL_ERROR";
        ok($sock->close(SSL_fast_shutdown => 0), 'close ends, too');
    }
);

SKIP: {
    skip 'this OpenSSL cannot', 1 if !IO::Socket::SSL->can_do('new_ticket');
    my ($sock, $peer) = tls_pair(
        role    => 'server',
        version => 'TLSv1_3',
        mine    => { SSL_io_timeout => $TIMEOUT },
        peer    => sub { $_[1]->hear }
    );
    local $! = 0;
    1 while $sock->new_ticket;
    ok($!{ETIMEDOUT}, 'new_ticket, a peer that does not read: ETIMEDOUT')
      or diag "$! $SSL_ERROR";
}

done_testing;
