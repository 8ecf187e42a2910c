#!/usr/bin/perl
# Fetches a page over HTTPS through a proxy, by the method CONNECT.
#
#   connect_client.pl --proxy proxy.example.com:3128 [--ca ca.pem]
#       [--user name:password] https://localhost:8443/
#
# The proxy sees the name and the port, but nothing of what is said.
use strict;
use warnings;

use Getopt::Long qw(GetOptions);
use IO::Socket::INET;
use IO::Socket::SSL;
use MIME::Base64 qw(encode_base64);

my %opt;
GetOptions(\%opt, 'proxy=s', 'ca=s', 'user=s');
my ($host, $port, $path) =
  ($ARGV[0] || '') =~ m{^https://([^/:]+)(?::(\d+))?(/.*)?\z}
  or die
  "usage: $0 --proxy HOST:PORT [--ca FILE] https://host[:port][/path]\n";
$port ||= 443;

my $socket = IO::Socket::INET->new(PeerAddr => $opt{proxy}, Timeout => 20)
  or die "cannot connect to the proxy: $@\n";
connect_to($host, $port);

IO::Socket::SSL->start_SSL(
    $socket,
    SSL_hostname => $host,    # that of the server, not of the proxy
    Timeout      => 20,
    $opt{ca} ? (SSL_ca_file => $opt{ca}) : (),
) or die "no TLS with $host: $SSL_ERROR\n";

print {$socket} 'GET ', $path || '/', " HTTP/1.0\r\nHost: $host\r\n\r\n"
  or die "cannot send the request: $SSL_ERROR\n";
print while <$socket>;
close $socket;

# Have the proxy connect us.
sub connect_to {
    my (@address) = @_;

    my $address = join ':', @address;
    my $user =
      $opt{user}
      ? 'Proxy-Authorization: Basic '
      . encode_base64($opt{user}, '') . "\r\n"
      : '';
    print {$socket}
      "CONNECT $address HTTP/1.1\r\nHost: $address\r\n$user\r\n";

    my $status = <$socket>;
    die "the proxy does not answer\n" if !defined $status;
    while (defined(my $line = <$socket>)) {
        last if $line =~ /^\r?\n\z/;
    }
    die "the proxy refuses: $status" if $status !~ m{^HTTP/1\.[01] 2\d\d\b};
    return;
}
