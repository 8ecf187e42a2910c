# The sessions that clients keep, to resume them: a cache of our own, and what
# is asked of one of the user's.  The cache itself is in src/session.c.
package IO::Socket::SSL::Session_Cache;

use strict;
use warnings;

use Carp;
use Scalar::Util qw(blessed looks_like_number);
use Socket qw(AF_UNIX sockaddr_family);

our @CARP_NOT =
  qw(IO::Socket::SSL IO::Socket::SSL::SSL_Context IO::Socket::IP IO::Socket);

my $default;

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

sub _check {
    my ($cache, $whose) = @_;

    croak "$whose must be an object with get_session and add_session"
      unless blessed $cache
      && $cache->can('get_session')
      && $cache->can('add_session');
    IO::Socket::SSL::Interop::lend_session_free()
      if $cache->can('add_session') != \&add_session;
    return $cache;
}

sub set_default_session_cache {
    my ($cache) = @_;

    $default =
      defined $cache ? _check($cache, 'the default session cache') : undef;
    return $default;
}

# The cache for a new context of clients; undef: there is none.
sub for_context {
    my ($args) = @_;
    my ($cache, $size) = @$args{qw(SSL_session_cache SSL_session_cache_size)};

    return _check($cache, 'SSL_session_cache') if defined $cache;
    return $default unless defined $size && length $size;
    croak "SSL_session_cache_size must be a number, not '$size'"
      unless looks_like_number($size);
    return scalar __PACKAGE__->new($size);
}

# The key that the user gave for a connection's sessions.
sub _given_key {
    my ($socket) = @_;
    my $hash = \%{*$socket};

    my ($key) =
      grep { defined && length } $hash->{_SSL_arguments}{SSL_session_key},
      $hash->{_SSL_ctx}{session_key};
    return $key;
}

# The server's host and port, or the path of a local one; undef: that cannot
# be told, and what one nameless server gave is not for another.
sub _peer_key {
    my ($socket) = @_;

    my $address = getpeername($socket);
    return unless defined $address;
    return $address =~ /\A..\0*[^\0]/s ? $address : undef
      if sockaddr_family($address) == AF_UNIX;
    my $port = $socket->peerport;
    my $host = $socket->_peer_host;
    $host = $socket->peerhost unless defined $host;
    return defined $host && defined $port ? "$host:$port" : $address;
}

# Before the handshake of a client: gather what comes, offer what is there.
sub resume {
    my ($socket) = @_;
    my $hash     = \%{*$socket};
    my $cache    = $hash->{_SSL_ctx}{session_cache};

    return unless defined $cache;
    my $given = _given_key($socket);
    my $key   = defined $given ? $given : _peer_key($socket);
    return
      unless defined $key
      && IO::Socket::SSL::_keep_sessions($socket, defined $given);
    $hash->{_SSL_session_key} = $key;
    return IO::Socket::SSL::_offer_from($socket, $cache, $key)
      if $cache->can('get_session') == \&get_session;

    IO::Socket::SSL::_check_exchange();
    my $session = $cache->get_session($key);
    return unless $session;
    IO::Socket::SSL::_offer_session($socket, $session) || return;
    $cache->del_session($key, $session) if $cache->can('del_session');
    return;
}

# A session has arrived: the cache owns it from now on.
sub _keep {
    my ($socket, $session) = @_;
    my $hash  = \%{*$socket};
    my $cache = $hash->{_SSL_ctx} && $hash->{_SSL_ctx}{session_cache};
    my $key   = $hash->{_SSL_session_key};

    return _free_session($session) unless defined $cache && defined $key;
    return _add($cache, $key, $session)
      if $cache->can('add_session') == \&add_session;
    return $cache->add_session($key, $session);
}

1;
