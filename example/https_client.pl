#!/usr/bin/perl
# Fetches one page over HTTPS, using only IO::Socket::SSL.
#
#   https_client.pl [--ca ca.pem] [--cert client.pem --key client.key]
#       [--name NAME] [--version TLSv1_3] https://localhost:8443/
#
# Prints details of the connection to standard error and the page to standard
# output.  The server's certificate is verified and must be for the host of
# the URL, or for --name.
use strict;
use warnings;

use Getopt::Long qw(GetOptions);
use IO::Socket::SSL;

my %opt;
GetOptions(\%opt, 'ca=s', 'cert=s', 'key=s', 'name=s', 'version=s');
my ($host, $port, $path) =
  ($ARGV[0] || '') =~ m{^https://(\[[^\]]+\]|[^/:]+)(?::(\d+))?(/.*)?\z}
  or die "usage: $0 [--ca FILE] https://host[:port][/path]\n";
$host =~ tr/[]//d;

my %tls = (
    SSL_ca_file       => $opt{ca},
    SSL_cert_file     => $opt{cert},
    SSL_key_file      => $opt{key},
    SSL_verifycn_name => $opt{name},
    SSL_hostname      => $opt{name},
    SSL_version       => $opt{version},
);
delete @tls{ grep { !defined $tls{$_} } keys %tls };

my $server = IO::Socket::SSL->new(
    PeerAddr            => $host,
    PeerPort            => $port || 443,
    Timeout             => 20,
    SSL_verifycn_scheme => 'http',
    %tls
) or die "cannot connect to $host: ", $@ || $SSL_ERROR, "\n";

print STDERR "protocol: ", $server->get_sslversion, "\n",
  "cipher: ",  $server->get_cipher, "\n",
  "subject: ", $server->peer_certificate('subject'), "\n",
  "names: ",   join(' ', names($server)), "\n";

print {$server} "GET ", $path || '/', " HTTP/1.0\r\n",
  "Host: $host", $port ? ":$port" : '', "\r\n\r\n"
  or die "cannot send the request: $SSL_ERROR\n";
print while <$server>;
close $server;

# The DNS names of the server's certificate.
sub names {
    my ($socket) = @_;

    my @names;
    my @pairs = $socket->peer_certificate('subjectAltNames');
    while (my ($type, $value) = splice @pairs, 0, 2) {
        push @names, $value if $type == GEN_DNS;
    }
    return @names;
}
