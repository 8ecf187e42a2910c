# What responders of OCSP have said, kept until they say something new: for
# each certificate one entry, under the DER of its id.
package IO::Socket::SSL::OCSP_Cache;

use strict;
use warnings;

use Carp;
use IO::Socket::SSL ();
use Scalar::Util    qw(looks_like_number);

our @CARP_NOT =
  qw(IO::Socket::SSL IO::Socket::SSL::SSL_Context IO::Socket::IP IO::Socket);

my $SIZE = 100;    # entries, where nobody says otherwise

no warnings 'redefine';    # of what has loaded this file

sub new {
    my ($class, $size) = @_;

    $size = $SIZE unless defined $size;
    croak "the size of a cache must be a positive number, not '$size'"
      unless looks_like_number($size) && $size >= 1;
    return bless { size => int $size, clock => 0, slots => {} },
      ref $class || $class;
}

# The entry of a key while it is good.
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

# What was not used for the longest time makes room.
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

1;
