# Keys for session tickets that servers make by themselves, and share by a
# backend such as memcached.  The keys are in src/sessions/shared_keys.c.
# IO::Socket::SSL loads this file on demand.
package IO::Socket::SSL::Ticket_Keys;

use strict;
use warnings;
no warnings 'redefine';    # IO::Socket::SSL defines what loads this file

use Carp;
use Scalar::Util qw(looks_like_number);

require IO::Socket::SSL::Session_Store;

our @CARP_NOT = qw(IO::Socket::SSL IO::Socket::SSL::Session_Store);

my %ARGUMENTS =
  map { $_ => 1 } qw(backend secret prefix rotate keep on_error);

use constant { ROTATE => 3600, KEEP => 24, KEEP_MAX => 1000, LIFE_MAX => 604_800 };

sub new {
    my ($class, %args) = @_;
    my $self =
      IO::Socket::SSL::Session_Store::_of_arguments($class, 'Ticket_Keys',
        \%ARGUMENTS, \%args);
    my $rotate = _number(rotate => $args{rotate}, ROTATE, 1, LIFE_MAX);
    my $keep   = _number(keep   => $args{keep},   KEEP,   1, KEEP_MAX);

    croak "rotate * keep must be at most ${\LIFE_MAX} seconds"
      if $rotate * $keep > LIFE_MAX;
    $self->_create(
        IO::Socket::SSL::Session_Store::_secrets($self, $args{secret}),
        $rotate, $keep);
    return $self;
}

sub _number {
    my ($name, $value, $default, $least, $most) = @_;

    return $default if !defined $value;
    croak "$name must be a whole number of $least to $most"
      unless looks_like_number($value)
      && $value == int $value
      && $value >= $least
      && $value <= $most;
    return $value;
}

1;
