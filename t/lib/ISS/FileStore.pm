# A backend for IO::Socket::SSL::Session_Store in files of a folder, which all
# processes share.
#
#   my $folder = ISS::FileStore::folder($dir);           # an empty one
#   my $store  = ISS::FileStore::store($folder, secret => $secret);
#   my @files  = ISS::FileStore::values_in($folder);
#
# It fails while the folder has a file "broken".  With cannot_tell => 1, delete
# does not know whether it was the one that removed the value; with loses => 1
# another process always was.
package ISS::FileStore;

use strict;
use warnings;

use IO::Socket::SSL;

my $number = 0;

sub folder {
    my ($dir) = @_;
    my $folder = "$dir/" . ++$number;
    mkdir $folder or die $!;
    return $folder;
}

sub store {
    my ($folder, %args) = @_;
    my %backend = map { $_ => delete $args{$_} }
      grep { exists $args{$_} } qw(cannot_tell loses);
    return IO::Socket::SSL::Session_Store->new(
        backend => sub { __PACKAGE__->new(dir => $folder, %backend) },
        %args
    );
}

sub values_in {
    my ($folder) = @_;
    return grep { length($_) > 80 } glob "$folder/*";
}

sub new { my ($class, %self) = @_; return bless \%self, $class }

sub _file { return "$_[0]{dir}/" . unpack 'H*', $_[1] }

sub _check {
    my ($self) = @_;
    die "the store is broken\n" if -e "$self->{dir}/broken";
    return;
}

sub get {
    my ($self, $key) = @_;
    $self->_check;
    open my $in, '<:raw', $self->_file($key) or return;
    local $/;
    return scalar <$in>;
}

sub set {
    my ($self, $key, $value, $seconds) = @_;
    $self->_check;
    open my $out, '>:raw', $self->_file($key) or die "set: $!";
    print {$out} $value;
    close $out;
    open $out, '>', "$self->{dir}/seconds" or die "set: $!";
    print {$out} $seconds;
    return;
}

sub delete {
    my ($self, $key) = @_;
    $self->_check;
    my $removed = unlink $self->_file($key);
    return if $self->{cannot_tell};
    return $self->{loses} ? 0 : $removed;
}

1;
