# Operations that TLS does not support croak at the line of the caller;
# operations that are not needed do nothing.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

my ($sock, $peer) = tls_pair(
    peer => sub {
        my ($sock, $me) = @_;
        $me->hear;
        print $sock "alive\n";
        $me->hear;
    }
);

for my $method (qw(truncate stat setbuf setvbuf fdopen ungetc send recv)) {
    my $error = died(sub { $sock->$method('x', 0) });
    like($error, qr/\Q$method\E/, "$method croaks with its name");
    like($error, qr/croak\.t/,    '... at the line of the caller');
}
like(died(sub { $sock->send('x') }),
    qr/syswrite/, 'send: the error says what to use');
like(died(sub { $sock->recv(my $x, 1) }),
    qr/sysread/, 'recv: the error says what to use');

ok(
    !eval { no warnings; send($sock, 'plain', 0) },
    'the builtin send does not succeed in the clear'
) or diag 'it was sent';
$! = 0;
is(tell $sock, -1, 'tell is -1');
ok($!{EBADF},      '... with EBADF') or diag $!;
ok(binmode($sock), 'binmode is true and does nothing');
ok(!died(sub { binmode $sock, ':encoding(UTF-8)' }), '... also with a layer');
ok(!eval { seek $sock, 0, 0 },                       'seek does not succeed');

like(fileno $sock, qr/^\d+\z/, 'fileno');
is($sock->fileno, fileno $sock, '... as a method');
ok($sock->autoflush(1) || 1, 'autoflush');
ok($sock->flush,             'flush');
ok(-S $sock,                 '-S');
is($sock->peerhost, '127.0.0.1', 'peerhost');
is($sock->sockhost, '127.0.0.1', 'sockhost');

$peer->tell('go');
is(scalar <$sock>, "alive\n", 'and the connection still works');

# Wrong arguments: the error has the option and the line of the caller.
for my $case (
    [SSL_verify_mode    => 'SSL_VERIFY_PEER'],
    [SSL_version        => 'TLSv9'],
    [SSL_alpn_protocols => 'h2'],
    [SSL_ca_file        => cert_file('no-such-file.pem')],
    [SSL_ca_path        => cert_file('no-such-dir')],
  )
{
    my ($option, $value) = @$case;
    my $error = died(
        sub {
            IO::Socket::SSL::SSL_Context->new(client_args($option => $value))
              or die "returned: $SSL_ERROR";
        }
    );
    like($error, qr/\Q$option\E/, "$option => $value: the option is named");
}

# Options of a connection, not of its context.
for my $case ([SSL_verifycn_scheme => 'no such'], [SSL_fingerprint => 'zz']) {
    my ($option, $value) = @$case;
    my ($tcp) =
      raw_pair(sub { IO::Socket::SSL->start_SSL($_[0], server_args()) });
    my $error = died(
        sub {
            IO::Socket::SSL->start_SSL($tcp, client_args($option => $value))
              or die "returned: $SSL_ERROR";
        }
    );
    like($error, qr/\Q$option\E/, "$option => $value: the option is named");
}

done_testing;
