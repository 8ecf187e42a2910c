# Why there was no connection, or no handshake: from errors to findings.
package IO::Socket::SSL::Check::Trouble;

use strict;
use warnings;

use Errno qw(EADDRNOTAVAIL ECONNREFUSED EHOSTUNREACH ENETUNREACH ETIMEDOUT);

use IO::Socket::SSL::Check::StartTLS;
use IO::Socket::SSL::Check::Texts qw(finding);
use IO::Socket::SSL::Check::Words qw(endpoint quoted);

# Alerts by number (RFC 8446, 6); all others are "alert".
my %ALERT = (
    40  => \&_no_common_ground,
    70  => \&_no_common_version,
    71  => \&_no_common_ground,
    80  => \&_internal_error,
    112 => \&_unknown_name,
);

# Kinds of ssl_error_info.  Those about the certificate are for Certificates.pm,
# and for Findings.pm where that has no certificate to look at.
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

my %CONNECT = (
    ECONNREFUSED()  => 'refused',
    ETIMEDOUT()     => 'no_answer',
    ENETUNREACH()   => 'no_route',
    EHOSTUNREACH()  => 'no_route',
    EADDRNOTAVAIL() => 'no_route',
);

# What to do about a server that speaks something else.
my %SPEAKS = (
    http =>
      'This port speaks plain HTTP.  Use the HTTPS port, usually 443, or'
      . ' turn TLS on for this one (nginx: "listen {port} ssl", Apache:'
      . ' "SSLEngine on").',
    ssh => 'This is the port of an SSH server, which does not use TLS.',
    (
        map {
            $_ => 'On this port TLS begins after STARTTLS: iossl-check'
              . " --starttls $_ {endpoint}"
        } qw(ftp imap pop3 smtp)
    ),
    other => 'Check the port, and whether TLS is turned on for it.',
);

my $LOG = 'See the log of the server.';

sub of_lookup {
    my ($result) = @_;

    return finding(
        'lookup',
        host => $result->{host},
        why  => $result->{error}{text}
    );
}

# The findings about an address that failed; $others tells whether other
# addresses answered.
sub of_address {
    my ($record, $plan, $others) = @_;
    my $error = $record->{error} || return;
    my $stage = $error->{stage};

    return _connect($record, $plan, $others) if $stage eq 'connect';
    return _starttls($error, $plan)          if $stage eq 'starttls';
    return finding('nothing_tried')          if $stage eq 'budget';
    return finding('client_certificate')
      if $record->{client_certificate} eq 'required';
    return ($KIND{ $error->{kind} || '' } || \&_protocol)->($record, $plan);
}

# If other addresses answer, clients may choose this one and fail; but that this
# machine has no IPv6 is its own matter.
sub _connect {
    my ($record, $plan, $others) = @_;
    my $id       = $CONNECT{ $record->{error}{errno} } || 'connect';
    my %severity = !$others ? () : (severity => 'bad');
    my $advice =
      $record->{family} eq 'IPv6'
      ? 'This machine seems to have no IPv6.  Check this address from one'
      . ' that has.'
      : 'Check the network of this machine.';

    $severity{severity} = 'note' if $others && $id eq 'no_route';
    return finding(
        $id,
        place   => "$record->{address} port $record->{port}",
        why     => $record->{error}{text},
        seconds => $plan->{timeout},
        advice  => $advice,
        %severity
    );
}

sub _starttls {
    my ($error, $plan) = @_;

    return finding(
        "starttls_$error->{problem}",
        kind => uc $plan->{starttls},
        said => _said($error)
    );
}

sub _said {
    my ($error) = @_;
    my $said = $error->{said};

    return '' if !defined $said || !length $said;
    return '; it said: ' . quoted($said);
}

sub _not_tls {
    my ($record, $plan) = @_;
    my $error  = $record->{error};
    my $advice = $SPEAKS{ $error->{looks_like} } || $SPEAKS{other};

    $advice =~ s/\{port\}/$record->{port}/g;
    $advice =~ s/\{endpoint\}/endpoint($plan->{host}, $record->{port})/ge;
    return finding(
        'not_tls',
        port   => $record->{port},
        said   => _said($error),
        advice => $advice
    );
}

# What may help if the server says nothing, or hangs up.
sub _about_port {
    my ($record, $plan) = @_;
    my $kind =
      IO::Socket::SSL::Check::StartTLS::kind_of_port($record->{port});

    return if !$kind || $plan->{starttls};
    return
        "Port $record->{port} is usually that of $kind, where TLS begins"
      . " later: iossl-check --starttls $kind "
      . endpoint($plan->{host}, $record->{port});
}

sub _too_slow {
    my ($record, $plan) = @_;

    return finding(
        'handshake_timeout',
        seconds => $plan->{timeout},
        advice  => _about_port($record, $plan)
          || 'The server may be overloaded, or wait for a protocol that does'
          . ' not begin with TLS.  If small packets pass and large ones do'
          . ' not, look for a firewall or tunnel between (MTU).'
    );
}

sub _closed {
    my ($record, $plan) = @_;

    return finding(
        'closed',
        why     => $record->{error}{text},
        lenient => _lenient($record),
        advice  => _about_port($record, $plan)
          || "$LOG  It may have no certificate for this name, refuse this"
          . ' machine, or speak another protocol here.'
    );
}

# The second handshake may have worked.
sub _lenient {
    my ($record) = @_;
    my $seen = $record->{connection} || return '';

    return '  With all versions and weak ciphers it works:'
      . " $seen->{version}, $seen->{cipher}.";
}

# Setup.pm tells of a server that speaks only old versions.
sub _is_old {
    my ($record) = @_;

    return $record->{tls}
      && $record->{connection}{version} =~ /^TLSv1(?:_1)?$/;
}

sub _alert {
    my ($record, $plan) = @_;
    my $alert = $record->{error}{alert};

    return ($ALERT{ $alert->{number} } || \&_other_alert)->(
        $record, $plan,
        alert   => quoted($alert->{name}),
        lenient => _lenient($record)
    );
}

sub _no_common_version {
    my ($record) = @_;

    return $record->{tls} ? () : finding('no_shared_version');
}

sub _no_common_ground {
    my ($record, $plan, %value) = @_;

    return _is_old($record) ? () : finding('no_shared_cipher', %value);
}

sub _unknown_name {
    my ($record, $plan, %value) = @_;

    return finding('unknown_name', %value, name => $plan->{name});
}

sub _internal_error {
    my ($record, $plan, %value) = @_;

    return finding('internal_error', %value);
}

sub _other_alert {
    my ($record, $plan, %value) = @_;

    return finding('alert', %value, advice => $record->{error}{hint} || $LOG);
}

sub _config {
    my ($record) = @_;

    return finding(
        'config',
        why    => $record->{error}{text},
        advice => $record->{error}{hint}
          || 'Correct the options of this check.'
    );
}

sub _protocol {
    my ($record) = @_;

    return if _is_old($record);
    return finding(
        'protocol',
        why     => $record->{error}{text},
        lenient => _lenient($record),
        advice  => $record->{error}{hint} || $LOG
    );
}

1;
