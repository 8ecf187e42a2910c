# Why there was no connection, or no handshake: from errors to findings.
package IO::Socket::SSL::Check::Trouble;

use strict;
use warnings;

use Errno qw(ECONNREFUSED EHOSTUNREACH EADDRNOTAVAIL ENETUNREACH ETIMEDOUT);

use IO::Socket::SSL::Check::StartTLS;
use IO::Socket::SSL::Check::Words qw(quoted);

# Alerts by number (RFC 8446, 6): id, and the subs that make text and action.
my %ALERT = (
    40  => \&_no_common_ground,
    70  => \&_no_common_version,
    71  => \&_no_common_ground,
    80  => \&_internal_error,
    112 => \&_unknown_name,
);

# Kinds of ssl_error_info.  Those about the certificate are for Certificates.pm.
my %KIND = (
    alert    => \&_alert,
    config   => \&_config,
    eof      => \&_closed,
    not_tls  => \&_not_tls,
    protocol => \&_protocol,
    system   => \&_closed,
    timeout  => \&_too_slow,
    (
        map {
            $_ => sub { return }
        } qw(verify name revoked staple pin refused dane)
    ),
);

my %STARTTLS = (
    refused => [
        'the server does not begin TLS',
        'Turn TLS on in the configuration of the server, with a certificate'
          . ' and its key.  Its log tells more.'
    ],
    not_offered => [
        'the server does not offer STARTTLS',
        'Turn TLS on in the configuration of the server, with a certificate'
          . ' and its key.  Its log tells more.'
    ],
    silent => [
        'the server did not answer in time',
        'Try again without --starttls: on some ports TLS begins at once.  A'
          . ' larger --timeout helps with servers that look up who we are first.'
    ],
    closed => [
        'the server closed the connection before TLS began',
'See the log of the server; it may refuse this machine, or this may be'
          . ' the port of another protocol.'
    ],
    flood => [
        'the server said too much before TLS began',
        'Check that this is the port of that protocol.'
    ],
    injected => [
'more data followed the answer to STARTTLS, unencrypted.  Somebody may'
          . ' have put it there',
'Update the server: a client that takes such data for encrypted can be'
          . ' deceived (CVE-2011-0411).  If the server is up to date, look for'
          . ' somebody between it and this machine.'
    ],
);

# The finding about the host, when it has no address.
sub of_lookup {
    my ($result) = @_;
    my $host = $result->{host};

    return {
        id       => 'lookup',
        severity => 'unreached',
        text => "The name $host cannot be looked up: $result->{error}{text}.",
        action => "Check the spelling, and whether the name servers of this"
          . " machine answer (getent hosts $host).",
    };
}

# The findings about an address that failed; $others tells whether other
# addresses answered.
sub of_address {
    my ($result, $record, $plan, $others) = @_;
    my $error = $record->{error} || return;
    my $stage = $error->{stage};

    return _connect($record, $plan, $others) if $stage eq 'connect';
    return _starttls($record, $plan)         if $stage eq 'starttls';
    return _budget()                         if $stage eq 'budget';
    return _client_certificate()
      if $record->{client_certificate} eq 'required';
    return ($KIND{ $error->{kind} || '' } || \&_protocol)->($record, $plan);
}

sub _finding {
    my ($id, $text, $action, $severity) = @_;

    return {
        id       => $id,
        severity => $severity || 'bad',
        text     => $text,
        action   => $action,
    };
}

sub _budget {
    return _finding(
        'left_out',
        'Nothing was tried here: the time, or the number of handshakes that a'
          . ' check may make, was used up.',
        'Check this address alone, or raise --timeout.',
        'bad'
    );
}

sub _place {
    my ($record) = @_;

    return "$record->{address} port $record->{port}";
}

sub _connect {
    my ($record, $plan, $others) = @_;
    my $errno    = $record->{error}{errno};
    my $place    = _place($record);
    my $severity = $others ? 'bad' : 'unreached';

    return _finding(
        'refused',
        "$place refuses connections.",
'Start the server, or correct the port.  On the server, "ss -ltn" lists'
          . ' the ports that programs listen on; a firewall may also refuse.',
        $severity
    ) if $errno == ECONNREFUSED;
    return _finding(
        'no_answer',
"$place does not answer: no connection within $plan->{timeout} seconds.",
        'The machine may be down, or a firewall drops the packets.  Compare'
          . ' with another port of this machine, and from another network.',
        $severity
    ) if $errno == ETIMEDOUT;
    return _finding(
        'no_route',
        "This machine has no way to $place ($record->{error}{text}).",
        $record->{family} eq 'IPv6'
        ? 'This machine seems to have no IPv6.  Check this address from one'
          . ' that has.'
        : 'Check the network of this machine.',
        $others ? 'note' : 'unreached'
    ) if grep { $errno == $_ } ENETUNREACH, EHOSTUNREACH, EADDRNOTAVAIL;
    return _finding(
        'connect',
        "There is no connection to $place: $record->{error}{text}.",
        'Check address and port, and the firewalls between.', $severity
    );
}

sub _starttls {
    my ($record, $plan)   = @_;
    my ($what,   $action) = @{ $STARTTLS{ $record->{error}{problem} } };
    my $said = $record->{error}{said};

    $what .= '; it said: ' . quoted($said) if length $said;
    return _finding("starttls_$record->{error}{problem}",
        uc($plan->{starttls}) . ": $what.", $action);
}

