# ssl_error_info: what is known about a failure, by its kind.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::SSL;
use IO::Socket::SSL::Utils;
use ISS::OCSP;
use ISS::Test;
use Test::More;

my ($server, $address) = tls_server(sub { });

# The facts of a failed new to our server, or to another address.
sub failed_new {
    my (%args) = @_;

    my $sock = IO::Socket::SSL->new(PeerAddr => $address, client_args(%args));
    return { text => 'it has not failed' } if $sock;
    return IO::Socket::SSL->ssl_error_info;
}

# It has these values; patterns must match.
sub has {
    my ($info, $expected, $what) = @_;

    subtest $what => sub {
        is(ref $info, 'HASH', 'there are facts') or return;
        for my $key (sort keys %$expected) {
            my $value = $expected->{$key};
            if (ref $value eq 'Regexp') { like($info->{$key}, $value, $key) }
            else { is_deeply($info->{$key}, $value, $key) }
        }
        is($info->{text}, "$SSL_ERROR",   'text') if $info->{what} ne 'read';
        is($info->{code}, $SSL_ERROR + 0, 'code');
        my @always = qw(text what kind code errno hint openssl);
        is((grep { !defined $info->{$_} } @always), 0,
            'what is always there');
    };
    return;
}

is(IO::Socket::SSL->ssl_error_info, undef, 'nothing has failed so far');

my %LOCALHOST = (
    subject => '/C=DE/O=IO-Socket-SSL/CN=localhost',
    issuer  => '/C=DE/O=IO-Socket-SSL/CN=Test CA',
    names   => [
        [DNS => 'localhost'],
        [IP  => '127.0.0.1'],
        [IP  => '::1'],
        [DNS => '*.example.test']
    ],
);

# ------------------------------------------------------ by the kind

{
    my $info = failed_new(SSL_ca_file => cert('other-ca'));
    has(
        $info,
        {
            kind        => 'verify',
            what        => 'connect',
            verify_code => 20,
            verify_name => 'X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
            depth       => 0,
            peer        => $address,
            name        => 'localhost',
            hint        =>
qr{^the server does not send the certificate of its issuer "/C=DE/O=IO-Socket-SSL/CN=Test CA"; it is for the server to send it},
        },
        'verify: an unknown CA'
    );
    my $cert = $info->{cert};
    is_deeply({ map { $_ => $cert->{$_} } keys %LOCALHOST },
        \%LOCALHOST, '... the certificate');
    like($cert->{fingerprint}, qr/^sha256\$[0-9a-f]{64}$/, '... its digest');
    like($cert->{$_},          qr/^\d+$/,                  "... $_")
      for qw(serial not_before not_after);
    is_deeply($info->{chain}, [$cert], '... the chain as it was sent');
    is(
        $info->{openssl}[0]{reason},
        'certificate verify failed',
        "... OpenSSL's reason"
    );
    like($info->{openssl}[0]{number}, qr/^\d+$/, '... and its number');
    $info->{kind} = 'changed';
    isnt(IO::Socket::SSL->ssl_error_info->{kind}, 'changed', 'a fresh hash');
}
has(
    failed_new(SSL_verifycn_name => 'other.test'),
    {
        kind   => 'name',
        wanted => 'other.test',
        names  => $LOCALHOST{names},
        hint   => qr/valid, but for another name/,
    },
    'name'
);
has(
    failed_new(
        SSL_fingerprint       => 'sha256$' . '0' x 64,
        SSL_force_fingerprint => 1
    ),
    { kind => 'pin', depth => 0 },
    'pin'
);
has(failed_new(SSL_verify_callback => sub { 0 }),
    { kind => 'refused', depth => 1 }, 'refused');
has(
    failed_new(SSL_ocsp_mode => SSL_OCSP_MUST_STAPLE),
    { kind => 'staple', what => 'connect' },
    'staple: there is none'
);
has(
    failed_new(SSL_cert_file => '/none/there'),
    {
        kind   => 'config',
        option => 'SSL_cert_file',
        file   => '/none/there',
        errno  => 2,
        what   => 'context',
    },
    'config: a file'
);
has(
    failed_new(SSL_cipher_list => 'NONE_SUCH'),
    { kind => 'config', option => 'SSL_cipher_list' },
    'config: a value'
);
{
    my $closed = address(listener());
    has(failed_new(PeerAddr => $closed),
        { kind => 'system', what => 'connect' }, 'system');
}
{
    my $silent = listener();
    has(failed_new(PeerAddr => address($silent), Timeout => 0.1),
        { kind => 'timeout', what => 'connect' }, 'timeout');
}

