# The certificates of a connection, and how the chain that was sent differs from
# the one that was verified.
package IO::Socket::SSL::Check::Chain;

use strict;
use warnings;

use IO::Socket::SSL::Check::DER;
use IO::Socket::SSL::Utils qw(CERT_asHash PEM_cert2string);

# The chain of a socket: a hash of sent, verified (undef: it was not), missing,
# extra, misordered, root_sent, issuer_unknown.  "spki" and "der" of the
# certificates are for DANE; strip takes them out.
sub of_socket {
    my ($sock, $info) = @_;
    my %chain = (
        sent => _certificates($info->{peer_chain}, $sock->peer_certificates),
        verified => undef,
    );

    $chain{verified} =
      _certificates($info->{verified_chain}, $sock->verified_chain)
      if $info->{verified_chain};
    compare(\%chain);
    return \%chain;
}

sub _certificates {
    my ($summaries, @handles) = @_;

    return [map { _certificate($summaries->[$_], $handles[$_]) }
          0 .. $#{$summaries}];
}

sub _certificate {
    my ($summary, $handle) = @_;
    my $hash  = eval { CERT_asHash($handle) } || {};
    my $der   = IO::Socket::SSL::Check::DER::of_pem(PEM_cert2string($handle));
    my $facts = IO::Socket::SSL::Check::DER::facts($der);

    return {
        %$summary,
        der         => $der,
        signature   => $hash->{signature_alg},
        self_issued => $summary->{subject} eq $summary->{issuer} ? 1 : 0,
        map { $_ => $facts->{$_} }
          qw(key bits curve spki ca_issuers must_staple),
    };
}

# Without the bytes, which are not for people.
sub strip {
    my ($chain) = @_;

    for my $list (grep { $_ } @$chain{qw(sent verified)}) {
        delete @$_{qw(der spki)} for @$list;
    }
    return;
}

# Find missing (an intermediate that was not sent), extra (numbers in "sent" that
# belong to no path), misordered, root_sent and issuer_unknown.
sub compare {
    my ($chain) = @_;
    my $sent    = $chain->{sent};
    my @path    = _path_by_names($sent);
    my $last    = $sent->[$path[-1]];
    my %known   = map { $_ => 1 } @path;

    $chain->{missing}        = [];
    $chain->{issuer_unknown} = 0;
    if (my $verified = $chain->{verified}) {
        my %number = _numbers($sent);
        my @places = map { $number{ $_->{fingerprint} } } @$verified;

        # A chain ends with the first that is trusted, so no other one can be
        # known here without being sent.
        $last = $verified->[-1];
        $chain->{missing} = [$last]
          if !$last->{self_issued} && !defined $places[-1];
        @path = grep { defined } @places;
        $known{$_} = 1 for @path;
    }
    elsif (!$last->{self_issued}) {
        $chain->{issuer_unknown} = 1;
    }
    $chain->{extra} = [grep { !$known{$_} } 0 .. $#$sent];
    $chain->{misordered} =
      (grep { $path[$_] < $path[$_ - 1] } 1 .. $#path) ? 1 : 0;
    $chain->{root_sent} =
      (grep { $_->{self_issued} } @{$sent}[1 .. $#$sent]) ? 1 : 0;
    return;
}

# The first place of each certificate.
sub _numbers {
    my ($sent) = @_;
    my %number;

    for my $n (0 .. $#$sent) {
        my $id = $sent->[$n]{fingerprint};
        $number{$id} = $n if !defined $number{$id};
    }
    return %number;
}

# From the leaf on to the issuer of each, as far as they were sent.
sub _path_by_names {
    my ($sent) = @_;
    my @path   = (0);
    my %used   = (0 => 1);

    while (!$sent->[$path[-1]]{self_issued}) {
        my $wanted = $sent->[$path[-1]]{issuer};
        my ($next) =
          grep { !$used{$_} && $sent->[$_]{subject} eq $wanted } 0 .. $#$sent;
        last if !defined $next;
        push @path, $next;
        $used{$next} = 1;
    }
    return @path;
}

1;
