# Effects of loading the module.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

my @CONSTANTS = qw(
  SSL_WANT_READ SSL_WANT_WRITE
  SSL_VERIFY_NONE SSL_VERIFY_PEER
  SSL_VERIFY_FAIL_IF_NO_PEER_CERT SSL_VERIFY_CLIENT_ONCE
  SSL_OCSP_NO_STAPLE SSL_OCSP_TRY_STAPLE SSL_OCSP_MUST_STAPLE
  SSL_OCSP_FAIL_HARD SSL_OCSP_FULL_CHAIN
  GEN_DNS GEN_IPADD
);

like($INC{'IO/Socket/SSL.pm'}, qr{\bblib\b}, 'the module comes from blib');
ok(!$INC{'Net/SSLeay.pm'}, 'Net::SSLeay is not loaded');
cmp_ok($IO::Socket::SSL::VERSION, '>=', 3, 'the version is 3.000 or later');

is_deeply(
    [sort @IO::Socket::SSL::EXPORT],
    [sort @CONSTANTS, '$SSL_ERROR'],
    'the default exports are those of the contract'
);
can_ok('main', @CONSTANTS);

my %NUMBER = (
    SSL_WANT_READ                   => 2,
    SSL_WANT_WRITE                  => 3,
    SSL_VERIFY_NONE                 => 0,
    SSL_VERIFY_PEER                 => 1,
    SSL_VERIFY_FAIL_IF_NO_PEER_CERT => 2,
    SSL_VERIFY_CLIENT_ONCE          => 4,
    SSL_OCSP_NO_STAPLE              => 1,     # as in 2.099: programs have
    SSL_OCSP_MUST_STAPLE            => 2,     # these numbers in their
    SSL_OCSP_FAIL_HARD              => 4,     # configuration, and 2 must
    SSL_OCSP_FULL_CHAIN             => 8,     # not become weaker
    SSL_OCSP_TRY_STAPLE             => 16,
    GEN_DNS                         => 2,
    GEN_IPADD                       => 7,
);

for my $name (sort keys %NUMBER) {
    cmp_ok(main->can($name)->(),
        '==', $NUMBER{$name}, "$name is $NUMBER{$name}");
}
is(SSL_WANT_READ,  'SSL wants a read first!',  'SSL_WANT_READ has a text');
is(SSL_WANT_WRITE, 'SSL wants a write first!', 'SSL_WANT_WRITE has a text');

$IO::Socket::SSL::ERROR = 'set through the alias';
is(
    $SSL_ERROR,
    'set through the alias',
    '$IO::Socket::SSL::ERROR and $SSL_ERROR are one variable'
);
is(\$SSL_ERROR, \$IO::Socket::SSL::SSL_ERROR, '... and so is the full name');

isa_ok('IO::Socket::SSL', $_) for qw(IO::Socket IO::Handle);

my %IMPORT = (
    'inet4' => [
        'print "@IO::Socket::SSL::ISA"',
        qr/\AIO::Socket::INET\z/,
        'the base class is IO::Socket::INET'
    ],
    'INET4' => [
        'print "@IO::Socket::SSL::ISA"',
        qr/\AIO::Socket::INET\z/,
        '... also in upper case'
    ],
    'INET6' => [
'print IO::Socket::SSL->isa(IO::Socket::SSL->can_ipv6 || "IO::Socket")',
        qr/\A1\z|neither IO::Socket::IP 0\.31 nor IO::Socket::INET6/,
        '... and so can inet6'
    ],
    'debug0' =>
      ['print $IO::Socket::SSL::DEBUG', qr/\A0\z/, 'the debug level is 0'],
    'inet6' => [
'print IO::Socket::SSL->isa(IO::Socket::SSL->can_ipv6 || "IO::Socket")',
        qr/\A1\z|neither IO::Socket::IP 0\.31 nor IO::Socket::INET6/,
        'the base class is one that can do IPv6'
    ],
    ':debug0' =>
      ['print $IO::Socket::SSL::DEBUG', qr/\A0\z/, 'the debug level is 0'],
    'debug1' =>
      ['print $IO::Socket::SSL::DEBUG', qr/\A1\z/, 'the debug level is 1'],
    ':debug1' =>
      ['print $IO::Socket::SSL::DEBUG', qr/\A1\z/, 'the debug level is 1'],
    ':debug2' =>
      ['print $IO::Socket::SSL::DEBUG', qr/\A2\z/, 'the debug level is 2'],
    'debug3' =>
      ['print $IO::Socket::SSL::DEBUG', qr/\A3\z/, 'the debug level is 3'],
    'debug2' =>
      ['print $IO::Socket::SSL::DEBUG', qr/\A2\z/, 'the debug level is 2'],
    ':debug3' =>
      ['print $IO::Socket::SSL::DEBUG', qr/\A3\z/, 'the debug level is 3'],
    'no_such_name' => [
        '',
        qr/"no_such_name" is not exported by the IO::Socket::SSL module/,
        'it is refused by Exporter'
    ],
);

