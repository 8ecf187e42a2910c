# Our client and openssl s_server: certificates, new keys during a connection,
# and the two ways in which a connection can end.
use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use FindBin;
use lib "$FindBin::Bin/../lib";
use MIME::Base64 qw(decode_base64);
use Test::More;

use IO::Socket::SSL;
use ISS::OpenSSL;
use ISS::Program;
use ISS::Test;

my $openssl = find_openssl();
plan skip_all => 'openssl is not installed' if !$openssl;

my ($RELEASE) =
  (ISS::Program->run([$openssl, 'version']))[1] =~ /^OpenSSL (\d+)/;
plan skip_all => 'openssl is another one' if !$RELEASE;

# The commands that make s_server change keys, by version: [command,
# description, message that it sends, message that must come back].
my %REKEY = (
    TLSv1_2 => [['r', 'a renegotiation', 'HelloRequest', 'ClientHello']],
    TLSv1_3 => [
        ['k', 'a key update', 'KeyUpdate'],
        ['K', 'a key update of both sides', 'KeyUpdate', 'KeyUpdate']
    ]
);

for my $version (sort keys %REKEY) {
    talks_and_changes_keys($version);
    shows_a_certificate($version);
    is_refused_without_certificate($version);
    tells_how_it_ended($version);
    resumes_what_was_exported($version);
    agrees_on_records($version);
}
done_testing;

# The text of a TLSA record, 3 0 1, for a certificate.
sub record_of {
    my ($name) = @_;

    open my $in, '<', cert($name) or die "$name: $!";
    my ($pem) = do { local $/; <$in> }
      =~ /BEGIN CERTIFICATE-----(.*?)-----END/s;
    return '3 0 1 ' . sha256_hex(decode_base64($pem));
}

# s_client judges records as we do.
sub agrees_on_records {
    my ($version) = @_;

    my ($server, $port) = start_server($version);
    for my $name (qw(server expired)) {
        my $record = record_of($name);
        my $good   = $name eq 'server' ? 1 : 0;
        my $sock   = connect_to($port, SSL_tlsa => [$record]);
        is($sock ? 1 : 0, $good, "$version: a TLSA record for the $name")
          or diag $SSL_ERROR;
        $sock->close if $sock;
        my ($status, $said) = ISS::Program->run(
            [
                $openssl,            's_client',
                '-connect',          "127.0.0.1:$port",
                '-dane_tlsa_domain', 'localhost',
                '-dane_tlsa_rrdata', $record,
                '-verify_return_error'
            ],
            input => "Q\n"
        );
        is($said =~ /Verification: OK/ ? 1 : 0, $good, '... s_client agrees')
          or diag $said;
    }
    return;
}

sub start_server {
    my ($version, @option) = @_;

    return s_server(
        '-cert'   => cert('server'),
        '-key'    => key('server'),
        '-CAfile' => cert('ca'),
        $version eq 'TLSv1_2' ? '-tls1_2' : '-tls1_3',
        @option
    );
}

sub connect_to {
    my ($port, @option) = @_;

    return IO::Socket::SSL->new(
        PeerAddr          => '127.0.0.1',
        PeerPort          => $port,
        Timeout           => 20,
        SSL_ca_file       => cert('ca'),
        SSL_verifycn_name => 'localhost',
        @option
    );
}

# s_server says on its page whether the session is new.
sub resumes_what_was_exported {
    my ($version) = @_;
    my ($server, $port) = start_server($version, '-www');
    my $secret = 's' x 32;
    my $fetch  = sub {
        my $client = connect_to($port, @_) or return ($SSL_ERROR);
        print {$client} "GET / HTTP/1.0\r\n\r\n";
        my $page = read_all($client);
        return ($page =~ /^(New|Reused)/m, $client->export_session($secret));
    };

    my ($is, $bytes) = $fetch->();
    is($is, 'New', "$version: a page");
    my $process = peer(
        sub { $_[0]->tell(($fetch->(SSL_session => [$bytes, $secret]))[0]) });
    is(($process->hear)[0],
        'Reused', "$version: another process resumes the exported session");
    return;
}

