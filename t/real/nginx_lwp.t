# LWP::UserAgent fetches from nginx through IO::Socket::SSL.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;

use ISS::Nginx;
use ISS::WebSuite;

plan skip_all => ISS::Nginx->missing     if ISS::Nginx->missing;
plan skip_all => "no LWP with https: $@" if !load_lwp();

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

# Its https half may be unpacked in a folder of its own, since the package
# of it would bring another IO::Socket::SSL along.
sub load_lwp {
    push @INC, split /:/, $ENV{ISS_TEST_LWP_HTTPS} || '';
    return eval {
        require LWP::UserAgent;
        require LWP::Protocol::https;
        require HTTP::Request;
    };
}

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
