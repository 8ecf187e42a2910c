# How a server is set up, found by one handshake after the other: versions,
# groups, ALPN, resumption, what it does without SNI, ciphers.  None of these
# connections is verified, and nothing is sent over them.
package IO::Socket::SSL::Check::Server;

use strict;
use warnings;

use IO::Socket::SSL;

my $EVERYTHING  = 'ALL:!aNULL:!eNULL:@SECLEVEL=0';
my @VERSIONS    = qw(TLSv1_3 TLSv1_2 TLSv1_1 TLSv1);
my %RESUMES     = (TLSv1_3 => 1, TLSv1_2 => 1);
my @GROUPS      = qw(X25519MLKEM768 X25519 P-256 P-384 P-521 X448 ffdhe2048);
my @MORE_GROUPS = qw(SecP256r1MLKEM768 SecP384r1MLKEM1024 MLKEM512 MLKEM768
  MLKEM1024 brainpoolP256r1 brainpoolP384r1 ffdhe3072 ffdhe4096);
my @SUITES = qw(TLS_AES_256_GCM_SHA384 TLS_CHACHA20_POLY1305_SHA256
  TLS_AES_128_GCM_SHA256 TLS_AES_128_CCM_SHA256 TLS_AES_128_CCM_8_SHA256);

# Groups that are only for TLS 1.3, or that TLS 1.2 does not choose by name.
my $ONLY_13 = qr/MLKEM|^ffdhe/;

# By the kind of STARTTLS; '' is for TLS from the beginning.
my %ALPN = (
    ''       => [qw(h2 http/1.1)],
    ftp      => ['ftp'],
    imap     => ['imap'],
    nntp     => ['nntp'],
    pop3     => ['pop3'],
    postgres => ['postgresql'],
    sieve    => ['managesieve'],
    xmpp     => ['xmpp-client'],
);

sub all_versions { return @VERSIONS }

# Arguments for a server that may be old and weak, and is not verified.
sub lenient {
    my %more = @_;

    return (
        SSL_verify_mode => SSL_VERIFY_NONE,
        SSL_cipher_list => $EVERYTHING,
        SSL_ocsp_mode   => SSL_OCSP_NO_STAPLE,
        SSL_version     => 'SSLv23',
        %more
    );
}

# Adds to an address's record: versions, resumption, groups, alpn, without_sni,
# and ciphers if they are wanted.  What was not tried for lack of handshakes or
# time is undef, and record->{left_out} is true.
sub examine {
    my ($probe, $address, $record, %for) = @_;
    my %closed;
    my $try = sub { return _try($probe, $address, $record, \%closed, @_) };

    _versions($try, $record, \%closed);
    _sni($try, $record) if $for{sni};
    _alpn($try, $record, $for{starttls});
    _groups($try, $record, $for{full});
    _ciphers($try, $record) if $for{full};
    return;
}

# A handshake and what the sub makes of its socket (default: 1).  0: the server
# does not want it; undef: nobody knows.  %$closed: now (did the server only
# close the connection?) and always (it does so whatever it is asked).
sub _try {
    my ($probe, $address, $record, $closed, $what, $code, %ssl) = @_;
    my $result = $probe->handshake($address, $what, %ssl);

    if ($result->{sock}) {
        $probe->settle($result->{sock})    # for its tickets
          if $ssl{SSL_session_cache} && $ssl{SSL_version} eq 'TLSv1_3';
        my $value = $code ? $code->($result->{sock}) : 1;
        $probe->finish($result);
        return $value;
    }
    if ($result->{stage} eq 'budget') {
        $record->{left_out} = 1;
        return;
    }
    return                   if $result->{stage} ne 'tls';
    return $code ? undef : 1 if $result->{asked};  # for a certificate of ours
    my $kind = $result->{error}{kind} || '';
    return if $kind =~ /^(?:timeout|config)\z/;
    $closed->{now} = $kind =~ /^(?:eof|system)\z/ ? 1 : 0;
    return $closed->{now} && $closed->{always} ? undef : 0;
}

