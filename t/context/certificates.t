# Certificates and keys in every format, pass phrases, and the errors for
# unusable files.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use File::Temp qw(tempdir);
use IO::Socket::SSL;
use IO::Socket::SSL::Utils;
use Test::More;

# Handles that are ours to free, at the end.
my @kept;

sub kept {
    my ($kind, $file) = @_;

    push @kept,
      [$kind, $kind eq 'key' ? PEM_file2key($file) : PEM_file2cert($file)];
    return $kept[-1][1];
}

my $password = sub { 'secret' };

# claim, files of the server, the number of certificates that its client sees
# (undef: any)
my @GOOD = (
    ['PEM',         { cert => 'server.pem', key => 'server.key' },         1],
    ['DER, PKCS#8', { cert => 'server.der', key => 'server-key.der' },     1],
    ['DER, RSA',    { cert => 'server.der', key => 'server-key-rsa.der' }, 1],
    ['PEM, RSA',    { cert => 'server.pem', key => 'server-rsa.key' },     1],
    [
        'PEM, ECDSA',
        { cert => 'server-ecdsa.pem', key => 'server-ecdsa.key' }, 1
    ],
    [
        'EC parameters before the key',
        { cert => 'server-ecdsa.pem', key => 'server-ecdsa-ec.key' }, 1
    ],
    [
        'DER, ECDSA',
        { cert => 'server-ecdsa.pem', key => 'server-ecdsa-key-ec.der' }, 1
    ],
    ['both in one file', { cert => 'server-both.pem' }, 1],
    [
        'both in one file, named twice',
        { cert => 'server-both.pem', key => 'server-both.pem' }, 1
    ],
    ['the key first, then a chain', { cert => 'server-sub-both.pem' }, 2],
    [
        'a chain',
        { cert => 'server-sub-chain.pem', key => 'server-sub.key' }, 2
    ],
    ['a byte order mark', { cert => 'bom.pem', key => 'server-sub.key' }, 2],
    ['PKCS#12',           { cert => 'server-sub.p12' }, undef],
    [
        'PKCS#12 with a password',
        { cert => 'server-sub-secret.p12', password => $password }, undef
    ],
    [
        'PKCS#12, whose key goes before SSL_key_file',
        { cert => 'server-sub.p12', key => 'server2.key' },
        undef
    ],
    [
        '... whatever is in that',
        { cert => 'server-sub.p12', key => 'garbage.txt' }, undef
    ],
    [
        'an encrypted key',
        {
            cert     => 'server.pem',
            key      => 'encrypted.key',
            password => $password
        },
        1
    ],
    [
        'an encrypted key, the old way',
        {
            cert     => 'server.pem',
            key      => 'encrypted-rsa.key',
            password => $password
        },
        1
    ],
    [
        'an encrypted key in DER',
        {
            cert     => 'server.pem',
            key      => 'encrypted-key.der',
            password => $password
        },
        1
    ],
    [
        'an encrypted key behind its certificate',
        { cert => 'encrypted-both.pem', password => $password },
        1
    ],
);

sub args_for {
    my ($files) = @_;

    my %args;
    $args{SSL_cert_file} = cert_file($files->{cert}) if $files->{cert};
    $args{SSL_key_file}  = $files->{key} ? cert_file($files->{key}) : undef;
    $args{SSL_passwd_cb} = $files->{password} if $files->{password};
    return %args;
}

for my $case (@GOOD) {
    my ($claim, $files, $count) = @$case;
    my ($sock) = tls_pair(theirs => { args_for($files) });
    is($sock->peer_certificate('cn'), 'localhost', $claim);
    is(scalar(() = $sock->peer_certificates),
        $count, "... and sends $count certificates")
      if $count;
}

# --- failures ---------------------------------------------------------------

