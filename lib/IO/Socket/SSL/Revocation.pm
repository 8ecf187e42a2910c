# Revocation status by OCSP: the part that every program has.  The resolver and
# the cache are loaded when they are first used.
package IO::Socket::SSL::Revocation;

use strict;
use warnings;

use Carp;
use Scalar::Util qw(blessed);

our @CARP_NOT =
  qw(IO::Socket::SSL IO::Socket::SSL::SSL_Context IO::Socket::IP IO::Socket);

sub IO::Socket::SSL::OCSP_Cache::new {
    require IO::Socket::SSL::OCSP_Cache;
    goto &IO::Socket::SSL::OCSP_Cache::new;    # the real one now
}

# The user's cache; undef: there is none.
sub cache_of_user {
    my ($args) = @_;
    my $cache = $args->{SSL_ocsp_cache};

    return unless defined $cache;
    croak 'SSL_ocsp_cache must be an object with get and put'
      unless blessed $cache && $cache->can('get') && $cache->can('put');
    return $cache;
}

# The cache of a connection's context, which has one of its own at least.
sub cache_of_socket {
    my ($socket) = @_;
    my $ctx = ${*$socket}{_SSL_ctx};

    return $ctx->{ocsp_cache} ||= IO::Socket::SSL::OCSP_Cache->new;
}

# Keep what says how long it is good; the others have news at any time.
sub keep {
    my ($cache, $id, $entry) = @_;

    $cache->put($id, $entry) if defined $entry->{nextUpdate};
    return;
}

# A staple has told this.
sub _keep_answer {
    my ($socket, $id, $entry) = @_;

    return keep(cache_of_socket($socket), $id, $entry);
}

sub IO::Socket::SSL::ocsp_resolver {
    my ($socket) = @_;

    require IO::Socket::SSL::OCSP_Resolver;
    return IO::Socket::SSL::OCSP_Resolver->new($socket);
}

1;
