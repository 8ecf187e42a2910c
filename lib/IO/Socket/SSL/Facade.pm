# HTTP::Tiny wants Net::SSLeay to be there before it does https, and uses
# three functions of it.  Where no real one is installed, that one module is
# given these three; nobody else gets to see them, and %INC stays clean.  So it
# is with the one function that caches of sessions want.
# $IO::Socket::SSL::Facade::OFF = 1 turns it off.
package IO::Socket::SSL::Facade;

use strict;
use warnings;

our $OFF;

my $FILE    = 'Net/SSLeay.pm';
my $offered = 0;

# Placed last, so that a real Net::SSLeay wins.
sub offer {
    return if $OFF;
    @INC = ((grep { !ref || $_ != \&_serve } @INC), \&_serve);
    return;
}

sub _serve {
    my ($self, $file) = @_;

    return if $OFF || $file ne $FILE || (caller)[0] ne 'HTTP::Tiny';
    _define();
    my $source = "delete \$INC{'$FILE'}; 1;";
    open my $handle, '<', \$source or return;
    return $handle;
}

# A cache of the user's own frees what it owns with Net::SSLeay::SESSION_free
# (Net::FTP's did until Perl 5.34), and counts on us to have loaded it.
sub lend_session_free {
    no warnings 'once';
    *Net::SSLeay::SESSION_free =
      \&IO::Socket::SSL::Session_Cache::_free_session
      unless $OFF || defined &Net::SSLeay::SESSION_free;
    return;
}

sub _define {
    return if $offered++;
    no strict 'refs';    ## no critic (ProhibitNoStrict)
    no warnings 'once';
    $Net::SSLeay::VERSION = '1.49' unless defined $Net::SSLeay::VERSION;
    *Net::SSLeay::OPENSSL_VERSION_NUMBER =
      \&IO::Socket::SSL::_openssl_version_number;
    *Net::SSLeay::CTX_set_mode    = \&IO::Socket::SSL::_ctx_set_mode;
    *Net::SSLeay::MODE_AUTO_RETRY = sub () { 4 };    # SSL_MODE_AUTO_RETRY
    return;
}

1;
