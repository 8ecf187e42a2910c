# Keying material and channel bindings: the same on both sides of a connection,
# others on each connection, also on the two of a proxy.
use strict;
use warnings;

use Digest::SHA qw(sha256 sha384 sha512);
use File::Temp  qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::SSL;
use IO::Socket::SSL::Utils;
use ISS::OpenSSL;
use ISS::Program;
use ISS::Test;
use Test::More;

my $LABEL = 'EXPORTER-our-test';

# What a side has, as one list.
sub facts {
    my ($sock) = @_;

    return (
        map({ unpack 'H*', $_ } $sock->export_keying_material($LABEL, 32),
            $sock->export_keying_material($LABEL, 32, 'context'),
            $sock->export_keying_material($LABEL, 100)),
        map({
                my ($bytes) = $sock->channel_binding($_);
                "$_=" . unpack 'H*', $bytes
        } $sock->channel_bindings)
    );
}

sub facts_of_both {
    my (%options) = @_;
    my ($sock, $peer) = tls_pair(%options,
        peer => sub { my ($sock, $me) = @_; $me->tell(facts($sock)) },);
    return ($sock, [facts($sock)], [$peer->hear]);
}

my @TYPES = (
    TLSv1_2 => [qw(tls-exporter tls-unique tls-server-end-point)],
    TLSv1_3 => [qw(tls-exporter tls-server-end-point)],
);
while (my ($version, $types) = splice @TYPES, 0, 2) {
    for my $role (qw(client server)) {
        my ($sock, $ours, $theirs) =
          facts_of_both(version => $version, role => $role);
        is_deeply($ours, $theirs, "$version, $role: the peer has the same");
        is(scalar @$ours,     3 + @$types, '... and all of it');
        is(length $ours->[2], 200, '... in the length that was asked for');
        is(
            substr($ours->[2], 0, 64) eq $ours->[0],
            $version eq 'TLSv1_2',
            '... whose beginning TLS 1.3 changes, too'
        );
        isnt($ours->[0], $ours->[1], '... and the context counts');
        is_deeply([$sock->channel_bindings], $types, '... the best first');
        my (undef, $other) = facts_of_both(version => $version);
        isnt($ours->[0], $other->[0], '... another connection, others');
        is_deeply(
            [grep { /end-point/ } @$ours],
            [grep { /end-point/ } @$other],
            '... but the end point is the certificate'
        );
    }
}

# A proxy that speaks TLS with both sides.
{
    my ($server, $address) = tls_server(
        sub { my ($sock) = @_; print {$sock} join(' ', facts($sock)), "\n" });
    my ($proxy, $in_between) = tls_server(
        sub {
            my ($sock) = @_;
            my $to =
              IO::Socket::SSL->new(PeerAddr => $address, client_args());
            print {$sock} scalar readline $to;
        }
    );
    my $sock = IO::Socket::SSL->new(PeerAddr => $in_between, client_args())
      or BAIL_OUT("no proxy: $SSL_ERROR");
    my @theirs = split ' ', readline $sock;
    my @ours   = facts($sock);
    isnt($ours[0], $theirs[0], 'through a proxy the exported bytes differ');
    isnt($ours[3], $theirs[3], '... and tls-exporter');
}

# A resumed session of TLS 1.2: the server's Finished comes first.
{
    my ($server, $address) = tls_server(
        sub {
            my ($sock)   = @_;
            my ($unique) = $sock->channel_binding('tls-unique');
            print {$sock} unpack('H*', $unique), "\n";
        },
        SSL_version => 'TLSv1_2'
    );
    my @args = (client_args(), PeerAddr => $address);
    my ($cache, @reused) = IO::Socket::SSL::Session_Cache->new(4);
    for (1 .. 2) {
        my $sock = IO::Socket::SSL->new(@args, SSL_session_cache => $cache)
          or BAIL_OUT("no connection: $SSL_ERROR");
        chomp(my $theirs = readline $sock);
        push @reused, $sock->get_session_reused;
        my ($unique) = $sock->channel_binding('tls-unique');
        is(unpack('H*', $unique), $theirs, 'tls-unique, both sides');
    }
    is_deeply(\@reused, [0, 1], '... of a new and of a resumed session');
}

# The hash of the end point is that of the signature.
{
    my %hash = (
        md5    => \&sha256,
        sha1   => \&sha256,
        sha256 => \&sha256,
        sha384 => \&sha384,
        sha512 => \&sha512,
    );
    for my $name (sort keys %hash) {
        my ($cert, $key) = eval {
            CERT_create(
                subject => { commonName => 'h.test' },
                digest  => $name,
                purpose => 'server'
            );
        } or do { note "no $name here: $@"; next };
        my ($der) = PEM_cert2string($cert) =~ /-----\n(.*?)-----END/s;
        $der = unpack 'u', join '', map {
            tr#A-Za-z0-9+/##cd;
            tr#A-Za-z0-9+/# -_#;
            chr(32 + length($_) * 3 / 4) . $_ . "\n"
        } split /\n/, $der;
        my ($sock, $peer) = tls_pair(
            role => 'server',
            mine => {
                SSL_cert_file   => undef,
                SSL_key_file    => undef,
                SSL_cert        => $cert,
                SSL_key         => $key,
                SSL_cipher_list => 'DEFAULT@SECLEVEL=0',
            },
            theirs => {
                SSL_verify_mode => 0,
                SSL_cipher_list => 'DEFAULT@SECLEVEL=0',
            },
            peer => sub { },
        );
        my ($bytes) = $sock->channel_binding('tls-server-end-point');
        is(
            unpack('H*', $bytes),
            unpack('H*', $hash{$name}->($der)),
            "$name: the certificate's hash"
        );
        CERT_free($cert);
        KEY_free($key);
    }
}

