# SSL_tlsa with records of a CA, and chains that this CA has not allowed: they are
# refused even by a program whose SSL_verify_callback accepts everything.  OpenSSL
# compares the records before it looks at signatures and limits.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use IO::Socket::SSL::Utils;
use MIME::Base64 qw(decode_base64);
use Test::More;

my $KEY    = KEY_create_ec();
my $serial = 1;

# A certificate.  Those of CAs are made by KEY, unless other keys are given.
sub made {
    my ($name, $issuer, %args) = @_;
    my $signer = delete $args{signer} || $KEY;
    return (
        CERT_create(
            subject => ref $name ? $name : { commonName => $name },
            serial  => $serial++,
            key     => $KEY,
            ($issuer ? (issuer => [$issuer, $signer]) : ()),
            %args
        )
    )[0];
}

sub ca { return made(@_[0, 1], CA => 1, @_[2 .. $#_]) }

sub leaf {
    my ($issuer, @args) = @_;
    return made(
        'A leaf', $issuer,
        subjectAltNames => [[DNS => 'localhost']],
        @args
    );
}

sub ext {
    my ($name, $data) = @_;
    return (ext => [{ sn => $name, data => $data, critical => 1 }]);
}

my $ROOT = ca('Root');
my $SUB  = ca('Sub', $ROOT);

# The whole certificate: a record by which it need not be sent.
sub record {
    my ($usage, $cert) = @_;
    my ($base64) = PEM_cert2string($cert) =~ /-----\n(.*)\n-----/s;
    return [$usage, 0, 0, decode_base64($base64)];
}

# The error of a client that demands such a record of the root; '' if it accepts
# the chain.
sub verdict {
    my ($usage, $chain, @args) = @_;
    my ($ours) = handshake_errors(
        mine => {
            SSL_ca              => [$usage == 0 ? $ROOT : ca('Nobody')],
            SSL_ca_file         => undef,
            SSL_verifycn_name   => 'localhost',
            SSL_verify_callback => sub { 1 },
            SSL_tlsa            => [record($usage, $ROOT)],
            @args
        },
        theirs => {
            SSL_cert      => join('', map { PEM_cert2string($_) } @$chain),
            SSL_key       => $KEY,
            SSL_cert_file => undef,
            SSL_key_file  => undef
        }
    );
    return $ours;
}

# Chains, and the reason for which they are refused.
my $FORGER  = KEY_create_ec();
my $SERVER  = made('A server', $ROOT);
my $BROAD   = ca('No CA', $ROOT, ext(basicConstraints => 'CA:FALSE'));
my $NO_SIGN = ca('Sub',   $ROOT, ext(keyUsage         => 'cRLSign'));
my $LAST    = ca('Last', $ROOT, ext(basicConstraints => 'CA:TRUE,pathlen:0'));
my $BELOW   = ca('Below', $LAST);
my $ELSE =
  ca('Else', $ROOT, ext(nameConstraints => 'permitted;DNS:else.test'));
my $NOT_HERE =
  ca('Not here', $ROOT, ext(nameConstraints => 'excluded;DNS:localhost'));

# What a server may make by itself (RFC 3820), and no more than that: its name is
# the server's with a common name behind it.
my $PROXY = made([CN => 'A server', CN => 'localhost'],
    $SERVER, ext(proxyCertInfo => 'DER:300C300A06082B06010505071501'));

# Without a key identifier, which would tell the two CAs of a name apart.
my @NO_ID = (ext => [{ sn => 'authorityKeyIdentifier', data => 'DER:3000' }]);
for my $bad (
    [
        'signed by another CA of that name',
        qr/certificate signature failure/,
        leaf($ROOT, signer => $FORGER, @NO_ID)
    ],
    [
        '... which is below it',
        qr/certificate signature failure/,
        leaf($SUB, signer => $FORGER, @NO_ID),
        $SUB
    ],
    [
        'issued by a server', qr/invalid CA certificate/,
        leaf($SERVER),        $SERVER
    ],
    ['issued by no CA', qr/invalid CA certificate/, leaf($BROAD), $BROAD],
    [
        'issued by a CA that may not sign certificates',
        qr/invalid CA certificate/,
        leaf($NO_SIGN), $NO_SIGN
    ],
    [
        'one CA too many',
        qr/path length constraint exceeded/,
        leaf($BELOW), $BELOW, $LAST
    ],
    [
        'a proxy certificate by a server',
        qr/proxy certificates not allowed/i,
        $PROXY,
        $SERVER
    ],
    [
        'a CA for other names', qr/permitted subtree violation/,
        leaf($ELSE),            $ELSE
    ],
    [
        'a CA for all names but this', qr/excluded subtree violation/,
        leaf($NOT_HERE),               $NOT_HERE
    ],
  )
{
    my ($what, $why, @chain) = @$bad;
    for my $usage (0, 2) {
        for my $mode (SSL_VERIFY_PEER, SSL_VERIFY_NONE) {
            like(verdict($usage, \@chain, SSL_verify_mode => $mode),
                $why, "usage $usage, mode $mode: $what");
        }
    }
}

# What the program may decide by itself: the CA has issued these.
for my $good (
    ['a good chain',     leaf($SUB),                                  $SUB],
    ['that has expired', leaf($SUB, not_before => 1, not_after => 2), $SUB],
    ['for clients',      leaf($SUB, purpose => 'client'),             $SUB],
  )
{
    my ($what, @chain) = @$good;
    for my $usage (0, 2) {
        is(verdict($usage, \@chain), '', "usage $usage accepts $what");
    }
}

done_testing;
