# What is wrong with the way a server is set up, apart from its certificates.
package IO::Socket::SSL::Check::Setup;

use strict;
use warnings;

use IO::Socket::SSL::Check::Server;
use IO::Socket::SSL::Check::Words qw(listed);

# Ciphers by OpenSSL's names.
my $BROKEN = qr/NULL|^A(?:EC)?DH|^EXP|RC[24]|DES|MD5|SEED|IDEA/;
my $SECRET = qr/^(?:EC)?DHE|^TLS_/;    # with forward secrecy

sub of_address {
    my ($result, $record) = @_;

    return if !$record->{tls};
    return (
        _versions($record),      _ciphers($record),
        _resumption($record),    _names($record),
        _client($record),        _ocsp($record),
        _dane($result, $record), _left_out($record),
    );
}

sub _finding {
    my ($id, $severity, $text, $action) = @_;

    return {
        id       => $id,
        severity => $severity,
        text     => $text,
        action   => $action,
    };
}

sub _readable {
    return map { IO::Socket::SSL::Check::Server::readable($_) } @_;
}

sub _versions {
    my ($record) = @_;
    my $versions = $record->{versions} || {};
    my $used     = $record->{connection}{version};
    my @old      = grep { $versions->{$_} } qw(TLSv1 TLSv1_1);
    @old = ($used) if !@old && $used =~ /^TLSv1(?:_1)?$/;
    my $good =
      $versions->{TLSv1_3} || $versions->{TLSv1_2} || $used =~ /_[23]$/;

    return _finding(
        'old_version',
        'bad',
        'The server speaks only '
          . listed(_readable(@old))
          . ', which RFC 8996 has withdrawn: clients of today refuse it.',
        'Turn TLS 1.2 and 1.3 on (nginx: ssl_protocols TLSv1.2 TLSv1.3).  A'
          . ' server that cannot do them needs an update.'
    ) if @old && !$good;
    return _finding(
        'old_versions',
        'weak',
        'The server still speaks '
          . listed(_readable(@old))
          . ', which RFC 8996 has withdrawn.',
'Turn it off, unless there are clients that have nothing newer (nginx:'
          . ' ssl_protocols TLSv1.2 TLSv1.3).'
    ) if @old;
    return _finding(
        'no_tls13', 'note',
        'The server does not speak TLS 1.3.',
        'Turn it on: its handshake is quicker, and hides the certificate.'
    ) if defined $versions->{TLSv1_3} && !$versions->{TLSv1_3};
    return;
}

# With --full.
sub _ciphers {
    my ($record) = @_;
    my $ciphers = $record->{ciphers} || return;
    my (%broken, %plain, @found);

    for my $name (map { @$_ } values %$ciphers) {
        $broken{$name} = 1 if $name =~ $BROKEN;
        $plain{$name}  = 1 if $name !~ $BROKEN && $name !~ $SECRET;
    }
    push @found,
      _finding(
        'broken_cipher',
        'bad',
        'The server accepts ciphers that do not protect any more: '
          . listed(sort keys %broken) . '.',
        'Remove them from its list of ciphers.'
      ) if %broken;
    push @found,
      _finding(
        'no_forward_secrecy',
        'weak',
        'The server accepts ciphers without forward secrecy: whoever gets its'
          . ' key can read all that was recorded before.  They are: '
          . listed(sort keys %plain) . '.',
        'Leave only ciphers that begin with ECDHE or DHE in its list (besides'
          . ' those of TLS 1.3).'
      ) if %plain;
    return @found;
}

sub _resumption {
    my ($record) = @_;
    my $resumes = $record->{resumption} || return;
    my @without =
      grep { defined $resumes->{$_} && !$resumes->{$_} } qw(TLSv1_3 TLSv1_2);

    return if !@without;
    return _finding(
        'no_resumption',
        'note',
        'Sessions cannot be resumed with '
          . listed(_readable(@without))
          . ', so each connection costs a full handshake.',
        'Turn session tickets or a session cache on (nginx: ssl_session_cache'
          . ' shared:TLS:10m).  Servers behind one name must share their keys.'
    );
}

