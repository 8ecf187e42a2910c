# Asks OCSP responders about those certificates of a connection for which
# neither a stapled response nor the cache has an answer.  This module decides
# whom to ask and what the outcome means; src/revocation/ocsp.c decides which
# answers count.  IO::Socket::SSL loads this file on demand.
package IO::Socket::SSL::OCSP_Resolver;

use strict;
use warnings;
no warnings 'redefine';    # IO::Socket::SSL defines what loads this file

use IO::Socket::SSL::OCSP_Cache;

my $TIMEOUT      = 10;         # seconds that HTTP::Tiny waits for each step
my $LARGEST      = 1 << 18;    # bytes of a response
my $LONGEST      = 200;        # characters of a reason that we repeat
my $CONTENT_TYPE = 'application/ocsp-request';

sub new {
    my ($class, $socket) = @_;
    my ($mode) = _mode($socket);

    return unless defined $mode;
    my $self = bless {
        cache => IO::Socket::SSL::OCSP_Cache::_of_socket($socket),
        mode  => $mode,
        open  => [],      # checks without an answer
        soft  => [],
        hard  => undef,
    }, $class;
    $self->_begin($_) for _checks($socket);
    return $self;
}

# Start with one certificate: its status is known, must be asked for, or
# cannot be asked for.
sub _begin {
    my ($self, $check) = @_;

    if (!defined $check->{id}) {
        return $self->_give_up($check,
            'the issuer of the certificate is unknown');
    }
    for my $entry ($check->{entry}, scalar $self->{cache}->get($check->{id}))
    {
        next unless ref $entry eq 'HASH' && _has_status($entry);
        next unless IO::Socket::SSL::OCSP_Cache::_is_current($entry);
        return $self->_settle($check, $entry);
    }
    if (!defined $check->{uri}) {
        return $self->_give_up($check,
            'the certificate names no OCSP responder');
    }
    push @{ $self->{open} }, $check;
    return;
}

# A cache of the program's may have lost it, and then nothing is known.
sub _has_status {
    my ($entry) = @_;
    my $status = $entry->{statusType};

    return defined $status && $status =~ /\A[0-2]\z/;    # V_OCSP_CERTSTATUS_*
}

# A responder chooses some of the text.
sub _message {
    my ($check, $text) = @_;
    my $said = defined $check->{uri} ? "$check->{uri}: $text" : $text;

    $said =~ s/([^ -~])/sprintf '\x%02x', ord $1/ge;
    return "$said; subject: $check->{subject}";
}

# The first error is the one that is reported.
sub _fail {
    my ($self, $message) = @_;

    $self->{hard} = $message unless defined $self->{hard};
    return;
}

# The certificate has an answer that counts.
sub _settle {
    my ($self, $check, $entry) = @_;

    $self->_fail(_message($check, _describe($entry)))
      if $entry->{statusType};
    return;
}

# The certificate will get no answer that counts.
sub _give_up {
    my ($self, $check, $why) = @_;
    my $message = _message($check, $why);

    return $self->_fail($message)
      if $self->{mode} & IO::Socket::SSL::SSL_OCSP_FAIL_HARD();
    push @{ $self->{soft} }, $message;
    return;
}

# undef while there is something to ask, '' once everything is good.
sub hard_error {
    my ($self) = @_;

    return $self->{hard} if defined $self->{hard};
    return @{ $self->{open} } ? undef : '';
}

sub soft_error {
    my ($self) = @_;

    return @{ $self->{soft} } ? join('; ', @{ $self->{soft} }) : undef;
}

# The requests to send, by URI: one for each responder.
sub requests {
    my ($self) = @_;
    my %ids;

    return if defined $self->{hard};
    push @{ $ids{ $_->{uri} } }, $_->{id} for @{ $self->{open} };
    return map { $_ => _request(@{ $ids{$_} }) } keys %ids;
}

sub add_response {
    my ($self, $uri, $response) = @_;

    $response = undef if defined $response && $response eq '';
    return $self->_add($uri, $response, 'http request for OCSP failed');
}

# A responder may answer for only some of the certificates.  The others are
# asked about again, as long as each response settles at least one.
sub _add {
    my ($self, $uri, $response, $without) = @_;
    my @asked  = grep { $_->{uri} eq $uri } @{ $self->{open} };
    my @others = grep { $_->{uri} ne $uri } @{ $self->{open} };
    my @failed;

    for my $check (@asked) {
        my ($entry, $why) =
          defined $response
          ? _judge($response, $check->{id}, $check->{issuer})
          : (undef, $without);
        if ($entry) {
            IO::Socket::SSL::OCSP_Cache::_keep($self->{cache}, $check->{id},
                $entry);
            $self->_settle($check, $entry);
        }
        else {
            push @failed, [$check, $why];
        }
    }
    $self->{open} = \@others;
    if (@failed < @asked) {
        push @others, map { $_->[0] } @failed;
    }
    else {
        $self->_give_up(@$_) for @failed;
    }
    return $self->hard_error;
}

# Send all requests, one after the other; %args go to HTTP::Tiny->new.
sub resolve_blocking {
    my ($self, %args) = @_;

    local $@;
    require HTTP::Tiny;
    my $http = HTTP::Tiny->new(
        timeout      => $TIMEOUT,
        max_size     => $LARGEST,
        verify_SSL   => 0,          # the responses are signed
        max_redirect => 0,          # nor may a responder send us elsewhere
        %args
    );
    while (my %requests = $self->requests) {
        for my $uri (sort keys %requests) {
            my ($response, $why) = _post($http, $uri, $requests{$uri});
            my $error = $self->_add($uri, $response, $why);
            return $error if defined $error;
        }
    }
    return $self->hard_error;
}

# The body of the response, or undef and the reason.
sub _post {
    my ($http, $uri, $request) = @_;
    my $reply = $http->request(
        'POST', $uri,
        {
            headers => { 'Content-Type' => $CONTENT_TYPE },
            content => $request
        }
    );

    return $reply->{content} if $reply->{success};
    my $reason = "$reply->{status} $reply->{reason}";
    ($reason) = $reply->{content} =~ /^([^\r\n]*)/ if $reply->{status} == 599;
    return (undef, 'http request for OCSP failed: ' . substr $reason,
        0, $LONGEST);
}

1;
