# SSL_cert, SSL_key, SSL_ca and SSL_client_ca as PEM, as DER and by URI.
use strict;
use warnings;

use Errno qw(ENOENT);
use FindBin;
use lib "$FindBin::Bin/../lib";
use File::Temp qw(tempdir);
use IO::Socket::SSL;
use IO::Socket::SSL::Utils;
use ISS::OpenSSL;
use ISS::Program;
use ISS::Test;
use Test::More;

my $WRONG = 'must be a handle, PEM, DER or a URI \(a file is ';

sub slurp {
    my ($file) = @_;
    open(my $in, '<:raw', $file) or die "$file: $!";
    return do { local $/; <$in> };
}

sub uri { return 'file:' . cert_file($_[0]) }

# [claim, the certificate, the key] of a server
my @GOOD = (
    ['handles', PEM_file2cert(cert('server')), PEM_file2key(key('server'))],
    ['PEM',     slurp(cert('server')),         slurp(key('server'))],
    [
        'DER',
        slurp(cert_file('server.der')),
        slurp(cert_file('server-key.der'))
    ],
    ['URIs', uri('server.pem'), uri('server.key')],
    ['URIs of DER', uri('server.der'), uri('server-key.der')],
    ['a mixture', [slurp(cert('server'))], uri('server.key')],
    [
        'PEM with text around it',
        "a text\n" . slurp(cert('server')) . "\nmore",
        "a text\n" . slurp(key('server'))
    ],
    ['the key behind the certificate',
        slurp(cert('server')) . slurp(key('server')), undef],
    [
        'by name',
        { '' => slurp(cert('server')) },
        { '' => slurp(cert_file('server-key.der')) }
    ],
);

for my $case (@GOOD) {
    my ($name, $cert, $key) = @$case;
    each_version(
        sub {
            my ($version) = @_;
            my ($ours, $theirs) = handshake_errors(
                role    => 'server',
                version => $version,
                mine    => {
                    SSL_cert_file => undef,
                    SSL_key_file  => undef,
                    SSL_cert      => $cert,
                    SSL_key       => $key
                }
            );
            is("$ours$theirs", '', "a server: $name");
        }
    );
}

# s_client and curl as clients of such servers.
SKIP: {
    skip 'there is no openssl command', 1 if !find_openssl();
    for my $case (grep { $_->[0] =~ /^(?:PEM|DER|URIs)\z/ } @GOOD) {
        my ($name, $cert, $key) = @$case;
        my ($sock, $client) = accept_s_client(
            ['-CAfile' => cert('ca'), '-verify_return_error'],
            SSL_server => 1,
            SSL_cert   => $cert,
            SSL_key    => $key
        );
        like($client->wait_for(qr/^(Verification: OK)$/m),
            qr/OK/, "s_client accepts a server: $name");
    }
}
SKIP: {
    my $curl = ISS::Program->find('curl')
      or skip 'there is no curl', 1;
    for my $case (grep { $_->[0] =~ /^(?:PEM|DER|URIs)\z/ } @GOOD) {
        my ($name, $cert, $key) = @$case;
        my ($server, $address) = tls_server(
            sub {
                my ($sock) = @_;
                1 while <$sock> =~ /\S/;
                print {$sock} "HTTP/1.0 200 OK\r\n\r\nserved";
                close $sock;
            },
            SSL_cert_file => undef,
            SSL_key_file  => undef,
            SSL_cert      => $cert,
            SSL_key       => $key
        );
        my ($status, $said) = ISS::Program->run(
            [
                $curl, '-q', '-sS',
                '--cacert'  => cert('ca'),
                '--noproxy' => '*',
                "https://$address/"
            ]
        );
        is($said, 'served', "curl accepts a server: $name") or diag $status;
    }
}

for my $case (
    ['PEM', slurp(cert('client')), slurp(key('client'))],
    ['URIs', uri('client.pem'), uri('client.key')]
  )
{
    my ($name, $cert, $key) = @$case;
    my ($ours, $theirs) = handshake_errors(
        mine   => { SSL_cert => $cert, SSL_key => $key },
        theirs => {
            SSL_verify_mode =>
              SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
            SSL_ca_file => cert('ca')
        }
    );
    is("$ours$theirs", '', "a client: $name");
}