my %BAD = (
    'a key that does not belong to it' =>
      [{ cert => 'server.pem', key => 'server2.key' }, qr/match/],
    'a key of another kind' =>
      [{ cert => 'server.pem', key => 'server-ecdsa.key' }, qr/match|type/],
    'no key'  => [{ cert => 'server.pem' }, qr/key/],
    'garbage' =>
      [{ cert => 'garbage.txt', key => 'server.key' }, qr/SSL_cert_file/],
    'binary garbage' =>
      [{ cert => 'garbage.der', key => 'server.key' }, qr/SSL_cert_file/],
    'an empty file' =>
      [{ cert => 'empty.pem', key => 'server.key' }, qr/SSL_cert_file/],
    'a file that was cut off' =>
      [{ cert => 'cut-off.pem', key => 'server.key' }, qr/SSL_cert_file/],
    'a block of garbage' => [
        { cert => 'garbage-block.pem', key => 'server.key' },
        qr/SSL_cert_file/
    ],
    'a key that is garbage' =>
      [{ cert => 'server.pem', key => 'garbage.txt' }, qr/SSL_key_file/],
    'no such file' => [
        { cert => 'no-such-file.pem', key => 'server.key' },
        qr/SSL_cert_file.*No such file/
    ],
    'no such key file' => [
        { cert => 'server.pem', key => 'no-such-file.key' },
        qr/SSL_key_file.*No such file/
    ],
    'no such key file beside PKCS#12' => [
        { cert => 'server-sub.p12', key => 'no-such-file.key' },
        qr/SSL_key_file.*No such file/
    ],
    'a key that does not belong to it, and one in the file that does' =>
      [{ cert => 'server-both.pem', key => 'server2.key' }, qr/match/],
    'a wrong password' => [
        {
            cert     => 'server.pem',
            key      => 'encrypted.key',
            password => sub { 'wrong' }
        },
        qr/pass|decrypt/i
    ],
    'a wrong password of PKCS#12' => [
        { cert => 'server-sub-secret.p12', password => sub { 'wrong' } },
        qr/pass|mac|decrypt/i
    ],
    'PKCS#12 without a key' => [
        { cert => 'certs-only-secret.p12', password => $password },
        qr/key/
    ],
);

# The error, thrown or returned.
sub context_error {
    my (%args) = @_;

    local $@;
    my $context =
      eval { IO::Socket::SSL::SSL_Context->new(SSL_server => 1, %args) };
    return $context ? '' : ($@ || "$SSL_ERROR");
}

for my $claim (sort keys %BAD) {
    my ($files, $reason) = @{ $BAD{$claim} };
    my $error = context_error(args_for($files));
    like($error, $reason, "$claim: refused with the reason");
    my ($named) =
      grep { defined && $error =~ /\Q$_\E/ } @$files{qw(cert key)};
    ok($named, '... and the name of the file') or diag $error;
}

subtest 'an unreadable file' => sub {
    plan skip_all => 'root reads everything' if !$>;
    my $dir = tempdir(CLEANUP => 1);
    open(my $file, '>', "$dir/secret.key") or die $!;
    close $file;
    chmod 0, "$dir/secret.key";
    like(
        context_error(
            SSL_cert_file => cert('server'),
            SSL_key_file  => "$dir/secret.key"
        ),
        qr/SSL_key_file.*secret\.key.*Permission denied/,
        'is refused with the reason'
    );
};

# --- pass phrases -----------------------------------------------------------

subtest 'SSL_passwd_cb' => sub {
    my @called;
    my %encrypted = (
        SSL_cert_file => cert('server'),
        SSL_key_file  => cert_file('encrypted.key')
    );
    is(
        context_error(
            %encrypted, SSL_passwd_cb => sub { push @called, @_; 'secret' }
        ),
        '',
        'its result is the password'
    );
    is(
        died(
            sub {
                IO::Socket::SSL::SSL_Context->new(
                    SSL_server => 1,
                    %encrypted,
                    SSL_passwd_cb => sub { die "no password today\n" }
                );
            }
        ),
        "no password today\n",
        'a die arrives as it was thrown'
    );
    isnt(context_error(%encrypted, SSL_passwd_cb => sub { undef }),
        '', 'undef fails');
    isnt(context_error(%encrypted, SSL_passwd_cb => sub { 'x' x 5000 }),
        '', '... and so does a password that is too long');
    is(
        context_error(
            %encrypted,
            SSL_key_file  => key('server'),
            SSL_passwd_cb => sub { die 'not needed' }
        ),
        '',
        'it is not asked for a key in the clear'
    );
};

# --- handles and clients ----------------------------------------------------

