# A Net::SSLeay that uses another OpenSSL: we neither give it handles nor take
# any, and everything else works, whichever is loaded first.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use File::Path qw(mkpath);
use File::Temp qw(tempdir);
use ISS::Sessions;
use ISS::Test;
use IO::Socket::SSL;
use IO::Socket::SSL::Utils;
use Test::More;

# Handles from before Net::SSLeay is loaded.
my $cert  = PEM_file2cert(cert('server'));
my $key   = PEM_file2key(key('server'));
my $ca    = PEM_file2cert(cert('ca'));
my $early = IO::Socket::SSL::SSL_Context->new(client_args());
my $cache = IO::Socket::SSL::Session_Cache->new(5);
my ($calls, @called);

# A Net::SSLeay with another version, and the only functions that we call.
my $dir = tempdir(CLEANUP => 1);
mkpath("$dir/Net");
open(my $out, '>', "$dir/Net/SSLeay.pm") or die $!;
print $out <<'CODE';
package Net::SSLeay;
our $VERSION = '1.92';
our $version = 0x1000215f;
our $trace;
sub SSLeay { $version }
sub CTX_set_mode { die 'this would have been a crash' }
sub MODE_AUTO_RETRY { 4 }
sub OPENSSL_VERSION_NUMBER { $version }
1;
CODE
close $out or die $!;

is($early->_get_ctx_object, $early->{context},
    'without Net::SSLeay we give handles');
unshift @INC, $dir;
require Net::SSLeay;

my $ours = '\d+\.\d+\.\d+[a-z]?';
my $mixed =
qr/^IO::Socket::SSL uses OpenSSL $ours and Net::SSLeay uses OpenSSL 1\.0\.2u, so they cannot exchange handles; .* at \Q$0\E line \d+\.$/;

# --- refused ----------------------------------------------------------

my ($sock)  = tls_pair(mine => { SSL_session_cache => $cache });
my $context = IO::Socket::SSL::SSL_Context->new(client_args());
my @ctx     = 'IO::Socket::SSL::SSL_Context';

my %refused = (
    '_get_ssl_object'                => sub { $sock->_get_ssl_object },
    '_get_ctx_object of a socket'    => sub { $sock->_get_ctx_object },
    '_get_ctx_object of a context'   => sub { $context->_get_ctx_object },
    '... made before'                => sub { $early->_get_ctx_object },
    'the key of a context as number' => sub { 0 + $context->{context} },
    'the key of a socket as number'  => sub { 0 + ${*$sock}{_SSL_object} },
    'peer_certificate'               => sub { $sock->peer_certificate },
    'sock_certificate'               => sub { $sock->sock_certificate },
    'peer_certificates'              => sub { $sock->peer_certificates },
    'get_fingerprint of a handle'    =>
      sub { $sock->get_fingerprint('sha256', $cert) },
    'verify_hostname_of_cert' => sub {
        IO::Socket::SSL::verify_hostname_of_cert('localhost', $cert, 'http');
    },
    'PEM_file2cert'   => sub { PEM_file2cert(cert('ca')) },
    'PEM_string2key'  => sub { PEM_file2key(key('ca')) },
    'KEY_create_rsa'  => sub { KEY_create_rsa(2048) },
    'KEY_create_ec'   => sub { KEY_create_ec() },
    'CERT_create'     => sub { CERT_create(CA => 1) },
    'CERT_asHash'     => sub { CERT_asHash($cert) },
    'CERT_free'       => sub { CERT_free($cert) },
    'PEM_cert2string' => sub { PEM_cert2string($cert) },
    'get_session'     => sub { $cache->get_session('x') },
    'add_session'     => sub { $cache->add_session('x', $cert) },
    'SSL_ca'          => sub { $ctx[0]->new(SSL_ca => [$ca]) },
    'SSL_client_ca'   =>
      sub { $ctx[0]->new(server_args(SSL_client_ca => [$ca])) },
    'SSL_cert and SSL_key' => sub {
        $ctx[0]->new(SSL_server => 1, SSL_cert => [$cert], SSL_key => $key);
    },
    'SSL_dh' => sub { $ctx[0]->new(server_args(SSL_dh => $key)) },
    'SSL_create_ctx_callback' => sub {
        $ctx[0]->new(SSL_create_ctx_callback => sub { push @called, 'ctx' });
    },
);
for my $what (sort keys %refused) {
    like(died($refused{$what}), $mixed, $what);
}

my %in_handshake = (
    SSL_verify_callback => sub { push @called, 'verify'; return 1 },
    SSL_session_cache   => bless({}, 'User::Cache'),
);
sub User::Cache::get_session { push @called, 'get'; return }
sub User::Cache::add_session { push @called, 'add'; return }

