# Runs a test of a program on top of IO::Socket::SSL twice: without
# Net::SSLeay, and with a real one loaded first.
#
#   use ISS::Consumer qw(Mojo::UserAgent);    # skips unless these load
#   ...
#   consumer_done();
#
# The modules may be unpacked in the folders of ISS_TEST_CONSUMERS, because
# most of their packages would install another IO::Socket::SSL.
package ISS::Consumer;

use strict;
use warnings;

use Exporter ();
use Test::More;

our @EXPORT = qw(consumer_done consumer_perl half);

my @HALVES = (
    [alone  => 'without Net::SSLeay'],
    [beside => 'with a Net::SSLeay that is loaded first'],
);

# The half that this process runs; undef in the process that starts both.
sub half { return $ENV{ISS_TEST_HALF} }

sub import {
    my ($class, @modules) = @_;

    _both_halves() if !half();
    _use_folders();
    my $why = half() eq 'alone' ? _not_alone() : _not_beside();
    plan skip_all => $why if $why;
    for my $module (@modules) {
        my $file = ($module =~ s{::}{/}gr) . '.pm';
        plan skip_all => _without($module, $@) if !eval { require $file };
    }
    require ISS::Test;
    @_ = $class;
    goto &Exporter::import;
}

sub _without {
    my ($module, $error) = @_;

    my ($reason) = $error =~ /^(.*?) (?:in \@INC|at) /;
    return "$module cannot be loaded: $reason";
}

# Runs the same file for each half, as subtests; does not return.
sub _both_halves {
    my $watch = ISS::Test->can('watch_for_hangs') || do {
        require ISS::Test;
        ISS::Test->can('watch_for_hangs');
    };
    my @reasons;
    for my $half (@HALVES) {
        my ($name, $what) = @$half;
        $watch->($what);    # each has its time
        my ($status, @said) = _say_of($name);
        my ($reason) = ($said[0] || '') =~ /^1\.\.0 # SKIP (.*)/;
        if (defined $reason) {
            push @reasons, $reason;
            next if @reasons < @HALVES;
            plan skip_all => $reasons[0];
        }
        print { Test::More->builder->output } map { "    $_" } @said;
        my $plan = grep { /^1\.\.[1-9]/ } @said;
        ok($status == 0 && $plan, $what);
    }
  SKIP: {
        skip $reasons[0], 1 if @reasons;
    }
    done_testing;
    exit !Test::More->builder->is_passing;
}

sub _say_of {
    my ($half) = @_;

    local $ENV{ISS_TEST_HALF} = $half;
    my @include = map { "-I$_" } grep { !ref } @INC;
    open(my $tap, '-|', $^X, @include, $0) or die "fork: $!";
    my @said = <$tap>;
    close $tap;
    return ($?, @said);
}

# Before all folders but ours: some of these modules are core modules, too.
sub _use_folders {
    my @folders = split /:/, $ENV{ISS_TEST_CONSUMERS} || '';
    for my $folder (@folders) {
        die "$folder has another IO::Socket::SSL\n"
          if -e "$folder/IO/Socket/SSL.pm";
    }
    my $ours = grep { !ref && /\bblib\b/ } @INC;
    my $at   = 0;
    $at++
      while $at < @INC && (ref $INC[$at] || $INC[$at] =~ /\b(?:blib|lib)$/);
    splice @INC, $ours ? $at : 0, 0, @folders;
    return;
}

sub _not_alone {
    return 'a Net::SSLeay is installed'
      if grep { !ref && -e "$_/Net/SSLeay.pm" } @INC;
    return '';
}

sub _not_beside {
    require ISS::NetSSLeay;
    ISS::NetSSLeay->import;
    require IO::Socket::SSL;
    return ISS::NetSSLeay->missing;
}

# The command of a perl with the same modules.
sub consumer_perl {
    return ($^X, map { "-I$_" } grep { !ref } @INC);
}

# The end of a half: checks that Net::SSLeay was loaded or not, as intended.
sub consumer_done {
    like(
        $INC{'IO/Socket/SSL.pm'},
        qr{\bblib\b.*IO/Socket/SSL\.pm$},
        'it was our IO::Socket::SSL'
    );
    my $other = $INC{'Net/SSLeay.pm'};
    if (half() eq 'alone') {
        is($other, undef, 'Net::SSLeay was not loaded');
    }
    else {
        like($other, qr{^/.*Net/SSLeay\.pm$}, 'Net::SSLeay was loaded');
    }
    done_testing;
    return;
}

1;
