# Functions that load, save, inspect and create certificates and keys.  They
# are in C (xs/Utils.xsi), apart from CERT_create, whose many forms of arguments
# are brought into one form here.
package IO::Socket::SSL::Utils;

use strict;
use warnings;

use Carp;
use Exporter qw(import);

use IO::Socket::SSL ();    # loads the functions in C

our $VERSION = $IO::Socket::SSL::VERSION;

our @EXPORT = qw(
  PEM_file2cert PEM_file2certs PEM_string2cert
  PEM_cert2file PEM_certs2file PEM_cert2string
  PEM_file2key PEM_string2key PEM_key2file PEM_key2string
  KEY_free CERT_free KEY_create_rsa KEY_create_ec
  CERT_asHash CERT_create
);

my $YEAR = 365 * 24 * 60 * 60;

my @DEFAULT_SUBJECT = (
    organizationName => 'IO::Socket::SSL',
    commonName       => 'IO::Socket::SSL Test',
);
my $FOR_TLS = 'server,client';
my $FOR_CA  = 'CA,sslCA,emailCA,objCA';

# The order of the parts of a name that is given as a hash; other types rank 6.
my %RANK = (
    countryName            => 1,
    C                      => 1,
    stateOrProvinceName    => 2,
    ST                     => 2,
    localityName           => 3,
    L                      => 3,
    organizationName       => 4,
    O                      => 4,
    organizationalUnitName => 5,
    OU                     => 5,
    commonName             => 7,
    CN                     => 7,
    emailAddress           => 8,
);

# The sub that puts an argument into the specification that _create reads.  It
# is called with the specification, all arguments, and the argument's name.
my %ARGUMENT = (
    (
        map { $_ => \&_as_it_is }
          qw(serial version not_before not_after key issuer_cert issuer_key
          digest)
    ),
    issuer          => \&_issuer,
    subject         => \&_subject,
    subjectAltNames => \&_alt_names,
    ext             => \&_extensions,

    # CERT_create and _extensions look at these themselves.
    (map { $_ => sub { return } } qw(CA purpose ignore_invalid_args)),
);

sub CERT_create {
    my %arg  = @_ == 1 && ref $_[0] eq 'HASH' ? %{ $_[0] } : _pairs(@_);
    my %spec = (not_before => time, not_after => time + $YEAR);

    delete @arg{ grep { !defined $arg{$_} || $arg{$_} eq '' } keys %arg };
    my @unknown = grep { !$ARGUMENT{$_} } sort keys %arg;
    croak 'unknown arguments: ' . _shown(join ' ', @unknown)
      if @unknown && !$arg{ignore_invalid_args};
    delete @arg{@unknown};

    $spec{subject} = [@DEFAULT_SUBJECT];
    $ARGUMENT{$_}->(\%spec, \%arg, $_) for sort keys %arg;
    if (!defined $spec{version} || $spec{version} eq '2') {
        $spec{purpose} = _purpose(@arg{qw(CA purpose)});
    } elsif (my @new = grep { $arg{$_} }
        qw(CA purpose subjectAltNames ext))
    {
        croak "@new: only certificates of version 2 have extensions";
    }
    return _create(\%spec);
}

# The beginning of a value, for a message; it may be a key where it does not
# belong.
sub _shown {
    my ($value) = @_;

    return 'PEM text' if $value =~ /-----BEGIN /;
    return length $value > 60 ? substr($value, 0, 60) . '...' : $value;
}

sub _pairs {
    croak 'CERT_create needs name => value pairs' if @_ % 2;
    return @_;
}

sub _as_it_is {
    my ($spec, $arg, $name) = @_;

    $spec->{$name} = $arg->{$name};
    return;
}

# CERT_asHash returns the issuer's name under this key.  Nothing can be signed
# with a name, so it is ignored if ignore_invalid_args is true.
sub _issuer {
    my ($spec, $arg) = @_;
    my $issuer = $arg->{issuer};

    if (ref $issuer eq 'ARRAY' && @$issuer == 2) {
        @$spec{qw(issuer_cert issuer_key)} = @$issuer;
        return;
    }
    croak 'issuer must be an array of certificate and key'
      unless $arg->{ignore_invalid_args};
    return;
}

