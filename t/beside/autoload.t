# Functions of Net::SSLeay that a program calls without having loaded it: the
# real one is loaded if it is installed; otherwise constants work, and other
# functions die and say what to install.
use strict;
use warnings;

use Config;
use FindBin;
use lib "$FindBin::Bin/../lib";
use File::Path     qw(mkpath);
use File::Temp     qw(tempdir);
use ISS::NetSSLeay ();
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

# Hides an installed Net::SSLeay.
my $NONE = q(@INC = grep { ref || !-e "$_/Net/SSLeay.pm" } @INC; );

my %VALUE = (
    VERIFY_NONE                 => 0,
    VERIFY_PEER                 => 1,
    VERIFY_FAIL_IF_NO_PEER_CERT => 2,
    ERROR_WANT_READ             => 2,
    FILETYPE_PEM                => 1,
    GEN_DNS                     => 2,
    OP_NO_SSLv3                 => 0x02000000,
    X509_V_OK                   => 0,
    X509_V_ERR_CERT_HAS_EXPIRED => 10,
    X509_V_FLAG_CRL_CHECK       => 4,
);

# What a program prints under -w, warnings included.
sub says {
    my ($code, @modules) = @_;
    return perl_says((map { "-M$_" } 'strict', 'IO::Socket::SSL', @modules),
        '-we', $code);
}

sub without { return says($NONE . $_[0]) }

my $CONSTANTS = join ' ', map { "print Net::SSLeay::$_(), ' ';" }
  sort keys %VALUE;
my $values = join '', map { "$VALUE{$_} " } sort keys %VALUE;

# Visible means that the program takes it for a loaded Net::SSLeay.
my $VISIBLE =
    'print join ",", map { $_ ? 1 : 0 } Net::SSLeay->VERSION,'
  . 'Net::SSLeay->can("VERIFY_PEER"), defined &Net::SSLeay::VERIFY_PEER,'
  . 'Net::SSLeay->can("SESSION_free"), $INC{"Net/SSLeay.pm"};';

# --- Net::SSLeay is not installed --------------------------------------------

is(without($VISIBLE),   '0,0,0,0,0', 'nothing of it is seen');
is(without($CONSTANTS), $values,     'constants work');
is(without("$CONSTANTS $VISIBLE"),
    "${values}0,0,0,0,0", '... and stay hidden');
is(without('print &Net::SSLeay::VERIFY_PEER | Net::SSLeay::VERIFY_NONE()'),
    1, '... called with &, too');
is(
    without('my $code = "Net::SSLeay::VERIFY_PEER"; no strict; print &$code'),
    1, '... and by name'
);
is(without('print Net::SSLeay::OP_ALL() & ~0xffffffff'),
    0, 'OP_ALL is a mask of bits');

my $needed =
  qr/: Net::SSLeay is not installed; install it .* at -e line 1\.$/;
for my $function (qw(pending X509_NAME_oneline NO_SUCH_CONSTANT)) {
    like(
        without("Net::SSLeay::$function(1)"),
        qr/^Net::SSLeay::$function$needed/,
        "$function dies"
    );
}
is(without('print eval { Net::SSLeay->import; 1 }'),
    1, 'import does nothing, as for any class');
is(
    without(
            '$@ = "kept"; $! = 2; local $SIG{__DIE__} = sub { print "died" };'
          . 'Net::SSLeay::VERIFY_PEER(); print $@, $! + 0'
    ),
    'kept2',
    'errors of the program are not touched'
);
is(without('Net::SSLeay::SESSION_free(0); print "freed"'),
    'freed', 'SESSION_free works');
my ($server, $address) = tls_server(sub { readline $_[0] });
my $CONNECT =
    "my \$sock = IO::Socket::SSL->new(PeerAddr => '$address',"
  . "SSL_ca_file => '"
  . cert('ca')
  . "', SSL_verifycn_name => 'localhost') or die \$SSL_ERROR;";
