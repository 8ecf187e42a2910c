#!/usr/bin/perl
# A server of several names: each has its certificate, and the first message of a
# client says which one it wants (SNI).
#
#   sni_server.pl --name www.example.org=org.pem,org.key
#       --name '*.example.net=net.pem,net.key' [--default server.pem,server.key]
#       [--port 8443] [--host 127.0.0.1]
#
# Without --default, clients that ask for another name are refused.  It prints
# its address, and tells each client which name it has asked for.
use strict;
use warnings;

use Getopt::Long qw(GetOptions);
use IO::Socket::SSL;

my %opt = (host => '127.0.0.1', port => 0);
GetOptions(\%opt, 'host=s', 'port=i', 'name=s%', 'default=s')
  && ($opt{name} || $opt{default})
  or die "usage: $0 --name NAME=CERT,KEY ... [--default CERT,KEY]\n";

my %files = %{ $opt{name} || {} };
$files{''} = $opt{default} if defined $opt{default};
my (%cert, %key);
($cert{$_}, $key{$_}) = split /,/, $files{$_} for keys %files;

my $listener = IO::Socket::SSL->new(
    LocalAddr     => $opt{host},
    LocalPort     => $opt{port},
    Listen        => 128,
    ReuseAddr     => 1,
    Timeout       => 10,
    SSL_cert_file => \%cert,
    SSL_key_file  => \%key,
) or die "cannot serve: $@\n";

$| = 1;
printf "%s:%d\n", $listener->sockhost, $listener->sockport;

while (1) {
    my $client = $listener->accept;
    if (!$client) {
        warn "a client was turned away: $SSL_ERROR\n" if $SSL_ERROR;
        next;
    }
    my $name = $client->get_servername;
    print {$client} defined $name ? "this is $name\n" : "you named nobody\n";
    $client->close;
}
