# Backends of Session_Store and Ticket_Keys whose server does not answer: they give
# up by a timeout of their own.  That is a miss, and bounds the handshake.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Sessions qw(:DEFAULT fares_here);
use ISS::Test;
use IO::Socket::SSL;
use Socket qw(AF_UNIX PF_UNSPEC SOCK_STREAM);
use Test::More;
use Time::HiRes ();

my $PATIENCE = 0.05;
my $SECRET   = 'the secret of all the machines!!';
our @asked;

# A connection to a server that does not answer.
socketpair my $SILENT, my $server, AF_UNIX, SOCK_STREAM, PF_UNSPEC
  or die "socketpair: $!";

# How clients of such servers give up: after select, as Cache::Memcached does, or
# by an alarm of their own; and what becomes of that.
my %WAIT = (
    'select' => sub {
        vec(my $readable = '', fileno $SILENT, 1) = 1;
        return select $readable, undef, undef, $PATIENCE;
    },
    'alarm' => sub {
        my ($before, $got) = (0);
        eval {
            local $SIG{ALRM} = sub { die "alarm\n" };
            $before = Time::HiRes::alarm($PATIENCE);
            $got    = readline $SILENT;
        };
        Time::HiRes::alarm($before);
        return $got;
    },
);
my %GIVES_UP = (
    'dies'          => sub { die "no answer from the cache\n" },
    'returns undef' => sub { return },
);

{

    package ISS::Patient;

    sub new {
        my ($class, $wait, $gives_up) = @_;
        return bless { wait => $wait, gives_up => $gives_up }, $class;
    }

    sub ask {
        my ($self, $what) = @_;
        push @main::asked, $what;
        die "an answer?\n" if $self->{wait}->();
        return $self->{gives_up}->();
    }

    sub get    { return $_[0]->ask('get') }
    sub set    { return $_[0]->ask('set') }
    sub add    { return $_[0]->ask('add') }
    sub delete { return $_[0]->ask('delete') }
}

my %KIND = (
    'a store' => [SSL_session_cache => 'Session_Store'],
    'keys'    => [SSL_ticket_keys   => 'Ticket_Keys'],
);

for my $wait (sort keys %WAIT) {
    for my $end (sort keys %GIVES_UP) {
        for my $kind (sort keys %KIND) {
            my ($option, $class) = @{ $KIND{$kind} };
            each_version(
                sub {
                    my ($version) = @_;
                    my @told;
                    my $ctx = IO::Socket::SSL::SSL_Context->new(
                        server_args(
                            SSL_version => $version,
                            $option     => "IO::Socket::SSL::$class"->new(
                                backend => ISS::Patient->new(
                                    $WAIT{$wait}, $GIVES_UP{$end}
                                ),
                                secret   => $SECRET,
                                on_error => sub { push @told, "@_" }
                            )
                        )
                    ) or die $SSL_ERROR;
                    @asked = ();
                    my $name = "$kind, $wait, $end";
                    is(fares_here($ctx, keeps_session()),
                        '00', "$name: full handshakes, no failure");
                    cmp_ok(scalar @asked,
                        '<=', 4, '... each waits for two answers at most');
                    my $failures = $end eq 'dies' ? @asked : 0;
                    is($ctx->stats->{store_errors},
                        $failures, '... what dies is counted');
                    is(scalar(grep { /no answer from/ } @told),
                        $failures, '... and told');
                }
            );
        }
    }
}

done_testing;
