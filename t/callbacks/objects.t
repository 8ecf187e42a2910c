# Callbacks that throw or return objects: their overloaded operators are Perl
# code, which may die or make the object false.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Scalar::Util qw(refaddr);
use Test::More;

{

    package Dies;
    use overload
      bool => sub { die "in bool\n" },
      '""' => sub { die "in text\n" };

    package Is;
    use overload
      bool => sub { $_[0]{bool} },
      '""' => sub { $_[0]{text} };
}

my $dies  = bless {}, 'Dies';
my $true  = bless { bool => 1, text => 'bluebell' }, 'Is';
my $false = bless { bool => 0, text => '' },         'Is';

# The outcome of a client's handshake with these arguments: 'connected', the
# exception, or $SSL_ERROR.
sub outcome {
    my (%mine) = @_;

    my ($sock, $peer);
    my $died = died(sub { ($sock, $peer) = failing_pair(mine => \%mine) });
    return $sock ? 'connected' : defined $died ? $died : "$SSL_ERROR";
}

sub scheme { return (SSL_verifycn_scheme => { callback => $_[0] }) }

my @with_key = (
    SSL_cert_file => cert('client'),
    SSL_key_file  => key('encrypted')
);

my %USE = (
    'SSL_verify_callback' => sub { (SSL_verify_callback => $_[0]) },
    'the sub of a scheme' => \&scheme,
);
for my $name (sort keys %USE) {
    my $use = $USE{$name};
    is(outcome($use->(sub { $true })),
        'connected', "$name: a true object accepts");
    like(outcome($use->(sub { $false })),
        qr/verif/, '... a false object refuses');
    is(outcome($use->(sub { $dies })),
        "in bool\n", '... an exception of its operator is thrown');
}

%USE = (
    %USE,
    'SSL_create_ctx_callback' => sub { (SSL_create_ctx_callback  => $_[0]) },
    'SSL_passwd_cb'           => sub { (@with_key, SSL_passwd_cb => $_[0]) },
);
for my $name (sort keys %USE) {
    for my $thrown ($false, $dies) {
        my $got = died(
            sub {
                my ($sock) = failing_pair(
                    mine => { $USE{$name}->(sub { die $thrown }) });
                fail("$name: the handshake did not take place") if $sock;
            }
        );
        is(refaddr($got), refaddr($thrown),
            "$name: an exception that is false is thrown, too");
    }
}

is(outcome(@with_key, SSL_passwd_cb => sub { $dies }),
    "in text\n", 'SSL_passwd_cb: an exception of its operator is thrown');

{

    package Cache::Memcached;    # a class that Ticket_Keys knows
    sub new    { return bless [$_[1]], $_[0] }
    sub get    { return }
    sub set    { return 1 }
    sub add    { return $_[0][0] }
    sub delete { return 1 }
}

# A pump whose handle counts in objects.
{

    package Counting;
    sub new     { return bless [@_[1, 2]], $_[0] }
    sub sysread { return sysread $_[0][0], $_[1], $_[2] }

    sub syswrite {
        my $count = syswrite $_[0][0], $_[1], $_[2];
        return $_[0][1] || $count;
    }
    sub fileno { return fileno $_[0][0] }
}

subtest 'what a backend of ticket keys returns' => sub {
    for my $answer ($dies, $false, $true) {
        my $keys = IO::Socket::SSL::Ticket_Keys->new(
            backend => Cache::Memcached->new($answer),
            secret  => 'secret' x 6
        );
        my ($sock, $peer);
        my @warned = warnings_of(
            sub {
                ($sock, $peer) =
                  tls_pair(mine => { SSL_ticket_keys => $keys }, role => 'server');
            }
        );
        ok($sock, 'the handshake succeeds');
        is(
            scalar(grep { /in bool/ } @warned) > 0,
            refaddr($answer) == refaddr($dies), q(a failure is told)
        );
    }
};

subtest 'what a handle under SSL_usebio returns' => sub {
    my ($tcp, $peer) = raw_pair(sub { readline $_[0] });
    my $sock;
    like(
        died(
            sub {
                $sock = IO::Socket::SSL->start_SSL(
                    Counting->new($tcp, $dies),
                    SSL_usebio => 1,
                    client_args()
                );
            }
        ) || $SSL_ERROR,
        qr/in (?:bool|text)|no method/,
        'a count that dies is told'
    );
    ok(!$sock, '... and TLS does not begin');
};

done_testing;
