# Whom a connection is meant for: the name in SNI, the name that is checked,
# and by which scheme.  Methods of the socket class.
package IO::Socket::SSL;

use strict;
use warnings;

use Carp;

# What the user means to reach, without a port: host:port, [v6]:port.
sub _peer_host {
    my ($self) = @_;
    my $args = ${*$self}{_SSL_arguments};

    for my $host (@$args{qw(PeerHost PeerAddr)}) {
        next unless defined $host && !ref $host && length $host;
        return $1 if $host =~ /^\[([^\]]+)\]/;
        return $host =~ tr/:// == 1 && $host =~ /^(.*):/s ? $1 : $host;
    }
    return;
}

sub _sni_name {
    my ($self) = @_;
    my $args = ${*$self}{_SSL_arguments};

    return $args->{SSL_hostname} if defined $args->{SSL_hostname};
    my $host = $self->_peer_host;
    return defined $host && $host =~ /^[^:%]*[a-z_-][^:%]*$/i ? $host : undef;
}

# The name that the peer's certificate must have, and the scheme; an undef
# scheme means that none is checked.
sub _name_to_check {
    my ($self, $ctx, $server) = @_;
    my $args   = ${*$self}{_SSL_arguments};
    my $scheme = $args->{SSL_verifycn_scheme};
    my $hash   = \%{*$self};

    delete $hash->{_SSL_scheme_callback};
    croak 'this context was made for servers, and verifies nobody: a client'
      . ' needs another one, or one that says so by SSL_verify_mode => 0'
      if !$server && $ctx->{for_servers};
    return $self->_nobody_to_check unless $ctx->{verify_mode};
    $scheme = $ctx->{verifycn_scheme} unless defined $scheme;
    my ($name) = grep { defined && length } $args->{SSL_verifycn_name},
      $ctx->{verifycn_name},
      $server ? () : ($args->{SSL_hostname}, $self->_peer_host);
    if (!defined $scheme) {
        return (undef, undef)
          if $server
          || $args->{SSL_force_fingerprint}
          || $IO::Socket::SSL::AS_IN_1_77;
        if (!defined $name) {
            carp 'no name is known for the peer of this connection, so that'
              . ' its certificate is only verified, not whom it is for: set'
              . ' SSL_verifycn_name, or SSL_verifycn_scheme to "none"';
            return (undef, undef);
        }
        $scheme = 'default';
    }
    $hash->{_SSL_scheme_callback} = $scheme->{callback}
      if ref $scheme eq 'HASH';
    return (defined $name ? $name : '', $scheme);
}

# A context that verifies nothing is not outdone by an argument.
sub _nobody_to_check {
    my ($self) = @_;
    my $args   = ${*$self}{_SSL_arguments};
    my $wish   = $args->{SSL_verify_mode};

    carp 'SSL_verify_mode is ignored: the context of SSL_reuse_ctx verifies'
      . ' nobody'
      if $args->{SSL_reuse_ctx} && $wish && $wish =~ /^\s*\d/;
    return (undef, undef);
}

sub _ask_scheme {
    my ($callback, $host, $cert) = @_;

    return $callback->(
        $host,
        scalar(_cert_field($cert, 'cn')),
        _cert_field($cert, 'subjectAltNames')
    );
}

sub verify_hostname {
    my ($self, $name, $scheme, $suffix) = @_;

    return _verify_name($self, undef, $name,
        defined $scheme ? $scheme : 'default', $suffix);
}

sub verify_hostname_of_cert {
    my ($name, $cert, $scheme, $suffix) = @_;

    return _verify_name(undef, $cert, $name,
        defined $scheme ? $scheme : 'default', $suffix);
}

1;
