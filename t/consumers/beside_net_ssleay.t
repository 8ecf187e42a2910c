# Runs the tests of t/real for LWP, Net::HTTPS, HTTP::Tiny, Net::SMTP,
# Net::POP3 and Net::FTP with a real Net::SSLeay loaded first.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;

use ISS::NetSSLeay;
use ISS::Test;

plan skip_all => ISS::NetSSLeay->missing if ISS::NetSSLeay->missing;

for
  my $name (qw(nginx_lwp nginx_net_https nginx_http_tiny starttls ftps proxy))
{
    my $file = "$FindBin::Bin/../real/$name.t";
    ISS::Test::watch_for_hangs($name);    # each has its time
    my @said     = split /^/, perl_says('-MNet::SSLeay', $file);
    my $status   = $?;
    my ($reason) = ($said[0] || '') =~ /^1\.\.0 # SKIP (.*)/;
  SKIP: {
        skip $reason, 1 if defined $reason;
        print { Test::More->builder->output } map { "    $_" } @said;
        my $plan = grep { /^1\.\.[1-9]/ } @said;
        ok($status == 0 && $plan, $name);
    }
}
done_testing;
