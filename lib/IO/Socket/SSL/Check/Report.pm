# A result of check in words, for a terminal or a file, and as the one line of a
# monitoring plugin.  What a server said is shown without control characters.
package IO::Socket::SSL::Check::Report;

use strict;
use warnings;

use Text::Wrap ();

use IO::Socket::SSL::Check::Server;
use IO::Socket::SSL::Check::Words
  qw(cut day endpoint listed names_of period plural quoted);

my $WIDTH = 78;
my $LABEL = 14;     # columns of a fact's name
my $MOST    = 500;     # characters of a monitor's text, or of a subject
my $LONGEST = 4000;    # of a paragraph that a server may have made up

my %VERDICT = (
    good      => 'GOOD',
    ends      => 'ENDS SOON',
    bad       => 'BAD',
    unreached => 'NOT REACHED',
);
my %MEANING = (
    good      => 'clients that verify servers accept this one',
    ends      => 'still good, but not for long',
    bad       => 'something is wrong with it',
    unreached => 'there was no connection',
);
my %SEVERITY = (
    bad       => 'BAD',
    unreached => 'FAILED',
    ends      => 'SOON',
    weak      => 'WEAK',
    note      => 'NOTE',
);
my %COLOUR = (
    good      => 32,
    note      => 36,
    weak      => 33,
    ends      => 33,
    bad       => 31,
    unreached => 31,
);
my %NAGIOS = (
    good      => 'OK',
    ends      => 'WARNING',
    bad       => 'CRITICAL',
    unreached => 'UNKNOWN',
);

# --------------------------------------------------------------- as text

# %how: colour, utf8 (what the output can show).
sub text {
    my ($result, %how) = @_;
    my $verdict =
      _painted($VERDICT{ $result->{status} }, $result->{status}, %how);
    my @parts = (
        sprintf("%s: %s, %s\n",
            place($result), $verdict, $MEANING{ $result->{status} }),
        (map { _finding($_, $result, %how) } @{ $result->{findings} }),
        (map { _address($_, $result) } @{ $result->{addresses} }),
        _footer($result)
    );

    return shown(join("\n", @parts), %how);
}

# Without the date of OpenSSL's release, for short lines.
sub _footer {
    my ($result) = @_;
    my $library = "IO::Socket::SSL $result->{version}";

    ($library) = $result->{openssl} =~ /^(\S+(?: \S+)?)/
      if defined $result->{openssl};
    return sprintf "%s in %.1f seconds, %s, %s\n",
      plural($result->{handshakes}, 'handshake'), $result->{seconds},
      $library, day($result->{clock});
}

sub place {
    my ($result) = @_;
    my $host     = endpoint($result->{host}, $result->{port});
    my $by = $result->{starttls} ? " ($result->{starttls}, STARTTLS)" : '';
    my $as = $result->{name} eq $result->{host} ? '' : " as $result->{name}";

    return "$host$as$by";
}

