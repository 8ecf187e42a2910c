# check: a server that verifying clients refuse is bad, even where no certificate
# tells why.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use File::Temp qw(tempdir);
use IO::Socket::SSL;
use IO::Socket::SSL::Check::Report;
use IO::Socket::SSL::Utils;
use ISS::Check;
use ISS::Test;
use Test::More;

my $dir = tempdir(CLEANUP => 1);

# A server whose first connection has the first of these identities, and so on;
# the last stays, and undef closes the connection at once.
sub check_changing {
    my (@identities) = @_;
    my ($peer, $address) = plain_server(
        sub {
            my ($tcp) = @_;
            my $name = @identities > 1 ? shift @identities : $identities[0];
            return if !defined $name;
            my $sock = IO::Socket::SSL->start_SSL(
                $tcp,
                SSL_server => 1,
                server_args(identity($name))
            ) or return;
            eval { read_all($sock) };
        }
    );

    return check_at($address, name => 'localhost', quick => 1);
}

sub monitored {
    my ($result) = @_;
    my $line;
    my @warnings = warnings_of(
        sub {
            $line = IO::Socket::SSL::Check::Report::monitor($result, 21);
        }
    );

    is("@warnings", '', '... --monitor does not warn');
    return $line;
}

{
    my $result = check_changing('self-signed', undef);
    ids_are($result, ['verify'],
        'untrusted, and the next connections are closed');
    says(
        $result,
        'verify',
qr/self.signed certificate \(depth 0.*X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT\)\.$/,
        qr/no CA vouches for it/
    );
    is($result->{exit},   2,     '... exit code 2');
    is($result->{status}, 'bad', '... in a word');
    is_deeply($result->{findings}[0]{addresses},
        ['127.0.0.1'], '... of this address');
    my $line = monitored($result);
    like($line, qr/^TLS CRITICAL: .*self.signed certificate/, '... why');
    unlike($line, qr/1970|expires/, '... and no date that nobody knows');
}
{
    my $result = check_changing('expired', 'server');
    ids_are($result, ['verify'], 'an expired certificate, then a good one');
    says(
        $result, 'verify',
        qr/certificate has expired/,
        qr/several servers may share this address/
    );
    is($result->{exit}, 2, '... exit code 2');
    like(monitored($result), qr/^TLS CRITICAL: .*has expired/, '... why');
}
{
    my $result = check_changing('self-signed', 'server');
    ids_are($result, ['verify'], 'an untrusted certificate, then a good one');
    says(
        $result, 'verify',
        qr/self.signed certificate/,
        qr/several servers may share this address/
    );
}
{
    my $result = check_changing('wrong-name', 'server');
    ids_are($result, ['verify'], 'another name, then the right one');
    says($result, 'verify', qr/\(name\)\.$/,
        qr/several servers may share this address/);
    is($result->{exit}, 2, '... exit code 2');
}

# The root that has expired is not sent, as it should be.
{
    my ($root, $root_key) = CERT_create(
        CA         => 1,
        subject    => { commonName => 'Expired root' },
        not_before => time - 864_000,
        not_after  => time - 3600
    );
    my ($cert, $key) = CERT_create(
        subject         => { commonName => 'localhost' },
        subjectAltNames => [[DNS => 'localhost']],
        issuer          => [$root, $root_key]
    );
    PEM_cert2file($root, "$dir/root.pem");
    PEM_cert2file($cert, "$dir/cert.pem");
    PEM_key2file($key, "$dir/cert.key");
    my $result = check_tls(
        {
            SSL_cert_file => "$dir/cert.pem",
            SSL_key_file  => "$dir/cert.key"
        },
        quick   => 1,
        name    => 'localhost',
        ca_file => "$dir/root.pem"
    );
    ids_are($result, ['verify'], 'an expired root');
    says($result, 'verify',
        qr/certificate has expired \(depth 1, subject .*Expired root/);
    unlike(
        $result->{findings}[0]{action},
        qr/several servers/,
        '... of the same server'
    );
    is($result->{exit}, 2, '... exit code 2');
    like(monitored($result), qr/^TLS CRITICAL: .*has expired/, '... why');
}
done_testing();
