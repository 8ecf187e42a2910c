# Tells how a TLS server is set up and what is wrong with it.  This module makes
# the connections that everything else depends on; what each fact means is in
# Check/Findings.pm and its neighbours.
package IO::Socket::SSL::Check;

use strict;
use warnings;

use Carp;
use Scalar::Util qw(looks_like_number);

use IO::Socket::SSL;
use IO::Socket::SSL::Check::Chain;
use IO::Socket::SSL::Check::Findings;
use IO::Socket::SSL::Check::Lookup;
use IO::Socket::SSL::Check::Probe;
use IO::Socket::SSL::Check::Server;
use IO::Socket::SSL::Check::StartTLS;

our $VERSION = $IO::Socket::SSL::VERSION;

my $HANDSHAKES      = 40;
my $FULL_HANDSHAKES = 200;

# Arguments and their defaults.
my %DEFAULT = (
    host      => undef,
    port      => undef,
    name      => undef,
    starttls  => undef,
    days      => 21,
    timeout   => 10,
    deadline  => undef,
    quick     => 0,
    full      => 0,
    ocsp      => 0,
    dane      => 0,
    tlsa      => undef,
    ca_file   => undef,
    ca_path   => undef,
    cert_file => undef,
    key_file  => undef,
    progress  => undef,
);

sub check {
    my (%args) = @_;
    my $plan   = _plan(%args);
    my $begin  = IO::Socket::SSL::Check::Probe::now();
    my %result = (
        (map { $_ => $plan->{$_} } qw(host port name starttls)),
        clock     => time,
        version   => $VERSION,
        openssl   => undef,
        addresses => [],
        error     => undef,
    );

    my $probe = _probe($plan, $begin);
    my $asked = IO::Socket::SSL::Check::Probe::now();
    my ($addresses, $why) =
      IO::Socket::SSL::Check::Lookup::addresses($plan->{ascii},
        $plan->{port}, $asked + $plan->{timeout});
    $result{lookup_ms} = IO::Socket::SSL::Check::Probe::ms_since($asked);
    $result{error}     = { stage => 'lookup', text => $why } if !$addresses;
    _examine($plan, $probe, \%result, $addresses || []);
    $result{handshakes} = $probe->handshakes;
    $result{seconds}    = 0 + sprintf '%.3f',
      IO::Socket::SSL::Check::Probe::now() - $begin;
    IO::Socket::SSL::Check::Findings::judge(\%result, $plan);
    return \%result;
}

# The arguments, complete and checked.
sub _plan {
    my (%args) = @_;
    my @unknown = grep { !exists $DEFAULT{$_} } sort keys %args;

    croak "check: unknown argument $unknown[0]" if @unknown;
    my %plan = (
        %DEFAULT,
        map { $_ => $args{$_} } grep { defined $args{$_} } keys %args
    );
    croak 'check: host is missing'
      if !defined $plan{host} || !length $plan{host};
    my $kind = $plan{starttls};
    croak "check: unknown starttls '$kind', there are " . join ', ',
      IO::Socket::SSL::Check::StartTLS::kinds()
      if defined $kind
      && !grep { $_ eq $kind } IO::Socket::SSL::Check::StartTLS::kinds();
    $plan{port} = $kind ? IO::Socket::SSL::Check::StartTLS::port($kind) : 443
      if !defined $plan{port};
    croak "check: '$plan{port}' is not a port"
      if $plan{port} !~ /^[0-9]{1,5}\z/
      || !$plan{port}
      || $plan{port} > 65_535;

    for my $number (qw(days timeout deadline)) {
        croak "check: $number must be a number"
          if defined $plan{$number}
          && (!looks_like_number($plan{$number}) || $plan{$number} < 0);
    }
    $plan{deadline} = ($plan{full} ? 60 : 12) * ($plan{timeout} || 1)
      if !defined $plan{deadline};
    $plan{ascii} = _ascii($plan{host});
    $plan{name}  = $plan{host} if !defined $plan{name};
    $plan{scheme} =
      $kind ? IO::Socket::SSL::Check::StartTLS::scheme($kind) : 'http';
    return \%plan;
}

