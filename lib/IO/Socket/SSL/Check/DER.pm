# Reads in a certificate (DER) what CERT_asHash does not tell: kind and size of
# its key, the key as it is signed (SubjectPublicKeyInfo), where its issuer's
# certificate can be fetched, and whether it demands a staple.  RFC 5280, 4.1.
package IO::Socket::SSL::Check::DER;

use strict;
use warnings;

use MIME::Base64 qw(decode_base64);

my $SEQUENCE   = 0x30;
my $INTEGER    = 0x02;
my $OID        = 0x06;
my $OCTETS     = 0x04;
my $URI        = 0x86;    # [6] of GeneralName
my $VERSION    = 0xa0;    # [0] of TBSCertificate
my $EXTENSIONS = 0xa3;    # [3] of TBSCertificate

my $ACCESS      = '1.3.6.1.5.5.7.1.1';
my $CA_ISSUERS  = '1.3.6.1.5.5.7.48.2';
my $TLS_FEATURE = '1.3.6.1.5.5.7.1.24';
my $STAPLE      = 5;                      # status_request, RFC 7633

# Kinds of keys: name, and the sub that returns the size and the curve.
my %KEY = (
    '1.2.840.113549.1.1.1'    => ['RSA',     \&_rsa_bits],
    '1.2.840.113549.1.1.10'   => ['RSA-PSS', \&_rsa_bits],
    '1.2.840.10040.4.1'       => ['DSA',     \&_dsa_bits],
    '1.2.840.10045.2.1'       => ['EC',      \&_curve],
    '1.3.101.112'             => ['Ed25519', sub { 256 }],
    '1.3.101.113'             => ['Ed448',   sub { 456 }],
    '2.16.840.1.101.3.4.3.17' => ['ML-DSA-44'],
    '2.16.840.1.101.3.4.3.18' => ['ML-DSA-65'],
    '2.16.840.1.101.3.4.3.19' => ['ML-DSA-87'],
);

my %CURVE = (
    '1.2.840.10045.3.1.1'   => ['P-192',           192],
    '1.3.132.0.33'          => ['P-224',           224],
    '1.2.840.10045.3.1.7'   => ['P-256',           256],
    '1.3.132.0.10'          => ['secp256k1',       256],
    '1.3.132.0.34'          => ['P-384',           384],
    '1.3.132.0.35'          => ['P-521',           521],
    '1.3.36.3.3.2.8.1.1.7'  => ['brainpoolP256r1', 256],
    '1.3.36.3.3.2.8.1.1.11' => ['brainpoolP384r1', 384],
    '1.3.36.3.3.2.8.1.1.13' => ['brainpoolP512r1', 512],
);

# The bytes of a PEM text.
sub of_pem {
    my ($pem)    = @_;
    my ($base64) = $pem =~ /-----BEGIN [^\n]*-----(.*?)-----END /s;

    return decode_base64(defined $base64 ? $base64 : '');
}

# A hash of key, bits, curve, spki, ca_issuers (an array) and must_staple; what
# cannot be read is missing.
sub facts {
    my ($der)  = @_;
    my %facts  = (ca_issuers => [], must_staple => 0);
    my ($cert) = _elements($der);
    my ($tbs)  = $cert ? _elements($cert->{content}) : ();
    my @parts  = $tbs ? _elements($tbs->{content}) : ();

    return \%facts if !@parts;
    shift @parts   if $parts[0]{tag} == $VERSION;
    my $spki = $parts[5];    # after serial, algorithm, issuer, dates, subject
    if ($spki && $spki->{tag} == $SEQUENCE) {
        $facts{spki} = $spki->{whole};
        @facts{qw(key bits curve)} = _key($spki->{content});
    }
    for my $part (grep { $_->{tag} == $EXTENSIONS } @parts) {
        my ($list) = _elements($part->{content});
        _extension(\%facts, $_->{content})
          for $list ? _elements($list->{content}) : ();
    }
    return \%facts;
}

# The elements of DER, one after the other: tag, content, whole.  It ends at
# the first one that is malformed.
sub _elements {
    my ($der) = @_;
    my ($at, @found) = 0;

    while ($at + 2 <= length $der) {
        my ($tag, $length) = unpack 'CC', substr $der, $at, 2;
        my $start = $at + 2;
        if ($length & 0x80) {
            my $count = $length & 0x7f;
            last if $count < 1 || $count > 4 || $start + $count > length $der;
            $length = unpack 'N',
              substr "\0\0\0\0" . substr($der, $start, $count), -4;
            $start += $count;
        }
        last if $start + $length > length $der;
        push @found,
          {
            tag     => $tag,
            content => substr($der, $start, $length),
            whole   => substr($der, $at,    $start + $length - $at),
          };
        $at = $start + $length;
    }
    return @found;
}

sub _oid {
    my ($element) = @_;

    return '' if !$element || $element->{tag} != $OID;

    # unpack dies of a number without an end, and a long one takes long.
    return '' if $element->{content} !~ /\A.{0,63}[\x00-\x7f]\z/s;
    my ($first, @rest) = unpack 'w*', $element->{content};
    return '' if !defined $first;
    my $root = $first < 40 ? 0 : $first < 80 ? 1 : 2;
    return join '.', $root, $first - 40 * $root, @rest;
}

sub _key {
    my ($spki) = @_;
    my ($algorithm, $bits) = _elements($spki);
    my ($oid, $parameters) =
      $algorithm ? _elements($algorithm->{content}) : ();
    my $kind = $KEY{ _oid($oid) } || return;

    return $kind->[0] if !$bits || !$kind->[1];
    return ($kind->[0],
        $kind->[1]->(substr($bits->{content}, 1), $parameters));
}

sub _rsa_bits {
    my ($key)      = @_;
    my ($sequence) = _elements($key);

    return _first_integer_bits($sequence);
}

sub _dsa_bits {
    my ($key, $parameters) = @_;

    return _first_integer_bits($parameters);
}

sub _first_integer_bits {
    my ($sequence) = @_;
    my ($number)   = $sequence ? _elements($sequence->{content}) : ();

    return if !$number || $number->{tag} != $INTEGER;
    my $bits = unpack 'B*', $number->{content};
    $bits =~ s/^0+//;
    return length $bits;
}

sub _curve {
    my ($key, $parameters) = @_;
    my $curve = $CURVE{ _oid($parameters) } || return;

    return reverse @$curve;
}

sub _extension {
    my ($facts, $extension) = @_;
    my ($oid, @rest)        = _elements($extension);
    my ($octets) = grep { $_->{tag} == $OCTETS } @rest;
    my ($value)  = $octets ? _elements($octets->{content}) : ();

    return if !$value;
    my @parts = _elements($value->{content});
    if (_oid($oid) eq $ACCESS) {
        for my $access (@parts) {
            my ($method, $place) = _elements($access->{content});
            push @{ $facts->{ca_issuers} }, $place->{content}
              if _oid($method) eq $CA_ISSUERS
              && $place
              && $place->{tag} == $URI;
        }
    }
    elsif (_oid($oid) eq $TLS_FEATURE) {
        $facts->{must_staple} = 1
          if grep { $_->{tag} == $INTEGER && $_->{content} eq chr $STAPLE }
          @parts;
    }
    return;
}

1;
