# The newest HTTP::Tiny that there is fetches from nginx.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;

use ISS::Consumer qw(HTTP::Tiny);
use ISS::Nginx;
use ISS::Test;
use ISS::WebSuite;

plan skip_all => ISS::Nginx->missing if ISS::Nginx->missing;

ok(scalar HTTP::Tiny->can_ssl, 'HTTP::Tiny says that it can do https');
web_suite(
    sub {
        my %ssl  = @_;
        my $tiny = HTTP::Tiny->new(
            verify_SSL  => 1,
            timeout     => 20,
            keep_alive  => 1,
            SSL_options => \%ssl
        );
        return sub { request($tiny, @_) };
    }
);
consumer_done();

sub request {
    my ($tiny, $method, $url, $body, $sink) = @_;

    my %option;
    $option{content}       = $body if defined $body;
    $option{data_callback} = $sink if $sink;
    my $answer = $tiny->request($method, $url, \%option);
    return {
        status  => $answer->{status},
        header  => $answer->{headers},
        content => $answer->{content},
        error   => $answer->{status} == 599 ? $answer->{content} : ''
    };
}
