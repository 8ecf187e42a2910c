# What is wrong with the certificates of a server.
package IO::Socket::SSL::Check::Certificates;

use strict;
use warnings;

use IO::Socket::SSL::Check::Words
  qw(day listed names_of period plural quoted short who);

my $RSA_BITS = 2048;
my $EC_BITS  = 224;
my $MILD     = qr/md[245]|sha-?1(?:\D|$)/i;
my $WHOLE =
    'Install the whole chain at the server: its own certificate first,'
  . ' then that of each issuer (CAs call this file fullchain.pem or "bundle").';
my $DAY = 86_400;

# The verification's errors that other findings tell of in full.
my %TOLD = map { ("X509_V_ERR_$_" => 1) }
  qw(CERT_HAS_EXPIRED CERT_NOT_YET_VALID
  EE_KEY_TOO_SMALL CA_KEY_TOO_SMALL CA_MD_TOO_WEAK);

my %TRUST = map { ("X509_V_ERR_$_->[0]" => $_->[1]) } (
    [DEPTH_ZERO_SELF_SIGNED_CERT       => \&_self_signed],
    [SELF_SIGNED_CERT_IN_CHAIN         => \&_unknown_root],
    [UNABLE_TO_GET_ISSUER_CERT         => \&_missing_issuer],
    [UNABLE_TO_GET_ISSUER_CERT_LOCALLY => \&_missing_issuer],
    [UNABLE_TO_VERIFY_LEAF_SIGNATURE   => \&_missing_issuer],
    [INVALID_PURPOSE                   => \&_purpose],
);

sub of_address {
    my ($result, $record, $plan) = @_;
    my $chain = $record->{chain} || return;
    my @path  = @{ $chain->{verified} || _path($chain) };

    return (
        _trust($record),
        (map { _dates($result, $_, $_ == $path[0]) } @path),
        _name($record, $plan),
        _strength(\@path),
        _order($chain),
        _extra($result, $chain),
        _staple($record),
        _ends($result, $record, $plan, \@path),
    );
}