# A name as a flat list of types and values.  It may be given as a hash, such a
# list, or a list of pairs; a value that is a list repeats its type.
sub _name_parts {
    my ($what, $name) = @_;
    my @pairs;

    if (ref $name eq 'HASH') {
        @pairs = map { [$_ => $name->{$_}] }
          sort { ($RANK{$a} || 6) <=> ($RANK{$b} || 6) || $a cmp $b }
          keys %$name;
    } elsif (ref $name eq 'ARRAY' && ref $name->[0] eq 'ARRAY') {
        @pairs = @$name;
    } elsif (ref $name eq 'ARRAY' && @$name % 2 == 0) {
        @pairs = map { [@$name[2 * $_, 2 * $_ + 1]] } 0 .. $#$name / 2;
    } else {
        croak "$what must be a hash or a list of names and values";
    }
    my @parts;
    for my $pair (@pairs) {
        croak "$what must consist of names and values"
          unless ref $pair eq 'ARRAY' && @$pair == 2 && defined $pair->[0];
        my ($type, $value) = @$pair;
        push @parts, map { $type => $_ }
          grep { defined } ref $value eq 'ARRAY' ? @$value : $value;
    }
    return \@parts;
}

sub _subject {
    my ($spec, $arg) = @_;

    $spec->{subject} = _name_parts('subject', $arg->{subject});
    return;
}

sub _alt_names {
    my ($spec, $arg) = @_;
    my $names = $arg->{subjectAltNames};

    croak 'subjectAltNames must be a list of [type, value]'
      unless ref $names eq 'ARRAY';
    for my $name (@$names) {
        croak 'subjectAltNames must be a list of [type, value]'
          unless ref $name eq 'ARRAY'
          && @$name == 2
          && !grep { !defined } @$name;
        my ($type, $value) = @$name;
        if (uc $type eq 'DIRNAME') {
            $value = [_split_oneline($value)] unless ref $value;
            $value = _name_parts('DIRNAME', $value);
        } elsif (ref $value) {
            croak 'subjectAltNames: ' . _shown($type) . ' must be a string';
        }
        push @{ $spec->{subjectAltNames} }, [$type, $value];
    }
    return;
}

# Split a name as CERT_asHash writes it, "/C=DE/CN=name".  A "/" in a value is
# escaped as "\/".
sub _split_oneline {
    my ($text) = @_;

    my @pairs;

    for my $part (grep { length } split m{(?<!\\)/(?=[\w.]+=)}, $text) {
        my ($type, $value) = split /=/, $part, 2;
        croak "DIRNAME: '"
          . _shown($text)
          . "' is not a name (must be /TYPE=VALUE/...)"
          unless defined $value;
        $value =~ s{\\(?=[/+])}{}g;
        push @pairs, $type, $value;
    }
    return @pairs;
}

# Extensions in a hash of CERT_asHash that describe the old key, or repeat
# another argument.
my %NOT_AGAIN = map { $_ => 1 }
  qw(subjectKeyIdentifier authorityKeyIdentifier subjectAltName);

sub _extensions {
    my ($spec, $arg) = @_;
    my $exts    = $arg->{ext};
    my $lenient = $arg->{ignore_invalid_args};

    croak 'ext must be a list of hashes' unless ref $exts eq 'ARRAY';
    for my $ext (@$exts) {
        croak 'ext must be a list of hashes' unless ref $ext eq 'HASH';
        my ($which) = grep { defined } map { $ext->{$_} } qw(sn oid nid);
        croak 'ext: each extension must have sn, oid or nid'
          unless defined $which;
        if (!defined $ext->{data} || $lenient && $NOT_AGAIN{$which}) {
            next if $lenient;
            croak 'extension ' . _shown($which) . ' has no data';
        }
        push @{ $spec->{ext} },
          [$which, $ext->{critical} ? 1 : 0, $ext->{data}];
    }
    $spec->{lenient} = 1 if $lenient;
    return;
}

# CA and purpose as one text: words separated by commas, each of which may have
# a "+" or "-" in front.
sub _purpose {
    my ($ca, $purpose) = @_;
    my $text = !defined $purpose ? '' : $purpose;

    if (ref $purpose eq 'ARRAY') {
        $text = join ',', @$purpose;
    } elsif (ref $purpose eq 'HASH') {
        $text = join ',',
          map { (!$purpose->{$_} || $purpose->{$_} eq '-' ? '-' : '+') . $_ }
          sort keys %$purpose;
    } elsif (ref $purpose) {
        croak 'purpose must be a string, an array or a hash';
    }
    return "$FOR_CA,$text" if $ca;

    # If every word has a "-", they are taken away from the default.
    return $text =~ /(?:^|[^-\w])\w/ ? $text : "$FOR_TLS,$text";
}

1;
