# Net::HTTPS, the layer below LWP, talks to nginx as an IO::Socket::SSL.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;

use ISS::Nginx;
use ISS::WebSuite;

plan skip_all => ISS::Nginx->missing if ISS::Nginx->missing;
my $missing = missing_module('Net::HTTPS');
plan skip_all => $missing if $missing;

web_suite(
    sub {
        my %ssl = (@_, SSL_verify_mode => 1, SSL_verifycn_scheme => 'http');
        my $socket;
        return sub { request(\$socket, \%ssl, @_) };
    }
);
done_testing;

# Net::HTTPS has neither redirects nor a pool of connections: minimal
# versions.
sub request {
    my ($socket, $ssl, $method, $url, $body, $sink) = @_;

    my ($host, $port, $path) = $url =~ m{^https://([^:]+):(\d+)(/.*)};
    if (!$$socket) {
        $$socket = Net::HTTPS->new(
            PeerAddr  => $host,
            PeerPort  => $port,
            KeepAlive => 1,
            Timeout   => 20,
            %$ssl
        ) or return { status => 0, error => $@ };
    }
    my $content = '';
    $sink ||= sub { $content .= $_[0] };

    $$socket->write_request($method => $path, defined $body ? $body : ());
    my ($status, undef, @header) = $$socket->read_response_headers;
    while ($$socket->read_entity_body(my $piece, 65536)) {
        $sink->($piece);
    }
    my %header;
    while (my ($name, $value) = splice @header, 0, 2) {
        $header{ lc $name } = $value;
    }
    return request($socket, $ssl, $method, $header{location})
      if $status == 301;
    return { status => $status, header => \%header, content => $content };
}
