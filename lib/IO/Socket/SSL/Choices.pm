# Questions of the handshake: SSL_hello_callback and SSL_cert_callback, and the
# answers that come later.  Loaded when one is asked; xs/choices.c calls context
# and certificate.
package IO::Socket::SSL::Choices;

use strict;
use warnings;
no warnings 'redefine';    # IO::Socket::SSL defines what loads this file

use Carp;
use Scalar::Util qw(blessed);

our @CARP_NOT = qw(IO::Socket::SSL);

my %IN_CERTIFICATE =
  map { ("SSL_$_" => 1) } qw(cert key cert_file key_file);

# What the sub says, or what the program has answered later.
sub reply {
    my ($code, $sock, $about) = @_;
    my $hash = \%{*$sock};

    return delete $hash->{_SSL_answer} if exists $hash->{_SSL_answer};
    return $code->($sock, $about);
}

sub context {
    my ($code, $sock, $hello) = @_;
    my $answer = reply($code, $sock, $hello);

    _choose($sock, $answer)
      if blessed $answer && $answer->isa('IO::Socket::SSL::SSL_Context');
    return $answer;
}

sub certificate {
    my ($code, $sock, $request) = @_;
    my $answer = reply($code, $sock, $request);

    return $answer if ref $answer ne 'HASH';
    my @unknown = grep { !$IN_CERTIFICATE{$_} } sort keys %$answer;
    croak "SSL_cert_callback: unknown key $unknown[0]" if @unknown;
    return _certificate($answer);
}

# The method: go on with the handshake that waits for this value.
sub answer {
    my ($self, $value) = @_;
    my $server = _answered($self);

    croak 'answer: no callback of this socket waits for an answer'
      if !defined $server;
    local ${*$self}{_SSL_answer} = $value;
    return IO::Socket::SSL::Handshake::run($self, $server);
}

1;