sub _names {
    my ($record) = @_;
    my $without  = $record->{without_sni} || return;
    my %text     = (
        other =>
          'A client that names no host (SNI) gets another certificate.',
        refused => 'A client that names no host (SNI) is refused.',
    );

    return if !$text{$without};
    return _finding('without_sni', 'note', $text{$without},
        'This is fine, unless there are very old clients or probes of load'
          . ' balancers, which send no name.');
}

sub _client {
    my ($record) = @_;

    return if $record->{client_certificate} ne 'asked';
    return _finding(
        'client_certificate_asked',
        'note',
        'The server asks clients for a certificate, but goes on without one.',
        'Browsers ask their users then.  Turn it off if nothing needs it.'
    );
}

sub _ocsp {
    my ($record) = @_;
    my $ocsp = $record->{ocsp} || return;

    return _finding(
        'ocsp_revoked',
        'bad',
        "The responder of the CA says: $ocsp->{text}.",
        'Get a new certificate, with a new key if the old one may be known to'
          . ' others.'
    ) if $ocsp->{status} eq 'revoked';
    return if $ocsp->{status} eq 'good';
    return _finding(
        'ocsp_unknown',
        'note',
        "Whether the certificate was revoked is not known: $ocsp->{text}.",
        'Many CAs have no responders (OCSP) any more, but revocation lists.'
    );
}

sub _dane {
    my ($result, $record) = @_;
    my $dane = $record->{dane} || return;

    return if @{ $dane->{matching} };
    return _finding(
        'dane_unusable',
        'weak',
'None of the TLSA records can be used: their usage, selector or type is'
          . ' unknown.',
'Publish a record "3 1 1": the SHA-256 of the public key of the server.'
    ) if !$dane->{usable};
    return _finding(
        'dane_needs_ca',
        'bad',
'A TLSA record of usage 0 or 1 matches, but that needs a chain that the'
          . ' CAs vouch for, and this one fails.',
        'Correct the chain, or publish a record "3 1 1".'
    ) if $dane->{needs_ca};
    return _finding(
        'dane',
        'bad',
        'None of the TLSA records matches the chain: clients that know DANE'
          . ' refuse this server.',
        'Publish a record for the certificate that is in use.  When a key'
          . ' changes, publish the record of the new one some days before.'
    );
}

# Of all addresses together.
sub of_dns {
    my ($result) = @_;
    my $tlsa     = $result->{tlsa} || return;
    my %say      = (
        missing => [
            'dane_missing',
            'weak',
            'DANE was not checked: ' . $tlsa->{text} . '.',
            'Install it: apt-get install libnet-dns-perl, or cpan Net::DNS.'
        ],
        failed => [
            'dane_lookup',
            'weak',
            "The TLSA records cannot be looked up: $tlsa->{text}.",
            'Clients that know DANE do not connect then.  Check the name'
              . ' servers of the domain, and DNSSEC.'
        ],
        insecure => [
            'dane_insecure',
            'note',
'There are TLSA records, but the name server that this machine asks'
              . ' does not say that DNSSEC vouches for them, so they count for'
              . ' nothing.',
'Sign the domain, and ask a resolver that validates, such as unbound'
              . ' on this machine.'
        ],
        none => [
            'dane_none', 'note',
            'There are no TLSA records.',
            'DANE is not in use here; nothing need be done.'
        ],
    );

    return if !$say{ $tlsa->{status} };
    return _finding(@{ $say{ $tlsa->{status} } });
}

sub _left_out {
    my ($record) = @_;

    return if !$record->{left_out};
    return _finding(
        'left_out',
        'note',
'Some things were not tried: the time, or the number of handshakes that'
          . ' a check may make, was used up.',
        'Check one address alone, or raise --timeout.'
    );
}

1;
