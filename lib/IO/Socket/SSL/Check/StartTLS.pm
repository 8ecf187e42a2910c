# The plain-text beginning of protocols in which TLS comes later: one table of
# what we send and what the server must answer.  Reads are bounded in time and
# bytes, take nothing beyond the answer, and nothing that was said here is used
# after TLS has begun.  Bytes that follow the last answer are refused: somebody
# could have put them there (CVE-2011-0411).
package IO::Socket::SSL::Check::StartTLS;

use strict;
use warnings;

use Socket      qw(MSG_PEEK);
use Time::HiRes ();

my $LARGEST  = 16_384;                      # bytes of all answers together
my $QUOTED   = 200;                         # of them in an error
my $OID      = '1.3.6.1.4.1.1466.20037';    # StartTLS of LDAP, RFC 4511, 4.14
my $XMPP     = 'http://etherx.jabber.org/streams';
my $XMPP_TLS = 'urn:ietf:params:xml:ns:xmpp-tls';

# Steps: what is sent (text, or a sub that makes it), the sub that reads the
# answer, the pattern it must match, and, if it need not offer STARTTLS, the
# pattern that shows the offer.  "scheme" is how names are checked.
my %PROTOCOL = (
    smtp => {
        port   => 25,
        scheme => 'smtp',
        steps  => [
            [undef,          \&_numbered, qr/^220/],
            [\&_ehlo,        \&_numbered, qr/^250/, qr/^250[- ]STARTTLS\b/im],
            ["STARTTLS\r\n", \&_numbered, qr/^220/],
        ],
    },
    ftp => {
        port   => 21,
        scheme => 'ftp',
        steps  => [
            [undef,          \&_numbered, qr/^220/],
            ["AUTH TLS\r\n", \&_numbered, qr/^234/],
        ],
    },
    nntp => {
        port   => 119,
        scheme => 'nntp',
        steps  => [
            [undef,          \&_line, qr/^20[01]/],
            ["STARTTLS\r\n", \&_line, qr/^382/],
        ],
    },
    imap => {
        port   => 143,
        scheme => 'imap',
        steps  => [
            [undef,             \&_line,   qr/^\* (?:OK|PREAUTH)/i],
            ["a1 STARTTLS\r\n", \&_tagged, qr/^a1 OK/im],
        ],
    },
    pop3 => {
        port   => 110,
        scheme => 'pop3',
        steps  =>
          [[undef, \&_line, qr/^\+OK/], ["STLS\r\n", \&_line, qr/^\+OK/],],
    },
    sieve => {
        port   => 4190,
        scheme => 'imap',
        steps  => [
            [undef, \&_sieve, qr/^OK/im, qr/^"STARTTLS"/im],
            ["STARTTLS\r\n", \&_sieve, qr/^OK/im],
        ],
    },
    xmpp => {
        port   => 5222,
        scheme => 'xmpp',
        steps  => [
            [
                \&_stream,              \&_features,
                qr/<(?:\w+:)?features/, qr/<starttls[\s>\/]/
            ],
            [
                "<starttls xmlns='$XMPP_TLS'/>", \&_proceed,
                qr/<proceed[\s>\/]/
            ],
        ],
    },
    ldap => {
        port   => 389,
        scheme => 'ldap',
        steps  => [
            [
                pack('C*', 0x30, 29, 2, 1, 1, 0x77, 24, 0x80, 22) . $OID,
                \&_ldap, qr/^0\z/
            ],
        ],
    },
    postgres => {
        port   => 5432,
        scheme => 'default',
        steps  => [[pack('NN', 8, 80_877_103), \&_byte, qr/^S/]],
    },
);

sub kinds  { my @kinds = sort keys %PROTOCOL; return @kinds }
sub port   { return $PROTOCOL{ $_[0] }{port} }
sub scheme { return $PROTOCOL{ $_[0] }{scheme} }

# The kind that usually speaks on a port, or undef.
sub kind_of_port {
    my ($port) = @_;
    my %also = (587 => 'smtp', 5269 => 'xmpp', 2000 => 'sieve');

    return $also{$port} if $also{$port};
    return (grep { $PROTOCOL{$_}{port} == $port } kinds())[0];
}

# Lead the dialogue on a connected plain socket, until the moment $until of the
# monotonic clock.  %for: name and port of the server.  Returns undef, or a
# hash: problem (refused, not_offered, silent, closed, flood, injected) and
# said, what the server said last.
sub begin {
    my ($kind, $handle, $until, %for) = @_;
    my $talk = { handle => $handle, until => $until, read => 0, %for };
    my $said = '';

    for my $step (@{ $PROTOCOL{$kind}{steps} }) {
        my ($send, $reads, $wanted, $offer) = @$step;
        my $problem = eval {
            _send($talk, ref $send ? $send->($talk) : $send)
              if defined $send;
            $said = $reads->($talk);
            1;
        } ? undef : $@;
        return _problem($problem->{problem}, $problem->{said})
          if ref $problem;
        die $problem if defined $problem;    ## no critic (RequireCarping)
        return _problem('refused',     $said) if $said           !~ $wanted;
        return _problem('not_offered', $said) if $offer && $said !~ $offer;
    }
    return _problem('injected', $said) if _has_more($handle);
    return;
}

