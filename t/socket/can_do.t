# can_do tells which features this build has; other names are a mistake.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

ok(!$INC{'IO/Socket/SSL/Abilities.pm'}, 'loaded when it is used');
for my $name (
    qw(channel_binding deadline handshake_timeout keylog_file reload
    acme num_tickets session_timeout ssl_error_info startHandshake ticket_keys
    tls_info verified_chain)
  )
{
    ok(IO::Socket::SSL::can_do($name), "a function: $name");
    ok(IO::Socket::SSL->can_do($name), '... and a method');
}
is(
    !!IO::Socket::SSL->can_do('new_ticket'),
    IO::Socket::SSL::_built_with_openssl() >= 0x30000000,
    'what only newer OpenSSLs have'
);
my $listener = IO::Socket::SSL->new(
    Listen    => 1,
    LocalAddr => '127.0.0.1',
    server_args()
);
ok($listener->can_do('deadline'), '... of an object');
for my $name (qw(dead_line SSL_deadline sysread), '', undef) {
    my $shown = defined $name ? $name : 'undef';
    like(
        died(sub { IO::Socket::SSL->can_do($name) }),
        qr/can_do.* at \Q$0/,
        "$shown: it dies"
    );
}

done_testing;
