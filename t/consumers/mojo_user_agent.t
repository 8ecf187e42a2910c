# Mojo::UserAgent fetches from nginx.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;

use ISS::Consumer qw(Mojo::UserAgent Mojo::IOLoop);
use ISS::Nginx;
use ISS::Test;
use ISS::WebSuite;

plan skip_all => ISS::Nginx->missing if ISS::Nginx->missing;
plan skip_all => 'this Mojo::UserAgent has no tls_options'
  if !Mojo::UserAgent->can('tls_options');

web_suite(
    sub {
        my $agent = Mojo::UserAgent->new(
            max_redirects      => 2,
            connect_timeout    => 20,
            inactivity_timeout => 20,
            max_response_size  => 0,
            tls_options        => {@_}
        );
        return sub { request($agent, @_) };
    }
);
consumer_done();

sub request {
    my ($agent, $method, $url, $body, $sink) = @_;

    my $tx =
      $agent->build_tx($method => $url, {}, defined $body ? $body : ());
    if ($sink) {
        $tx->res->content->unsubscribe('read')
          ->on(read => sub { $sink->($_[1]) });
    }
    $tx = $agent->start($tx);
    my $error   = $tx->error || {};
    my $headers = $tx->res->headers;
    return {
        status => $tx->res->code,
        header =>
          { map { lc $_ => $headers->header($_) } @{ $headers->names } },
        content => $tx->res->body,
        error   => $error->{code} ? '' : $error->{message}
    };
}