for my $case (
    ['PEM',   slurp(cert('ca'))],
    ['two in PEM', slurp(cert('other-ca')) . slurp(cert('ca'))],
    ['an array', [slurp(cert('other-ca')), slurp(cert('ca'))]],
    ['a URI', uri('ca.pem')],
  )
{
    my ($name, $ca) = @$case;
    my ($ours) =
      handshake_errors(mine => { SSL_ca_file => undef, SSL_ca => $ca });
    is($ours, '', "SSL_ca: $name");
}
my ($ours) = handshake_errors(
    mine => { SSL_ca_file => undef, SSL_ca => slurp(cert('other-ca')) });
like($ours, qr/certificate verify failed/, 'SSL_ca: another one');

ok(
    IO::Socket::SSL::SSL_Context->new(
        server_args(SSL_client_ca => slurp(cert('ca')))),
    'SSL_client_ca: PEM'
) or diag $SSL_ERROR;

# --- passwords ---------------------------------------------------------------

sub context {
    my (%args) = @_;
    return scalar IO::Socket::SSL::SSL_Context->new(
        SSL_server => 1,
        SSL_cert   => slurp(cert('server')),
        %args
    );
}

for my $case (
    ['PEM', slurp(key('encrypted'))],
    ['DER', slurp(cert_file('encrypted-key.der'))],
    ['URI', uri('encrypted.key')]
  )
{
    my ($form, $key) = @$case;
    my $asked = 0;
    ok(context(SSL_key => $key,
            SSL_passwd_cb => sub { $asked++; 'secret' }),
        "$form, encrypted") or diag $SSL_ERROR;
    is($asked, 1, '... the password is asked for once');
    ok(!context(SSL_key => $key, SSL_passwd_cb => sub { 'no such' }),
        '... another password');
    like($SSL_ERROR, qr/^SSL_key: .*password/, '... is an error');
    unlike($SSL_ERROR, qr/no such|\Q$key\E/, '... that shows nothing of it');
}

# --- mistakes ----------------------------------------------------------------

for my $case (
    [SSL_cert      => cert('server')],
    [SSL_key       => key('server')],
    [SSL_ca        => cert('ca')],
    [SSL_client_ca => cert('ca')],
    [SSL_key       => 'hunter2'],
    [SSL_key       => substr(slurp(cert_file('server-key.der')), 0, 100)],
    [SSL_key       => slurp(cert_file('server-key.der')) . 'x'],
    [SSL_key       => "\x{263a}" . slurp(key('server'))],
    [SSL_key       => [slurp(key('server'))]],
  )
{
    my ($option, $value) = @$case;
    my $said = died(sub { context(SSL_verify_mode => 1, $option => $value) });
    like($said, qr/^$option $WRONG${option}_file\) at \Q$0/,
        "$option: neither of them");
    unlike($said, qr/\Q$value\E/, '... and it is not shown');
}

my $NO_SUCH_FILE = quotemeta do { local $! = ENOENT; "$!" };
my $body = join '', (slurp(key('server')) =~ /^([\w+\/]{30})/mg)[0];
for my $case (
    ['damaged PEM', slurp(key('server')) =~ s/^MI/!!/mr,
        qr/^SSL_key: /],
    ['no key in it', slurp(cert('server')),
        qr/^SSL_key: no private key found/],
    ['the key of another', slurp(key('client')),
        qr/private key in SSL_key does not match the certificate in SSL_cert/],
    ['a URI of nothing', 'file:/nowhere/server.key',
        qr/^SSL_key: the URI cannot be opened: $NO_SUCH_FILE\z/],
    ['a URI with a relative path', 'file:server.key',
        qr/^SSL_key: the URI cannot be opened: (?!unregistered)/],
    ['a URI of a certificate', uri('server.pem'),
        qr/^SSL_key: the URI names no private key/],
    ['a scheme that is not known', 'nowhere:key?pin-value=1234',
        qr/^SSL_key: the scheme of the URI is unknown \(does it need a provider/],
  )
{
    my ($name, $key, $error) = @$case;
    ok(!context(SSL_key => $key), $name);
    like($SSL_ERROR, $error, '... the error');
    unlike($SSL_ERROR, qr/\Q$body\E|1234|\Q$key\E/, '... shows no secret');
}

my $dir = tempdir(CLEANUP => 1);
open(my $out, '>', "$dir/two.pem") or die $!;
print $out slurp(key('server')), slurp(key('client'));
close $out or die $!;
ok(!context(SSL_key => "file:$dir/two.pem"), 'a URI of two keys');
like(
    $SSL_ERROR,
    qr/^SSL_key: the URI names 2 private keys; it must name one/,
    '... says how many'
);
CERT_free($GOOD[0][1]);
KEY_free($GOOD[0][2]);

done_testing;