# A host name for the resolver.
sub _ascii {
    my ($host) = @_;

    return $host if $host !~ /[^\x00-\x7f]/;
    my $ascii = eval { IO::Socket::SSL::idn_to_ascii($host) };
    return defined $ascii ? $ascii : $host;
}

sub _probe {
    my ($plan, $begin) = @_;
    my %option = (
        SSL_ca_file   => $plan->{ca_file},
        SSL_ca_path   => $plan->{ca_path},
        SSL_cert_file => $plan->{cert_file},
        SSL_key_file  => $plan->{key_file},
    );
    delete @option{ grep { !defined $option{$_} } keys %option };
    my $is_address =
      IO::Socket::SSL::Check::Lookup::is_address($plan->{name});

    IO::Socket::SSL::SSL_Context->new(%option,
        SSL_verify_mode => SSL_VERIFY_PEER)
      || croak "check: $SSL_ERROR";
    return IO::Socket::SSL::Check::Probe->new(
        port     => $plan->{port},
        name     => _ascii($plan->{name}),
        starttls => $plan->{starttls},
        timeout  => $plan->{timeout},
        until    => $begin + $plan->{deadline},
        left     => $plan->{full} ? $FULL_HANDSHAKES : $HANDSHAKES,
        progress => $plan->{progress},
        ssl      => {
            SSL_verifycn_name => $plan->{name},
            SSL_hostname      => $is_address ? '' : $plan->{name},
            %option
        },
    );
}

# First what all addresses have to show, then how each is set up, as far as the
# handshakes go.
sub _examine {
    my ($plan, $probe, $result, $addresses) = @_;
    my $is_address =
      IO::Socket::SSL::Check::Lookup::is_address($plan->{name});
    my @records;

    my $tlsa = _tlsa($plan);
    $result->{tlsa} = $tlsa if $tlsa;
    for my $address (@$addresses) {
        my $record = _base($plan, $probe, $address);
        $result->{openssl} ||= delete $record->{openssl};
        push @records, [$address, $record];
    }
    for my $pair (@records) {
        my ($address, $record) = @$pair;
        _dane($tlsa, $probe, $address, $record) if $tlsa;
        IO::Socket::SSL::Check::Server::examine(
            $probe, $address, $record,
            sni      => !$is_address,
            starttls => $plan->{starttls},
            full     => $plan->{full}
          )
          if !$plan->{quick}
          && ($record->{tls} || $record->{client_certificate} eq 'required');
        IO::Socket::SSL::Check::Chain::strip($record->{chain})
          if $record->{chain};
        push @{ $result->{addresses} }, $record;
    }
    return;
}

# One address: is it there, does it speak TLS, is its certificate accepted?
sub _base {
    my ($plan, $probe, $address) = @_;
    my %record = (
        address            => $address->{text},
        family             => $address->{family},
        port               => $plan->{port},
        client_certificate => 'none',
        map { $_ => 0 } qw(reached tls verified),
    );
    my $mode = $plan->{ocsp} ? SSL_OCSP_FULL_CHAIN : 0;
    my $try  = $probe->handshake(
        $address, 'the certificate',
        SSL_verify_mode     => SSL_VERIFY_PEER,
        SSL_verifycn_scheme => $plan->{scheme},
        SSL_ocsp_mode       => SSL_OCSP_TRY_STAPLE | $mode
    );

    @record{qw(times error)} = ($try->{times}, undef);
    $record{reached} = 1
      if $try->{stage} && $try->{stage} !~ /^(?:connect|budget)/;
    if ($try->{sock}) {
        @record{qw(reached verified name_matches)} = (1, 1, 1);
        _collect($plan, $probe, \%record, $try);
        return \%record;
    }
    $record{error} = { stage => $try->{stage}, %{ $try->{error} } };
    delete @{ $record{error} }{qw(cert chain)};    # see chain of the record
    $record{client_certificate} = 'required' if _wants_ours($try, $plan);
    _look_closer($plan, $probe, $address, \%record) if $try->{stage} eq 'tls';
    return \%record;
}

