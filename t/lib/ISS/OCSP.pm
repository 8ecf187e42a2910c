# OCSP for the tests: certificates that name a responder, responses of every
# kind, a server that staples them, and a responder on loopback.  The
# responses are built here byte by byte, because no program makes outdated or
# wrong ones; openssl signs them.
#
#   my $world = ISS::OCSP->new;
#   my $leaf  = $world->certificate('leaf', serial => 17, uri => $uri);
#   my $der   = $world->response(of => $leaf, status => 'revoked');
#   my ($server, $port) = $world->stapling_server($leaf, $der);
package ISS::OCSP;

use strict;
use warnings;

use Carp qw(croak);
use File::Temp;
use IO::Select;
use IO::Socket::INET;
use ISS::OpenSSL;
use ISS::Program;
use ISS::Test;
use POSIX ();

my $OPENSSL = find_openssl();

# Why this cannot be used here, or undef.
sub missing {
    return 'openssl is not installed' if !$OPENSSL;
    my ($said) = (ISS::Program->run([$OPENSSL, 'version']))[1];
    return $said =~ /^OpenSSL/ ? undef : 'openssl is another one';
}

# Is the openssl command 3.6 or newer?
sub is_newer {
    my ($said) = (ISS::Program->run([$OPENSSL, 'version']))[1];
    return $said =~ /^OpenSSL (\d+)\.(\d+)/
      && ($1 > 3 || $1 == 3 && $2 >= 6);
}

sub new {
    my ($class) = @_;
    return bless { dir => File::Temp->newdir, files => 0, hashes => {} },
      $class;
}

sub _openssl {
    my @words = @_;
    my ($status, $said) = ISS::Program->run([$OPENSSL, @words]);
    croak "openssl @words: $said" if $status;
    return $said;
}

sub file {
    my ($self, $content) = @_;
    my $name = "$self->{dir}/" . $self->{files}++;

    open my $out, '>:raw', $name or croak "$name: $!";
    print {$out} $content or croak "$name: $!";
    close $out            or croak "$name: $!";
    return $name;
}

sub slurp {
    my ($name) = @_;
    open my $in, '<:raw', $name or croak "$name: $!";
    local $/;
    return scalar <$in>;
}

# --- certificates -----------------------------------------------------------

# A CA of t/certs, as an issuer.
sub authority {
    my ($name) = @_;
    return { cert => cert($name), key => key($name) };
}

# certificate(serial => number, uri => ..., issuer => one of these, name =>
# the certificate of t/certs whose key it has, CA => 1, usage =>
# 'OCSPSigning', feature => 'status_request', name_is => 'IP:127.0.0.1')
sub certificate {
    my ($self, %arg) = @_;

    my $name       = $arg{name}   || 'server';
    my $issuer     = $arg{issuer} || authority('ca');
    my @extensions = (
        'subjectKeyIdentifier=hash',
        'authorityKeyIdentifier=keyid',
        'basicConstraints=critical,CA:' . ($arg{CA} ? 'TRUE' : 'FALSE'),
        $arg{CA} ? () : 'subjectAltName=' . ($arg{name_is} || 'DNS:localhost')
    );
    push @extensions, "extendedKeyUsage=$arg{usage}" if $arg{usage};
    push @extensions, "tlsfeature=$arg{feature}" if $arg{feature};
    push @extensions, "authorityInfoAccess=OCSP;URI:$arg{uri}"
      if defined $arg{uri};
    my $request = $self->file('');
    my $subject = '/O=IO-Socket-SSL/CN=' . ($arg{subject} || 'localhost');
    my $file    = $self->file('');
    _openssl('req', '-new', '-key', key($name), '-subj', $subject, '-config',
        $self->file("[req]\ndistinguished_name=dn\n[dn]\n"),
        '-out', $request);
    _openssl(
        'x509', '-req',
        '-in'         => $request,
        '-CA'         => $issuer->{cert},
        '-CAkey'      => $issuer->{key},
        '-set_serial' => $arg{serial},
        '-days'       => 30,
        '-extfile'    => $self->file(join '', map { "$_\n" } @extensions),
        '-out'        => $file
    );
    return {
        cert   => $file,
        key    => key($name),
        issuer => $issuer,
        serial => $arg{serial}
    };
}