sub _client_certificate {
    return _finding(
        'client_certificate',
'The server wants a certificate of the client, and ends the connection'
          . ' without one.',
'Give the certificate and its key: --cert FILE --key FILE.  If clients'
          . ' should not need one, turn this off at the server (nginx:'
          . ' ssl_verify_client, Apache: SSLVerifyClient).'
    );
}

sub _not_tls {
    my ($record, $plan) = @_;
    my $error = $record->{error};
    my $like  = $error->{looks_like};
    my $said =
      defined $error->{said} && length $error->{said}
      ? '; it said: ' . quoted($error->{said})
      : '';
    my %action = (
        http =>
          'This is a port of plain HTTP.  Use that of HTTPS, usually 443,'
          . ' or turn TLS on for this one (nginx: "listen '
          . $record->{port}
          . ' ssl", Apache: "SSLEngine on").',
        ssh => 'This is the port of an SSH server, which does not use TLS.',
        map {
            $_ =>
"On this port TLS begins after STARTTLS: iossl-check --starttls $_"
              . " $plan->{host}:$record->{port}"
        } qw(ftp imap pop3 smtp)
    );

    return _finding(
        'not_tls',
        "The server does not speak TLS on port $record->{port}$said.",
        $action{$like}
          || 'Check the port, and whether TLS is turned on for it.'
    );
}

# What may help if the server says nothing, or hangs up.
sub _about_port {
    my ($record, $plan) = @_;
    my $kind =
      IO::Socket::SSL::Check::StartTLS::kind_of_port($record->{port});

    return if !$kind || $plan->{starttls};
    return "Port $record->{port} is usually that of $kind, where TLS begins"
      . " later: iossl-check --starttls $kind $plan->{host}:$record->{port}";
}

sub _too_slow {
    my ($record, $plan) = @_;

    return _finding(
        'handshake_timeout',
        'The server accepts the connection, but the handshake was not done'
          . " within $plan->{timeout} seconds.",
        _about_port($record, $plan)
          || 'The server may be overloaded, or wait for a protocol that does'
          . ' not begin with TLS.  If small packets pass and large ones do not,'
          . ' look for a firewall or tunnel between (MTU).'
    );
}

sub _closed {
    my ($record, $plan) = @_;

    return _finding(
        'closed',
'The server closed the connection during the handshake, without telling'
          . ' why ('
          . $record->{error}{text} . ').'
          . _but_lenient($record),
        _about_port($record, $plan)
          || 'See the log of the server.  It may have no certificate for this'
          . ' name, refuse this machine, or speak another protocol here.'
    );
}

sub _but_lenient {
    my ($record) = @_;
    my $seen = $record->{connection} || return '';

    return "  With all versions and weak ciphers it works:"
      . " $seen->{version}, $seen->{cipher}.";
}

sub _alert {
    my ($record, $plan) = @_;
    my $alert = $record->{error}{alert};
    my $code  = $ALERT{ $alert->{number} } || \&_other_alert;

    return $code->($record, $plan);
}

sub _alert_name { return quoted($_[0]{error}{alert}{name}) }

# Without alert: our side found it.  Setup.pm tells of a server that speaks only
# old versions.
sub _no_common_version {
    my ($record) = @_;

    return if $record->{tls};
    return _finding(
        'no_shared_version',
        'The server and this machine have no version of TLS in common.',
        'Turn TLS 1.2 and 1.3 on at the server; a server that cannot do them'
          . ' needs an update.'
    );
}

sub _no_common_ground {
    my ($record) = @_;

    return
      if $record->{tls} && $record->{connection}{version} =~ /^TLSv1(?:_1)?$/;
    return _finding(
        'no_shared_cipher',
        'The server refuses the handshake (alert '
          . _alert_name($record)
          . '): usually it has no cipher or group in common with us, or no'
          . ' certificate that fits them.'
          . _but_lenient($record),
'Check the lists of ciphers and groups at the server, and that it has a'
          . ' certificate and key for this name.  Its log tells more.'
    );
}

sub _unknown_name {
    my ($record, $plan) = @_;

    return _finding(
        'unknown_name',
        "The server does not know the name $plan->{name} (alert "
          . _alert_name($record) . ').',
'Add the name to the configuration of the server, or give the name that'
          . ' it has: --name NAME.'
    );
}

sub _internal_error {
    my ($record) = @_;

    return _finding(
        'internal_error',
        'The server failed (alert '
          . _alert_name($record) . ').'
          . _but_lenient($record),
'See the log of the server.  Often it has no certificate for this name,'
          . ' or cannot read its key.'
    );
}

sub _other_alert {
    my ($record) = @_;

    return _finding(
        'alert',
        'The server ended the handshake with the alert '
          . _alert_name($record) . '.'
          . _but_lenient($record),
        $record->{error}{hint} || 'See the log of the server.'
    );
}

sub _config {
    my ($record) = @_;

    return _finding('config', "$record->{error}{text}.",
        $record->{error}{hint} || 'Correct the options of this check.');
}

sub _protocol {
    my ($record) = @_;

    return
      if $record->{tls} && $record->{connection}{version} =~ /^TLSv1(?:_1)?$/;
    return _finding(
        'protocol',
        "$record->{error}{text}." . _but_lenient($record),
        $record->{error}{hint} || 'See the log of the server.'
    );
}

1;