# Printable text as bytes: what is not becomes \x{...}.
sub shown {
    my ($text, %how) = @_;
    my $good  = $how{utf8} ? qr/[\p{L}\p{M}\p{N}\p{P}\p{S} \n]/ : qr/[ -~\n]/;
    my @parts = split /(\e\[[0-9]+m)/, $text;

    for my $n (0 .. $#parts) {
        next if $n % 2 && $how{colour};    # ours; clean took theirs out
        $parts[$n] =~ s/([^\n -~])/_character($1, $good)/ge;
    }
    $text = join '', @parts;
    utf8::encode($text);
    return $text;
}

sub _character {
    my ($character, $good) = @_;

    return $character =~ $good
      ? $character
      : sprintf '\x{%x}', ord $character;
}

sub _painted {
    my ($text, $kind, %how) = @_;

    return $text if !$how{colour};
    return "\e[$COLOUR{$kind}m$text\e[0m";
}

sub _wrapped {
    my ($first, $rest, $text) = @_;

    local $Text::Wrap::columns  = $WIDTH + 1;
    local $Text::Wrap::huge     = 'overflow';
    local $Text::Wrap::unexpand = 0;
    my $wrapped = Text::Wrap::wrap($first, $rest, cut($text, $LONGEST));
    $wrapped =~ s/ +$//mg;
    return "$wrapped
";
}

sub _finding {
    my ($finding, $result, %how) = @_;
    my $all   = @{ $result->{addresses} };
    my $where = @{ $finding->{addresses} };
    my $on =
      $where && $where < $all
      ? ' (' . listed(@{ $finding->{addresses} }) . ')'
      : '';
    my $label = sprintf '%-6s ', $SEVERITY{ $finding->{severity} };
    my $text  = _wrapped($label, ' ' x 7, clean("$finding->{text}$on"));

    $text =~ s/^(\w+)/_painted($1, $finding->{severity}, %how)/e;
    return $text
      . _wrapped(' ' x 5 . '> ', ' ' x 7, clean($finding->{action}));
}

# One line without control characters of the server's.
sub clean {
    my ($text) = @_;

    $text =~ s/[\r\n\t]+/ /g;
    $text =~ s/([\x00-\x1f\x7f])/sprintf '\x{%x}', ord $1/ge;
    return $text;
}

# ------------------------------------------------------------- an address

sub _address {
    my ($record, $result) = @_;
    my @facts = (
        _times($record, $result),
        _connection($record),
        _yes_no(versions => $record->{versions}, 1),
        _yes_no(groups   => $record->{groups}),
        _alpn($record),
        _yes_no(resumption => $record->{resumption}, 1),
        _sni($record),
        _staple($record),
        _ciphers($record),
        _dane($record),
    );
    my $text = "$record->{address} port $record->{port}\n";

    while (@facts) {
        my ($name, $value) = splice @facts, 0, 2;
        $text .= _wrapped(
            sprintf("  %-*s", $LABEL, $name),
            ' ' x ($LABEL + 2),
            clean($value)
        );
    }
    $text .= _chain($record, $result) if $record->{chain};
    return $text;
}

sub _times {
    my ($record, $result) = @_;
    my $times = $record->{times} || {};
    my @steps = qw(connect starttls);
    push @steps, 'handshake' if $record->{connection};
    my @parts = map {
        defined $times->{"${_}_ms"}
          ? sprintf('%s %s ms', $_, $times->{"${_}_ms"})
          : ()
    } @steps;

    unshift @parts, "look-up $result->{lookup_ms} ms";
    return (times => join ', ', @parts);
}

sub _connection {
    my ($record) = @_;
    my $seen     = $record->{connection} || return (TLS => 'no connection');
    my @facts    = (
        IO::Socket::SSL::Check::Server::readable($seen->{version}),
        grep { defined && length } @$seen{qw(cipher group peer_sigalg)}
    );

    push @facts, 'NOT verified' if !$record->{verified};
    return (TLS => join ', ', @facts);
}

# "TLS 1.3 yes, TLS 1.1 no, X448 cannot tell".
sub _yes_no {
    my ($label, $facts, $are_versions) = @_;

    return if !$facts;
    my @names =
      $are_versions
      ? grep { exists $facts->{$_} }
      IO::Socket::SSL::Check::Server::all_versions()
      : sort keys %$facts;
    my %by;
    for my $name (@names) {
        my $value = $facts->{$name};
        my $word  = !defined $value ? 'cannot tell' : $value ? 'yes' : 'no';
        push @{ $by{$word} },
          $are_versions
          ? IO::Socket::SSL::Check::Server::readable($name)
          : $name;
    }
    return (
        $label => join '; ',
        map { "$_: " . join ', ', @{ $by{$_} } }
          grep { $by{$_} } 'yes', 'no', 'cannot tell'
    );
}

sub _alpn {
    my ($record) = @_;
    my $alpn     = $record->{alpn} || return;
    my $offered  = join ', ', @{ $alpn->{offered} };

    return (ALPN => "$alpn->{selected} (of $offered)")
      if defined $alpn->{selected};
    return (
        ALPN => ($alpn->{refused} ? 'refused' : 'none') . " (of $offered)");
}

sub _sni {
    my ($record) = @_;
    my %words = (
        same    => 'the same certificate',
        other   => 'another certificate',
        refused => 'refused'
    );
    my $without = $record->{without_sni} || return;

    return ('without SNI' => $words{$without});
}

sub _staple {
    my ($record) = @_;
    my $seen     = $record->{connection} || return;
    my $ocsp     = $record->{ocsp};
    my @parts =
      ($seen->{stapled} ? 'a good response is stapled' : 'no staple');

    push @parts, "the responders say: $ocsp->{status}" if $ocsp;
    return (OCSP => join ', ', @parts);
}

sub _ciphers {
    my ($record) = @_;
    my $ciphers = $record->{ciphers} || return;

    return map {
        $ciphers->{$_}
          ? (
            IO::Socket::SSL::Check::Server::readable($_),
            join ', ', @{ $ciphers->{$_} }
          )
          : ()
    } IO::Socket::SSL::Check::Server::all_versions();
}

sub _dane {
    my ($record) = @_;
    my $dane     = $record->{dane} || return;
    my @matching = @{ $dane->{matching} };

    return (
        DANE => @matching
        ? 'matches by ' . join ', ',
        @matching
        : 'no match'
    );
}

# --------------------------------------------------------------- the chain

sub _chain {
    my ($record, $result) = @_;
    my $chain = $record->{chain};
    my $text  = "  chain as it was sent\n";
    my $n     = 0;

    $text .= _certificate(++$n, $_, $result) for @{ $chain->{sent} };
    my $verified = $chain->{verified} || return $text;
    my %sent     = map  { $_->{fingerprint} => 1 } @{ $chain->{sent} };
    my @own      = grep { !$sent{ $_->{fingerprint} } } @$verified;
    return $text if !@own;
    $text .= "  and verified with\n";
    $text .= _certificate(' ', $_, $result) for @own;
    return $text;
}

sub _dates {
    my ($cert, $result) = @_;
    my ($from, $to)     = @$cert{qw(not_before not_after)};

    return 'dates that cannot be read' if !defined $from || !defined $to;
    my $left = $to - $result->{clock};
    return sprintf '%s to %s (%s)', day($from), day($to),
      $left < 0
      ? 'expired ' . period($left) . ' ago'
      : period($left) . ' left';
}

sub _certificate {
    my ($number, $cert, $result) = @_;
    my @names = names_of($cert);
    my @lines = (
        length $cert->{subject} ? cut($cert->{subject}, $MOST) : '(no subject)',
        'issued by ' . cut($cert->{issuer}, $MOST),
        (@names ? 'for ' . listed(@names) : ()),
        join(', ',
            _key($cert),
            defined $cert->{signature} ? $cert->{signature} : ()),
        _dates($cert, $result),
    );
    my $text = '';

    for my $line (@lines) {
        $text .= _wrapped("    $number  ", ' ' x 9, clean($line));
        $number = ' ';
    }
    return $text;
}

sub _key {
    my ($cert) = @_;

    return ()                  if !defined $cert->{key};
    return "EC $cert->{curve}" if defined $cert->{curve};
    return $cert->{key} if !defined $cert->{bits} || $cert->{key} =~ /^Ed/;
    return "$cert->{key} $cert->{bits}";
}

# ------------------------------------------------------------- monitoring

# The line of a monitoring plugin, with performance data.
sub monitor {
    my ($result, $days, %how) = @_;
    my @findings = @{ $result->{findings} };
    my @serious =
      grep { $_->{severity} =~ /^(?:bad|unreached|ends)$/ } @findings;
    my $say =
      @serious                       ? cut($serious[0]{text}, $MOST)
      : defined $result->{not_after} ? sprintf(
        'the certificate expires in %s, on %s',
        plural($result->{days_left}, 'day'),
        day($result->{not_after})
      )
      : $MEANING{ $result->{status} };
    my @data;

    $say .= ' (and ' . (@serious - 1) . ' more)' if @serious > 1;
    $say =~ tr/|/\//;
    push @data, "days_left=$result->{days_left};$days:;0:"
      if defined $result->{days_left};
    my ($first) = map { $_->{times}{handshake_ms} } @{ $result->{addresses} };
    push @data, sprintf 'handshake=%.4fs', $first / 1000 if defined $first;
    my $line =
      "TLS $NAGIOS{ $result->{status} }: " . place($result) . ": $say";
    return shown(clean($line) . (@data ? ' | ' . join ' ', @data : '') . "\n",
        %how);
}

1;
