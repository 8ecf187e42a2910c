# Claims of the manual about methods and options that no other test covers.
use strict;
use warnings;

# The system's OPENSSL_CONF may forbid what was allowed at the manual's time.
BEGIN { $ENV{OPENSSL_CONF} = '/dev/null' }

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

my ($version) = tls_pair(mine => { SSL_version => 'sSlV23:!tlsv1_3' });
is($version->get_sslversion,
    'TLSv1_2', 'SSL_version: all values are case-insensitive');

# Security level 0 allows the signatures that TLS 1.0 needs.
SKIP: {
    my %weak = (SSL_cipher_list => 'DEFAULT:@SECLEVEL=0');
    my ($old) = failing_pair(
        mine   => { %weak, SSL_version => 'SSLv23:!SSLv2:!TLSv11:!TLSv12' },
        theirs => { %weak, SSL_version => 'TLSv1' },
        peer   => sub { }
    );
    skip "this OpenSSL has no TLS 1.0: $SSL_ERROR", 1
      if !$old && $SSL_ERROR =~ /no protocols|unsupported protocol/;
    is($old && $old->get_sslversion,
        'TLSv1', 'SSL_version: !TLSv11 and !TLSv12 leave TLS 1.0');
}
my ($no_12) = handshake_errors(
    mine   => { SSL_version => 'SSLv23:!TLSv12' },
    theirs => { SSL_version => 'TLSv1_2' }
);
isnt($no_12, '', 'SSL_version: !TLSv12 disables TLS 1.2');

my ($server) =
  tls_pair(role => 'server', mine => { SSL_hostname => 'ignored.example' });
is($server->get_servername, 'localhost',
    'SSL_hostname is ignored for the server side');

my ($sock, $peer) = tls_pair();
my @asked;
my %scheme = (
    callback         => sub { @asked = @_; return 1 },
    check_cn         => 0,
    wildcards_in_alt => 0
);
ok($sock->verify_hostname('nobody.example', \%scheme),
    'verify_hostname: all other arguments of a callback are ignored');
is_deeply(
    \@asked,
    [
        'nobody.example',
        $sock->peer_certificate('cn'),
        $sock->peer_certificate('subjectAltNames')
    ],
    'verify_hostname: the callback gets hostname, common name and others'
);

my ($plain, $its_peer) = raw_pair(
    sub {
        IO::Socket::SSL->start_SSL($_[0],
            server_args(identity('other-server')));
    }
);
IO::Socket::SSL->start_SSL($plain, SSL_startHandshake => 0, client_args());
ok(!$plain->connect_SSL, 'a handshake fails');
is($plain->opened, -1, 'opened is -1 when the handshake failed');

my ($tcp, $echo) = raw_pair(
    sub {
        my $served = IO::Socket::SSL->start_SSL($_[0], server_args());
        print $served "from the server\n" if $served;
    }
);
my $from_fd = IO::Socket::SSL->new_from_fd(fileno $tcp, '<', client_args());
is(
    $from_fd && <$from_fd>,
    "from the server\n",
    'new_from_fd ignores a MODE argument'
);

my ($first,  $first_peer)  = raw_pair(sub { serve(@_) });
my ($second, $second_peer) = raw_pair(sub { serve(@_) });

sub serve {
    my ($tcp) = @_;
    IO::Socket::SSL->start_SSL($tcp, server_args());
    return;
}
ok(IO::Socket::SSL->start_SSL($first, client_args()), 'a first socket');
IO::Socket::SSL::set_default_context($first);
ok(
    IO::Socket::SSL->start_SSL(
        $second, client_args(SSL_ca_file => cert('other-ca'))
    ),
    'set_default_context takes a socket'
);
is(${*$second}{_SSL_ctx}, ${*$first}{_SSL_ctx}, '... and uses its context');
IO::Socket::SSL::set_default_context(undef);

my $named;
my ($unnamed, $unnamed_peer) = raw_pair(sub { serve(@_) });
IO::Socket::SSL::set_ctx_defaults(
    scheme => { callback => sub { $named = $_[0]; return 1 } });
ok(IO::Socket::SSL->start_SSL($unnamed, SSL_ca_file => cert('ca')),
    'a scheme with a callback, and no name')
  or diag $SSL_ERROR;
is($named, 'unknown', "set_ctx_defaults: the name is 'unknown' then");
IO::Socket::SSL::set_ctx_defaults(scheme => undef, name => undef);

subtest 'peek' => sub {
    my ($sock, $peer) =
      tls_pair(peer => sub { my ($sock) = @_; print $sock 'one two'; });
    ok(readable($sock), 'data arrives');
    for my $time (1 .. 3) {
        is($sock->peek(my $seen, 3), 3,     "call $time of peek");
        is($seen,                    'one', '... returns the same');
    }
    is($sock->peek(my $at = '>', 3, 1), 3,      'with an offset, as sysread');
    is($at,                             '>one', '... into the same place');
    is(sysread($sock, my $in, 100),     7,      'nothing was consumed');
};

done_testing();