# OpenSSL quotes URIs in its errors.
for my $uri ('file:/none/there?pin-value=4711',
    'pkcs11:object=x?pin-value=4711')
{
    ok(
        !IO::Socket::SSL::SSL_Context->new(
            SSL_server    => 1,
            SSL_cert_file => cert('server'),
            SSL_key       => $uri
        ),
        'a URI that names no key'
    );
    my $info = IO::Socket::SSL->ssl_error_info;
    is($info->{option}, 'SSL_key', '... config: the option');
    unlike(
        join("\n",
            $info->{text}, $info->{hint},
            map { values %$_ } @{ $info->{openssl} }),
        qr/4711/,
        '... and its PIN is told nowhere'
    );
}

my $SILENT = listener();

# A peer that says these bytes; undef: hangs up.
sub stranger {
    my ($bytes) = @_;

    my $listener = listener();
    my $peer     = peer(
        sub {
            my ($me) = @_;
            my $tcp = $listener->accept or die "accept: $!";
            if (defined $bytes) { syswrite $tcp, $bytes; $me->hear }
            else                { sysread $tcp, my $hello, 10_000 }
        }
    );
    return failed_new(PeerAddr => address($listener));
}
has(
    stranger(undef),
    {
        kind => 'eof',
        what => 'connect',
        hint => qr/^the peer ended the connection without an answer: /
    },
    'eof'
);
has(
    failed_new(PeerAddr => address($SILENT), Timeout => 0.2),
    {
        kind => 'timeout',
        hint => qr/^the peer accepted the connection and said nothing: /
    },
    'a peer that says nothing'
);
for my $case (
    [http  => "HTTP/1.1 400 Bad Request\r\n\r\n"],
    [smtp  => "220 mail.test ESMTP\r\n"],
    [ftp   => "220 FTP server ready\r\n"],
    [imap  => "* OK IMAP4 ready\r\n"],
    [pop3  => "+OK POP3 ready\r\n"],
    [ssh   => "SSH-2.0-x\r\n"],
    [other => "hello, who is there?\r\n"],
  )
{
    my ($language, $bytes) = @$case;
    (my $line = $bytes) =~ s/\r.*//s;
    $line =~ s/,/\\x2c/;
    my $starttls =
      $language =~ /^(?:smtp|ftp|imap|pop3)\z/
      ? qr/ \(on this port TLS begins after STARTTLS: see start_SSL\)/
      : qr//;
    has(
        stranger($bytes),
        {
            kind       => 'not_tls',
            looks_like => $language,
            said       => qr/^\Q$line\E$/,
            text => qr/: the peer does not speak TLS; it said: \Q$line\E$/,
            hint =>
              qr/^the peer does not speak TLS; it said: \Q$line\E$starttls\z/,
        },
        "not_tls: $language"
    );
}

# A server that fails, and its facts.
sub failed_accept {
    my ($server, $client) = @_;
    my ($ours,   $theirs) = raw_pair(
        sub {
            IO::Socket::SSL->start_SSL($_[0], SSL_verify_mode => 0, @$client);
        }
    );

    IO::Socket::SSL->start_SSL($ours, SSL_server => 1, @$server)
      and return { text => 'it has not failed' };
    return IO::Socket::SSL->ssl_error_info;
}
has(
    failed_accept(
        [server_args(SSL_version => 'TLSv1_3')],
        [SSL_version => 'TLSv1_2']
    ),
    {
        kind => 'protocol',
        hint => 'the client offers TLS 1.2 at most, and SSL_version allows'
          . ' TLS 1.3 and newer',
    },
    'a client that is too old'
);
has(
    failed_accept([], []),
    { hint => qr/^this server has no certificate: / },
    'a server without a certificate'
);

# A pin that does not fit, whatever else is wrong.
my $pin =
  IO::Socket::SSL->new(PeerAddr => $address, client_args())->get_fingerprint;
$pin =~ tr/://d;
has(
    failed_new(
        SSL_fingerprint => 'sha256$' . '0' x 64,
        SSL_ca_file     => cert('other-ca')
    ),
    {
        kind => 'verify',
        hint => 'the certificate is not the one that SSL_fingerprint names;'
          . " its fingerprint is $pin"
    },
    'the hint of a wrong pin has the right one'
);

