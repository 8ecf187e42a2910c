# SSL_ticket_keycb: the user's sub for the keys of session tickets.
package IO::Socket::SSL::Ticket;

use strict;
use warnings;

use Carp;

my ($KEY_LENGTH, $NAME_LENGTH) = (32, 16);

# A sub, or an array of a sub and its data.
sub is_callback {
    my ($value) = @_;

    return ref $value eq 'CODE'
      || ref $value eq 'ARRAY' && ref $value->[0] eq 'CODE';
}

sub _is_bytes { return utf8::downgrade($_[0], 1) && length $_[0] == $_[1] }

# The current key and its name, or the key of that name beside the current
# name, in one string; undef: there is none.
sub _ask {
    my ($callback, $name) = @_;
    my ($code, $data) =
      ref $callback eq 'ARRAY' ? @$callback : ($callback, undef);
    my ($key, $current) = $code->($data, defined $name ? $name : ());

    return unless defined $key && defined $current;
    croak "SSL_ticket_keycb must return a key of $KEY_LENGTH bytes and a"
      . " name of $NAME_LENGTH, or nothing"
      unless _is_bytes($key, $KEY_LENGTH)
      && _is_bytes($current, $NAME_LENGTH);
    return $key . $current;
}

1;
