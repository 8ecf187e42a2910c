# A CA that may vouch only for some names (nameConstraints) cannot vouch for
# others through the common name, which the constraints do not bind, nor through
# a name that hides them.
use strict;
use warnings;

use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Sessions;
use ISS::Test;
use IO::Socket::SSL;
use IO::Socket::SSL::Utils;
use Test::More;

my $dir = tempdir(CLEANUP => 1);

# A CA for good.test alone, and one for all names.
my @made;

sub ca {
    my ($name, @ext) = @_;
    my ($cert, $key) = CERT_create(
        CA      => 1,
        subject => { CN => $name },
        key     => KEY_create_ec(),
        ext     => \@ext
    );
    push @made, [$cert, $key];
    PEM_cert2file($cert, "$dir/$name.pem");
    return { file => "$dir/$name.pem", issuer => [$cert, $key] };
}

my $bound = ca(
    'bound',
    {
        sn   => 'nameConstraints',
        data => 'critical,permitted;DNS:good.test'
    }
);
my $free      = ca('free');
my $excluding = ca(
    'excluding',
    {
        sn   => 'nameConstraints',
        data => 'critical,excluded;DNS:bad.test,'
          . 'excluded;DNS:secret.good.test'
    }
);

# The error of a client that verifies a server with this certificate.
sub error_of {
    my ($ca, $cn, $alt, $name, $scheme) = @_;

    my ($cert, $key) = made($ca, $cn, $alt);
    my ($ours) = handshake_errors(
        mine => {
            SSL_ca_file         => $ca->{file},
            SSL_verifycn_name   => $name,
            SSL_verifycn_scheme => $scheme
        },
        theirs => { SSL_cert => $cert, SSL_key => $key }
    );
    CERT_free($cert);
    return $ours;
}

my $KEY = KEY_create_ec();

sub made {
    my ($ca, $cn, $alt) = @_;

    return CERT_create(
        subject         => { CN => $cn },
        subjectAltNames => [map { [DNS => $_] } @$alt],
        issuer          => $ca->{issuer},
        key             => $KEY,
        purpose         => 'server'
    );
}

is(error_of($bound, 'good.test', ['good.test'], 'good.test', 'default'),
    '', 'a name that the CA may vouch for');

# common name, alternative names, wanted, scheme
my @CASES = (
    ['evil.test',   ['good.test'], 'evil.test',   'default'],
    ['evil.test',   ['good.test'], 'evil.test',   'smtp'],
    ['evil.test',   ['good.test'], 'evil.test',   'ldap'],
    ['evil.test',   ['good.test'], 'evil.test',   'sip'],
    ['*.evil.test', [],            'a.evil.test', 'default'],
    ['*.evil.test', [],            'a.evil.test', 'http'],
    ['localhost',   [],            'localhost',   'http'],
);
for my $case (@CASES) {
    my ($cn, $alt, $name, $scheme) = @$case;
    like(
        error_of($bound, @$case),
        qr{hostname\ verification\ failed:\ wanted\ "\Q$name\E".*
            \QCN:$cn, which does not count: a CA of its chain has name\E}x,
        "$scheme: $cn does not count"
    );
    is(error_of($free, @$case), '', '... without constraints it does');
}

# OpenSSL compares the constraints with the names as they stand in the
# certificate, where a wildcard or a final dot hides what they exclude.
for my $case (['x.bad.test.', 'x.bad.test'],
    ['*.good.test', 'secret.good.test'])
{
    my ($alt, $name) = @$case;
    for my $scheme (qw(default http smtp)) {
        my @case = ('x', [$alt], $name, $scheme);
        is(error_of($free, @case), '', "$scheme: $alt is for $name");
        like(
            error_of($excluding, @case),
            qr{hostname\ verification\ failed:\ wanted\ "\Q$name\E".*
                \Q, which a CA of its chain may not vouch for\E}x,
            '... but not from a CA that may not vouch for it'
        );
    }
}
is(error_of($excluding, 'x', ['*.good.test'], 'www.good.test', 'http'),
    '', 'the same wildcard for another name');

# Asked again and again, and of a resumed session.
subtest 'verify_hostname with a hidden name' => sub {
    my ($cert, $key) = made($excluding, 'x', ['*.good.test']);
    my $server = resuming_server(SSL_cert => $cert, SSL_key => $key);
    my @args   = (
        keeps_session(),
        SSL_ca_file       => $excluding->{file},
        SSL_verifycn_name => 'www.good.test'
    );
    for my $resumed (0, 1) {
        my $sock = connected($server, @args) or BAIL_OUT($SSL_ERROR);
        is(get_line($sock), $resumed, "resumed: $resumed");
        for (1, 2) {
            ok($sock->verify_hostname('a.good.test',       'http'), 'a name');
            ok(!$sock->verify_hostname('secret.good.test', 'http'),
                '... and a hidden one');
        }
        close $sock;
    }
    CERT_free($cert);
};

subtest 'verify_hostname' => sub {
    my ($cert, $key) = made($bound, 'evil.test', ['good.test']);
    each_version(
        sub {
            my ($client, $peer) = tls_pair(
                version => $_[0],
                mine    => {
                    SSL_ca_file       => $bound->{file},
                    SSL_verifycn_name => 'good.test'
                },
                theirs => { SSL_cert => $cert, SSL_key => $key }
            );
            ok($client->verify_hostname('good.test', 'default'),
                'the alternative name');
            ok(!$client->verify_hostname('evil.test', 'default'),
                '... but not the common name');
            like($SSL_ERROR, qr/does not count/, '... and says why');
            ok(
                IO::Socket::SSL::verify_hostname_of_cert(
                    'evil.test', $cert, 'default'
                ),
                'no chain is known of a certificate alone'
            );
        }
    );
    CERT_free($cert);
};

KEY_free($KEY);
for my $ca (@made) {
    CERT_free($ca->[0]);
    KEY_free($ca->[1]);
}

done_testing;
