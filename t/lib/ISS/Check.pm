# For the tests of IO::Socket::SSL::Check and iossl-check: results about servers
# of ours.
package ISS::Check;

use strict;
use warnings;

use Exporter qw(import);
use File::Spec;
use FindBin;
use Test::More;

use IO::Socket::SSL::Check;
use ISS::Test;

our @EXPORT = qw(check_at check_tls ids_are finding says script);

# What check says of an address, host:port, trusting the CA of the tests.
sub check_at {
    my ($address, %args) = @_;
    my ($host,    $port) = $address =~ /^(.*):(\d+)\z/;

    return IO::Socket::SSL::Check::check(
        host    => $host,
        port    => $port,
        ca_file => cert('ca'),
        %args
    );
}

# The same of a TLS server with these arguments.
sub check_tls {
    my ($server, %args)    = @_;
    my ($peer,   $address) = tls_server(
        sub {
            eval { read_all($_[0]) };
            return;
        },
        %$server
    );

    return check_at($address, %args);
}

# These findings and no others, in this order.
sub ids_are {
    my ($result, $expected, $what) = @_;
    my @ids = map { $_->{id} } @{ $result->{findings} };

    return is_deeply(\@ids, $expected, $what)
      || diag(explain($result->{findings}));
}

sub finding {
    my ($result, $id) = @_;

    return (grep { $_->{id} eq $id } @{ $result->{findings} })[0] || {};
}

# The words of a finding, and of what to do.
sub says {
    my ($result, $id, $text, $action) = @_;
    my $finding = finding($result, $id);

    like($finding->{text},   $text,   "$id: the words");
    like($finding->{action}, $action, "$id: what to do") if $action;
    return;
}

# Run the command: (exit code, output, errors).  Both are files, not terminals.
sub script {
    my (@arguments) = @_;
    my $root        = File::Spec->catdir($FindBin::Bin, '..', '..');
    my $errors  = File::Spec->catfile(File::Spec->tmpdir, "iossl-check.$$");
    my @include = map { "-I$_" } map { File::Spec->rel2abs($_) }
      grep { !ref } @INC;

    defined(my $pid = open(my $output, '-|')) or die "fork: $!\n";
    if (!$pid) {
        open(STDERR, '>', $errors) or POSIX::_exit(1);
        exec($^X, @include,
            File::Spec->catfile($root, 'bin', 'iossl-check'), @arguments)
          or POSIX::_exit(1);
    }
    my $said = do { local $/; <$output> };
    close $output;
    my $code = $? >> 8;
    open my $in, '<', $errors or die "$errors: $!\n";
    my $warned = do { local $/; <$in> };
    close $in;
    unlink $errors;
    return ($code, defined $said ? $said : '',
        defined $warned ? $warned : '');
}

1;
