#!/usr/bin/perl
# An HTTPS server with one process for each client: a pattern to copy.
#
#   https_server.pl --cert server.pem --key server.key [--port 8443]
#       [--ca clients-ca.pem]      require client certificates of this CA
#       [--host 127.0.0.1] [--version TLSv1_3] [--seconds 30]
#
# It prints its address, and sends each client details of the connection, or
# the body of a POST.  Control-C ends it.
use strict;
use warnings;

use Getopt::Long qw(GetOptions);
use IO::Socket::SSL;

my $MAX_BODY = 16 * 1024 * 1024;

my %opt = (host => '127.0.0.1', port => 0, seconds => 30);
GetOptions(\%opt, 'host=s', 'port=i', 'cert=s', 'key=s', 'ca=s', 'version=s',
    'seconds=i')
  && $opt{cert}
  or die "usage: $0 --cert FILE [--key FILE] [--port N] [--ca FILE]\n";

my @tls = (SSL_cert_file => $opt{cert}, SSL_key_file => $opt{key});
push @tls, SSL_version => $opt{version} if $opt{version};
push @tls,
  SSL_ca_file     => $opt{ca},
  SSL_verify_mode => SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT
  if $opt{ca};

# Certificate and key are read here, once, so that errors in them show now.
# The handshake is left to the child process, so that a silent client does not
# keep the others waiting.
my $server = IO::Socket::SSL->new(
    LocalAddr          => $opt{host},
    LocalPort          => $opt{port},
    Listen             => 128,
    ReuseAddr          => 1,
    SSL_server         => 1,
    SSL_startHandshake => 0,
    @tls
) or die "cannot serve: ", $@ || $SSL_ERROR, "\n";

$SIG{CHLD} = 'IGNORE';    # children need no wait
$| = 1;
printf "https://%s:%d/\n", $server->sockhost, $server->sockport;

while (1) {
    my $client = $server->accept or next;
    my $pid    = fork;
    warn "cannot fork: $!\n" if !defined $pid;
    if (defined $pid && !$pid) {
        close $server;
        serve($client);
        exit;
    }

    # The child owns the connection: close our copy without a shutdown.
    $client->close(SSL_no_shutdown => 1);
}

sub serve {
    my ($client) = @_;

    $SIG{ALRM} = 'DEFAULT';
    alarm $opt{seconds};    # for the handshake, then for each request
    if (!$client->accept_SSL) {
        warn "handshake: $SSL_ERROR\n";
        return;
    }
    while (my $request = read_request($client)) {
        answer($client, $request) or last;
        alarm $opt{seconds};
    }
    $client->close;
    return;
}

# One request: { method, path, close, header, body }, or nothing at the end of
# the connection.
sub read_request {
    my ($client) = @_;

    local $/ = "\r\n";
    my $line = <$client>;
    return if !defined $line;
    my ($method, $path, $minor) =
      $line =~ m{^([A-Z]+) (\S+) HTTP/1\.([01])\r\n\z}
      or return;

    my %header;
    while (defined($line = <$client>) && $line ne $/) {
        return if keys %header > 100;
        my ($name, $value) = $line =~ /^([^\s:]+):\s*(.*?)\s*\z/ or return;
        $header{ lc $name } = $value;
    }

    my $body = read_body($client, \%header);
    return if !defined $body;
    return {
        method => $method,
        path   => $path,
        close  => lc($header{connection} || '') eq 'close' || !$minor,
        header => \%header,
        body   => $body
    };
}

sub read_body {
    my ($client, $header) = @_;

    return if $header->{'transfer-encoding'};    # too much for an example
    my $length = $header->{'content-length'} || 0;
    $length =~ /^\d{1,9}\z/ && $length <= $MAX_BODY or return;

    print {$client} "HTTP/1.1 100 Continue\r\n\r\n"
      if lc($header->{expect} || '') eq '100-continue';
    my $body = '';
    while ((my $missing = $length - length $body) > 0) {
        read $client, $body, $missing, length $body or return;
    }
    return $body;
}

# Sends the answer; returns true if the connection stays open.
sub answer {
    my ($client, $request) = @_;

    my $body =
        $request->{method} eq 'POST'
      ? $request->{body}
      : describe($client, $request);
    print {$client} "HTTP/1.1 200 OK\r\n",
      "Content-Type: application/octet-stream\r\n",
      "Content-Length: ", length $body, "\r\n",
      "Connection: ", $request->{close} ? 'close' : 'keep-alive', "\r\n\r\n",
      $request->{method} eq 'HEAD' ? '' : $body
      or return;
    return !$request->{close};
}

sub describe {
    my ($client, $request) = @_;

    my $subject = $opt{ca} && $client->peer_certificate('subject');
    return join '',
      map { "$_\n" } "request: $request->{method} $request->{path}",
      "protocol: " . $client->get_sslversion,
      "cipher: " . $client->get_cipher,
      "name: " . ($client->get_servername || 'none'),
      "client: " . ($subject || 'unknown');
}
