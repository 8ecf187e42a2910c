# What is wrong with the certificates of a server.
package IO::Socket::SSL::Check::Certificates;

use strict;
use warnings;

use IO::Socket::SSL::Check::Texts qw(finding);
use IO::Socket::SSL::Check::Words
  qw(day listed names_of period plural quoted short who);

my %LEAST_BITS = (RSA => 2048, 'RSA-PSS' => 2048, EC => 224);
my $BROKEN     = qr/md[245]|sha-?1(?:\D|$)/i;
my $DAY        = 86_400;

my $VERIFICATION = 'openssl-verification-options(1) explains such errors.';
my $SEVERAL =
    'The next connection got a good certificate, so several servers may share'
  . ' this address: check each of them.';

# Errors of the verification.  Of the last few the certificates usually tell in
# full; where they do not, Findings.pm makes up for it.
my %TRUST = map { ("X509_V_ERR_$_->[0]" => $_->[1]) } (
    [DEPTH_ZERO_SELF_SIGNED_CERT       => \&_self_signed],
    [SELF_SIGNED_CERT_IN_CHAIN         => \&_unknown_root],
    [UNABLE_TO_GET_ISSUER_CERT         => \&_missing_issuer],
    [UNABLE_TO_GET_ISSUER_CERT_LOCALLY => \&_missing_issuer],
    [UNABLE_TO_VERIFY_LEAF_SIGNATURE   => \&_missing_issuer],
    [INVALID_PURPOSE                   => \&_purpose],
    (
        map {
            [$_ => sub { return }]
          } qw(CERT_HAS_EXPIRED CERT_NOT_YET_VALID EE_KEY_TOO_SMALL
          CA_KEY_TOO_SMALL CA_MD_TOO_WEAK)
    ),
);

sub of_address {
    my ($result, $record, $plan) = @_;
    my $chain = $record->{chain} || return;
    my @path  = @{ $chain->{verified} || _path($chain) };

    return (
        _trust($record),
        (map { _dates($result, $_, $_ == $path[0]) } @path),
        _name($record, $plan),
        (map { _strength($_, $_ == $path[0]) } @path),
        _order($chain),
        _extra($result, $chain),
        _staple($record),
        _ends($result, $record, $plan, \@path),
    );
}

