# A server of several names: options whose value is a hash, from the name
# that a client asks for, are taken apart into one hash of options a name.
#
#   SSL_cert_file => {
#       'foo.example'     => 'foo.pem',
#       'foo.example%ecc' => 'foo-ecc.pem',    # beside the other
#       ''                => 'default.pem',    # for all other names, and none
#   }
package IO::Socket::SSL::Hosts;

use strict;
use warnings;

# What belongs together: a certificate and its key.
my @IDENTITY = qw(SSL_cert SSL_cert_file SSL_key SSL_key_file);

# What else may be given by name.  A name without a value has the one of ''.
my @BY_NAME = qw(
  SSL_cipher_list SSL_ciphersuites SSL_verify_mode SSL_ca SSL_ca_file
  SSL_ca_path SSL_client_ca SSL_client_ca_file SSL_check_crl SSL_crl_file
);

# The options for names that are not listed, and those for each that is.  In
# both, _identities has the certificates: [{ SSL_cert => ... }, ...].
sub split_args {
    my ($args, $server) = @_;
    my %args = %$args;
    my %names;

    for my $option (grep { ref $args{$_} eq 'HASH' } @IDENTITY, @BY_NAME) {
        my $given = $args{$option};
        my %by_name;
        for my $key (grep { defined $given->{$_} } keys %$given) {
            my ($name, $tag) = split /%/, $key, 2;
            $name = '' if !defined $name;
            $name =~ s/\.\z//;
            $by_name{ lc $name }{ defined $tag ? $tag : '' } = $given->{$key};
        }
        $args{$option} = bless \%by_name, 'IO::Socket::SSL::Hosts::ByName';
        @names{ keys %by_name } = ();
    }
    delete $names{''};
    return (_args_for(\%args, ''),
        { map { $_ => _args_for(\%args, $_) } $server ? keys %names : () });
}

sub _is_by_name { return ref $_[0] eq 'IO::Socket::SSL::Hosts::ByName' }

sub _args_for {
    my ($args, $name) = @_;
    my %mine = (%$args, _identities => _identities($args, $name));

    for my $option (grep { _is_by_name($mine{$_}) } @BY_NAME) {
        my $values = $mine{$option};
        my ($own) = grep { defined } map { $values->{$_}{''} } $name, '';
        $mine{$option} = $own;
    }
    return \%mine;
}

# A value that is not given by name serves all: one key, several certificates.
sub _identities {
    my ($args, $name) = @_;
    my %given = map { $_ => $args->{$_} } @IDENTITY;
    my %tags;

    for my $by_name (grep { _is_by_name($_) } values %given) {
        @tags{ keys %{ $by_name->{$name} || {} } } = ();
    }
    if (!%tags) {
        return _identities($args, '') if length $name;
        return []
          if grep { _is_by_name($_) } @given{qw(SSL_cert SSL_cert_file)};
        %tags = ('' => undef);
    }
    return [map { _identity(\%given, $name, $_) } sort keys %tags];
}

sub _identity {
    my ($given, $name, $tag) = @_;

    return {
        map {
            my $value = $given->{$_};
            ($_ => _is_by_name($value) ? $value->{$name}{$tag} : $value)
        } keys %$given
    };
}

1;
