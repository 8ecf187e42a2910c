# The public suffix of a host name: the part below which anybody can register
# a name.  Rules are stored and matched in C (src/names/suffix.c); this module
# splits names and joins them again.
package IO::Socket::SSL::PublicSuffix;

use strict;
use warnings;
use feature qw(unicode_strings);    # lc of a name is that of its characters

use Carp;

use IO::Socket::SSL ();    # loads the functions in C

our $VERSION = $IO::Socket::SSL::VERSION;

my %default;               # by class and min_suffix

sub default {
    my ($class, %args) = @_;
    my $min = _min_suffix(\%args);

    return $default{$class}{$min} ||= _new($class, undef, $min);
}

sub from_string {
    my ($class, $text, %args) = @_;

    croak 'from_string needs a string' unless defined $text;
    return _new($class, $text, _min_suffix(\%args));
}

sub from_file {
    my ($class, $file, %args) = @_;
    my $handle = $file;

    croak 'from_file needs a file name or a handle' unless defined $file;
    if (!ref $file && ref \$file ne 'GLOB') {
        undef $handle;
        open $handle, '<', $file or croak "cannot read $file: $!";
    }
    local ($/, $!);
    my $text = <$handle>;
    croak "cannot read $file: $!" if !defined $text && $!;
    return $class->from_string(defined $text ? $text : '', %args);
}

sub _new {
    my ($class, $text, $min) = @_;
    my $self = bless { min_suffix => $min }, ref $class || $class;

    _load($self, $text, $min);
    return $self;
}

sub _min_suffix {
    my ($args) = @_;
    my $min = delete $args->{min_suffix};
    my @unknown = sort keys %$args;

    croak join ' ', 'unknown arguments:', @unknown if @unknown;
    return 1 unless defined $min;
    croak "min_suffix must be a number, not '"
      . IO::Socket::SSL::Defaults::_shown($min) . q(')
      unless $min =~ /^\d+\z/;
    return $min;
}

sub public_suffix {
    my ($self, $name, $add) = @_;
    my $is_list = ref $name eq 'ARRAY';

    return unless defined $name;
    my $end = !$is_list && $name =~ /\.\z/ ? '.' : '';
    my @labels =
      map { lc } $is_list ? @$name : grep { length } split /\./, $name;
    return unless @labels;

    my $count = $self->_count(join '.', map { _a_label($_) } @labels);
    $count += $add || 0;
    $count = @labels if $count > @labels;
    my @suffix = splice @labels, @labels - $count;

    if ($is_list) {
        return wantarray ? (\@labels, \@suffix) : \@suffix;
    }
    my $suffix = join('.', @suffix) . $end;
    return wantarray ? (join('.', @labels), $suffix) : $suffix;
}

# A label that has no A-label cannot be in a list; '?' matches no rule.
sub _a_label {
    my ($label) = @_;

    return $label unless $label =~ /[^\x01-\x7f]/;
    my $ascii = eval { local $SIG{__DIE__}; _convert($label, 0) };
    return defined $ascii ? $ascii : '?';
}

# Only labels with Unicode are converted: others may be what IDNA forbids
# (ab--c, -a), but are in use.
sub idn_to_ascii {
    shift if @_ > 1;
    my ($name) = @_;
    croak 'idn_to_ascii needs a name' unless defined $name;
    my @labels = split /[.]/, $name, -1;

    croak "'$name': it has an empty label"
      if grep { !length } @labels[ 0 .. $#labels - 1 ];
    croak "'$name': a label is too long" if grep { length > 63 } @labels;
    return join '.', map { /[^\x01-\x7f]/ ? _convert($_, 0) : $_ } @labels;
}

sub idn_to_unicode {
    shift if @_ > 1;
    return _convert($_[0], 1);
}

1;
