# Functions of Net::SSLeay for programs that call them without having loaded
# it.  Its first call loads this file.
#
# $IO::Socket::SSL::Facade::OFF, a documented switch, turns all of it off.
package IO::Socket::SSL::Facade;

use strict;
use warnings;
no warnings 'redefine';    # IO::Socket::SSL defines what loads this file

use Carp;

our $OFF;

my $FILE = 'Net/SSLeay.pm';

# ------------------------------------------- modules that look for Net::SSLeay
#
# HTTP::Tiny and the driver of MongoDB require Net::SSLeay before they do TLS,
# and use nothing of it that we cannot do.  A hook satisfies them alone; %INC
# does not change.  The hook stays last in @INC, so a real Net::SSLeay wins.

sub offer {
    return if $OFF;
    @INC = ((grep { !ref || $_ != \&_serve } @INC), \&_serve);
    return;
}

sub _serve {
    my ($self, $file) = @_;

    return if $OFF || $file ne $FILE;
    return if !$IO::Socket::SSL::Interop::LOOKS_FOR_IT{ (caller)[0] };
    no warnings 'once';
    $Net::SSLeay::VERSION = '1.49' unless defined $Net::SSLeay::VERSION;
    my $source = "delete \$INC{'$FILE'}; 1;";
    open my $handle, '<', \$source or return;
    return $handle;
}

# --------------------------------------------------- functions on demand

# These do as the real ones, which therefore need not be loaded.  SESSION_free
# must be ours: it is for sessions of ours, also beside another OpenSSL.
my %OURS = (
    CTX_set_mode           => \&IO::Socket::SSL::_ctx_set_mode,
    OPENSSL_VERSION_NUMBER => \&IO::Socket::SSL::_openssl_version_number,
    PEM_get_string_X509    => \&IO::Socket::SSL::Utils::PEM_cert2string,
    SESSION_free           => \&IO::Socket::SSL::Session_Cache::_free_session,
    get_cipher_bits        => \&IO::Socket::SSL::_cipher_bits,
);

my $is_absent;    # no Net::SSLeay was found

# The AUTOLOAD of Net::SSLeay until the real one has its own.
sub call {
    my $name = $autouse::AUTOLOAD;
    my ($function) = $name =~ /(\w+)\z/;

    return if $function eq 'DESTROY';
    my $code = _find($name, $function, scalar @_);
    goto &$code;
}

# The sub to call; croaks if there is none.
sub _find {
    my ($name, $function, $count) = @_;

    croak "Undefined subroutine &$name called" if $OFF || $INC{$FILE};
    return $OURS{$function}                    if $OURS{$function};
    my $value = IO::Socket::SSL::_constant($function);
    my $why   = defined $value && $is_absent ? 'absent' : _load();
    if (!defined $why) {

        # An argument may be a handle of ours, made before this call.
        my $fault = $count ? IO::Socket::SSL::Interop::fault() : undef;
        croak "$name: $fault" if defined $fault;
        no strict 'refs';    ## no critic (ProhibitNoStrict)
        return \&$name;
    }
    return sub { return $value }
      if defined $value;
    croak "$name: Net::SSLeay $why";
}

# Load the real one; why that failed.
sub _load {
    local ($@, $!, $SIG{__DIE__});

    return if eval { require Net::SSLeay; 1 };
    if ($@ =~ m{^Can't locate \Q$FILE\E }) {
        $is_absent = 1;
        return 'is not installed; install it (Debian: libnet-ssleay-perl,'
          . ' CPAN: Net::SSLeay)';
    }
    IO::Socket::SSL::Interop::install();
    return "cannot be loaded: $@";
}

1;
