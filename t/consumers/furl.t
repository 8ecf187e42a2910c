# Furl fetches from nginx.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;

use ISS::Consumer qw(Furl);
use ISS::Nginx;
use ISS::Test;
use ISS::WebSuite;

plan skip_all => ISS::Nginx->missing if ISS::Nginx->missing;

web_suite(
    sub {
        my $furl = Furl->new(timeout => 20, ssl_opts => {@_});
        return sub { request($furl, @_) };
    }
);
consumer_done();

sub request {
    my ($furl, $method, $url, $body, $sink) = @_;

    my %request = (method => $method, url => $url);
    $request{content}    = $body if defined $body;
    $request{write_code} = sub { $sink->($_[3]) }
      if $sink;
    my $answer = $furl->request(%request);
    return {
        status => $answer->code,
        header =>
          { map { lc $_ => $answer->header($_) } $answer->headers->keys },
        content => $answer->content,
        error   => $answer->header('X-Internal-Response')
        ? $answer->message . "\n" . $answer->content
        : ''
    };
}
