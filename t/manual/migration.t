# What IO::Socket::SSL::Migration says of today's behaviour, line by line: the
# column "now".
use strict;
use warnings;

use Errno qw(EOPNOTSUPP EPERM ESPIPE);
use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::SSL;
use ISS::Pod;
use ISS::Test;
use Test::More;

# What a call in list context did: "dies", "()", the value, and the errno.
sub outcome {
    my ($code) = @_;

    local $SIG{__WARN__} = sub { };
    $! = 0;
    my @result;
    return 'dies' if !eval { @result = $code->(); 1 };
    my $errno = 0 + $!;
    my $value =
      @result
      ? join ' ', map { ref || (defined ? $_ : 'undef') } @result
      : '()';
    return $value if @result && $result[0];
    return $errno ? "$value, $errno" : $value;
}

# new with these arguments, for a server that waits for a line.
sub client {
    my (@args) = @_;

    my ($server, $address) = tls_server(sub { my $line = readline $_[0] });
    return outcome(
        sub { IO::Socket::SSL->new(PeerAddr => $address, client_args(@args)) }
    );
}

sub connected {
    my ($peer) = @_;
    return tls_pair(peer => $peer || sub { my $line = readline $_[0] });
}

my $SOCKET = 'IO::Socket::SSL';

is(client(SSL_verify_callback => 'text'), 'dies',
    'a value of the wrong kind');
is(client(SSL_passwd_cb => 'text'), 'dies', '... also if it is not used');
my @warnings =
  warnings_of(sub { IO::Socket::SSL::SSL_Context->new(SSL_verify_mod => 1) });
like("@warnings", qr/unknown option SSL_verify_mod/, 'an unknown name');
is(client(SSL_fingerprint => 'sha256$00'), '()', 'a malformed fingerprint');
like(client(SSL_cert_file => '/missing'),
    qr/^\(\)/, 'SSL_cert_file of a client');
is(client(SSL_key_file => '/missing'), $SOCKET, 'SSL_key_file of a client');
is(client(SSL_version  => 'TLSv1_2:TLSv1_3'), $SOCKET, 'two versions');
{
    local $ENV{SSL_CERT_FILE} = cert('ca');
    IO::Socket::SSL::default_ca(undef);
    is(client(SSL_ca_file => ''), $SOCKET, "'' for SSL_ca_file");
}
IO::Socket::SSL::set_defaults(SSL_verify_mode => undef);
is(client(SSL_ca_file => cert('other-ca')), '()', 'SSL_verify_mode => undef');
{
    my $of_server = IO::Socket::SSL::SSL_Context->new(server_args());
    is(client(SSL_reuse_ctx => $of_server),
        'dies', 'the context of a server for a client');
}

my ($sock, $peer) = connected();
is(outcome(sub { $sock->verify_hostname('other.test') }),
    '()', 'verify_hostname, another name');
is(outcome(sub { syswrite $sock, "\x{263a}" }), 'dies', 'wide characters');
is(outcome(sub { print {$sock} '' }), '0 but true',     'print of nothing');
is(outcome(sub { $sock->sysread(my $buffer, -1) }),
    'dies', 'sysread, negative length');
is(outcome(sub { binmode $sock }),    1,             'binmode');
is(outcome(sub { seek $sock, 0, 0 }), ', ' . ESPIPE, 'seek');
is(
    outcome(sub { open my $copy, '>&', $sock }),
    'undef, ' . EOPNOTSUPP,
    'a copy by open'
);

($sock, $peer) =
  connected(sub { $_[0]->stop_SSL(SSL_fast_shutdown => 1); $_[1]->hear });
is(sysread($sock, my $buffer, 1), 0, 'sysread at the end');
is(
    outcome(sub { sysread $sock, $buffer, 1 }),
    'undef, ' . EPERM,
    '... the second time'
);
$peer->tell('go');

{
    my ($server, $address) = tls_server(sub { $_[0]->stop_SSL });
    socket my $glob, Socket::PF_INET(), Socket::SOCK_STREAM(), 0;
    my ($port) = $address =~ /:(\d+)/;
    connect $glob,
      Socket::pack_sockaddr_in($port, Socket::inet_aton('127.0.0.1'));
    my $started = IO::Socket::SSL->start_SSL($glob, client_args());
    is(ref $started, $SOCKET, 'start_SSL on a glob');
    $started->stop_SSL;
    is(ref $glob, 'GLOB', '... which is a glob again after stop_SSL');
}

is(perl_says('-e', 'use IO::Socket::SSL; print "<$SSL_ERROR>"'),
    '<>', '$SSL_ERROR before any error');
is(outcome(sub { IO::Socket::SSL->new('127.0.0.1:1') }),
    '()' . ', ' . (0 + do { $! = Errno::ECONNREFUSED(); $! }), 'refused');
like(
    "$SSL_ERROR",
    qr/^cannot connect to [\d.]+:\d+: Connection refused$/,
    '... and says so'
);
is_deeply([0 + SSL_WANT_READ, 0 + SSL_WANT_WRITE], [2, 3], 'the numbers');

# Each line of the table has a test here: who adds one, adds to both.
my ($table) = grep { $_->{text} =~ /^subject +2\.099/ }
  blocks_of(pods()->{'SSL/Migration'});
is(scalar(() = $table->{text} =~ /^\S/mg), 1 + 19, 'the lines of the table');
done_testing;
