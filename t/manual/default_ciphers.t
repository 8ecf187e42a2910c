# The ciphers that a client offers by default: those of the manual of 1.77
# with ':defaults-1.77', otherwise OpenSSL's default without weak ones.
use strict;
use warnings;

# At security level 0 OpenSSL offers all ciphers of a list, so that lists that
# differ only in weak ciphers look different on the wire.
my $conf;

BEGIN {
    require File::Temp;
    $conf = File::Temp->new;
    print {$conf} <<'CONF';
openssl_conf = here
[here]
ssl_conf = ssl
[ssl]
system_default = level
[level]
CipherString = DEFAULT:@SECLEVEL=0
CONF
    close $conf;
    $ENV{OPENSSL_CONF} = "$conf";
}

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Hello;
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

my $TODAY = 'DEFAULT:!EXPORT:!LOW:!MEDIUM:!NULL:!aNULL:!eNULL:!RC4:!DES'
  . ':!MD5:!PSK:!SRP';

# Without verification: a client that verifies offers no anonymous suites.
sub offered {
    my (@args) = @_;
    return [
        tls12_suites(client_hello(SSL_verify_mode => SSL_VERIFY_NONE, @args))
    ];
}

# Suites without a certificate in OpenSSL 1.1.1 and later.
my %ANONYMOUS = map { $_ => 1 } 0x0018, 0x001b, 0x0034, 0x003a, 0x0046,
  0x006c, 0x006d, 0x0089, 0x009b, 0x00a6, 0x00a7, 0x00bf, 0x00c5,
  0xc016 .. 0xc019;

sub anonymous {
    my ($suites) = @_;
    return scalar grep { $ANONYMOUS{$_} } @$suites;
}

my $openssl = offered(SSL_cipher_list => '');
my $all     = offered(SSL_cipher_list => 'ALL:!LOW');
my $default = offered();

plan skip_all => 'this OpenSSL has no suites that tell ALL:!LOW from its own'
  if "@$all" eq "@$openssl";

ok(anonymous($all), 'ALL:!LOW has anonymous suites, seen on the wire');
is_deeply(
    $default,
    offered(SSL_cipher_list => $TODAY),
    q(by default: OpenSSL's own less what is weak)
);
is(anonymous($default), 0, '... no anonymous ones');
is_deeply(
    $default,
    offered(SSL_cipher_list => undef),
    '... undef counts as not given'
);
is_deeply(
    $openssl,
    offered(SSL_cipher_list => 'DEFAULT'),
    q('' is OpenSSL's builtin default)
);

IO::Socket::SSL->import(':defaults-1.77');
is_deeply(offered(), $all, ':defaults-1.77: ALL:!LOW if no list is set');
isnt("@{ offered() }", "@$openssl", q(... which is not OpenSSL's default));
is_deeply(offered(SSL_cipher_list => ''),
    $openssl, q(... to use OpenSSL's default set it to ''));
is_deeply(
    offered(SSL_cipher_list => 'ALL:!LOW:!EXP:!ADH'),
    [grep { !$ANONYMOUS{$_} || $_ >= 0xc000 } @$all],
    '... set, the list is the one given'
);

done_testing();
