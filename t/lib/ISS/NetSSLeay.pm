# A real Net::SSLeay, either installed or in the folders of
# ISS_TEST_NET_SSLEAY (separated by colons).  The test decides whether it is
# loaded before or after us:
#
#   use ISS::NetSSLeay;      # loads it, if possible
#   use ISS::Test;
#   plan skip_all => ISS::NetSSLeay->missing if ISS::NetSSLeay->missing;
#
#   use ISS::Test;
#   use ISS::NetSSLeay ();   # missing loads it
package ISS::NetSSLeay;

use strict;
use warnings;

my $FILE = 'Net/SSLeay.pm';

# The first reason why it cannot be used; '' once it is loaded.
my $why;

sub import {
    $why = _load() if !defined $why;
    return;
}

# A Net::SSLeay that was built for another perl may end the process, so it is
# tried in a separate one.
sub _load {
    my $dirs = $ENV{ISS_TEST_NET_SSLEAY};

    if (defined $dirs && length $dirs) {
        my @dirs = split /:/, $dirs;
        return "ISS_TEST_NET_SSLEAY: there is no $FILE in $dirs"
          if !grep { -e "$_/$FILE" } @dirs;
        unshift @INC, @dirs;
    }
    my @include = map { "-I$_" } grep { !ref } @INC;
    my $try     = 'close STDERR; require Net::SSLeay; print 1';
    open(my $said, '-|', $^X, @include, '-e', $try) or return "fork: $!";
    my $works = do { local $/; <$said> };
    close $said;
    return 'there is no Net::SSLeay, or none for this perl'
      if !$works || !eval { require Net::SSLeay; 1 };
    return '';
}

# Why there is no usable Net::SSLeay; '' if there is one.
sub missing {
    import()    if !defined $why;
    return $why if length $why;
    return ''   if eval { IO::Socket::SSL::_check_exchange(); 1 };
    ($why) = $@ =~ /^(.*) at /;
    return $why;
}

1;
