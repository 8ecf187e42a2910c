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

# Which records match: {usable matching needs_ca unproven}.  $chain is that of
# Chain.pm, with its bytes; $verified tells whether the CAs vouch for it.  A server
# may send any certificate: unproven are the records of usage 2 that match one of
# which nothing shows that it has issued another.
sub compare {
    my ($records, $chain, $verified) = @_;
    my $leaf    = $chain->{sent}[0];
    my $issuers = _issuers($leaf, $chain->{sent});
    my $proven  = $verified ? _issuers($leaf, $chain->{verified}) : [];
    my %result =
      (usable => 0, matching => [], needs_ca => 0, unproven => []);

    for my $record (@$records) {
        my ($usage, $selector, $type) = @$record;
        next if !grep { $usage eq $_ } $PKIX_TA, $PKIX_EE, $DANE_TA, $DANE_EE;
        next if $selector !~ /^[01]\z/ || !$DIGEST{$type};
        $result{usable}++;
        my $is_leaf   = $usage == $PKIX_EE || $usage == $DANE_EE;
        my $matches   = _matches($record, $is_leaf ? [$leaf] : $proven);
        my $may_match = $matches || !$is_leaf && _matches($record, $issuers);
        if ($usage <= $PKIX_EE && !$verified) {
            $result{needs_ca} ||= $may_match ? 1 : 0;
        }
        elsif ($matches) {
            push @{ $result{matching} }, name_of($record);
        }
        elsif ($may_match && $usage == $DANE_TA) {
            push @{ $result{unproven} }, $record;
        }
    }
    return \%result;
}

# As people write it, without the data.
sub name_of { return "@{ $_[0] }[0 .. 2]" }

sub _issuers {
    my ($leaf, $certificates) = @_;

    return [grep { $_->{fingerprint} ne $leaf->{fingerprint} }
          @$certificates];
}

sub _matches {
    my ($record, $certificates) = @_;
    my (undef, $selector, $type, $data) = @$record;

    return grep {
        defined $_->{ $SELECTED[$selector] }
          && lc $data eq unpack 'H*',
          $DIGEST{$type}->($_->{ $SELECTED[$selector] })
    } @$certificates;
}

1;
