# What TLS cannot do and says so, and old names for what it can.  Methods of
# the socket class.
package IO::Socket::SSL;

use strict;
use warnings;

use Carp;

our $SSL_ERROR;

for my $name (qw(truncate stat setbuf setvbuf fdopen ungetc)) {
    no strict 'refs';    ## no critic (ProhibitNoStrict)
    *$name = sub { croak "Use of $name() not allowed with SSL" };
}

sub send {    ## no critic (ProhibitBuiltinHomonyms)
    croak 'Use of send() not implemented in IO::Socket::SSL;'
      . ' use print/printf/syswrite instead';
}

sub recv {    ## no critic (ProhibitBuiltinHomonyms)
    croak 'Use of recv() not implemented in IO::Socket::SSL;'
      . ' use read/sysread instead';
}

sub want_read  { return $SSL_ERROR == SSL_WANT_READ() }
sub want_write { return $SSL_ERROR == SSL_WANT_WRITE() }

# Still there for old programs.
sub socketToSSL          { return IO::Socket::SSL->start_SSL(@_) }
sub socket_to_SSL        { return IO::Socket::SSL->start_SSL(@_) }
sub kill_socket          { return shift->close }
sub get_peer_certificate { return shift }
sub issuer_name          { return shift->peer_certificate('issuer') }
sub subject_name         { return shift->peer_certificate('subject') }

1;