sub _problem {
    my ($problem, $said) = @_;

    $said = '' if !defined $said;
    $said =~ s/\s*[\r\n]+\s*/ /g;
    $said =~ s/ \z//;
    return { problem => $problem, said => substr $said, 0, $QUOTED };
}

# ------------------------------------------------------------ bytes

sub _left {
    my ($talk) = @_;

    return $talk->{until} -
      Time::HiRes::clock_gettime(Time::HiRes::CLOCK_MONOTONIC());
}

# Wait until the handle can be read (0) or written (1).
sub _wait {
    my ($talk, $write, $said) = @_;
    my $left = _left($talk);

    while ($left > 0) {
        my $bits = '';
        vec($bits, fileno $talk->{handle}, 1) = 1;
        my $ready =
          $write
          ? select undef, $bits, undef, $left
          : select $bits, undef, undef, $left;
        return if $ready > 0;
        $left = _left($talk);
    }
    die { problem => 'silent', said => $said };  ## no critic (RequireCarping)
}

sub _send {
    my ($talk, $text) = @_;

    local $SIG{PIPE} = 'IGNORE';
    while (length $text) {
        _wait($talk, 1, '');
        my $count = syswrite $talk->{handle}, $text;
        next if !defined $count && $!{EINTR};
        die { problem => 'closed', said => '' }  ## no critic (RequireCarping)
          if !$count;
        substr $text, 0, $count, '';
    }
    return;
}

# One byte, so that nothing is taken that belongs to what comes after.
sub _byte {
    my ($talk, $said) = @_;

    while (1) {
        _wait($talk, 0, $said);
        my $count = sysread $talk->{handle}, my $byte, 1;
        next if !defined $count && $!{EINTR};
        die {
            problem => 'closed',
            said    => $said
          }    ## no critic (RequireCarping)
          if !$count;
        die {
            problem => 'flood',
            said    => $said
          }    ## no critic (RequireCarping)
          if ++$talk->{read} > $LARGEST;
        return $byte;
    }
}

# Read until what was read matches.
sub _until {
    my ($talk, $pattern) = @_;
    my $said = '';

    $said .= _byte($talk, $said) while $said !~ $pattern;
    return $said;
}

# Has the server sent more than its answer?
sub _has_more {
    my ($handle) = @_;
    my $bits = '';

    vec($bits, fileno $handle, 1) = 1;
    return if select($bits, undef, undef, 0) <= 0;
    return if !defined recv $handle, my $byte, 1, MSG_PEEK;
    return length $byte;
}

# ------------------------------------------------------------ answers

sub _line { return _until($_[0], qr/\n\z/) }

# An answer of SMTP or FTP: "250-more" lines, then "250 last".
sub _numbered {
    my ($talk) = @_;
    my $said = '';

    while (1) {
        my $line = _line($talk);
        $said .= $line;
        return $said if $line =~ /^\d{3}(?: |\r?\n)/;
        return $said if $said !~ /^\d{3}-/;
    }
}

# Untagged lines, then that of our command.
sub _tagged {
    my ($talk) = @_;
    my $said = '';

    while (1) {
        my $line = _line($talk);
        $said .= $line;
        return $said if $line !~ /^[*+] /;
        return $said if $line =~ /^\* BYE/i;
    }
}

sub _sieve {
    my ($talk) = @_;
    my $said = '';

    while (1) {
        my $line = _line($talk);
        $said .= $line;
        return $said if $line =~ /^(?:OK|NO|BYE)\b/i || $line !~ /^["{]/;
    }
}

sub _features {
    return _until(
        $_[0],
        qr{ (?: </(?:\w+:)?features> | <(?:\w+:)?features[^<>]*/>
          | </(?:\w+:)?error> | </\w+:stream> ) \z}x
    );
}

sub _proceed { return _until($_[0], qr{<(?:proceed|failure)\b[^<>]*>\z}) }

# The result code of an LDAPMessage with an ExtendedResponse, in decimal.
sub _ldap {
    my ($talk) = @_;
    my $length = _until($talk,
        qr/^\x30(?:[\x00-\x7f]|\x81.|\x82..)\z|^[^\x30]|^\x30[\x80\x83-\xff]/s
    );

    return 'no LDAP'
      if $length !~ /^\x30([\x00-\x7f])\z|^\x30\x81(.)\z|^\x30\x82(..)\z/s;
    my $count =
        defined $1 ? ord $1
      : defined $2 ? ord $2
      :              unpack 'n', $3;
    my $message = '';
    $message .= _byte($talk, '') while length $message < $count;
    my ($code) =
      $message =~ /^\x02\x01\x01\x78(?:[\x00-\x7f]|\x81.|\x82..)\x0a\x01(.)/s;
    return defined $code ? ord $code : 'no ExtendedResponse';
}

# ------------------------------------------------------------ what we send

sub _ehlo {
    my ($talk) = @_;

    return "EHLO [$talk->{us}]\r\n" if $talk->{us} !~ /:/;
    return "EHLO [IPv6:$talk->{us}]\r\n";
}

sub _stream {
    my ($talk) = @_;
    my $to     = $talk->{name} =~ s/([^\w.:-])/sprintf '&#%d;', ord $1/ger;
    my $of     = $talk->{port} == 5269 ? 'server' : 'client';

    return "<?xml version='1.0'?><stream:stream to='$to' xmlns='jabber:$of'"
      . " xmlns:stream='$XMPP' version='1.0'>";
}

1;