# What the client is told, and what the server sees of it.
sub shown {
    my ($version, $mode, %mine) = @_;

    my ($sock, $peer) = tls_pair(
        version => $version,
        mine    => \%mine,
        theirs  => { SSL_ca_file => cert('ca'), SSL_verify_mode => $mode },
        peer    => sub {
            my ($sock, $me) = @_;
            $me->tell($sock->peer_certificate('cn'));
        },
    );
    return ($peer->hear)[0];
}

subtest 'half of an identity' => sub {
    my %half = (
        'SSL_key_file alone'         => [SSL_key_file => key('client')],
        'a missing SSL_key_file'     => [SSL_key_file => key('no-such')],
        'SSL_key_file without a key' => [SSL_key_file => cert('garbage')],
        'SSL_key alone'  => [SSL_key  => kept(key => key('client'))],
        'SSL_cert alone' => [SSL_cert => kept(cert => cert('client'))],
        'SSL_cert as a list alone' =>
          [SSL_cert => [kept(cert => cert('client'))]],
    );
    for my $what (sort keys %half) {
        for my $version (versions()) {
            is(shown($version, SSL_VERIFY_PEER, @{ $half{$what} }),
                undef, "$what: a client shows no certificate, $version");
        }
        is(context_error(@{ $half{$what} }),
            '', '... a server can be made with it');
    }
    for my $version (versions()) {
        my (undef, $error) = handshake_errors(
            version => $version,
            mine    => { SSL_cert => kept(cert => cert('client')) },
            theirs  => {
                SSL_ca_file     => cert('ca'),
                SSL_verify_mode => SSL_VERIFY_PEER |
                  SSL_VERIFY_FAIL_IF_NO_PEER_CERT
            }
        );
        like(
            $error,
            qr/peer did not return a certificate/,
            "... a server that requires one refuses the client, $version"
        );
    }
    is(
        context_error(
            SSL_cert     => undef,
            SSL_key_file => key('server')
        ),
        '',
        'a server may have SSL_cert => undef and a key'
    );
    my ($ours, $theirs) =
      handshake_errors(
        theirs => { SSL_cert_file => undef, SSL_key_file => key('server') });
    like($theirs, qr/no shared cipher|no suitable/, '... nobody is served');
    isnt($ours, '', '... and the client gets an error');
    like(
        context_error(
            SSL_cert     => kept(cert => cert('server')),
            SSL_key_file => key('no-such')
        ),
        qr/^SSL_key_file: .*No such file/,
        'the key of a certificate must exist'
    );
};

subtest 'SSL_cert as a handle' => sub {
    my ($first)  = tls_pair();
    my $handle   = $first->peer_certificate;
    my ($second) = tls_pair(
        role => 'server',
        mine => {
            SSL_cert_file => undef,
            SSL_cert      => $handle,
            SSL_key_file  => key('server')
        }
    );
    isa_ok($second, 'IO::Socket::SSL', 'a server made with it');
    is($first->peer_certificate('cn'),
        'localhost', 'the caller still owns the handle');
};

subtest 'SSL_key beside a PKCS#12' => sub {
    my $key    = PEM_file2key(key('server2'));
    my %both   = (SSL_key_file => undef, SSL_key => $key);
    my ($sock) = tls_pair(
        theirs => { SSL_cert_file => cert_file('server-sub.p12'), %both });
    is($sock->peer_certificate('cn'), 'localhost', 'is not used');
    like(context_error(SSL_cert_file => cert('server'), %both),
        qr/match/, '... but beside a PEM');
    KEY_free($key);
};

each_version(
    sub {
        my ($version) = @_;

        my @asks = (
            role    => 'server',
            version => $version,
            mine    => {
                SSL_verify_mode => SSL_VERIFY_PEER,
                SSL_ca_file     => cert('ca')
            }
        );
        my ($sock) = tls_pair(@asks, theirs => { identity('client') });
        is($sock->peer_certificate('cn'),
            'Test Client',
            'a client shows its certificate without SSL_use_cert');
        ($sock) = tls_pair(@asks);
        is($sock->peer_certificate, undef, 'a client without one shows none');
    }
);

for my $handle (@kept) {
    $handle->[0] eq 'key' ? KEY_free($handle->[1]) : CERT_free($handle->[1]);
}

done_testing;
