#!/usr/bin/perl
# A proxy that reads what is said under TLS, for tests and debugging.  Its
# clients must trust its CA, which it makes at the first start.
#
#   intercepting_proxy.pl --ca-cert proxy-ca.pem --ca-key proxy-ca.key
#       [--port 3128] [--trust ca.pem]
#
#   https_proxy=http://127.0.0.1:3128 curl --cacert proxy-ca.pem https://...
#
# It prints its address, and then each line that goes through.  Connections are
# made by the method CONNECT.  --trust has the CAs of the servers; otherwise
# those of the system are trusted.  Guard the key of the CA: whoever has it can
# pretend to be any server to those who trust it.
use strict;
use warnings;

use Getopt::Long qw(GetOptions);
use IO::Select;
use IO::Socket::INET;
use IO::Socket::SSL;
use IO::Socket::SSL::Intercept;
use IO::Socket::SSL::Utils;

my %opt = (port => 0);
GetOptions(\%opt, 'ca-cert=s', 'ca-key=s', 'port=i', 'trust=s')
  && $opt{'ca-cert'}
  && $opt{'ca-key'}
  or die "usage: $0 --ca-cert FILE --ca-key FILE [--port N] [--trust FILE]\n";

make_ca() if !-e $opt{'ca-cert'};
my $copies = IO::Socket::SSL::Intercept->new(
    proxy_cert_file => $opt{'ca-cert'},
    proxy_key_file  => $opt{'ca-key'},
);
my $listener = IO::Socket::INET->new(
    LocalAddr => '127.0.0.1',
    LocalPort => $opt{port},
    Listen    => 10,
    ReuseAddr => 1,
) or die "cannot listen: $@\n";

$| = 1;
$SIG{CHLD} = 'IGNORE';
printf "127.0.0.1:%d\n", $listener->sockport;
while (1) {
    my $client = $listener->accept or next;
    my $pid    = fork;
    warn "cannot fork: $!\n" if !defined $pid;
    next                     if $pid || !defined $pid;
    serve($client);
    exit;
}

sub make_ca {
    my ($cert, $key) = CERT_create(
        CA      => 1,
        subject => { commonName => 'intercepting proxy' },
    );
    PEM_cert2file($cert, $opt{'ca-cert'});
    PEM_key2file($key, $opt{'ca-key'});
    return;
}

sub serve {
    my ($client) = @_;

    $client->autoflush(1);
    my ($host, $port) = (<$client> || '') =~ /^CONNECT ([^\s:]+):(\d+) /
      or return;
    while (defined(my $line = <$client>)) {
        last if $line =~ /^\r?\n\z/;
    }

    # First the server, whose certificate is verified as usual: the client
    # cannot do it any more.
    my $server = IO::Socket::SSL->new(
        PeerHost => $host,
        PeerPort => $port,
        Timeout  => 20,
        $opt{trust} ? (SSL_ca_file => $opt{trust}) : (),
    );
    if (!$server) {
        print "no connection to $host:$port: $@\n";
        print {$client} "HTTP/1.1 502 $@\r\n\r\n";
        return;
    }
    print {$client} "HTTP/1.1 200 connected\r\n\r\n";

    # Then the client, who gets a copy of that certificate.
    my ($cert, $key) = $copies->clone_cert($server->peer_certificate);
    IO::Socket::SSL->start_SSL(
        $client,
        SSL_server => 1,
        SSL_cert   => $cert,
        SSL_key    => $key,
        Timeout    => 20,
    ) or return print "the client refuses: $SSL_ERROR\n";
    pass_on($client, $server);
    $_->close for $client, $server;
    return;
}

# Pass on what either side says, until one of them ends.  Readable need not mean
# that data has come: it may be a message of TLS.  So reading must not block.
sub pass_on {
    my ($client, $server) = @_;

    my %mark   = ($client => '>', $server => '<');
    my @ends   = ($client, $server);
    my $select = IO::Select->new(@ends);
    $_->blocking(0) for @ends;
    while (1) {
        for my $from ($select->can_read) {
            my ($to) = grep { $_ != $from } @ends;
            while (my $got = sysread $from, my $data, 16384) {
                print map { "$mark{$from} $_\n" } $data =~ /([ -~]+)/g;
                $to->blocking(1);
                print {$to} $data or return;
                $to->blocking(0);
            }
            return if $SSL_ERROR != SSL_WANT_READ;    # the end, or an error
        }
    }
}
