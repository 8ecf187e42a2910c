# Copies of servers' certificates, signed by the CA of a proxy, and a cache of
# these copies.  C code copies a certificate, extension by extension.
package IO::Socket::SSL::Intercept;

use strict;
use warnings;

use Carp;
use Scalar::Util qw(reftype);

use IO::Socket::SSL::Utils;

our $VERSION = $IO::Socket::SSL::Utils::VERSION;

my $FORMAT = 3;    # version of what serialize returns

my %LOAD = (
    cert => [
        \&PEM_file2cert,
        sub { IO::Socket::SSL::Utils::_hold_cert($_[0]); return $_[0] }
    ],
    key => [
        \&PEM_file2key,
        sub { IO::Socket::SSL::Utils::_hold_key($_[0]); return $_[0] }
    ],
);

# The handles in an object are freed by it, so a thread must not copy it.
sub CLONE_SKIP { return 1 }

sub new {
    my ($class, %args) = @_;
    my $self = bless {}, ref $class || $class;

    $self->{cacert}  = _load(\%args, 'proxy_cert', 'cert', 1);
    $self->{cakey}   = _load(\%args, 'proxy_key',  'key',  1);
    $self->{certkey} = _load(\%args, 'cert_key',   'key',  0);
    my ($serial, $cache) = @args{qw(serial cache)};
    undef $serial if defined $serial && !length $serial;
    undef $cache  if !$cache || (reftype($cache) || '') eq 'ARRAY';
    croak 'serial must be a number or a code reference'
      if defined $serial && ref $serial ne 'CODE' && $serial !~ /^\d+\z/;
    croak 'cache must be a hash or a code reference'
      if defined $cache && (reftype($cache) || '') !~ /^(?:HASH|CODE)\z/;
    $self->{serial} = $serial;
    $self->{cache}  = defined $cache ? $cache : {};
    $self->{owner}  = !defined $cache;
    $self->{old_cache} = !$cache->('type') if _is_code($cache);
    return $self;
}

sub _is_code { return (reftype($_[0]) || '') eq 'CODE' }

# A handle that the object owns, from a handle or a file.
sub _load {
    my ($args, $name, $kind, $needed) = @_;
    my ($handle, $file) = @$args{ $name, "${name}_file" };
    my ($read, $hold)   = @{ $LOAD{$kind} };

    return $hold->($handle) if defined $handle;
    if (!defined $file) {
        croak "$name or ${name}_file is missing" if $needed;
        return;
    }
    my $loaded = eval { $read->($file) };
    croak "${name}_file: " . _without_line($@) if !defined $loaded;
    return $loaded;
}

sub _without_line {
    my ($error) = @_;

    $error =~ s/ at \S+ line \d+\.?\n.*//s;
    return $error;
}

sub DESTROY {
    my ($self) = @_;

    local $@;
    CERT_free($self->{cacert});
    KEY_free(@$self{qw(cakey certkey)});
    return unless $self->{owner};
    for my $entry (values %{ $self->{cache} }) {
        CERT_free($entry->{cert});
        KEY_free($entry->{key});
    }
    return;
}

sub clone_cert {
    my ($self, $original, $ident) = @_;
    my $cache = $self->{cache};

    $ident = _ident($original) unless defined $ident;
    my $make = sub { return $self->_clone($original) };
    return $self->_from_code($ident, $make) if _is_code($cache);

    my $entry = $cache->{$ident};
    if (!$entry) {
        my ($cert, $key) = $make->();
        $entry = $cache->{$ident} = { cert => $cert, key => $key };
    }
    $entry->{atime} = time;
    return @$entry{qw(cert key)};
}

# A sub of the old interface is called for a copy, then called again to store a
# new one; one of the new interface gets the sub that makes a copy.
sub _from_code {
    my ($self, $ident, $make) = @_;
    my $cache = $self->{cache};

    return $cache->($ident, $make) if !$self->{old_cache};
    my @known = $cache->($ident);
    return @known if @known && defined $known[0];
    my @new = $make->();
    $cache->($ident, @new);
    return @new;
}

