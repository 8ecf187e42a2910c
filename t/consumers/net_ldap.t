# Net::LDAP and a slapd: LDAPS and STARTTLS.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use File::Temp qw(tempdir);
use Test::More;

use Digest::SHA   qw(sha256_hex);
use ISS::Consumer qw(Net::LDAP);
use ISS::Program;
use ISS::Test;

my $slapd = ISS::Program->find('slapd');
plan skip_all => 'there is no slapd' if !$slapd;
my ($root, %needs) = ISS::Program->unpacked($slapd);

my $SUFFIX   = 'dc=example,dc=test';
my @MANAGER  = ("cn=manager,$SUFFIX", password => 'secret');
my @VERIFIED = (verify => 'require', cafile => cert('ca'));
my $LARGE    = join '', map { pack 'N', $_ * 2654435761 % 2**32 } 1 .. 2**18;

# --- the server -------------------------------------------------------------

# A server with this certificate: (server, port for plain and STARTTLS, port
# for LDAPS).
sub serve {
    my ($identity) = @_;

    my $dir = tempdir(CLEANUP => 1);
    mkdir "$dir/data" or die $!;
    my ($cert, $key, $ca) = (cert($identity), key($identity), cert('ca'));
    open(my $conf, '>', "$dir/conf") or die $!;
    print $conf <<"CONF";
include $root/etc/ldap/schema/core.schema
include $root/etc/ldap/schema/cosine.schema
include $root/etc/ldap/schema/inetorgperson.schema
modulepath $root/usr/lib/ldap
moduleload back_mdb
pidfile $dir/pid
argsfile $dir/args
sockbuf_max_incoming_auth 16777216
TLSCACertificateFile $ca
TLSCertificateFile $cert
TLSCertificateKeyFile $key
security update_tls=128
database mdb
suffix "$SUFFIX"
directory $dir/data
rootdn "cn=manager,$SUFFIX"
rootpw secret
CONF
    close $conf or die $!;

    # It does not print its ports; use two that were free a moment ago.
    my ($plain, $tls) = do {
        my @probe = map { listener() } 1, 2;
        map { $_->sockport } @probe;
    };
    my $server = ISS::Program->start(
        [
            $slapd, '-f', "$dir/conf", '-d', 'stats', '-h',
            "ldap://127.0.0.1:$plain ldaps://127.0.0.1:$tls"
        ],
        env => \%needs
    );
    $server->wait_for(qr/slapd starting/);
    $server->wait_for_port($_) for $plain, $tls;
    return ($server, $plain, $tls);
}

my ($server, $plain, $tls) = serve('server');

# --- connections of both kinds ----------------------------------------------

# (connection, '') on success, otherwise (undef, reason).
sub ldaps {
    my (@ssl) = @_;
    my $ldap = Net::LDAP->new("ldaps://127.0.0.1:$tls", timeout => 20, @ssl)
      or return (undef, $@);
    return ($ldap, '');
}

sub starttls {
    my (@ssl) = @_;
    my $ldap = Net::LDAP->new("ldap://127.0.0.1:$plain", timeout => 20)
      or die $@;
    my $result = $ldap->start_tls(@ssl);
    return $result->code ? (undef, $result->error) : ($ldap, '');
}

sub works {
    my ($ldap, $what) = @_;

    my $result = $ldap->bind(@MANAGER);
    is($result->code, 0, "$what: bind") or diag $result->error;
    my $entry = "cn=$what,$SUFFIX";
    $result = $ldap->add(
        $entry,
        attrs => [
            objectClass => 'inetOrgPerson',
            cn          => $what,
            sn          => 'Test',
            jpegPhoto   => $LARGE,
        ]
    );
    is($result->code, 0, "$what: an entry of a MB is added")
      or diag $result->error;
    $result =
      $ldap->search(base => $SUFFIX, filter => "(cn=$what)", scope => 'sub');
    is($result->count, 1, "$what: it is found");
    my $found = $result->entry(0);
    is(sha256_hex($found ? $found->get_value('jpegPhoto') : ''),
        sha256_hex($LARGE), "$what: complete");
    is($ldap->delete($entry)->code, 0, "$what: and deleted");
    return;
}

my ($ldap, $error) = ldaps(@VERIFIED);
ok($ldap, "a first connection") or BAIL_OUT($error . $server->output);
$ldap->bind(@MANAGER);
$ldap->add(
    $SUFFIX,
    attrs => [
        objectClass => [qw(dcObject organization)],
        o           => 'Example',
        dc          => 'example'
    ]
);
$ldap->unbind;

my %KIND = (LDAPS => \&ldaps, STARTTLS => \&starttls);
for my $kind (sort keys %KIND) {
    for my $version (versions()) {
        my $name = lc $version =~ s/_/./r;    # Net::LDAP's
        my ($ldap, $why) = $KIND{$kind}->(@VERIFIED, sslversion => $name);
        ok($ldap, "$kind, $version: verified") or diag $why;
        isa_ok($ldap->socket, 'IO::Socket::SSL');
        is($ldap->socket->get_sslversion, $version, '... with that version');
        works($ldap, "$kind-$version");
        ok($ldap->unbind, "$kind, $version: unbind");
    }
    my ($refused, $why) =
      $KIND{$kind}->(verify => 'require', cafile => cert('other-ca'));
    ok(!$refused, "$kind: an unknown CA is refused");
    like($why, qr/certificate verify failed/, '... with the reason');
}

my ($wrong, @wrong_port) = serve('wrong-name');
($plain, $tls) = @wrong_port;
for my $kind (sort keys %KIND) {
    my ($refused, $why) = $KIND{$kind}->(@VERIFIED);
    ok(!$refused, "$kind: the wrong name is refused");
    like(
        $why,
        qr/hostname verification failed: wanted "127\.0\.0\.1"/,
        '... with the reason'
    );
}
$wrong->stop;

$server->stop;
consumer_done();
