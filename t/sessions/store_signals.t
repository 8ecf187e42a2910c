# Signal handlers of the program, such as that of its alarm, that die while the
# backend of a Session_Store or of Ticket_Keys is asked.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

my $SECRET = 'the secret of all the machines!!';

{

    package Backend;    # stores nothing; each question runs a sub
    our $deed  = sub { };
    our $made  = 0;
    our %value = ();
    sub new    { $made++;   return bless {} }
    sub get    { $deed->(); return $value{ $_[1] } }
    sub set    { $deed->(); $value{ $_[1] } = $_[2]; return 1 }
    sub delete { $deed->(); return 1 }
}

sub alarm_now { kill USR1 => $$; return "$$" }

# What a server with this context dies with.
sub served {
    my ($ctx) = @_;
    my ($sock, $peer);

    return died(
        sub {
            ($sock, $peer) =
              tls_pair(role => 'server', mine => { SSL_reuse_ctx => $ctx });
        }
    );
}

my %class = (
    Session_Store => 'SSL_session_cache',
    Ticket_Keys   => 'SSL_ticket_keys',
);
my @told;

# A context of a server with a new object of this class.
sub context {
    my ($name, %more) = @_;
    my $object = "IO::Socket::SSL::$name"->new(
        backend  => sub { Backend->new },
        secret   => $SECRET,
        on_error => sub { push @told, $_[1] },
        %more
    );

    @told           = ();
    %Backend::value = ();
    return IO::Socket::SSL::SSL_Context->new(
        server_args($class{$name} => $object))
      || die $SSL_ERROR;
}

my $late = bless { why => 'late' }, 'Some::Exception';
$SIG{USR1} = sub { die "my alarm\n" };
$SIG{USR2} = sub { die $late };

for my $name (sort keys %class) {
    for my $case ([\&alarm_now, "my alarm\n"],
        [sub { kill USR2 => $$; return "$$" }, $late])
    {
        my ($signal, $wanted) = @$case;
        my $ctx = context($name);
        $Backend::deed = $signal;
        is(served($ctx), $wanted,
            "$name: a handler that dies reaches the program");
        is_deeply(\@told, [], '... and is no failure of the backend');
        is($ctx->stats->{store_errors}, 0, '... nor counted as one');
        $Backend::deed = sub { };
        is(served($ctx), undef, '... the next connection works');
    }

    my $ctx = context($name);
    $Backend::deed = sub {
        local $SIG{USR1} = sub { die "too slow\n" };
        alarm_now();
    };
    is(served($ctx), undef,        "$name: a handler of the backend's own");
    is($told[0],     "too slow\n", '... is a failure of the backend');
}

# What the old client would answer next may belong to the old question.
{
    my $ctx = context('Session_Store');
    $Backend::deed = \&alarm_now;
    served($ctx);
    my $made = $Backend::made;
    $Backend::deed = sub { };
    served($ctx);
    is($Backend::made, $made + 1, 'after that the backend is made anew');
}

# on_error may be interrupted, too.
{
    my $ctx = context('Session_Store', on_error => \&alarm_now);
    $Backend::deed = sub { die "broken\n" };
    is(served($ctx), "my alarm\n", 'an alarm within on_error');
}

for my $name (sort keys %class) {
    my $ctx = context($name);
    defined(my $pid = fork) or die "fork: $!\n";
    if (!$pid) {
        $SIG{USR1} = sub { exit 3 };
        $Backend::deed = \&alarm_now;
        served($ctx);
        exit 4;
    }
    waitpid $pid, 0;
    is($? >> 8, 3, "$name: a handler may exit");
}
done_testing();