# The handshake failed: is there a server of TLS all the same?
sub _look_closer {
    my ($plan, $probe, $address, $record) = @_;
    my $kind = $record->{error}{kind} || '';
    my ($try, @faults);

    return if $kind eq 'not_tls' || $kind eq 'timeout';

    # The system's openssl.cnf may forbid old versions, unless they are named.
    for my $version (qw(SSLv23 TLSv1_1 TLSv1)) {
        @faults = ();
        $try    = $probe->handshake(
            $address,
            'what is wrong',
            IO::Socket::SSL::Check::Server::lenient(
                SSL_version         => $version,
                SSL_verify_mode     => SSL_VERIFY_PEER,
                SSL_verifycn_scheme => 'none',
                SSL_verify_callback => sub {
                    my ($ok, $store, $names, $error, $cert, $depth) = @_;
                    push @faults, { depth => $depth, text => "$error" }
                      if !$ok;
                    return 1;
                }
            )
        );
        last if $try->{sock} || !_lacks_version($try);
    }

    if (!$try->{sock}) {
        $record->{client_certificate} = 'required'
          if _wants_ours($try, $plan);
        return;
    }
    $record->{faults} = \@faults;
    $record->{name_matches} =
      $try->{sock}->verify_hostname($plan->{name}, $plan->{scheme}) ? 1 : 0;
    _collect($plan, $probe, $record, $try);
    return;
}

# One side says that it does not speak the other's version.
sub _lacks_version {
    my ($try) = @_;
    my $error = $try->{error} || {};

    return ($error->{alert} || {})->{number}
      ? $error->{alert}{number} == 70
      : ($error->{text} || '') =~ /unsupported protocol/;
}

# An alert after the server has asked for a certificate that we do not have.
sub _wants_ours {
    my ($try, $plan) = @_;

    return
         $try->{asked}
      && !defined $plan->{cert_file}
      && ($try->{error}{kind} || '') eq 'alert';
}

# The facts of a connection, which is closed then.
sub _collect {
    my ($plan, $probe, $record, $try) = @_;
    my $sock = $try->{sock};
    my $info = $sock->tls_info;

    $record->{tls}     = 1;
    $record->{openssl} = $info->{openssl};
    $record->{connection} =
      { map { $_ => $info->{$_} }
          qw(version cipher bits group peer_sigalg extended_master_secret stapled)
      };
    $record->{chain} = IO::Socket::SSL::Check::Chain::of_socket($sock, $info);
    if ($try->{asked}) {
        my $error = $probe->settle($sock);
        $record->{client_certificate} = $error ? 'required' : 'asked';
        $record->{error} ||= { stage => 'tls', %$error } if $error;
    }
    if ($plan->{ocsp}) {
        require IO::Socket::SSL::Check::Revocation;
        $record->{ocsp} =
          $record->{verified}
          ? IO::Socket::SSL::Check::Revocation::ask($sock,
            IO::Socket::SSL::Check::Probe::now() + $plan->{timeout})
          : {
            status => 'unknown',
            text   => 'the chain is not verified, so nobody can be asked'
          };
    }
    $probe->finish($try);
    return;
}

# The TLSA records that were given or asked for.
sub _tlsa {
    my ($plan) = @_;

    return { status => 'given', records => $plan->{tlsa}, text => '' }
      if $plan->{tlsa};
    return if !$plan->{dane};
    require IO::Socket::SSL::Check::TLSA;
    return IO::Socket::SSL::Check::TLSA::lookup(
        map({ _ascii($_) } $plan->{name}),
        $plan->{port}, $plan->{timeout});
}

# Where the certificates alone do not tell, a handshake decides.
sub _dane {
    my ($tlsa, $probe, $address, $record) = @_;

    return if !$record->{chain} || $tlsa->{status} !~ /^(?:secure|given)\z/;
    require IO::Socket::SSL::Check::TLSA;
    my $dane = IO::Socket::SSL::Check::TLSA::compare($tlsa->{records},
        $record->{chain}, $record->{verified});
    for my $one (@{ delete $dane->{unproven} }) {
        my $try = $probe->handshake(
            $address, 'the TLSA records',
            SSL_verify_mode     => SSL_VERIFY_PEER,
            SSL_verifycn_scheme => 'none',
            SSL_tlsa            => [$one]
        );
        push @{ $dane->{matching} },
          IO::Socket::SSL::Check::TLSA::name_of($one)
          if $try->{sock};
        $probe->finish($try);
    }
    $record->{dane} = $dane;
    return;
}

1;
