# DANE: looks up the TLSA records of a service, and compares them with the chain
# that it sends (RFC 6698, 7671).
package IO::Socket::SSL::Check::TLSA;

use strict;
use warnings;

use Digest::SHA qw(sha256 sha512);

# Matching types: what is made of the selected bytes.
my %DIGEST = (
    0 => sub { return $_[0] },
    1 => \&sha256,
    2 => \&sha512,
);
my @SELECTED = qw(der spki);    # by selector
my ($PKIX_TA, $PKIX_EE, $DANE_TA, $DANE_EE) = 0 .. 3;

# Returns {status records text}: secure, insecure (found, but not vouched for by
# the resolver), none, failed, missing (no Net::DNS).  A record is [usage,
# selector, type, hex].
sub lookup {
    my ($host, $port, $seconds) = @_;

    return {
        status  => 'missing',
        records => [],
        text    => 'it needs the module Net::DNS'
      }
      if !eval { require Net::DNS; 1 };
    my $resolver = Net::DNS::Resolver->new(
        dnssec      => 1,
        adflag      => 1,
        retry       => 1,
        udp_timeout => $seconds,
        tcp_timeout => $seconds,
    );
    my $reply = $resolver->send("_$port._tcp.$host", 'TLSA');
    return _status('failed', $resolver->errorstring) if !$reply;
    my $code = $reply->header->rcode;
    return _status('none',   '') if $code eq 'NXDOMAIN';
    return _status('failed', "the name server says $code")
      if $code ne 'NOERROR';
    my @records =
      map {
        [$_->usage, $_->selector, $_->matchingtype, unpack 'H*', $_->certbin]
      }
      grep { $_->type eq 'TLSA' } $reply->answer;
    return _status('none', '') if !@records;
    return _status($reply->header->ad ? 'secure' : 'insecure', '', @records);
}

sub _status {
    my ($status, $text, @records) = @_;

    return { status => $status, records => \@records, text => $text };
}

# Which records match: {usable matching needs_ca}.  $chain is that of Chain.pm,
# with its bytes; $verified tells whether the CAs vouch for it.
sub compare {
    my ($records, $chain, $verified) = @_;
    my $sent = $chain->{sent};
    my @issuers =
      grep { $_->{fingerprint} ne $sent->[0]{fingerprint} } @$sent,
      @{ $chain->{verified} || [] };
    my %result = (usable => 0, matching => [], needs_ca => 0);

    for my $record (@$records) {
        my ($usage, $selector, $type, $data) = @$record;
        next if !grep { $usage eq $_ } $PKIX_TA, $PKIX_EE, $DANE_TA, $DANE_EE;
        next if $selector !~ /^[01]\z/ || !$DIGEST{$type};
        $result{usable}++;
        my @candidates =
          $usage == $PKIX_EE || $usage == $DANE_EE ? $sent->[0] : @issuers;
        next
          if !grep { _matches($_, $SELECTED[$selector], $type, $data) }
          @candidates;
        if ($usage <= $PKIX_EE && !$verified) {
            $result{needs_ca} = 1;
            next;
        }
        push @{ $result{matching} }, "@$record[0 .. 2]";
    }
    return \%result;
}

sub _matches {
    my ($cert, $selected, $type, $data) = @_;

    return defined $cert->{$selected}
      && lc $data eq unpack 'H*', $DIGEST{$type}->($cert->{$selected});
}

1;