for my $option (sort keys %in_handshake) {
    each_version(
        sub {
            my ($version) = @_;
            my $error = died(
                sub {
                    failing_pair(
                        version => $version,
                        mine    => { $option => $in_handshake{$option} }
                    );
                }
            );
            like(
                $error,
                qr/^IO::Socket::SSL uses OpenSSL $ours and Net::SS/,
                "$option: the handshake dies"
            );
        }
    );
}
like(
    died(
        sub {
            $sock->set_msg_callback(sub { push @called, 'msg' });
            close $sock;
        }
    ),
    qr/^IO::Socket::SSL uses OpenSSL $ours and Net::SSLeay/,
    'set_msg_callback'
);
is_deeply(\@called, [], 'no callback got a handle');

# --- still works ------------------------------------------------------------

each_setting(
    sub {
        my ($sock, $peer) = tls_pair(@_,
            peer => sub { my ($sock) = @_; print $sock scalar <$sock> });
        ok(${*$sock}{_SSL_object}, 'the key of a socket is true');
        print $sock "hello\n";
        is(scalar <$sock>, "hello\n", 'data in both directions');
        is($sock->peer_certificate('cn'),
            'localhost', 'a field of a certificate')
          if {@_}->{role} eq 'client';
        ok($sock->close, 'close');
    }
);
my $asked  = 0;
my $scheme = { callback => sub { return $_[0] eq 'localhost' && ++$asked } };
is_deeply([handshake_errors(mine => { SSL_verifycn_scheme => $scheme })],
    ['', ''], 'a name is checked by a sub');
is($asked, 1, '... which was called');
each_version(
    sub {
        my $server = resuming_server(SSL_version => $_[0]);
        my @args   = (SSL_session_cache => $cache, SSL_session_key => $_[0]);
        is(resumed($server, @args), 0, 'our own cache of sessions');
        is(resumed($server, @args), 1, '... resumes');
    }
);

# HTTP::Tiny needs the handle for https.
subtest 'HTTP::Tiny' => sub {
    plan skip_all => 'no HTTP::Tiny' unless eval { require HTTP::Tiny; 1 };
    my ($server, $address) = tls_server(sub { });
    my $reply = HTTP::Tiny->new(
        timeout     => 20,
        verify_SSL  => 1,
        SSL_options => { SSL_ca_file => cert('ca') }
    )->get("https://$address/");
    like(
        $reply->{content},
        qr/uses OpenSSL $ours and Net::SSLeay uses OpenSSL 1\.0\.2u/,
        'the error says why'
    );
};

# --- versions and order -----------------------------------------------------

my %words = (
    0x1000215f => '1.0.2u',
    0x1000200f => '1.0.2',
    0x30000120 => '3.0.18',
    0x40100010 => '4.1.1',
);
for my $number (sort keys %words) {
    no warnings 'once';
    local $Net::SSLeay::version = $number;
    like(
        died(sub { CERT_asHash($cert) }),
        qr/Net::SSLeay uses OpenSSL \Q$words{$number}\E, /,
        "$words{$number} is shown like this"
    );
}

like(
    perl_says(
        "-I$dir",                   '-MNet::SSLeay',
        '-MIO::Socket::SSL::Utils', '-e',
        'KEY_create_ec()'
    ),
    qr/^IO::Socket::SSL uses .* at -e line 1\.$/,
    'Net::SSLeay is loaded first'
);

# Two copies of one version: their symbols have different addresses.
{
    no warnings 'redefine';
    local $Net::SSLeay::version = IO::Socket::SSL::_openssl_version_number();
    local @DynaLoader::dl_modules = ('Net::SSLeay', @DynaLoader::dl_modules);
    local @DynaLoader::dl_librefs = (-1,            @DynaLoader::dl_librefs);
    my $find = \&DynaLoader::dl_find_symbol;
    local *DynaLoader::dl_find_symbol =
      sub { return $_[0] == -1 ? 1 : $find->(@_) };
    like(
        died(sub { CERT_asHash($cert) }),
        qr/Net::SSLeay uses another copy of OpenSSL $ours, so/,
        'two copies'
    );
    is(died(sub { IO::Socket::SSL::SSL_Context->new(client_args()) }),
        undef, '... but a context can be made');
    local *DynaLoader::dl_find_symbol = sub { return };
    is(CERT_asHash($cert)->{subject}{commonName},
        'localhost', 'without the linker\'s help the versions are compared');
}
is(CERT_asHash($cert)->{subject}{commonName},
    'localhost',
    'once known to be the same OpenSSL, it is not checked again');
CERT_free($cert, $ca);
KEY_free($key);

done_testing;