for my $tag (sort keys %IMPORT) {
    my ($code, $expected, $claim) = @{ $IMPORT{$tag} };
    like(perl_says("-MIO::Socket::SSL=$tag", '-e', $code),
        $expected, "import of $tag: $claim");
}

my $HIDE = 'BEGIN { unshift @INC, sub {'
  . ' die "hidden\n" if $_[1] =~ m{Socket/(?:IP|INET6)\.pm} } }';
like(
    perl_says('-e', "$HIDE use IO::Socket::SSL 'inet6';"),
qr/^inet6: neither IO::Socket::IP 0\.31 nor IO::Socket::INET6 2\.62 is ins/,
    'inet6 dies where no base class can do it'
);
is(
    perl_says(
        '-e',
        "$HIDE use IO::Socket::SSL; print \@IO::Socket::SSL::ISA, '; ',"
          . q( IO::Socket::SSL->can_ipv6, ';', IO::Socket::SSL::CAN_IPV6())
    ),
    'IO::Socket::INET; ;',
    '... and who did not ask for it gets IPv4'
);
like(
    perl_says('-we', "use IO::Socket::SSL;\nuse IO::Socket::SSL 'no_such';"),
    qr/^"no_such" is not exported.* at -e line 2\.$/ms,
    'a name that is not exported: the error blames the line that imports'
);
SKIP: {
    my $class = IO::Socket::SSL->can_ipv6;
    skip 'no base class for IPv6', 1 if !$class;
    like(
        perl_says(
            '-MIO::Socket::SSL=inet4', '-MIO::Socket::SSL=inet6',
            '-e',                      'print "@IO::Socket::SSL::ISA"'
        ),
        qr/: inet6 overrides an earlier inet4 at .*^\Q$class\E\z/ms,
        'inet6 undoes an earlier inet4, and warns'
    );
}

is(
    perl_says(
        '-we',
        'require IO::Socket::SSL; print defined &SSL_WANT_READ ? 1 : 0'
    ),
    0,
    'require imports nothing, and warns of nothing'
);

# Modules that few programs need are loaded on demand.
unlike(
    perl_says('-MIO::Socket::SSL', '-e', 'print join " ", sort keys %INC'),
    qr{SSL/(?:Utils|Intercept|PublicSuffix|OCSP|Session_|Ticket_Keys|Check|Abil)|SSLeay|Storable},
    'no companion module is loaded before it is needed'
);
unlike(
    perl_says(
        '-MIO::Socket::SSL', '-e',
        'IO::Socket::SSL::SSL_Context->new or die $SSL_ERROR;'
          . ' print join " ", sort keys %INC'
    ),
    qr{\boverload\.pm|SSL/Session_Cache},
    '... nor overload, nor the cache of sessions by a client without one'
);
is(
    perl_says(
        '-MIO::Socket::SSL',
        '-we',
        'my $own = IO::Socket::SSL::Session_Cache->new(2);'
          . ' IO::Socket::SSL::set_default_session_cache($own);'
          . ' my $ctx = IO::Socket::SSL::SSL_Context->new;'
          . ' print $ctx->{session_cache} == $own ? "same" : "other"'
    ),
    'same',
    'the default session cache is that of contexts made later'
);
is(
    perl_says(
        '-MIO::Socket::SSL',
        '-we',
        'my $ctx = IO::Socket::SSL::SSL_Context->new('
          . 'SSL_session_cache_size => 3); print $ctx->has_session_cache'
    ),
    1,
    'SSL_session_cache_size loads what it needs'
);

# Functions that older programs call.
is_deeply([IO::Socket::SSL->error('my text')], [], 'error returns nothing');
is("$SSL_ERROR", 'my text', '... and sets $SSL_ERROR');
IO::Socket::SSL->error;
is("$SSL_ERROR", 'my text',                 '... but not without a text');
is(IO::Socket::SSL::get_ssleay_error(), '', 'get_ssleay_error: none queued');
is_deeply([IO::Socket::SSL::init()], [], 'init does nothing');
my $listener = IO::Socket::SSL->new(
    Listen        => 1,
    LocalAddr     => '127.0.0.1',
    SSL_server    => 1,
    SSL_cert_file => ISS::Test::cert('server'),
    SSL_key_file  => ISS::Test::key('server')
) or die $SSL_ERROR;
is_deeply([$listener->fatal_ssl_error('lost')], [], 'fatal_ssl_error');
is(fileno $listener, undef, '... closes the socket');
SKIP: {
    skip 'no libidn2', 2 if !IO::Socket::SSL::PublicSuffix::can_idn();
    is(IO::Socket::SSL::idn_to_ascii("b\x{fc}cher.de"),
        'xn--bcher-kva.de', 'idn_to_ascii');
    is(IO::Socket::SSL::idn_to_unicode('xn--bcher-kva.de'),
        "b\x{fc}cher.de", 'idn_to_unicode');
}

done_testing;