# One file with the certificates in that order.
sub chain {
    my ($self, @certificates) = @_;
    return $self->file(join '', map { slurp($_->{cert}) } @certificates);
}

# SHA-1 of the name and of the key, as openssl computes them.
sub _hashes {
    my ($self, $cert) = @_;

    return $self->{hashes}{$cert} ||= do {
        my $said   = _openssl('x509', '-in', $cert, '-noout', '-ocspid');
        my @hashes = $said =~ /hash: ([0-9A-F]{40})/g;
        croak "openssl said: $said" if @hashes != 2;
        [map { pack 'H*', $_ } @hashes];
    };
}

# --- responses --------------------------------------------------------------

sub _tlv {
    my ($tag, $content) = @_;
    my $len = length $content;
    my $size =
        $len < 128 ? chr $len
      : $len < 256 ? "\x81" . chr $len
      :              "\x82" . pack 'n', $len;
    return chr($tag) . $size . $content;
}

sub _seq    { return _tlv(0x30, join '', @_) }
sub _octets { return _tlv(0x04, $_[0]) }
sub _oid    { return _tlv(0x06, pack 'H*', $_[0]) }
sub _null   { return "\x05\x00" }

sub _time {
    return _tlv(0x18, POSIX::strftime('%Y%m%d%H%M%SZ', gmtime $_[0]));
}

sub _integer {
    my ($number) = @_;
    my $bytes    = pack 'N', $number;
    $bytes =~ s/^\x00+(?=[\x00-\x7f])//;
    return _tlv(0x02, $bytes);
}

my $SHA1       = '2b0e03021a';
my $RSA_SHA256 = '2a864886f70d01010b';
my $BASIC      = '2b0601050507300101';
my %STATUS_IS  = (
    good    => sub { return _tlv(0x80, '') },
    unknown => sub { return _tlv(0x82, '') },
    revoked => sub {
        return _tlv(
            0xa1,
            _time(1_577_836_800)                  # 2020-01-01
              . _tlv(0xa0, _tlv(0x0a, "\x01"))    # keyCompromise
        );
    }
);

sub _single {
    my ($self, %arg) = @_;
    my ($name, $key) = @{ $self->_hashes($arg{of}{issuer}{cert}) };
    my $id = _seq(_seq(_oid($SHA1), _null()),
        _octets($name), _octets($key), _integer($arg{of}{serial}));
    my $this = exists $arg{this} ? $arg{this} : time - 60;
    my $next = exists $arg{next} ? $arg{next} : time + 3600;
    return _seq(
        $id,          $STATUS_IS{ $arg{status} || 'good' }->(),
        _time($this), defined $next ? _tlv(0xa0, _time($next)) : ()
    );
}

# The signature of a key on some bytes.
sub _signature {
    my ($self, $key, $bytes) = @_;
    my $out = $self->file('');

    _openssl('dgst', '-sha256', '-sign', $key, '-out', $out,
        $self->file($bytes));
    return slurp($out);
}

sub der_of {
    my ($cert)   = @_;
    my ($base64) = slurp($cert) =~ /-----BEGIN[^\n]+\n(.*?)-----END/s;
    require MIME::Base64;
    return MIME::Base64::decode_base64($base64);
}

