# can_do tells which features this build has; other names are a mistake.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

ok(!$INC{'IO/Socket/SSL/Abilities.pm'}, 'loaded when it is used');
# All that the manual has and 2.099 has not.
my @NAMES = qw(
  acme answer can_do cert_callback channel_binding channel_bindings
  crl_check_all dane_ee_name deadline export_keying_material export_session
  handshake_report handshake_timeout hello_callback keylog_callback
  keylog_file num_tickets reload reload_callback session session_timeout
  ssl_error_info startHandshake stats ticket_keys tls_info tlsa verified_chain
  verify_strict want_answer
);
for my $name (@NAMES) {
    ok(IO::Socket::SSL::can_do($name), "a function: $name");
    ok(IO::Socket::SSL->can_do($name), '... and a method');
}
for my $name (qw(new_ticket provider)) {
    is(
        !!IO::Socket::SSL->can_do($name),
        IO::Socket::SSL::_built_with_openssl() >= 0x30000000,
        "what only newer OpenSSLs have: $name"
    );
}
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