# Without a verified chain: those that were sent and lead to each other.
sub _path {
    my ($chain) = @_;
    my $sent    = $chain->{sent};
    my %extra   = map { $_ => 1 } @{ $chain->{extra} };

    return [@$sent[grep { !$extra{$_} } 0 .. $#$sent]];
}

# The subject of a sentence.
sub _what {
    my ($cert, $is_leaf) = @_;

    return $is_leaf
      ? 'The certificate'
      : 'The certificate of the CA ' . who($cert);
}

sub _name {
    my ($record, $plan) = @_;
    my $leaf  = $record->{chain}{sent}[0];
    my @names = names_of($leaf);

    if ($record->{name_matches}) {
        return if @names;
        return finding(
            'common_name_only',
            who  => who($leaf),
            name => $plan->{name}
        );
    }
    my $for =
      @names ? 'It is for: ' . listed(@names) . '.'
      : length $leaf->{subject}
      ? 'It names no host at all, only ' . who($leaf) . '.'
      : 'It names no host at all.';
    return finding('wrong_name', name => $plan->{name}, for => $for);
}

sub _dates {
    my ($result, $cert, $is_leaf) = @_;
    my $now   = $result->{clock};
    my $of_ca = $is_leaf ? '' : '_ca';
    my %value = (who => who($cert), now => day($now));

    return finding('no_dates', %value)
      if grep { !defined } @$cert{qw(not_before not_after)};
    return finding(
        "expired$of_ca", %value,
        period => period($now - $cert->{not_after}),
        day    => day($cert->{not_after})
    ) if $cert->{not_after} < $now;
    return finding(
        "not_yet_valid$of_ca", %value,
        period => period($cert->{not_before} - $now),
        day    => day($cert->{not_before})
    ) if $cert->{not_before} > $now;
    return;
}

sub _trust {
    my ($record) = @_;
    my $error    = $record->{error} || return;
    my $kind     = $error->{kind}   || '';

    return finding('revoked') if $kind eq 'revoked';
    return finding(
        'staple',
        why    => $error->{text},
        advice => $error->{hint} || $VERIFICATION
    ) if $kind eq 'staple';
    return if $kind ne 'verify';
    my $code = $TRUST{ $error->{verify_name} };
    return refused($record) if !$code || _is_accepted($record);
    return $code->($record, $error);
}

# That clients refuse this server, in the words of the error: where no other
# finding tells why.
sub refused {
    my ($record) = @_;
    my $error    = $record->{error} || {};
    my $advice   = $error->{hint}   || $VERIFICATION;

    $advice =~ s/\.?\z/.  $SEVERAL/ if _is_accepted($record);
    return finding(
        'verify',
        why => defined $error->{text}
        ? $error->{text}
        : 'The certificate was not verified',
        code => $error->{verify_name} || $error->{kind} || 'no reason given',
        advice => $advice
    );
}

# Was nothing wrong with the certificates of the second connection, which is made
# after a failed one?  That one accepts small keys and weak digests.
sub _is_accepted {
    my ($record) = @_;
    my $why = $record->{error}{verify_name} || '';

    return
         $record->{name_matches}
      && $record->{faults}
      && !@{ $record->{faults} }
      && $why !~ /_TOO_(?:SMALL|WEAK)\z/;
}

sub _self_signed {
    my ($record) = @_;

    return finding('self_signed', who => who($record->{chain}{sent}[0]));
}

sub _unknown_root {
    my ($record) = @_;
    my $sent     = $record->{chain}{sent};
    my ($root)   = grep { $_->{self_issued} } reverse @$sent;

    return finding('unknown_root', who => who($root || $sent->[-1]));
}

# Of the last certificate that leads on from the server's own, the issuer is
# neither sent nor known here.
sub _missing_issuer {
    my ($record) = @_;
    my $chain    = $record->{chain};
    my $last     = _path($chain)->[-1];
    my $count    = @{ $chain->{sent} };
    my ($url)    = @{ $last->{ca_issuers} };

    return finding(
        'missing_issuer',
        count    => plural($count, 'certificate'),
        issuer   => quoted(short($last->{issuer})),
        issued   => $count == 1 ? 'it' : who($last),
        browsers => defined $url
        ? '  Browsers that have seen it elsewhere may still connect; other'
          . ' clients do not.'
        : '',
        fetch => defined $url ? "  The missing one can be fetched from $url"
        : ''
    );
}

sub _purpose {
    my ($record, $error) = @_;

    return finding('purpose',
        what => $error->{depth}
        ? 'A certificate of the chain'
        : 'The certificate');
}

# Key and signature.  Roots are trusted as they are, whoever signed them.
sub _strength {
    my ($cert, $is_leaf) = @_;
    my $key   = defined $cert->{key} ? $cert->{key} : '';
    my $bits  = $cert->{bits};
    my $least = $LEAST_BITS{$key};
    my $what  = _what($cert, $is_leaf);
    my @found;

    push @found,
      finding(
        'small_key',
        what => $what,
        key  => $key,
        bits => defined $bits ? $bits : '?'
      ) if $key eq 'DSA' || $least && $bits && $bits < $least;
    push @found,
      finding(
        'weak_signature',
        what      => $what,
        signature => $cert->{signature}
      ) if !$cert->{self_issued} && ($cert->{signature} || '') =~ $BROKEN;
    return @found;
}

sub _all {
    my @certs = @_;

    return listed(map { who($_) } @certs);
}

sub _order {
    my ($chain) = @_;
    my @found;

    push @found, finding('missing_known', who => _all(@{ $chain->{missing} }))
      if @{ $chain->{missing} };
    push @found, finding('misordered', order => _all(_in_order($chain)))
      if $chain->{misordered};
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
    my @extra = map { $chain->{sent}[$_] } @{ $chain->{extra} };
    my @old =
      grep { defined $_->{not_after} && $_->{not_after} < $result->{clock} }
      @extra;
    my @found;

    push @found, finding('expired_extra', who => _all(@old)) if @old;
    push @found, finding('extra', who => _all(@extra))       if @extra > @old;
    push @found, finding('root_sent') if $chain->{root_sent} && !@extra;
    return @found;
}

sub _staple {
    my ($record) = @_;

    return
      if !$record->{chain}{sent}[0]{must_staple}
      || $record->{connection}{stapled};
    return finding('must_staple');
}

# The first certificate to end decides.
sub _ends {
    my ($result, $record, $plan, $path) = @_;
    my @dated   = grep { defined $_->{not_after} } @$path or return;
    my ($first) = sort { $a->{not_after} <=> $b->{not_after} } @dated;
    my $left    = $first->{not_after} - $result->{clock};

    $record->{not_after} = $first->{not_after};
    return if $left < 0 || $left >= $plan->{days} * $DAY;
    return finding(
        'ends_soon',
        what   => _what($first, $first == $path->[0]),
        period => period($left),
        day    => day($first->{not_after})
    );
}

1;
