#!/usr/bin/perl
# A demonstration in one file: an HTTPS server with a new certificate, a
# client that verifies it, and a client that expects another name and must
# fail.  Exits with 0 if both clients behave as they should.
use strict;
use warnings;

use File::Temp qw(tempdir);
use IO::Socket::SSL;
use IO::Socket::SSL::Utils;

my $NAME  = 'quickstart.example';
my $WRONG = 'somebody-else.example';

my $cert   = make_certificate(tempdir(CLEANUP => 1));
my $server = IO::Socket::SSL->new(
    LocalAddr          => '127.0.0.1',
    LocalPort          => 0,
    Listen             => 5,
    SSL_server         => 1,
    SSL_cert_file      => $cert,
    SSL_key_file       => $cert,
    SSL_startHandshake => 0
) or die "cannot serve: $SSL_ERROR\n";
my $port = $server->sockport;
my $pid  = fork;

die "cannot fork: $!\n" unless defined $pid;
if (!$pid) {
    serve($server);
    exit 0;
}
$server->close(SSL_no_shutdown => 1);
print "An HTTPS server listens on 127.0.0.1:$port as $NAME.\n\n";
my $good = fetch_page() & refuse_wrong_name();
kill TERM => $pid;
waitpid $pid, 0;
exit($good ? 0 : 1);

# A self-signed certificate and its key in one PEM file.
sub make_certificate {
    my ($dir) = @_;
    my $file = "$dir/server.pem";

    my ($cert, $key) = CERT_create(
        subject         => { commonName => $NAME },
        subjectAltNames =>
          [[DNS => $NAME], [DNS => "*.$NAME"], [IP => '127.0.0.1']],
        not_after => time + 2 * 24 * 60 * 60,
        purpose   => 'server,client'
    );
    open my $out, '>', $file or die "$file: $!\n";
    print {$out} PEM_cert2string($cert), PEM_key2string($key);
    close $out or die "$file: $!\n";
    CERT_free($cert);
    KEY_free($key);
    return $file;
}

# One request for each connection.  A client whose handshake fails is dropped,
# and the next one is served.
sub serve {
    my ($server) = @_;

    alarm 60;    # in case the client fails
    my $page = "Hello from a server written in Perl.\n";

    while (my $client = $server->accept) {
        $client->accept_SSL(Timeout => 10) or next;
        local $/ = "\r\n";
        while (defined(my $line = <$client>)) {
            last if $line eq $/;
        }
        print {$client} "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n",
          'Content-Length: ', length $page, "\r\n\r\n", $page;
        $client->close;
    }
    return;
}

# This client trusts only that certificate.
sub client_for {
    my ($name) = @_;
    return IO::Socket::SSL->new(
        PeerAddr     => '127.0.0.1',
        PeerPort     => $port,
        SSL_hostname => $name,
        SSL_ca_file  => $cert,
        Timeout      => 10
    );
}

sub fetch_page {
    my $client = client_for($NAME);

    if (!$client) {
        print "The client cannot connect: $SSL_ERROR\n";
        return 0;
    }
    my %san = (2 => 'DNS', 7 => 'IP');
    my @san = $client->peer_certificate('subjectAltNames');
    my @names;
    while (my ($type, $value) = splice @san, 0, 2) {
        $value = join '.', unpack 'C4', $value if $type == 7;
        push @names, "$san{$type}:$value";
    }
    print "A client that trusts its certificate asks for $NAME:\n";
    printf "  %-10s %s\n", @{$_}
      for ['protocol', $client->get_sslversion],
      ['cipher',  $client->get_cipher],
      ['subject', $client->peer_certificate('subject')],
      ['names',   join(' ', @names)];
    print {$client} "GET / HTTP/1.0\r\nHost: $NAME\r\n\r\n";
    my ($head, $page) = split /\r\n\r\n/, join('', <$client>), 2;
    $page = '' unless defined $page;
    print '  answer     ', $head =~ /^(.*?)\r?$/m, "\n  page       $page";
    $client->close;
    print "\n";
    return $page =~ /^Hello/ ? 1 : 0;
}

sub refuse_wrong_name {
    my $client = client_for($WRONG);

    print "A client that expects the name $WRONG:\n";
    if ($client) {
        print "  connected, which is wrong\n";
        return 0;
    }
    print "  refused    $SSL_ERROR\n\n";
    return $SSL_ERROR =~ /\Q$WRONG\E/ ? 1 : 0;
}
