# IO::Async::SSL: non-blocking on both sides, in one event loop.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;

use Digest::SHA   qw(sha256_hex);
use ISS::Consumer qw(IO::Async::SSL IO::Async::Loop IO::Async::Stream
  IO::Async::Listener);
use ISS::Test;
use IO::Socket::SSL;

my $PARALLEL = 20;
my $LARGE    = join '', map { pack 'N', $_ * 2654435761 % 2**32 } 1 .. 2**20;

my $loop = IO::Async::Loop->new;

# A server for the commands "digest LENGTH" and data, "large" and "facts".
sub serve_line {
    my ($stream, $buffer) = @_;

    if ($$buffer =~ /^digest (\d+)\n/) {
        my $head = length $&;
        return 0 if length $$buffer < $head + $1;
        my $data = substr $$buffer, $head, $1;
        substr($$buffer, 0, $head + $1) = '';
        $stream->write(sha256_hex($data) . "\n");
        return 1;
    }
    return 0 if $$buffer !~ s/^(\w+)\n//;
    if ($1 eq 'large') {
        $stream->write($LARGE);
        $stream->close_when_empty;
    }
    if ($1 eq 'facts') {
        my $handle = $stream->read_handle;
        $stream->write(
            join(' ',
                ref $handle,
                $handle->get_sslversion,
                $handle->peer_certificate('cn') || 'nobody')
              . "\n"
        );
    }
    return 1;
}

# The port of a listener with these arguments.
sub serve {
    my (@ssl) = @_;

    my $ready = $loop->SSL_listen(
        host          => '127.0.0.1',
        service       => 0,
        socktype      => 'stream',
        SSL_cert_file => cert('server'),
        SSL_key_file  => key('server'),
        @ssl,
        on_stream => sub {
            my ($stream) = @_;
            $stream->configure(
                on_read        => \&serve_line,
                on_read_error  => sub { },
                on_write_error => sub { }
            );
            $loop->add($stream);
        },
        on_ssl_error     => sub { },
        on_resolve_error => sub { die "resolve: @_" },
        on_listen_error  => sub { die "listen: @_" },
    );
    return $ready->get->read_handle->sockport;
}

# A future of a connected stream.
sub connected {
    my ($port, @ssl) = @_;
    return $loop->SSL_connect(
        host    => '127.0.0.1',
        service => $port,
        client_args(@ssl)
    );
}

# The answer to a command: a future of a line, or of all data.
sub answer {
    my ($stream, $question, $want) = @_;

    my $answer = $loop->new_future;
    $stream->configure(
        on_read => sub {
            my ($self, $buffer, $eof) = @_;
            return 0 if $want eq 'all' ? !$eof : $$buffer !~ /\n/;
            $answer->done($$buffer) if !$answer->is_ready;
            $$buffer = '';
            return 0;
        },
        on_read_error => sub { $answer->fail("read: $_[1]") }
    );
    $loop->add($stream) if !$stream->loop;
    $stream->write($question);
    return $answer;
}

my $port = serve();
for my $version (versions()) {
    my @version = (SSL_version => $version);
    my $stream  = connected($port, @version)->get;
    is(
        answer($stream, 'digest ' . length($LARGE) . "\n$LARGE", 'line')->get,
        sha256_hex($LARGE) . "\n",
        "$version: " . length($LARGE) . ' bytes are taken'
    );
    is(
        answer($stream, "facts\n", 'line')->get,
        "IO::Socket::SSL $version nobody\n",
        "$version: by us"
    );
    is(sha256_hex(answer($stream, "large\n", 'all')->get),
        sha256_hex($LARGE), "$version: and delivered");
}

my @digests =
  map { 'digest 100000' . "\n" . chr(64 + $_) x 100_000 } 1 .. $PARALLEL;
my @answers = map {
    my $question = $_;
    connected($port)->then(sub { answer($_[0], $question, 'line') })
} @digests;
is_deeply(
    [map { $_->get } @answers],
    [map { sha256_hex(chr(64 + $_) x 100_000) . "\n" } 1 .. $PARALLEL],
    "$PARALLEL connections at a time"
);

# --- refused --------------------------------------------------------

like(
    (connected($port, SSL_ca_file => cert('other-ca'))->await->failure)[0],
    qr/unable to get (?:local )?issuer/,
    'an unknown CA'
);
like(
    (connected($port, SSL_verifycn_name => 'other.test')->await->failure)[0],
    qr/hostname verification failed: wanted "other\.test"/,
    'the wrong name'
);
my $strict = serve(
    SSL_ca_file     => cert('ca'),
    SSL_verify_mode => SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT
);
like(
    (connected($strict, SSL_version => 'TLSv1_2')->await->failure)[0],
    qr/handshake failure/,
    'a client without a certificate'
);
my $stream = connected($strict, identity('client'))->get;
like(
    answer($stream, "facts\n", 'line')->get,
    qr/Test Client$/,
    '... one with it is known'
);

# --- SSL_upgrade of a plain connection -----------------------------

my ($peer, $address) = plain_server(
    sub {
        my ($tcp) = @_;
        scalar(<$tcp>) eq "STARTTLS\n" or die 'no STARTTLS';
        syswrite $tcp, "go\n";
        my $sock = IO::Socket::SSL->start_SSL($tcp, server_args())
          or die $SSL_ERROR;
        print $sock "hello, ", scalar <$sock>;
    }
);
my $connection = IO::Async::Stream->new(
    handle  => IO::Socket::INET->new($address),
    on_read => sub { 0 }
);
is(answer($connection, "STARTTLS\n", 'line')->get, "go\n", 'a plain one');
$loop->remove($connection);
$loop->SSL_upgrade(handle => $connection, client_args())->get;
is(answer($connection, "you\n", 'line')->get,
    "hello, you\n", '... is upgraded');
consumer_done();