is(
    without(
            "$CONNECT print Net::SSLeay::get_cipher_bits("
          . '$sock->_get_ssl_object, 0)'
    ),
    256,
    'get_cipher_bits works'
);
like(
    without(
            "$CONNECT print Net::SSLeay::PEM_get_string_X509("
          . '$sock->peer_certificate)'
    ),
    qr/^-----BEGIN CERTIFICATE-----\n.*-----END CERTIFICATE-----$/s,
    'PEM_get_string_X509 works'
);
like(
    without('Net::SSLeay::get_cipher_bits(0)'),
    qr/the handle is NULL at -e line 1\.$/,
    '... and die of a handle that is none'
);
like(
    without(
'no warnings; $IO::Socket::SSL::Facade::OFF = 1; Net::SSLeay::VERIFY_PEER()'
    ),
qr/^Undefined subroutine &Net::SSLeay::VERIFY_PEER called at -e line 1\.$/,
    'the switch turns all of it off'
);
like(
    without('require Net::SSLeay'),
    qr{^Can't locate Net/SSLeay\.pm},
    'it cannot be required'
);
is(
    perl_says(
        '-e',
        "BEGIN { $NONE } use threads; use IO::Socket::SSL;"
          . 'print threads->create(sub { Net::SSLeay::VERIFY_PEER() })->join'
    ),
    1,
    'constants work in a thread'
) if $Config::Config{usethreads};

# --- one that does not define all it should ----------------------------------

my $dir = tempdir(CLEANUP => 1);
mkpath("$dir/Net");

sub with_file {
    my ($text, $code) = @_;
    open(my $out, '>', "$dir/Net/SSLeay.pm") or die $!;
    print $out "package Net::SSLeay;\nour \$VERSION = '1.92';\n$text\n";
    close $out or die $!;
    return says("BEGIN { unshift \@INC, '$dir' } $code");
}

my $same = 'sub SSLeay { IO::Socket::SSL::_openssl_version_number() }';
is(
    with_file(
        "$same sub answer { \"\@_\" } 1;",
        'print Net::SSLeay::answer(4, 2), $INC{"Net/SSLeay.pm"} ? 1 : 0'
    ),
    '4 21',
    'it is loaded, and the call goes on'
);
like(
    with_file("$same 1;", 'Net::SSLeay::answer(42)'),
    qr/^Undefined subroutine &Net::SSLeay::answer called at -e line 1\.$/,
    'a function that it does not have'
);
is(
    with_file(
        'use warnings; sub AUTOLOAD { our $AUTOLOAD; return $AUTOLOAD }'
          . "$same 1;",
        'print Net::SSLeay::answer()'
    ),
    'Net::SSLeay::answer',
    'its AUTOLOAD replaces ours without a warning'
);
is(
    with_file(
        'sub AUTOLOAD { } die "broken\n";',
        'print Net::SSLeay::VERIFY_PEER()'
    ),
    1,
    'a broken one: constants work'
);
like(
    with_file('sub AUTOLOAD { } die "broken\n";', 'Net::SSLeay::pending(1)'),
    qr/^Net::SSLeay::pending: .* cannot be loaded: broken/,
    '... and functions say why'
);
my $mixed = 'sub SSLeay { 0x1000215f } sub pending { "called" }'
  . 'sub VERIFY_PEER { 1 } sub SESSION_free { die "a crash" } 1;';
like(
    with_file($mixed, 'print Net::SSLeay::pending(4711)'),
qr/^Net::SSLeay::pending: IO::Socket::SSL uses OpenSSL .* at -e line 1\.$/,
    'another OpenSSL: no argument, which may be our handle, reaches it'
);
is(with_file($mixed, 'print Net::SSLeay::VERIFY_PEER()'),
    1, '... constants work');
is(with_file($mixed, 'Net::SSLeay::SESSION_free(0); print "freed"'),
    'freed', '... and our sessions are freed by us');

# --- the real one ------------------------------------------------------------

SKIP: {
    skip(ISS::NetSSLeay->missing, 1) if ISS::NetSSLeay->missing;

    is(says($VISIBLE), '0,0,0,0,0', 'it is not loaded before it is needed');
    is(says("$CONSTANTS print \$INC{'Net/SSLeay.pm'} ? 'real' : ''"),
        "${values}real", 'the first call loads it; constants agree');
    for my $name (@{ _known_to_both() }) {
        is(
            IO::Socket::SSL::_constant($name),
            Net::SSLeay->can($name)
            ? Net::SSLeay->can($name)->()
            : eval "Net::SSLeay::$name()",    ## no critic
            $name
        );
    }
    is(
        says(
                'my $context = IO::Socket::SSL::SSL_Context->new;'
              . 'print Net::SSLeay::CTX_get_verify_mode('
              . '  $context->_get_ctx_object)'
        ),
        1,
        'a function goes on with our handle'
    );
    for my $first ('Net::SSLeay::VERIFY_PEER();',
        'Net::SSLeay::SESSION_free(0);', '')
    {
        is(
            perl_says(
                '-MIO::Socket::SSL',
                '-we',
                "BEGIN { $first } use Net::SSLeay; Net::SSLeay->import;"
                  . 'print Net::SSLeay::VERIFY_PEER(),'
                  . 'Net::SSLeay::load_error_strings() ? 1 : 1'
            ),
            11,
            'a later use warns of nothing' . ($first && " after $first")
        );
    }
    like(
        says('Net::SSLeay::no_such_function()'),
        qr/^Can't locate auto.* at -e line 1\.$/,
        'a function that it does not have: its own words'
    );
}

sub _known_to_both {
    no warnings 'once';
    return [grep { defined IO::Socket::SSL::_constant($_) }
          @Net::SSLeay::EXPORT_OK];
}

done_testing;
