# What the responders of OCSP say of a verified connection's certificates.
package IO::Socket::SSL::Check::Revocation;

use strict;
use warnings;

use HTTP::Tiny;

use IO::Socket::SSL::Check::Child;
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

# The body of the answer, or undef.  In a child, since a responder that sends a
# byte now and then holds up HTTP::Tiny for as long as it likes.
sub _post {
    my ($uri, $request, $until) = @_;
    my ($body) = IO::Socket::SSL::Check::Child::bytes_of(
        sub { _fetch($uri, $request, $until) },
        $until, $LARGEST);

    return defined $body && length $body ? $body : undef;
}

sub _fetch {
    my ($uri, $request, $until) = @_;
    my $left = $until - IO::Socket::SSL::Check::Probe::now();

    return if $left <= 0;
    my $http = HTTP::Tiny->new(
        timeout      => $left,
        max_size     => $LARGEST,
        max_redirect => 0
    );
    my $reply = $http->request(
        'POST', $uri,
        {
            headers => { 'Content-Type' => 'application/ocsp-request' },
            content => $request
        }
    );
    return $reply->{success} ? $reply->{content} : undef;
}

1;