sub _ident {
    my ($original) = @_;
    my $print = CERT_asHash($original, 'sha256')->{fingerprint_sha256};

    return substr lc $print =~ tr/://dr, 0, 32;
}

# The key of all copies, created when it is first needed.
sub _cert_key {
    my ($self) = @_;

    return $self->{certkey} ||= KEY_create_rsa();
}

# A new copy and its key.  The caller owns both: each pair holds the key once
# more.
sub _clone {
    my ($self, $original) = @_;

    my ($cert, $key) = IO::Socket::SSL::Utils::_create(
        {
            original    => $original,
            key         => $self->_cert_key,
            issuer_cert => $self->{cacert},
            issuer_key  => $self->{cakey},
            serial      => $self->_serial($original),
        }
    );
    IO::Socket::SSL::Utils::_hold_key($key);
    return ($cert, $key);
}

# Derived from the original, so that a copy that is made again keeps its serial
# number: browsers remember it.
sub _serial {
    my ($self, $original) = @_;
    my $serial = $self->{serial};

    return $serial->($original, CERT_asHash($original))
      if ref $serial eq 'CODE';
    return ++$self->{serial} if defined $serial;
    my @bytes = unpack 'C8',
      CERT_asHash($original, 'sha256')->{x509_digest_sha256};
    $bytes[0] &= 0x7f;
    return sprintf '0x' . '%02x' x 8, @bytes;
}

# A string of fields, each with its length in front.  A serial or cache that is
# a sub is not saved.
sub serialize {
    my ($self) = @_;
    my ($serial, $cache) = @$self{qw(serial cache)};
    my @fields = (
        $FORMAT,
        PEM_cert2string($self->{cacert}),
        PEM_key2string($self->{cakey}),
        $self->{certkey} ? PEM_key2string($self->{certkey}) : '',
        defined $serial && !ref $serial ? $serial : '',
    );

    for my $ident (_is_code($cache) ? () : sort keys %$cache) {
        my $entry = $cache->{$ident};
        push @fields, $ident, PEM_cert2string($entry->{cert}),
          PEM_key2string($entry->{key}), $entry->{atime} || 0;
    }
    utf8::encode($_) for @fields;
    return pack '(N/a*)*', @fields;
}

sub unserialize {
    my ($class, $data) = @_;
    my $self = bless {}, ref $class || $class;

    $self->_restore($data);
    return $self;
}

sub _restore {
    my ($self, $data) = @_;
    my @fields =
      defined $data ? eval { unpack '(N/a*)*', $data } : ();

    croak 'the string does not come from IO::Socket::SSL::Intercept->serialize'
      unless @fields >= 5 && @fields % 4 == 1 && $fields[0] eq $FORMAT;
    my (undef, $cert, $key, $certkey, $serial) = splice @fields, 0, 5;
    @$self{qw(cache owner)} = ({}, 1);
    $self->{cacert}  = PEM_string2cert($cert);
    $self->{cakey}   = PEM_string2key($key);
    $self->{certkey} = length $certkey ? PEM_string2key($certkey) : undef;
    $self->{serial}  = length $serial  ? $serial                  : undef;
    while (my ($ident, $cert, $key, $atime) = splice @fields, 0, 4) {
        utf8::decode($ident);
        my $entry = $self->{cache}{$ident} = { atime => $atime };
        $entry->{cert} = PEM_string2cert($cert);
        $entry->{key}  = PEM_string2key($key);
    }
    return;
}

sub STORABLE_freeze {
    my ($self) = @_;

    return $self->serialize;
}

sub STORABLE_thaw {
    my ($self, $cloning, $data) = @_;

    $self->_restore($data);
    return;
}

1;