# A pin of a key is answered by one of a key.
my $key = IO::Socket::SSL->new(PeerAddr => $address, client_args())
  ->get_fingerprint('sha256', undef, 1);
my $wrong = failed_new(
    SSL_fingerprint       => 'sha256$pub$' . '0' x 64,
    SSL_force_fingerprint => 1
);
has(
    $wrong,
    {
        kind => 'pin',
        text => qr/it has \Q$key\E \(/,
        hint => qr/its fingerprint is \Q$key\E$/
    },
    'the pin of a key'
);

# Where it failed to connect.
{
    my $closed = address(listener());
    failed_new(PeerAddr => $closed);
    like(
        $SSL_ERROR,
        qr/^cannot connect to \Q$closed\E: /,
        'the address that refused'
    );
    failed_new(PeerAddr => 'none.invalid', PeerPort => 443);
    like(
        $SSL_ERROR,
        qr/^cannot connect to none\.invalid:443: \w/,
        'the host that has no address'
    );
}

# Each alert that a peer may send and that ends the handshake (RFC 8446, 6).
my $NONE  = qr/^$/;
my %ALERT = (
    10  => ['unexpected message',      $NONE],
    20  => ['bad record mac',          $NONE],
    22  => ['record overflow',         $NONE],
    40  => ['handshake failure',       qr/found no version, cipher or group/],
    42  => ['bad certificate',         qr/refuses our certificate/],
    43  => ['unsupported certificate', qr/refuses our certificate/],
    44  => ['certificate revoked',     qr/refuses our certificate/],
    45  => ['certificate expired',     qr/refuses our certificate/],
    46  => ['certificate unknown',     qr/refuses our certificate/],
    47  => ['illegal parameter',       $NONE],
    48  => ['unknown CA',       qr/does not know the CA of our certificate/],
    49  => ['access denied',    $NONE],
    50  => ['decode error',     $NONE],
    51  => ['decrypt error',    $NONE],
    70  => ['protocol version', qr/no version of TLS in common/],
    71  => ['insufficient security',           $NONE],
    80  => ['internal error',                  $NONE],
    86  => ['inappropriate fallback',          $NONE],
    109 => ['missing extension',               $NONE],
    110 => ['unsupported extension',           $NONE],
    112 => ['unrecognized name', qr/does not serve the host that we named/],
    113 => ['bad certificate status response', $NONE],
    115 => ['unknown PSK identity',            $NONE],
    116 => ['certificate required',    qr/wants a certificate of ours/],
    120 => ['no application protocol', qr/none of the protocols/],
);
for my $number (sort { $a <=> $b } keys %ALERT) {
    my ($name, $hint) = @{ $ALERT{$number} };
    my $info = stranger(pack 'C n n C C', 21, 0x303, 2, 2, $number);
    has(
        $info,
        {
            kind  => 'alert',
            alert => { number => $number, name => $name, sent => 0 },
            hint  => $hint,
        },
        "alert $number, $name"
    );
    like($info->{text}, qr/\Q$name\E/, '... as in the text');
}

# The alert that we send.
for my $version (qw(TLSv1_2 TLSv1_3)) {
    my $info = failed_new(
        SSL_version => $version,
        SSL_ca_file => cert('other-ca')
    );
    is_deeply(
        [$info->{kind}, $info->{alert}],
        ['verify',      { number => 48, name => 'unknown CA', sent => 1 }],
        "$version: the alert that we sent"
    );
}
is(failed_new(SSL_cipher_list => 'NONE_SUCH')->{alert},
    undef, 'no alert where nothing was sent');

# ---------------------------------------------------- what has failed

# A connection whose peer is gone.
sub reset_pair {
    my ($sock, $peer) = tls_pair(
        peer => sub {
            my ($sock, $me) = @_;
            close_with_reset($sock);
            $me->tell('done');
        }
    );
    $peer->hear;
    readable($sock);
    return $sock;
}
for my $case (
    [read            => 'system', sub { sysread $_[0], my $byte, 1 }],
    [write           => 'system', sub { syswrite $_[0], 'x' for 1 .. 3 }],
    [shutdown        => 'system', sub { $_[0]->stop_SSL }],
    [verify_hostname => 'name',   sub { $_[0]->verify_hostname('x.test') }],
  )
{
    my ($what, $kind, $code) = @$case;
    my ($sock, $peer) =
      $what eq 'verify_hostname' ? tls_pair() : reset_pair();
    $code->($sock);
    has($sock->ssl_error_info, { what => $what, kind => $kind },
        "a failed $what");
}
has(
    failed_accept(
        [server_args(SSL_cipher_list => 'AES128-SHA')],
        [SSL_version => 'TLSv1_2', SSL_cipher_list => 'AES256-SHA']
    ),
    { what => 'accept', kind => 'protocol', hint => qr/no cipher in common/ },
    'a failed accept'
);

# -------------------------------------- on a socket, and over time

{
    my ($sock, $peer) = tls_pair(
        mine => { SSL_strict_eof => 1 },
        peer => sub { $_[0]->close(SSL_no_shutdown => 1) }
    );
    is($sock->ssl_error_info, undef, 'a good connection') if !$SSL_ERROR;
    ok(!sysread($sock, my $byte, 1), 'a truncated end');
    my $info = $sock->ssl_error_info;
    is($info->{kind}, 'eof',  '... is an end');
    is($info->{what}, 'read', '... of a read');
    failed_new(SSL_verifycn_name => 'other.test');
    is($sock->ssl_error_info->{kind},
        'eof', 'the socket keeps its own, whatever fails elsewhere');
    is(IO::Socket::SSL->ssl_error_info->{kind},
        'name', '... and the class tells the last of all');
    my ($good, $its_peer) = tls_pair(peer => sub { });
    is(IO::Socket::SSL->ssl_error_info, undef, 'nothing, after a success');
    $good->blocking(0);
    is(sysread($good, $byte, 1), undef,         'a read that must wait');
    is($SSL_ERROR,               SSL_WANT_READ, '... says so');
    is($good->ssl_error_info,    undef,         '... which is no failure');
}
{
    failed_new(SSL_verifycn_name => 'other.test');
    $SSL_ERROR = 'something of the program';
    is(IO::Socket::SSL->ssl_error_info,
        undef, 'a text of the program has none');
}

SKIP: {
    skip 'this perl has no threads', 1 if !eval { require threads; 1 };
    failed_new(SSL_verifycn_name => 'other.test');
    is(
        threads->create(sub { IO::Socket::SSL->ssl_error_info->{wanted} })
          ->join,
        'other.test',
        'a thread begins with the facts of its parent'
    );
    threads->create(sub { failed_new(SSL_cipher_list => 'NONE_SUCH') })->join;
    is(IO::Socket::SSL->ssl_error_info->{kind}, 'name',
        '... and has its own');
}

# ------------------------------------------- what verification finds

my %VERIFY = (
    'self-signed' => [18, qr/signed by itself/],
    'expired'     => [10, qr/ended on \d{4}-\d\d-\d\d, and the clock here/],
    'not-yet'     => [9,  qr/^/],
    'weak'        => [66, qr/too weak/],
);
for my $name (sort keys %VERIFY) {
    my ($code, $hint) = @{ $VERIFY{$name} };
    my $now = time;
    my @ca =
      $name eq 'self-signed'
      ? ()
      : CERT_create(CA => 1, subject => { CN => 'our CA' });
    my ($cert, $key) = CERT_create(
        subject => { CN => 'v.test' },
        purpose => 'server',
        (@ca ? (issuer => \@ca) : ()),
        not_before => $name eq 'not-yet' ? $now + 86_400 : $now - 86_400 * 30,
        not_after  => $name eq 'expired' ? $now - 86_400 : $now + 86_400 * 30,
        ($name eq 'weak' ? (key => KEY_create_rsa(1024)) : ()),
    );
    my ($other, $at) = tls_server(
        sub { },
        SSL_cert_file   => undef,
        SSL_key_file    => undef,
        SSL_cert        => $cert,
        SSL_key         => $key,
        SSL_cipher_list => 'DEFAULT@SECLEVEL=0'
    );
    my $info = failed_new(
        PeerAddr            => $at,
        SSL_verifycn_scheme => 'none',
        SSL_cipher_list => 'DEFAULT@SECLEVEL=' . ($name eq 'weak' ? 2 : 1),
        (@ca ? (SSL_ca_file => undef, SSL_ca => [$ca[0]]) : ())
    );
    has(
        $info,
        { kind => 'verify', verify_code => $code, hint => $hint },
        "verify: $name"
    );
    CERT_free($_) for grep { defined } $cert, $ca[0];
    KEY_free($_)  for grep { defined } $key,  $ca[1];
}

done_testing();
