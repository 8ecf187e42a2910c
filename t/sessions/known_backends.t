# Session_Store and Ticket_Keys know the methods of some modules by their class:
# stand-ins for these have nothing but those, with their arguments.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Sessions qw(:DEFAULT fares_here);
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

my %value;
our @calls;

# What each module has: method => what it does with the arguments.
my %memcached = (
    get => sub { $value{ $_[0] } },
    set => sub { $value{ $_[0] } = $_[1]; 1 },
    add => sub {
        return 0 if exists $value{ $_[0] };
        $value{ $_[0] } = $_[1];
        return 1;
    },
    delete => sub { delete $value{ $_[0] } ? 1 : '' },
);
my %redis = (
    get => sub { $value{ $_[0] } },
    set => sub {
        my ($key, $value, @how) = @_;
        return if exists $value{$key} && grep { $_ eq 'NX' } @how;
        $value{$key} = $value;
        return 'OK';
    },
    del => sub { defined delete $value{ $_[0] } ? 1 : 0 },
);
my %chi = (
    get    => sub { $value{ $_[0] } },
    set    => sub { $value{ $_[0] } = $_[1] },
    remove => sub { delete $value{ $_[0] } },
);

# [class, methods, the calls of a store of 100 seconds, those of Ticket_Keys]
my $KEY   = 'iss:[\w-]{43}';
my @CASES = (
    (
        map {
            [
                $_, \%memcached,
                "set $KEY V 100 get $KEY delete $KEY set $KEY V 100",
                "get $KEY add $KEY V 93600"
            ]
        } qw(Cache::Memcached::Fast Cache::Memcached)
    ),
    (
        map {
            [
                $_, \%redis,
                "set $KEY V EX 100 get $KEY del $KEY set $KEY V EX 100",
                "get $KEY set $KEY V EX 93600 NX"
            ]
        } qw(Redis Redis::Fast)
    ),
    [
        'CHI::Driver',
        \%chi,
        "set $KEY V 100 get $KEY remove $KEY set $KEY V 100",
        "get $KEY set $KEY V 93600 get $KEY"
    ],
);

sub stand_in {
    my ($class, $methods) = @_;
    for my $name (keys %$methods) {
        no strict 'refs';    ## no critic (ProhibitNoStrict)
        *{"${class}::$name"} = sub {
            my ($self, @args) = @_;
            push @calls, $name, map { length > 60 ? 'V' : $_ } @args;
            return $methods->{$name}->(@args);
        };
    }
    return bless {}, $class;
}

# The calls of two connections with one session, and whether the second resumed.
sub calls_of {
    my (@args) = @_;
    my $ctx =
      IO::Socket::SSL::SSL_Context->new(
        server_args(SSL_version => 'TLSv1_3', @args))
      or die $SSL_ERROR;
    local @calls = ();
    my $resumed = fares_here($ctx, keeps_session());
    return ("@calls", $resumed);
}

for my $case (@CASES) {
    my ($class, $methods, $of_store, $of_keys) = @$case;
    my $backend = stand_in($class, $methods);

    %value = ();
    my ($calls, $resumed) = calls_of(
        SSL_session_cache => IO::Socket::SSL::Session_Store->new(
            backend => $backend,
            secret  => 's' x 32,
            timeout => 100
        )
    );
    is($resumed, '01', "$class: a store resumes");
    like($calls, qr/\A$of_store\z/, '... by these calls');

    %value = ();
    ($calls, $resumed) = calls_of(
        SSL_ticket_keys => IO::Socket::SSL::Ticket_Keys->new(
            backend => $backend,
            secret  => 's' x 32
        )
    );
    is($resumed, '01', "$class: ticket keys resume");
    like($calls, qr/\A$of_keys/, '... made by these calls');
}

done_testing();