# A signature without a hash of its own.
SKIP: {
    my ($cert, $key) = ed25519() or skip 'there is no openssl command', 2;
    my ($sock, $peer) = tls_pair(
        role   => 'server',
        mine   => { SSL_cert_file   => $cert, SSL_key_file => $key },
        theirs => { SSL_verify_mode => 0 },
        peer   => sub { },
    );
    is_deeply([$sock->channel_binding('tls-server-end-point')],
        [], 'Ed25519: there is no end point');
    like($SSL_ERROR, qr/no single hash \(RFC 5929, 4\.1\)/, '... and why');
}

# No certificate at all.
each_version(
    sub {
        my ($version) = @_;
        plan skip_all => 'this OpenSSL has no PSK'
          if !IO::Socket::SSL->can_psk->{server};
        my %psk = (SSL_psk => { somebody => 'k' x 32 });
        my ($sock, $peer) = tls_pair(
            role    => 'server',
            version => $version,
            mine   => { %psk, SSL_cert_file => undef, SSL_key_file => undef },
            theirs => { SSL_psk             => ['somebody', 'k' x 32] },
            peer   => sub { }
        );
        is_deeply([$sock->channel_binding('tls-server-end-point')],
            [], 'a pre-shared key: there is no end point');
        like($SSL_ERROR, qr/certificate/, '... and why');
        ok(!(grep { /end-point/ } $sock->channel_bindings),
            '... nor is it among those that work');
    }
);

# Who has none, and who asks wrongly.
{
    my ($sock, $peer) = tls_pair(version => 'TLSv1_3', peer => sub { });
    is_deeply([$sock->channel_binding('tls-unique')],
        [], 'no tls-unique in TLS 1.3');
    is(
        $SSL_ERROR,
        'tls-unique is not defined for TLS 1.3 (RFC 9266), use tls-exporter',
        '... and why'
    );
    my @WRONG = (
        [
            'an unknown type',
            qr/unknown channel binding "tls-foo"/,
            sub { $sock->channel_binding('tls-foo') }
        ],
        [
            'no type',
            qr/unknown channel binding ""/,
            sub { $sock->channel_binding(undef) }
        ],
        [
            'an empty label',
            qr/the label must not be empty/,
            sub { $sock->export_keying_material('', 32) }
        ],
        [
            'no length',
            qr/the length must be 1 to 65535 bytes/,
            sub { $sock->export_keying_material($LABEL, undef) }
        ],
        [
            'length 0',
            qr/the length must be 1 to 65535 bytes/,
            sub { $sock->export_keying_material($LABEL, 0) }
        ],
        [
            'too long',
            qr/the length must be 1 to 65535 bytes/,
            sub { $sock->export_keying_material($LABEL, 65_536) }
        ],
        [
            'not a number',
            qr/the length must be 1 to 65535 bytes/,
            sub { $sock->export_keying_material($LABEL, 'nan') }
        ],
        [
            'wide characters',
            qr/the context must be bytes/,
            sub { $sock->export_keying_material($LABEL, 32, "\x{263a}") }
        ],
    );
    like(died($_->[2]), $_->[1], "$_->[0]: dies") for @WRONG;
    is_deeply([$sock->export_keying_material($LABEL, 65_535)],
        [], 'TLS 1.3 has no export of 65535 bytes');
    like($SSL_ERROR, qr/^cannot export keying material: /, '... and says so');
    my ($old, $its_peer) = tls_pair(version => 'TLSv1_2', peer => sub { });
    is(length +($old->export_keying_material($LABEL, 65_535))[0],
        65_535, '... TLS 1.2 has');
    my %args = (
        channel_binding        => ['tls-exporter'],
        channel_bindings       => [],
        export_keying_material => [$LABEL, 32],
    );
    $sock->_forget;

    for my $method (sort keys %args) {
        is_deeply([$sock->$method(@{ $args{$method} })],
            [], "$method: nothing without TLS");
        is($SSL_ERROR, 'there is no TLS connection on this socket',
            '... and why');
    }
}

# Arguments whose stringification closes the socket.
{

    package Closes;    ## no critic (ProhibitMultiplePackages)
    use overload
      '""' => sub { $_[0]{sock}->close; $_[0]{text} },
      '0+' => sub { $_[0]{sock}->close; 32 },
      bool => sub { 1 };
}
for my $case (
    [export_keying_material => sub { ($LABEL, $_[0]) }],
    [export_keying_material => sub { ($_[0],  32) }],
    [channel_binding        => sub { $_[0] }],
    [peer_certificate       => sub { $_[0] }],
  )
{
    my ($method, $args) = @$case;
    my ($sock,   $peer) = tls_pair(peer => sub { });
    my $text   = $method eq 'peer_certificate' ? 'cn' : 'tls-exporter';
    my $object = bless { sock => $sock, text => $text }, 'Closes';
    is_deeply([$sock->$method($args->($object))],
        [], "$method: an argument that closes the socket");
    is($SSL_ERROR, 'there is no TLS connection on this socket',
        '... and why');
    delete $object->{sock};
}

done_testing();

# The files of a certificate with its key; empty without openssl.
sub ed25519 {
    my $openssl = find_openssl() or return;
    my $dir     = tempdir('iss-ed25519-XXXXXX', TMPDIR => 1, CLEANUP => 1);
    my ($status, $said) = ISS::Program->run(
        [
            $openssl,  'req',      '-x509', '-newkey',
            'ed25519', '-nodes',   '-subj', '/CN=e.test',
            '-keyout', "$dir/key", '-out',  "$dir/cert"
        ]
    );
    die $said if $status;
    return ("$dir/cert", "$dir/key");
}
