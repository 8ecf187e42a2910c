# The newest HTTP::Tiny available fetches from nginx.
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
web_suite(\&tiny_client);
consumer_done();
