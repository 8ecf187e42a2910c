# What is wrong with the way a server is set up, apart from its certificates.
package IO::Socket::SSL::Check::Setup;

use strict;
use warnings;

use IO::Socket::SSL::Check::Server;
use IO::Socket::SSL::Check::Texts qw(finding);
use IO::Socket::SSL::Check::Words qw(listed);

# Ciphers by OpenSSL's names.
my $BROKEN = qr/NULL|^A(?:EC)?DH|^EXP|RC[24]|DES|MD5|SEED|IDEA/;
my $SECRET = qr/^(?:EC)?DHE|^TLS_/;    # with forward secrecy

sub of_address {
    my ($record) = @_;

    return if !$record->{tls};
    return (
        _versions($record),
        _ciphers($record),
        _resumption($record),
        _without_sni($record),
        _ocsp($record),
        _dane($record),
        $record->{client_certificate} eq 'asked'
        ? finding('client_certificate_asked')
        : (),
        $record->{left_out} ? finding('left_out') : (),
    );
}

sub _named {
    my @versions = @_;

    return listed(map { IO::Socket::SSL::Check::Server::readable($_) }
          @versions);
}

sub _versions {
    my ($record) = @_;
    my $versions = $record->{versions} || {};
    my $used     = $record->{connection}{version};
    my @old      = grep { $versions->{$_} } qw(TLSv1 TLSv1_1);
    my $good =
      $versions->{TLSv1_3} || $versions->{TLSv1_2} || $used =~ /_[23]$/;

    @old = ($used) if !@old && !$good;
    return finding($good ? 'old_versions' : 'old_version',
        versions => _named(@old))
      if @old;
    return finding('no_tls13')
      if defined $versions->{TLSv1_3} && !$versions->{TLSv1_3};
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
      finding('broken_cipher', ciphers => listed(sort keys %broken))
      if %broken;
    push @found,
      finding('no_forward_secrecy', ciphers => listed(sort keys %plain))
      if %plain;
    return @found;
}

sub _resumption {
    my ($record) = @_;
    my $resumes = $record->{resumption} || return;
    my @without =
      grep { defined $resumes->{$_} && !$resumes->{$_} } qw(TLSv1_3 TLSv1_2);

    return if !@without;
    return finding('no_resumption', versions => _named(@without));
}

sub _without_sni {
    my ($record) = @_;
    my $without  = $record->{without_sni} || return;
    my %gets     = (
        other   => 'gets another certificate',
        refused => 'is refused',
    );

    return if !$gets{$without};
    return finding('without_sni', gets => $gets{$without});
}

sub _ocsp {
    my ($record) = @_;
    my $ocsp = $record->{ocsp} || return;

    return if $ocsp->{status} eq 'good';
    return finding("ocsp_$ocsp->{status}", why => $ocsp->{text});
}

sub _dane {
    my ($record) = @_;
    my $dane = $record->{dane} || return;

    return if @{ $dane->{matching} };
    return finding(
         !$dane->{usable}   ? 'dane_unusable'
        : $dane->{needs_ca} ? 'dane_needs_ca'
        :                     'dane'
    );
}

# Of all addresses together.
sub of_dns {
    my ($result) = @_;
    my $tlsa     = $result->{tlsa} || return;
    my %id       = (
        missing  => 'dane_missing',
        failed   => 'dane_lookup',
        insecure => 'dane_insecure',
        none     => 'dane_none',
    );

    return if !$id{ $tlsa->{status} };
    return finding($id{ $tlsa->{status} }, why => $tlsa->{text});
}

1;
