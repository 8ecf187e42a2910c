# "For all functions, the return value on error is now an empty list."
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::INET;
use IO::Socket::SSL;
use Test::More;

my $closed = listener();
my $nobody = address($closed);
close $closed;

sub is_empty {
    my ($claim, $code) = @_;
    my @list = $code->();
    is_deeply(\@list, [], "$claim: the empty list")
      or diag explain \@list;
    ok(!scalar $code->(), "$claim: false in scalar context");
    return;
}

is_empty('new, one string', sub { IO::Socket::SSL->new($nobody) });
is_empty('new, nobody listens',
    sub { IO::Socket::SSL->new(PeerAddr => $nobody, client_args()) });
is_empty(
    'new, no such certificate',
    sub {
        IO::Socket::SSL->new(
            LocalAddr     => '127.0.0.1',
            Listen        => 1,
            SSL_cert_file => '/no/such/cert',
            SSL_key_file  => '/no/such/key'
        );
    }
);
my %wrong = (SSL_cert_file => cert('garbage-block'));
is_empty('SSL_Context->new',
    sub { IO::Socket::SSL::SSL_Context->new(%wrong) });
is_empty('context_init', sub { IO::Socket::SSL::context_init(%wrong) });
is_empty('new_from_fd',  sub { IO::Socket::SSL->new_from_fd(4095) });
is_empty('start_SSL',
    sub { IO::Socket::SSL->start_SSL(IO::Socket::INET->new) });

# A socket without TLS.
my $listener = IO::Socket::SSL->new(
    LocalAddr => '127.0.0.1',
    Listen    => 1,
    Blocking  => 0,
    server_args()
) or die "listen: $SSL_ERROR";
is_empty('accept', sub { $listener->accept });

my @FACTS = qw(get_cipher get_sslversion get_sslversion_int
  dump_peer_certificate peer_certificate peer_certificates
  next_proto_negotiated alpn_selected get_servername sock_certificate
  get_fingerprint issuer_name subject_name);
for my $method (@FACTS) {
    is_empty("$method without TLS", sub { $listener->$method });
}
is_empty('verify_hostname without TLS',
    sub { $listener->verify_hostname('localhost', 'http') });

my ($sock, $peer) = tls_pair();
$sock->blocking(0);
is_empty('sysread', sub { $sock->sysread(my $buffer, 1) });
is_empty('read',    sub { $sock->read(my $buffer, 1) });
is_empty('peek',    sub { $sock->peek(my $buffer, 1) });
is_empty('getc',    sub { $sock->getc });
is_empty('getline', sub { $sock->getline });
is_empty('verify_hostname of another',
    sub { $sock->verify_hostname('nobody.example', 'http') });
fill($sock, 'x' x 100_000);
is_empty('syswrite', sub { $sock->syswrite('x') });
is_empty('write',    sub { $sock->write('x') });
is_empty('print',    sub { $sock->print('x') });
is_empty('printf',   sub { $sock->printf('x') });
is_empty('say',      sub { $sock->say('x') });

ok($sock->close(SSL_no_shutdown => 1), 'it closes');
is_deeply([$sock->close], [''],
    'close of a closed one: an empty string, as from the builtin');
is_empty('connect_SSL of a closed one', sub { $sock->connect_SSL });
is_empty('accept_SSL of a closed one',  sub { $sock->accept_SSL });
for my $method (qw(read sysread peek)) {
    is_empty("$method of a closed one", sub { $sock->$method(my $in, 1) });
}
for my $method (qw(write syswrite print printf say)) {
    is_empty("$method to a closed one", sub { $sock->$method('x') });
}
{
    no warnings 'closed';    # IO::Handle's own
    local $SIG{__WARN__} = sub { };
    is_empty("$_ of a closed one", sub { $sock->$_ }) for qw(getline getc);
}

my ($waiting, $waited_for) = tls_pair();
$waiting->blocking(0);
is_empty('stop_SSL', sub { $waiting->stop_SSL });

# The end of file is not an error: the results are those of Perl's own
# handles.
my %AT_END = (
    getline  => [undef],
    getc     => [undef],
    getlines => [],
    sysread  => [0],
    read     => [0],
    peek     => [0],
);
for my $method (sort keys %AT_END) {
    my ($ended, $its_peer) = tls_pair(peer => sub { close $_[0] });
    my @arguments = $method =~ /^get/ ? () : (my $in, 1);
    is_deeply([$ended->$method(@arguments)],
        $AT_END{$method}, "$method at the end of file is not a failure");
}

# The same for plain data before TLS.
for my $method (sort grep { $_ ne 'peek' } keys %AT_END) {
    my ($tcp, $its_peer) = raw_pair(sub { shutdown $_[0], 1 });
    IO::Socket::SSL->start_SSL($tcp, SSL_startHandshake => 0);
    my @arguments = $method =~ /^get/ ? () : (my $in, 1);
    is_deeply([$tcp->$method(@arguments)],
        $AT_END{$method}, "$method at the end of plain data");
}

my ($cut, $cutter) = tls_pair(
    mine => { SSL_strict_eof => 1 },
    peer => sub { $_[0]->close(SSL_no_shutdown => 1) }
);
is_empty('getline of what was cut off', sub { $cut->getline });

done_testing();