# The version that the server has spoken comes first: if it closes such a
# connection now, then for another reason than the version.
sub _versions {
    my ($try, $record, $closed) = @_;
    my $spoken = ($record->{connection} || {})->{version} || '';

    for my $version (sort { ($b eq $spoken) - ($a eq $spoken) } @VERSIONS) {
        my @session = $RESUMES{$version} ? _cache($version) : ();
        my $name    = readable($version);
        my $works =
          $try->($name, undef, lenient(SSL_version => $version, @session));
        if ($version eq $spoken && $closed->{now}) {
            $closed->{always} = 1;
            undef $works;
        }
        $record->{versions}{$version} = $works;
        next if !@session || $record->{client_certificate} eq 'required';
        $record->{resumption}{$version} =
          !$works
          ? undef
          : $try->(
            "resumption of $name",
            sub { $_[0]->get_session_reused ? 1 : 0 },
            lenient(SSL_version => $version, @session)
          );
    }
    return;
}

sub readable {
    my ($version) = @_;

    return $version =~ s/^TLSv(\d)(?:_(\d))?$/"TLS $1." . ($2 || 0)/er;
}

sub _cache {
    my ($version) = @_;

    return (
        SSL_session_cache => IO::Socket::SSL::Session_Cache->new(2),
        SSL_session_key   => "iossl-check $version",
    );
}

# Does a client that does not say whom it wants get the same certificate?
sub _sni {
    my ($try, $record) = @_;
    my $sent   = $record->{chain} && $record->{chain}{sent}[0];
    my $answer = $try->(
        'without SNI',
        sub { return $_[0]->get_fingerprint('sha256') },
        lenient(SSL_hostname => '')
    );

    $record->{without_sni} =
        !defined $answer || !$sent      ? undef
      : !$answer                        ? 'refused'
      : $answer eq $sent->{fingerprint} ? 'same'
      :                                   'other';
    return;
}

sub _alpn {
    my ($try, $record, $starttls) = @_;
    my $offered  = $ALPN{ $starttls || '' } || return;
    my $selected = $try->(
        'ALPN',
        sub { my $name = $_[0]->alpn_selected; defined $name ? $name : '' },
        lenient(SSL_alpn_protocols => $offered)
    );

    $record->{alpn} = undef;
    return if !defined $selected;
    $record->{alpn} = {
        offered  => $offered,
        selected => length $selected && $selected ne '0' ? $selected : undef,
        refused  => $selected eq '0'                     ? 1         : 0,
    };
    return;
}

sub _groups {
    my ($try, $record, $full) = @_;
    my $version =
        $record->{versions}{TLSv1_3} ? 'TLSv1_3'
      : $record->{versions}{TLSv1_2} ? 'TLSv1_2'
      :                                return;

    for my $group (@GROUPS, $full ? @MORE_GROUPS : ()) {
        next if $version ne 'TLSv1_3' && $group =~ $ONLY_13;
        my %ciphers =
          $version eq 'TLSv1_3'
          ? ()
          : (SSL_cipher_list => 'ECDHE:!aNULL:!eNULL:@SECLEVEL=0');
        $record->{groups}{$group} = $try->(
            "group $group",
            undef,
            lenient(
                SSL_version    => $version,
                SSL_ecdh_curve => $group,
                %ciphers
            )
        );
    }
    return;
}

# Of TLS 1.3 each suite is offered alone.  Of older versions all are offered, but
# for those that the server has chosen so far, until it chooses none.
sub _ciphers {
    my ($try, $record) = @_;

    for my $version (grep { $record->{versions}{$_} } @VERSIONS) {
        my @found;
        if ($version eq 'TLSv1_3') {
            @found = grep {
                $try->(
                    $_, undef,
                    lenient(SSL_version => $version, SSL_ciphersuites => $_)
                )
            } @SUITES;
        }
        else {
            @found = _chosen($try, $version);
        }
        $record->{ciphers}{$version} = \@found;
    }
    return;
}

sub _chosen {
    my ($try, $version) = @_;
    my @found;

    while (1) {
        my $cipher = $try->(
            'ciphers of ' . readable($version),
            sub { return $_[0]->get_cipher },
            lenient(
                SSL_version     => $version,
                SSL_cipher_list => join ':',
                'ALL', 'COMPLEMENTOFALL', (map { "!$_" } @found),
                '@SECLEVEL=0'
            )
        );
        last if !$cipher || grep { $_ eq $cipher } @found;
        push @found, $cipher;
    }
    return @found;
}

1;
