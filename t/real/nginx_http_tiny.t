# HTTP::Tiny (core) fetches from nginx through IO::Socket::SSL.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;

use HTTP::Tiny;
use ISS::Nginx;
use ISS::Test;
use ISS::WebSuite;

plan skip_all => ISS::Nginx->missing if ISS::Nginx->missing;

is(
    perl_says(
        '-MHTTP::Tiny', '-e', 'print grep { defined } HTTP::Tiny->can_ssl'
    ),
    '1',
    'HTTP::Tiny says that it can do https, and no more'
);

web_suite(\&tiny_client);
done_testing;
