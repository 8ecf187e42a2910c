# A cache of what OCSP responders said: one entry for each certificate, under
# the DER of its OCSP id, until it expires.  IO::Socket::SSL loads this file on
# demand.
package IO::Socket::SSL::OCSP_Cache;

use strict;
use warnings;
no warnings 'redefine';    # IO::Socket::SSL defines what loads this file

use Carp;
use IO::Socket::SSL ();
use Scalar::Util    qw(looks_like_number);

our @CARP_NOT =
  qw(IO::Socket::SSL IO::Socket::SSL::SSL_Context IO::Socket::IP IO::Socket);

my $SIZE = 100;    # entries, by default

sub new {
    my ($class, $size) = @_;

    $size = $SIZE unless defined $size;
    croak "the size of a cache must be a positive number, not '"
      . IO::Socket::SSL::Defaults::_shown($size) . q(')
      unless looks_like_number($size) && $size >= 1;
    return bless { size => int $size, clock => 0, slots => {} },
      ref $class || $class;
}

# The entry of a key, or nothing once it has expired.
sub get {
    my ($self, $key) = @_;
    my $slot = $self->{slots}{$key} || return;

    if (!_is_current($slot->{entry})) {
        delete $self->{slots}{$key};
        return;
    }
    $slot->{used} = ++$self->{clock};
    return $slot->{entry};
}

# A full cache drops the entry that was not used for the longest time.
sub put {
    my ($self, $key, $entry) = @_;
    my $slots = $self->{slots};

    croak 'an entry of the cache must be a hash' unless ref $entry eq 'HASH';
    $slots->{$key} = { entry => $entry, used => ++$self->{clock} };
    if (keys %$slots > $self->{size}) {
        my ($oldest) = sort { $slots->{$a}{used} <=> $slots->{$b}{used} }
          keys %$slots;
        delete $slots->{$oldest};
    }
    return $entry;
}

# ------------------------------------------------ the cache of a connection

# The cache of a connection's context: SSL_ocsp_cache, or one of its own.
sub _of_socket {
    my ($socket) = @_;
    my $ctx = ${*$socket}{_SSL_ctx};

    return $ctx->{ocsp_cache} ||= __PACKAGE__->new;
}

# Keep an entry that says when it expires; without nextUpdate, newer
# information is available at any time.
sub _keep {
    my ($cache, $id, $entry) = @_;

    $cache->put($id, $entry) if defined $entry->{nextUpdate};
    return;
}

# Called by xs/ocsp.c with what a stapled response says.
sub _keep_answer {
    my ($socket, $id, $entry) = @_;

    return _keep(_of_socket($socket), $id, $entry);
}

1;
