# Settings of the administrator in OPENSSL_CONF apply unless an option
# overrides them (config(5), SSL_CONF_cmd(3)).
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use File::Temp qw(tempdir);
use ISS::Test;
use Test::More;

my $dir = tempdir(CLEANUP => 1);

# Runs client and server in a separate process with these settings and
# options: "VERSION CIPHER", or the error.
sub connected {
    my ($settings, @options) = @_;

    my $file = "$dir/openssl.cnf";
    open(my $out, '>', $file) or die "$file: $!";
    print $out <<"CONF";
openssl_conf = all
[all]
ssl_conf = ssl
[ssl]
system_default = settings
[settings]
$settings
CONF
    close $out or die "$file: $!";
    local $ENV{OPENSSL_CONF} = $file;
    my $said = perl_says('-e', <<'CODE', @options);
        use ISS::Test;
        use IO::Socket::SSL;
        my ($sock, $peer) =
          failing_pair(mine => {@ARGV}, theirs => {@ARGV}, peer => sub { });
        print $sock ? join ' ', $sock->get_sslversion, $sock->get_cipher
          : $SSL_ERROR;
CODE
    return $said;
}

like(connected('MaxProtocol = TLSv1.2'), qr/^TLSv1_2 /, 'MaxProtocol');
like(connected('MinProtocol = TLSv1.3'), qr/^TLSv1_3 /, 'MinProtocol');
like(connected('MinProtocol = TLSv1.3', SSL_version => 'TLSv1_2'),
    qr/^TLSv1_2 /, '... overridden by SSL_version');
is(
    connected('Ciphersuites = TLS_CHACHA20_POLY1305_SHA256'),
    'TLSv1_3 TLS_CHACHA20_POLY1305_SHA256',
    'Ciphersuites'
);
is(
    connected(
        'Ciphersuites = TLS_CHACHA20_POLY1305_SHA256',
        SSL_ciphersuites => 'TLS_AES_128_GCM_SHA256'
    ),
    'TLSv1_3 TLS_AES_128_GCM_SHA256',
    '... but SSL_ciphersuites say otherwise'
);
done_testing;
