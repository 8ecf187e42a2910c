# The programs of the manual run: each in a perl of its own and in a folder
# with certificates, see ISS::World.  A paragraph before the program says how:
#
#   =for test run name=NAME after=NAME,NAME peers=KIND:PORT,... needs=MODULE,...
#       prints=REGEX serves=CLIENT answer=REGEX ends=STATUS
#
#   name     what others call this program
#   after    programs to run first, in the same folder; a server goes on
#   peers    peers to start, see _peer_KIND in ISS::World
#   needs    modules; without them the program is skipped
#   prints   what it must print; it must end, with status 0
#   ends     another status
#   serves   it is a server: the client to run against it, below
#   answer   what that client must get
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::SSL;
use ISS::Pod;
use ISS::Program;
use ISS::Test;
use ISS::World;
use Test::More;

plan skip_all => 'no IO::Socket::IP' if !eval { require IO::Socket::IP };

# The programs that a module needs come from here, too; see ISS::Consumer.
my @folders = split /:/, $ENV{ISS_TEST_CONSUMERS} || '';

my %CLIENTS = (
    lines    => \&lines,
    starttls => \&starttls,
);

for my $pod (sort keys %{ pods() }) {
    my @blocks   = blocks_of(pods()->{$pod});
    my @programs = grep { $_->{kind} eq 'run' } @blocks or next;
    for my $i (grep { $blocks[$_]{kind} eq 'output' } 1 .. $#blocks) {
        $blocks[$i - 1]{output} = $blocks[$i]{text};
    }
    my %named = map { ($_->{name} || '') => $_ } @programs;
    for my $program (@programs) {
        subtest "$pod, line $program->{line}" => sub { try($program, \%named) };
    }
}
done_testing;

sub try {
    my ($program, $named) = @_;

    my @first = map { $named->{$_} || die "no program $_" } split /,/,
      $program->{after} || '';
    my @modules = map { split /,/, $_->{needs} || '' } @first, $program;
    push @INC, @folders if @modules && !grep { $_ eq $folders[0] } @INC;
    for my $module (@modules) {
        plan skip_all => "no $module"
          if ISS::Program->run([perl(), "-M$module", '-e1']);
    }

    my $world = ISS::World->new;
    for (map { split /,/, $_->{peers} || '' } @first, $program) {
        my ($kind, $port) = /^(\w+):(\d+)$/ or die "peers: $_\n";
        $world->peer($kind, $port);
    }
    prepare($world, $_) for @first;
    $program->{serves} ? serves($world, $program) : runs($world, $program);
    return;
}

sub perl { return $^X, map { "-I$_" } grep { !ref } @INC }

sub text_of {
    my ($program) = @_;
    return "use strict; use warnings; use IO::Socket::SSL;\n#line "
      . "$program->{line}\n$program->{text}";
}

# An earlier program.
sub prepare {
    my ($world, $program) = @_;

    return $world->serve($program->{name}, text_of($program))
      if $program->{serves};
    my ($status, $said) = $world->run($program->{name}, text_of($program));
    is($status, 0, "$program->{name} ends well") or diag $said;
    return;
}

sub runs {
    my ($world, $program) = @_;

    my ($status, $said) = $world->run('program', text_of($program));
    is($status >> 8, $program->{ends} || 0, 'its status');
    like($said, qr/$program->{prints}/ms, 'its output')
      if defined $program->{prints};
    is_like($said, $program->{output}) if defined $program->{output};
    return;
}

# Is this text in what it said?  Line breaks are blanks, and "..." is anything.
sub is_like {
    my ($said, $text) = @_;

    s/\s+/ /g for $said, $text;
    my $wanted = join '.*', map { quotemeta } split /\.\.\./, $text;
    like($said, qr/$wanted/, 'its output is as the manual has it');
    return;
}

sub serves {
    my ($world, $program) = @_;

    my $client = $CLIENTS{ $program->{serves} }
      || die "no client is called $program->{serves}\n";
    my ($server, $port) = $world->serve('program', text_of($program));
    my $said = eval { $client->($world, $port) } || $@;
    like($said, qr/$program->{answer}/ms, 'its answer')
      or diag(($server->stop)[1]);
    return;
}

# --- clients: from the world and the port, what they got ---------------------

sub tls {
    my ($world, $port, @args) = @_;

    return IO::Socket::SSL->new(
        PeerAddr    => "localhost:$port",
        SSL_ca_file => $world->put('ca.pem'),
        @args
    ) || die "cannot connect: $SSL_ERROR\n";
}

sub lines {
    my $sock = tls(@_);
    print {$sock} "hello\n";
    my $line = <$sock>;
    return $line;
}

sub starttls {
    my ($world, $port) = @_;

    my $sock = IO::Socket::INET->new("127.0.0.1:$port") or die "connect: $!";
    print {$sock} "STARTTLS\r\n";
    my $said = <$sock>;
    IO::Socket::SSL->start_SSL(
        $sock,
        SSL_hostname => 'localhost',
        SSL_ca_file  => $world->put('ca.pem')
    ) or die "no TLS: $SSL_ERROR\n";
    return $said . <$sock>;
}
