# What $DEBUG prints of the flow of calls, and who is told of the messages of
# the protocol.  Methods of the socket class; the rest is in xs/debug.c.
package IO::Socket::SSL;

use strict;
use warnings;

use Carp;

our $DEBUG;

# Level 1: errors and ciphers; 2: calls and messages of the protocol; 3:
# dumps of these messages.
sub _debug {
    my ($level, $text) = @_;

    print STDERR "DEBUG: $text\n" if $DEBUG >= $level;
    return;
}

sub set_msg_callback {
    my ($self, $code, @args) = @_;
    my $hash = \%{*$self};

    if (defined $code) {
        croak 'set_msg_callback needs a code reference'
          unless ref $code eq 'CODE';
        $hash->{_SSL_msg_callback} = [$code, @args];
    } else {
        delete $hash->{_SSL_msg_callback};
    }
    $self->_debug_begin;
    return;
}

sub _tell_message {
    my ($callback, @message) = @_;
    my ($code,     @args)    = @$callback;

    $code->(@message, @args);
    return;
}

1;
