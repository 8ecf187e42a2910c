# What can_do answers: for each option and method that goes beyond IO::Socket::SSL
# 2.099, the oldest OpenSSL that has it.
package IO::Socket::SSL::Abilities;

use strict;
use warnings;
no warnings 'redefine';    # IO::Socket::SSL defines what loads this file

use Carp;

our @CARP_NOT = qw(IO::Socket::SSL);

# Options are without "SSL_".  0: any OpenSSL that we can be built with.
my %SINCE = (
    acme                   => 0,
    answer                 => 0,
    can_do                 => 0,
    cert_callback          => 0,
    channel_binding        => 0,
    channel_bindings       => 0,
    crl_check_all          => 0,
    dane_ee_name           => 0,
    deadline               => 0,
    export_keying_material => 0,
    export_session         => 0,
    handshake_report       => 0,
    handshake_timeout      => 0,
    hello_callback         => 0,
    keylog_callback        => 0,
    keylog_file            => 0,
    new_ticket             => 0x30000000,
    num_tickets            => 0,
    provider               => 0x30000000,
    reload                 => 0,
    reload_callback        => 0,
    session                => 0,
    session_timeout        => 0,
    ssl_error_info         => 0,
    startHandshake         => 0,
    stats                  => 0,
    ticket_keys            => 0,
    tls_info               => 0,
    tlsa                   => 0,
    verified_chain         => 0,
    verify_strict          => 0,
    want_answer            => 0,
);

# A function, and a method of the class and its objects.
sub can_do {
    my ($name) = reverse @_;

    croak 'usage: can_do($name)' if !defined $name;
    croak "can_do does not know '$name'; options are named without SSL_"
      if !exists $SINCE{$name};
    return IO::Socket::SSL::_built_with_openssl() >= $SINCE{$name};
}

1;
