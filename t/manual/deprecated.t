# Deprecated functions and methods, and claims about contexts that no other
# test covers.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

my $SUBJECT = '/C=DE/O=IO-Socket-SSL/CN=localhost';
my $ISSUER  = '/C=DE/O=IO-Socket-SSL/CN=Test CA';

sub served {
    my (@args) = @_;
    return raw_pair(
        sub {
            my ($tcp, $me) = @_;
            my $sock = IO::Socket::SSL->start_SSL($tcp, server_args(@args));
            $me->tell($sock ? scalar <$sock> : 'no handshake');
        }
    );
}

for my $name (qw(socketToSSL socket_to_SSL)) {
    no strict 'refs';
    my ($tcp, $peer) = served();
    my $sock = &{"IO::Socket::SSL::$name"}($tcp, { client_args() });
    isa_ok($sock, 'IO::Socket::SSL', "$name upgrades a socket");
    ok($sock && $sock->is_SSL, "$name: it is under TLS");
    print $sock "hello\n" if $sock;
    is_deeply([$peer->hear], ["hello\n"], "$name: it works");
}

my ($sock, $peer) = tls_pair(peer => sub { $_[1]->tell(<${ $_[0] }>) });
is($sock->get_peer_certificate,
    $sock, 'get_peer_certificate returns the object');
is($sock->get_peer_certificate->subject_name,
    $SUBJECT, 'get_peer_certificate: it has subject_name');
is($sock->get_peer_certificate->issuer_name,
    $ISSUER, 'get_peer_certificate: it has issuer_name');
is(
    $sock->subject_name,
    $sock->peer_certificate('subject'),
    "subject_name is peer_certificate('subject')"
);
is(
    $sock->issuer_name,
    $sock->peer_certificate('issuer'),
    "issuer_name is peer_certificate('issuer')"
);
ok($sock->kill_socket,    'kill_socket closes');
ok(!defined fileno $sock, 'kill_socket: the descriptor is gone');

subtest 'want_read and want_write report $SSL_ERROR' => sub {
    my ($quiet, $peer) = tls_pair();
    $quiet->blocking(0);
    my @warnings;
    for my $none ('', undef) {
        $SSL_ERROR = $none;
        local $SIG{__WARN__} = sub { push @warnings, @_ };
        is_deeply([$quiet->want_read, $quiet->want_write],
            ['', ''], 'neither if there was no error');
    }
    is_deeply(\@warnings, [], '... without a warning');
    is(sysread($quiet, my $buffer, 1), undef, 'nothing to be read');
    ok($quiet->want_read,   'want_read');
    ok(!$quiet->want_write, '... and not want_write');
    1 while defined syswrite $quiet, 'x' x 100_000;
    ok($quiet->want_write, 'want_write, if nothing more can be written');
    ok(!$quiet->want_read, '... and not want_read');
};

# The peers are forked first, so that they do not use that context.
subtest 'context_init sets defaults, which a call overrides' => sub {
    my ($refused, $peer)      = served();
    my ($accepted, $its_peer) = served();
    my %other = (SSL_ca_file => cert('other-ca'));
    my %ours  = client_args();

    my ($unverified, $third) = served();

    ok(IO::Socket::SSL::context_init({%other}), 'with a hash reference');
    ok(!IO::Socket::SSL->start_SSL($refused, SSL_hostname => 'localhost'),
        '... its CA is used if the call does not name one');
    like($SSL_ERROR, qr/certificate verify failed/, '... and no other');
    ok(IO::Socket::SSL->start_SSL($unverified, SSL_verify_mode => 0),
        'SSL_verify_mode of the call counts')
      or diag $SSL_ERROR;
    isa_ok(
        IO::Socket::SSL::context_init(
            SSL_verify_mode => SSL_VERIFY_PEER,
            %other
        ),
        'IO::Socket::SSL::SSL_Context',
        'with a list'
    );
    ok(IO::Socket::SSL->start_SSL($accepted, %ours),
        'so does SSL_ca_file of the call')
      or diag $SSL_ERROR;
    IO::Socket::SSL::set_defaults(
        SSL_ca_file     => undef,
        SSL_verify_mode => undef
    );
};

subtest 'SSL_ctx_free' => sub {
    my ($sock, $peer) = tls_pair();
    my $context = ${*$sock}{_SSL_ctx};
    ok($context, 'a socket has a context');
    require Scalar::Util;
    Scalar::Util::weaken($context);
    ok($context,                        '... which it holds');
    ok($sock->close(SSL_ctx_free => 1), 'close(SSL_ctx_free => 1)');
    ok(!defined $context,               '... frees it');

    ($sock, $peer) = tls_pair();
    Scalar::Util::weaken($context = ${*$sock}{_SSL_ctx});
    ok($sock->close,     'close without it');
    ok(defined $context, '... leaves the context to the socket');
    undef $sock;
    ok(!defined $context, '... which frees it later');
};

for my $class (qw(SSL_SSL X509_Certificate)) {
    ok(!"IO::Socket::SSL::$class"->can('new') && !$class->can('new'),
        "the class $class has been removed");
}

done_testing();
