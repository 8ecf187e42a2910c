# Stand-ins for Redis and Cache::Memcached::Fast, which keep values in files of a
# folder that processes share:
#
#   ISS::Keepers::keep_in($folder);
#   my $redis = Redis->new(server => '10.0.0.9:6379');
#
#   is(ISS::Keepers::fares_in($folder, $piece, $secret), '01',
#       'two servers that share what is in there');
package ISS::Keepers;

use strict;
use warnings;

use ISS::FileStore;
use ISS::Sessions qw(:DEFAULT fares);

my $folder;

sub keep_in {
    ($folder) = @_;
    mkdir $folder or die "$folder: $!";
    return;
}

# Whether a client resumes at two servers, one after the other, that have the
# arguments of this ISS::Piece of the manual; see ISS::Sessions.
sub fares_in {
    my ($new_folder, $piece, $secret) = @_;
    keep_in($new_folder);
    my @args = (before => 'my ($bytes) = @_;', with => [$secret]);
    return fares(map { resuming_server($piece->list(@args)) } 1 .. 2);
}

sub _files { return ISS::FileStore->new(dir => $folder) }

sub _set {
    _files()->set(@_);
    return 1;
}

sub _add { return defined _files()->get($_[0]) ? 0 : _set(@_) }

package Redis;

sub new {
    my ($class, %args) = @_;
    die "Redis: no server\n" if ($args{server} || '') !~ /^[\d.]+:\d+\z/;
    return bless {}, $class;
}
sub get { return ISS::Keepers::_files()->get($_[1]) }
sub del { return ISS::Keepers::_files()->delete($_[1]) }

sub set {
    my ($self, $key, $value, $ex, $seconds, $nx) = @_;
    die "Redis: $ex\n" if $ex ne 'EX';
    return $nx
      ? ISS::Keepers::_add($key, $value, $seconds)
      : ISS::Keepers::_set($key, $value, $seconds);
}

package Cache::Memcached::Fast;

sub new {
    my ($class, $args) = @_;
    die "memcached: no servers\n"
      if ref $args->{servers} ne 'ARRAY' || !$args->{io_timeout};
    return bless {}, $class;
}
sub get    { return ISS::Keepers::_files()->get($_[1]) }
sub add    { shift; return ISS::Keepers::_add(@_) }
sub set    { shift; return ISS::Keepers::_set(@_) }
sub delete { return ISS::Keepers::_files()->delete($_[1]) }

1;
