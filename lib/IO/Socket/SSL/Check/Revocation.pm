# What the responders of OCSP say of a verified connection's certificates.
package IO::Socket::SSL::Check::Revocation;

use strict;
use warnings;

use HTTP::Tiny;

use IO::Socket::SSL::Check::Probe;

my $LARGEST = 1 << 18;    # bytes of a response

# Ask until the moment $until.  Returns {status text}: good, revoked (or unknown
# to its issuer), unknown (no answer that counts), with the reason.
sub ask {
    my ($sock, $until) = @_;
    my $resolver = $sock->ocsp_resolver
      || return { status => 'unknown', text => 'nothing to ask about' };

    while (my %requests = $resolver->requests) {
        for my $uri (sort keys %requests) {
            $resolver->add_response($uri,
                _post($uri, $requests{$uri}, $until));
        }
    }
    my $hard = $resolver->hard_error;
    return { status => 'revoked', text => $hard }
      if defined $hard && length $hard;
    my $soft = $resolver->soft_error;
    return { status => 'unknown', text => $soft } if defined $soft;
    return { status => 'good',    text => '' };
}

# The body of the answer, or undef.
sub _post {
    my ($uri, $request, $until) = @_;
    my $left = $until - IO::Socket::SSL::Check::Probe::now();
    my $body = '';

    return if $left <= 0;
    my $http = HTTP::Tiny->new(
        timeout      => $left,
        max_size     => $LARGEST,
        max_redirect => 0
    );
    my $reply = $http->request(
        'POST', $uri,
        {
            headers       => { 'Content-Type' => 'application/ocsp-request' },
            content       => $request,
            data_callback => sub {
                die "too late\n"
                  if IO::Socket::SSL::Check::Probe::now() > $until;
                $body .= $_[0];
                die "too large\n" if length $body > $LARGEST;
            },
        }
    );
    return $reply->{success} ? $body : undef;
}

1;
