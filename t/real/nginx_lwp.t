# LWP::UserAgent fetches from nginx through IO::Socket::SSL.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;

use ISS::Nginx;
use ISS::WebSuite;

plan skip_all => ISS::Nginx->missing if ISS::Nginx->missing;
my $missing =
  missing_module(qw(LWP::UserAgent LWP::Protocol::https HTTP::Request));
plan skip_all => $missing if $missing;

web_suite(
    sub {
        my %ssl = @_;
        my $lwp = LWP::UserAgent->new(
            timeout    => 20,
            keep_alive => 1,
            env_proxy  => 0,
            ssl_opts   => { verify_hostname => 1, %ssl }
        );
        return sub { request($lwp, @_) };
    }
);
done_testing;

sub request {
    my ($lwp, $method, $url, $body, $sink) = @_;

    my $request = HTTP::Request->new($method => $url);
    $request->content($body) if defined $body;
    my $answer =
      $lwp->request($request, $sink ? (sub { $sink->($_[0]) }, 65536) : ());
    my $internal = $answer->header('Client-Warning') || '';
    return {
        status => $answer->code,
        header => {
            map { lc $_ => $answer->header($_) } $answer->header_field_names
        },
        content => $answer->content,
        error   => $internal eq 'Internal response'
        ? $answer->status_line . "\n" . $answer->content
        : ''
    };
}
