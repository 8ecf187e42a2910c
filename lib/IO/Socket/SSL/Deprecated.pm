# Methods and functions of IO::Socket::SSL that only older programs call.  The
# first call of one of them loads this file.
package IO::Socket::SSL::Deprecated;

use strict;
use warnings;
no warnings 'redefine';    # IO::Socket::SSL defines what loads this file

# Report a failure with this text and what is in OpenSSL's queue; the empty
# list.  Of a socket, without a text, it is IO::Handle's method of that name.
sub error {
    my ($self, $text) = @_;

    return $self->IO::Handle::error if ref $self && @_ == 1;
    my $why = join ' ', grep { defined && length } $text,
      IO::Socket::SSL::_queued_errors();

    local $!;
    IO::Socket::SSL::_tell_error($self, $why, 0) if length $why;
    return;
}

# The errors in OpenSSL's queue, one on each line.  We leave none there: they
# are of functions of Net::SSLeay.
sub get_ssleay_error {
    my $count = 0;

    return join '',
      map { "SSL error:  $$: " . ++$count . " - $_\n" }
      IO::Socket::SSL::_queued_errors();
}

# Give up the connection as after a failed handshake; the empty list.
sub fatal_ssl_error {
    my ($self, $text) = @_;

    $self->error($text) unless $IO::Socket::SSL::SSL_ERROR;
    return IO::Socket::SSL::Handshake::broken($self);
}

sub idn_to_ascii {
    require IO::Socket::SSL::PublicSuffix;
    goto &IO::Socket::SSL::PublicSuffix::idn_to_ascii;
}

sub idn_to_unicode {
    require IO::Socket::SSL::PublicSuffix;
    goto &IO::Socket::SSL::PublicSuffix::idn_to_unicode;
}

sub init { return }    # OpenSSL initializes itself

sub socketToSSL          { return IO::Socket::SSL->start_SSL(@_) }
sub socket_to_SSL        { return IO::Socket::SSL->start_SSL(@_) }
sub kill_socket          { return shift->close }
sub get_peer_certificate { return shift }
sub issuer_name          { return shift->peer_certificate('issuer') }
sub subject_name         { return shift->peer_certificate('subject') }

1;
