# Each code block of the manual compiles, and is one of those that another test
# runs; see ISS::Pod.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::SSL;
use IO::Socket::SSL::Utils;
use ISS::Pod;
use ISS::Program;
use ISS::Test;
use Test::More;

# Variables that blocks may use without having declared them.
my $USUAL = join ', ', qw($sock $socket $server $client $listener $context
  $resolver $cache $session $cert $key $host $port $name $bytes $path $pem
  $file $reload $vault $select $pid @paths $new_name $new_key $old_name
  $old_key %args $loop);

# The blocks that programs ask for.
my %used =
  map { ($_->{with} || '') => 1 } map { blocks_of($_) } values %{ pods() };

my $BENCH = slurp("$FindBin::Bin/../../bench/README");
my $pods  = pods();
ok(keys %$pods >= 5, 'the manual is found');
for my $pod (sort keys %$pods) {
    subtest $pod => sub {
        my @blocks = blocks_of($pods->{$pod});
        ok(scalar @blocks, 'it has blocks');
        check($_, "$pod, line $_->{line}") for @blocks;
    };
}
done_testing;

sub check {
    my ($block, $where) = @_;

    return commands($block->{text}, $where) if $block->{kind} eq 'shell';
    return unlike($block->{text}, qr/[\t\x80-\xff]/, "$where: plain text")
      if $block->{kind} =~ /^(?:text|output|says|options|methods|functions)$/;
    return is_deeply([grep { !has_figures($_) } split /\n/, $block->{text}],
        [], "$where: figures of bench/README")
      if $block->{kind} eq 'bench';
    my $runs = $block->{kind} =~ /^(?:run|piece|synopsis)$/
      || $used{ $block->{name} || 'none' };
    ok($runs, "$where: a test runs it")
      or diag 'say how: =for test run ..., or =for test piece NAME';
    my $error = perl_says_no($block->{text});
  SKIP: {
        skip "$where: there is no $1", 1
          if $error =~ /^Can't locate (\S+) in \@INC/ && !is_ours($1);
        is($error, '', "$where: Perl")
          or diag "not code? Say so before it: =for test text";
    }
    return;
}

# Is there a row of that name in bench/README, with all of these figures?
sub has_figures {
    my ($line) = @_;

    my ($name, $figures) = $line =~ /^ +(\S.*?) {3,}(\d.*)/ or return 1;
    my ($row) = $BENCH =~ /^ +\Q$name\E {2,}(.*)/m or return 0;
    my %in    = map { $_ => 1 } split ' ', $row;
    return !grep { !$in{$_} } split ' ', $figures;
}

sub is_ours { return $_[0] =~ m{^IO/Socket/SSL} }

# Statements, or else a list of arguments.
sub perl_says_no {
    my ($text) = @_;

    my $error = '';
    for my $code ($text, "my %options = (\n$text\n);") {
        local ($@, $SIG{__WARN__}) = ('', sub { });
        eval "package ISS::Block; use strict; my ($USUAL); sub {\n$code\n}"
          and return '';
        $error ||= $@;
    }
    return $error;
}

# The shell understands them, and iossl-check its options.
sub commands {
    my ($text, $where) = @_;

    is(shell_says($text), '', "$where: commands");
    for my $command ($text =~ /^(iossl-check .*)$/mg) {
        my (undef, @words) = split ' ',
          $command =~
          s/(?:192\.0\.2\.7|\w+\.example\.com)(?::\d+)?$/127.0.0.1:1/r =~
          s/192\.0\.2\.7:\d+/127.0.0.1:1/r;
        my ($status, $said) = ISS::Program->run(
            [
                $^X,
                map({ "-I$_" } grep { !ref } @INC),
                "$FindBin::Bin/../../bin/iossl-check",
                map { $_ eq 'our-ca.pem' ? cert('ca') : $_ } @words
            ]
        );
        like($said, qr/refuses connections/, "... $command")
          or diag $status;
    }
    return;
}

sub shell_says {
    my ($text) = @_;
    my ($status, $said) = ISS::Program->run(['/bin/sh', '-nc', $text]);
    return $status ? $said || $status : '';
}