# Without a verified chain: those that were sent and lead to each other.
sub _path {
    my ($chain) = @_;
    my %extra = map { $_ => 1 } @{ $chain->{extra} };

    return [
        @{ $chain->{sent} }[grep { !$extra{$_} } 0 .. $#{ $chain->{sent} }]
    ];
}

sub _finding {
    my ($id, $severity, $text, $action) = @_;

    return {
        id       => $id,
        severity => $severity,
        text     => $text,
        action   => $action,
    };
}

sub _name {
    my ($record, $plan) = @_;
    my $leaf  = $record->{chain}{sent}[0];
    my @names = names_of($leaf);

    return if $record->{name_matches} && @names;
    return _finding(
        'common_name_only',
        'weak',
        'The certificate has no alternative names, only the common name '
          . who($leaf) . '.',
        'Browsers and most libraries ignore common names.  Get a certificate'
          . " with $plan->{name} in subjectAltName."
    ) if $record->{name_matches};
    my $for =
      @names ? 'It is for: ' . listed(@names) . '.'
      : length $leaf->{subject}
      ? 'It names no host at all, only ' . who($leaf) . '.'
      : 'It names no host at all.';
    return _finding(
        'wrong_name',
        'bad',
        "The certificate is not for $plan->{name}.  $for",
        'Connect by a name that the certificate is for, or get a certificate'
          . " that includes $plan->{name}.  A server of several names may have"
          . ' chosen the wrong one: check its configuration for this name.'
    );
}

sub _dates {
    my ($result, $cert, $is_leaf) = @_;
    my $now = $result->{clock};
    my $what =
      $is_leaf
      ? 'The certificate'
      : 'The certificate of the CA ' . who($cert);
    my $clock = 'The clock of this machine says ' . day($now) . '.';

    if ($cert->{not_after} < $now) {
        my $text =
            "$what ended "
          . period($now - $cert->{not_after})
          . ' ago, on '
          . day($cert->{not_after})
          . ".  $clock";
        return _finding('expired', 'bad', $text,
            'Renew it and reload the server.  If it was renewed already, the'
              . ' server still has the old one in memory, or reads another file.'
        ) if $is_leaf;
        return _finding('expired_ca', 'bad', $text,
            'Install the current chain of your CA, which comes with a renewed'
              . ' certificate (fullchain.pem), and reload the server.');
    }
    return if $cert->{not_before} <= $now;
    return _finding(
        $is_leaf ? 'not_yet_valid' : 'not_yet_valid_ca',
        'bad',
        "$what is not valid yet: it begins in "
          . period($cert->{not_before} - $now) . ', on '
          . day($cert->{not_before})
          . ".  $clock",
'If that clock is right, go back to the previous certificate until then.'
    );
}

sub _trust {
    my ($record) = @_;
    my $error    = $record->{error} || return;
    my $kind     = $error->{kind}   || '';

    return _finding(
        'revoked',
        'bad',
        'The certificate was revoked: its issuer says so in the response that'
          . ' the server sends along (OCSP stapling).',
        'Get a new certificate, with a new key if the old one may be known to'
          . ' others.'
    ) if $kind eq 'revoked';
    return _finding('staple', 'bad', "$error->{text}.",
        $error->{hint} || 'Check the stapled responses of the server.')
      if $kind eq 'staple';
    return if $kind ne 'verify' || $TOLD{ $error->{verify_name} };
    my $code = $TRUST{ $error->{verify_name} } || \&_other;
    return $code->($record, $error);
}

sub _self_signed {
    my ($record) = @_;

    return _finding(
        'self_signed',
        'bad',
        'The certificate is signed by itself ('
          . who($record->{chain}{sent}[0])
          . '): no CA vouches for it, so clients cannot know whose it is.',
        'Get a certificate from a CA.  If this very one is meant, give it to'
          . ' the clients as a CA (here: --ca FILE).'
    );
}

sub _unknown_root {
    my ($record) = @_;
    my $sent     = $record->{chain}{sent};
    my ($root)   = grep { $_->{self_issued} } reverse @$sent;

    return _finding(
        'unknown_root',
        'bad',
        'The chain ends in a root that this machine does not trust: '
          . who($root || $sent->[-1]) . '.',
        'If this is your own CA, give its certificate to the clients (here:'
          . ' --ca FILE).  Otherwise get a certificate from a CA that they trust.'
    );
}

# Of the last certificate that leads on from the server's own, the issuer is
# neither sent nor known here.
sub _missing_issuer {
    my ($record) = @_;
    my $chain    = $record->{chain};
    my $last     = _path($chain)->[-1];
    my $issuer   = quoted(short($last->{issuer}));
    my @urls     = @{ $last->{ca_issuers} };
    my $count    = @{ $chain->{sent} };

    return _finding(
        'missing_issuer',
        'bad',
        'The chain is incomplete: the server sends '
          . plural($count, 'certificate')
          . ", but not that of $issuer, which issued "
          . ($count == 1 ? 'it' : who($last))
          . ', and this machine does not have it either.'
          . (
            @urls
            ? '  Browsers that have seen it elsewhere may still connect; other'
              . ' clients do not.'
            : ''
          ),
        $WHOLE
          . (@urls ? "  The missing one can be fetched from $urls[0]" : '')
          . "  If $issuer is a root of your own, it is the clients that need it"
          . ' (here: --ca FILE).'
    );
}

sub _purpose {
    my ($record, $error) = @_;

    return _finding(
        'purpose',
        'bad',
        ($error->{depth} ? 'A certificate of the chain' : 'The certificate')
          . ' is not allowed for servers (key usage or extended key usage).',
        'Get a certificate for servers: with serverAuth in extendedKeyUsage.'
    );
}

sub _other {
    my ($record, $error) = @_;

    return _finding(
        'verify',
        'bad',
        "$error->{text} ($error->{verify_name}).",
        $error->{hint}
          || 'openssl-verification-options(1) explains this error.'
    );
}

# Keys and signatures.  Roots are trusted as they are, whoever signed them.
sub _strength {
    my ($path) = @_;
    my @found;

    for my $cert (@$path) {
        my $what =
          $cert == $path->[0]
          ? 'The certificate'
          : 'The certificate of the CA ' . who($cert);
        my ($key, $bits) = map { defined $_ ? $_ : '' } @$cert{qw(key bits)};
        my $least = $key =~ /^RSA/ ? $RSA_BITS : $key eq 'EC' ? $EC_BITS : 0;
        push @found,
          _finding(
            'small_key',
            'bad',
            "$what has a key that is too small: $key with $bits bits.",
'Make a new key (EC P-256, or RSA with at least 2048 bits), and get'
              . ' a certificate for it.'
          ) if $key eq 'DSA' || $bits && $bits < $least;
        push @found,
          _finding(
            'weak_signature',
            'bad',
            "$what is signed with a broken digest: $cert->{signature}.",
            'Get it issued anew, with SHA-256 or better.'
          ) if !$cert->{self_issued} && ($cert->{signature} || '') =~ $MILD;
    }
    return @found;
}

sub _order {
    my ($chain) = @_;
    my @found;

    push @found,
      _finding(
        'missing_known',
        'weak',
        'The server does not send '
          . listed(map { who($_) } @{ $chain->{missing} })
          . ', an intermediate certificate.  It is trusted here by itself, but'
          . ' clients that know only its root will refuse the server.',
        $WHOLE
      ) if @{ $chain->{missing} };
    push @found,
      _finding(
        'misordered',
        'weak',
        'The certificates are sent in the wrong order: each one must be'
          . ' followed by that of its issuer.',
        'Put them in order: '
          . join(', ', map { who($_) } _in_order($chain)) . '.'
      ) if $chain->{misordered};
    return @found;
}

sub _in_order {
    my ($chain) = @_;

    return grep { !$_->{self_issued} } @{ $chain->{verified} }
      if $chain->{verified};
    my @left  = @{ _path($chain) };
    my @order = shift @left;
    while (my ($next) = grep { $_->{subject} eq $order[-1]{issuer} } @left) {
        push @order, $next;
        @left = grep { $_ != $next } @left;
    }
    return @order;
}

sub _extra {
    my ($result, $chain) = @_;
    my @extra = map  { $chain->{sent}[$_] } @{ $chain->{extra} };
    my @old   = grep { $_->{not_after} < $result->{clock} } @extra;
    my @found;

    push @found,
      _finding(
        'expired_extra',
        'weak',
'The server also sends certificates that have ended and lead nowhere: '
          . listed(map { who($_) } @old) . '.',
        'Remove them from the file; some clients stumble over them.'
      ) if @old;
    push @found,
      _finding(
        'extra',
        'note',
        'The server sends more certificates than clients need: '
          . listed(map { who($_) } @extra) . '.',
        'Remove them from the file: every handshake carries them.'
      ) if @extra > @old;
    push @found,
      _finding(
        'root_sent',
        'note',
'The server sends its root certificate, which clients must have anyway.',
        'Remove it from the file: every handshake carries it.'
      ) if $chain->{root_sent} && !@extra;
    return @found;
}

sub _staple {
    my ($record) = @_;

    return
      if !$record->{chain}{sent}[0]{must_staple}
      || $record->{connection}{stapled};
    return _finding(
        'must_staple',
        'bad',
        'The certificate demands that the server sends a good OCSP response'
          . ' along ("must staple"), and it sends none.',
'Turn stapling on (nginx: ssl_stapling on, Apache: SSLUseStapling on),'
          . ' or get a certificate without this demand.'
    );
}

# The first certificate to end decides.
sub _ends {
    my ($result, $record, $plan, $path) = @_;
    my ($first) =
      sort { $a->{not_after} <=> $b->{not_after} } @$path;
    my $left = $first->{not_after} - $result->{clock};

    $record->{not_after} = $first->{not_after};
    return if $left < 0 || $left >= $plan->{days} * $DAY;
    return _finding(
        'ends_soon',
        'ends',
        (
            $first == $path->[0]
            ? 'The certificate'
            : 'The certificate of the CA ' . who($first)
          )
          . ' ends in '
          . period($left) . ', on '
          . day($first->{not_after}) . '.',
        'Renew it and reload the server.  If it renews itself, see why it did'
          . ' not yet.'
    );
}

1;
