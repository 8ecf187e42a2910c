# Caches of sessions for clients, and which one a context has.  xs/resume.c
# asks it before a handshake, xs/sessions.c adds to it.  Our own cache is in
# src/sessions/session_cache.c.  IO::Socket::SSL loads this file on demand.
package IO::Socket::SSL::Session_Cache;

use strict;
use warnings;
no warnings 'redefine';    # IO::Socket::SSL defines what loads this file

use Carp;
use Scalar::Util qw(blessed looks_like_number);

our @CARP_NOT =
  qw(IO::Socket::SSL IO::Socket::SSL::SSL_Context IO::Socket::IP IO::Socket);

our $DEFAULT;    # the program's own, for contexts that name none

# A cache for sessions under up to $size keys; the empty list unless $size is a
# positive number.
sub new {
    my ($class, $size) = @_;

    return
      unless defined $size && looks_like_number($size) && $size >= 1;
    my $self = bless {}, ref $class || $class;
    $self->_create($size);
    return $self;
}

# Nothing to do, but the DESTROY of a subclass may call it.
sub DESTROY { }

sub _check {
    my ($cache, $whose) = @_;

    croak "$whose must be an object with get_session and add_session"
      unless blessed $cache
      && (
        $cache->isa('IO::Socket::SSL::Session_Store')
        || $cache->can('get_session') && $cache->can('add_session')
      );
    return $cache;
}

sub set_default_session_cache {
    my ($cache) = @_;

    $DEFAULT =
      defined $cache ? _check($cache, 'the default session cache') : undef;
    return $DEFAULT;
}

# For a new context of clients: the cache, or the number of keys that a cache
# made for the context must hold, or undef if it has none.
sub for_context {
    my ($args) = @_;
    my ($cache, $size) = @$args{qw(SSL_session_cache SSL_session_cache_size)};

    return _check($cache, 'SSL_session_cache') if defined $cache;
    return $DEFAULT unless defined $size && length $size;
    croak "SSL_session_cache_size must be a number, not '"
      . IO::Socket::SSL::Defaults::_shown($size) . q(')
      unless looks_like_number($size);
    $size = "$size" if ref $size;    # a big integer, for example
    return $size >= 1 ? $size : undef;
}

1;