sub talks_and_changes_keys {
    my ($version) = @_;

    my ($server, $port) = start_server($version, '-msg');
    my $client = connect_to($port);
    ok($client, "$version: connects") or diag $SSL_ERROR;
    is($client->get_sslversion, $version, "$version: is the version");
    exchange($server, $client, "$version: at first");
    for my $rekey (@{ $REKEY{$version} }) {
        my ($command, $what, $message, $answer) = @$rekey;
        $server->forget;
        $server->send("$command\n");
        $server->wait_for(qr/^>>> TLS 1\.\d, Handshake .*, $message/m);
        exchange($server, $client, "$version: after $what");
        like(
            $server->output,
            qr/^<<< TLS 1\.\d, Handshake .*, $answer/m,
            "$version: $what is answered"
        ) if $answer;
    }
    $client->close;
    return;
}

my $lines = 0;

# A line in each direction, each one different.
sub exchange {
    my ($server, $client, $when) = @_;

    $lines++;
    $server->send("server $lines\n");
    is(scalar <$client>, "server $lines\n", "$when a line comes");
    ok(print({$client} "client $lines\n"), "$when a line is sent");
    ok(eval { $server->wait_for(qr/^client $lines$/m) },
        "$when that line arrives")
      or diag $@;
    return;
}

sub shows_a_certificate {
    my ($version) = @_;

    my ($server, $port) =
      start_server($version, '-Verify' => 1, '-verify_return_error');
    my $client = connect_to(
        $port,
        SSL_cert_file => cert('client'),
        SSL_key_file  => key('client')
    );
    ok($client, "$version: connects with a certificate") or diag $SSL_ERROR;
    exchange($server, $client, "$version: with a certificate");
    like(
        $server->output,
        qr/Test Client/,
        "$version: s_server knows our certificate"
    );
    return;
}

# With TLS 1.2 the handshake fails.  With TLS 1.3 the client's handshake
# succeeds before the server misses the certificate, so that the first read
# fails.
sub is_refused_without_certificate {
    my ($version) = @_;

    my ($server, $port) =
      start_server($version, '-Verify' => 1, '-verify_return_error');
    my $client = connect_to($port);
    ok(!$client, "$version: no connection without certificate")
      if $version eq 'TLSv1_2';
    ok(!defined sysread($client, my $data, 1), "$version: nothing to read")
      if $client;
    like(
        $SSL_ERROR,
        qr/alert.*(?:certificate required|handshake failure)/,
        "$version: the error names the alert"
    );
    return;
}

sub tells_how_it_ended {
    my ($version) = @_;

    my ($server, $port) = start_server($version, '-rev');
    my $client = connect_to($port);
    print {$client} "abc\n";
    is(scalar <$client>, "cba\n", "$version: a server that reverses lines");
    print {$client} "CLOSE\n";
    is(sysread($client, my $data, 1), 0, "$version: ... ends");

    # Before 3.0 s_server closed without close_notify.
    my $goodbye = $RELEASE < 3 ? 'truncated' : 'close_notify';
    is($client->eof_reason, $goodbye, "$version: ... with $goodbye");

    ($server, $port) = start_server($version);
    $client = connect_to($port);
    exchange($server, $client, "$version: before the sudden end");
    $server->stop;
    is(sysread($client, $data, 1), 0,    "$version: it is cut off");
    is($client->eof_reason, 'truncated', "$version: ... which we report");

    ($server, $port) = start_server($version);
    $client = connect_to($port, SSL_strict_eof => 1);
    exchange($server, $client, "$version: before the strict end");
    $server->stop;
    ok(!defined sysread($client, $data, 1),
        "$version: with SSL_strict_eof it is an error to be cut off");
    return;
}
