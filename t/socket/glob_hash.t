# Our keys in *$sock that programs read and write.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

my ($sock, $peer) =
  tls_pair(peer => sub { sysread $_[0], my $buffer, 1 });
my $hash = *$sock{HASH};
is(ref $hash->{_SSL_arguments}, 'HASH', '_SSL_arguments is a hash');
is($hash->{_SSL_arguments}{SSL_ca_file},
    cert('ca'), '... with the given arguments');
like($hash->{_SSL_object}, qr/^[1-9]\d*\z/, '_SSL_object is an address');
is($hash->{_SSL_object}, $sock->_get_ssl_object, '... the handle');
isa_ok($hash->{_SSL_ctx}, 'IO::Socket::SSL::SSL_Context', '_SSL_ctx');
is($hash->{_SSL_fileno}, fileno $sock, '_SSL_fileno');
is($hash->{_SSL_opened}, 1,            '_SSL_opened');
is($hash->{_SSL_ioclass_upgraded},
    'IO::Socket::INET', '_SSL_ioclass_upgraded');

$hash->{_SSL_opened} = -1;
is($sock->opened, -1, '_SSL_opened can be written');
$hash->{_SSL_opened} = 1;

$sock->stop_SSL(SSL_fast_shutdown => 1);
is($hash->{_SSL_write_closed}, 1, '_SSL_write_closed after our close_notify');
is($hash->{_SSL_read_closed},  undef, '... _SSL_read_closed is not set');
sysread $sock, my $buffer, 1;
is($hash->{_SSL_read_closed}, 1, '... but after that of the peer');
close $sock;
ok(!$hash->{_SSL_object}, '_SSL_object is false after close');

($sock) = tls_pair(
    peer => sub { $_[0]->stop_SSL(SSL_fast_shutdown => 1); $_[1]->hear });
$hash = *$sock{HASH};
<$sock>;
is($hash->{_SSL_read_closed}, undef, 'readline at the end sets no key');
sysread $sock, $buffer, 1;
is($hash->{_SSL_read_closed}, -1, '_SSL_read_closed after a read at the end');
is($hash->{_SSL_write_closed}, -1, '... and _SSL_write_closed');

($sock) = tls_pair(
    mine => { SSL_on_peer_shutdown => sub { return 0 } },
    peer => sub { $_[0]->stop_SSL(SSL_fast_shutdown => 1); $_[1]->hear }
);
$hash = *$sock{HASH};
sysread $sock, $buffer, 1;
is($hash->{_SSL_read_closed}, 1,
    '_SSL_read_closed with SSL_on_peer_shutdown');
is($hash->{_SSL_write_closed}, undef, '... but not _SSL_write_closed');

subtest 'arguments are read when the handshake starts' => sub {
    my $cipher = 'ECDHE-RSA-AES128-GCM-SHA256';
    my ($tcp) = raw_pair(
        sub {
            IO::Socket::SSL->start_SSL($_[0],
                server_args(SSL_version => 'TLSv1_2'));
        }
    );
    my $sock = IO::Socket::SSL->start_SSL(
        $tcp,
        client_args(
            SSL_startHandshake => 0,
            SSL_verifycn_name  => 'other.test'
        )
    );
    *$sock{HASH}{_SSL_arguments}{SSL_verifycn_name} = 'localhost';
    ok($sock->connect_SSL,
        'a name that is set before the handshake is checked')
      or diag $SSL_ERROR;
};

# Programs undef _SSL_object after a fork to avoid a shutdown.
subtest '_SSL_object set to undef' => sub {
    my ($sock, $peer) = tls_pair(
        version => 'TLSv1_2',
        peer    => \&tell_all
    );
    *$sock{HASH}{_SSL_object} = undef;
    close $sock;
    is_deeply([$peer->hear], ['', 'truncated'], 'close sends nothing');
};

my $listener = IO::Socket::SSL->new(
    LocalAddr => '127.0.0.1',
    Listen    => 1,
    server_args()
);
is(ref *$listener{HASH}{_SSL_arguments}, 'HASH', 'a listener has them, too');
is($listener->_get_ssl_object,           undef,  '... but no SSL object');

$IO::Socket::SSL::DEBUG = 0;
{
    no warnings 'once';
    $Net::SSLeay::trace = 3;
    is($IO::Socket::SSL::DEBUG, 3,
        '$DEBUG and $Net::SSLeay::trace are the same variable');
    $Net::SSLeay::trace = 0;
}

done_testing;