# response(of => certificate, status => 'good', this => time, next => time or
# undef, by => a certificate whose key signs, with => [certificates to
# include], more => [arguments of further answers], tamper => 1)
sub response {
    my ($self, %arg) = @_;

    my $by  = $arg{by} || $arg{of}{issuer};
    my $tbs = _seq(
        _tlv(0xa2, _octets($self->_hashes($by->{cert})->[1])),
        _time(time),
        _seq(
            $self->_single(%arg),
            map { $self->_single(%$_) } @{ $arg{more} || [] }
        )
    );
    my $signature = $self->_signature($by->{key}, $tbs);
    substr($signature, -1) ^= "\x01" if $arg{tamper};
    my @certs = map { der_of($_->{cert}) } @{ $arg{with} || [] };
    return wrapped(
        _seq(
            $tbs,
            _seq(_oid($RSA_SHA256), _null()),
            _tlv(0x03, "\x00$signature"),
            @certs ? _tlv(0xa0, _seq(@certs)) : ()
        )
    );
}

# A successful response with this content.
sub wrapped {
    my ($basic) = @_;
    return _seq(_tlv(0x0a, "\x00"),
        _tlv(0xa0, _seq(_oid($BASIC), _octets($basic))));
}

# A response with an error status only (RFC 6960, 4.2.1).
sub refusal {
    my ($number) = @_;
    return _seq(_tlv(0x0a, chr $number));
}

# --- servers --------------------------------------------------------------

# openssl s_server with a certificate, and a staple if one is given.
sub stapling_server {
    my ($self, $leaf, $staple, @options) = @_;

    return s_server(
        '-cert' => $leaf->{cert},
        '-key'  => $leaf->{key},
        '-rev',
        defined $staple ? ('-status_file' => $self->file($staple)) : (),
        @options
    );
}

# A responder: an HTTP server in a child that tells the test about each
# request and answers with the result of $answer->($path, $body), a status and
# a body.  Without a status it does not answer and waits until the client
# gives up.
sub responder {
    my ($self, $answer, $listener) = @_;

    my ($responder, $address) = plain_server(
        sub {
            my ($client, $me)   = @_;
            my ($path,   $body) = _read_request($client) or return;
            $me->tell($path, length $body);
            my ($status, $content) = $answer->($path, $body);
            _answer($client, $status, $content) if defined $status;
            $client->getline                    if !defined $status;
        },
        $listener
    );
    return ($responder, "http://$address");
}

sub _read_request {
    my ($client) = @_;
    my ($head, $body) = ('', '');

    while ($head !~ /\r\n\r\n\z/) {
        my $line = $client->getline;
        return if !defined $line;
        $head .= $line;
    }
    my ($path) = $head =~ m{^POST (\S+) HTTP/1\.1\r\n};
    my ($size) = $head =~ /^Content-Length: (\d+)\r$/mi;
    die "not an OCSP request: $head"
      if !defined $path
      || !defined $size
      || $head !~ m{^Content-Type: application/ocsp-request\r$}mi;
    $client->read($body, $size);
    return ($path, $body);
}

sub _answer {
    my ($client, $status, $content) = @_;

    print {$client} "HTTP/1.1 $status\r\nConnection: close\r\n"
      . 'Content-Length: '
      . length($content)
      . "\r\n\r\n$content";
    close $client;
    return;
}

# The answer of "openssl ocsp" to a request, for a CA that knows these
# certificates:  [certificate, 'good' or 'revoked'], ...
sub openssl_answer {
    my ($self, $issuer, $request, @known) = @_;

    my $index = join '', map {
        my ($cert, $status) = @$_;
        my $serial = sprintf '%X', $cert->{serial};
        $serial = "0$serial" if length($serial) % 2;
        join("\t",
            $status eq 'good' ? 'V' : 'R',
            '21200101000000Z',
            $status eq 'good' ? '' : '200101000000Z,keyCompromise',
            $serial,
            'unknown',
            '/CN=localhost')
          . "\n"
    } @known;
    my $out = $self->file('');
    _openssl(
        'ocsp',
        '-index'   => $self->file($index),
        '-CA'      => $issuer->{cert},
        '-rsigner' => $issuer->{cert},
        '-rkey'    => $issuer->{key},
        '-reqin'   => $self->file($request),
        '-respout' => $out,
        '-ndays'   => 1
    );
    return slurp($out);
}

1;
