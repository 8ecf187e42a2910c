# A sub of the program's that is left by last dies; the loop around the call,
# which Perl could see, goes on as if nothing had happened.
use strict;
use warnings;
no warnings 'exiting';

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

{

    package Cache;
    sub new         { return bless {}, $_[0] }
    sub get_session { last }
    sub add_session { return 1 }
}
{

    package Sock;
    our @ISA = ('IO::Socket::SSL');
    our $leaves;
    sub sysread { last if $leaves; return shift->SUPER::sysread(@_) }
    sub peek    { last if $leaves; return shift->SUPER::peek(@_) }
    sub write   { last if $leaves; return shift->SUPER::write(@_) }
}

# Call the code in a loop: it dies each time, and the loop does not end.
sub dies_in_a_loop {
    my ($name, $code) = @_;

    my @said;
    for (1 .. 3) {
        push @said, died($code);
    }
    like(join('', @said),
        qr/\A(?:Can't "last" outside a loop block.*\n){3}\z/, $name);
    return;
}

my $says_line = sub {
    my ($sock, $me) = @_;
    print $sock "line\n";
    $me->hear;
};

each_version(
    sub {
        my ($sock, $peer) = tls_pair(
            version => $_[0],
            class   => 'Sock',
            peer    => $says_line
        );
        local $Sock::leaves = 1;
        dies_in_a_loop('sysread and peek of a subclass, for readline',
            sub { my $line = readline $sock });
        dies_in_a_loop('write of a subclass, for print',
            sub { print $sock "data\n" });
        $Sock::leaves = 0;
        is(scalar readline $sock, "line\n", 'the connection works');
    }
);

each_version(
    sub {
        my $calls = 0;
        my ($sock, $peer) = tls_pair(
            version => $_[0],
            mine    => { SSL_on_peer_shutdown => sub { $calls++; last } },
            peer    => sub { $_[0]->stop_SSL(SSL_fast_shutdown => 1) }
        );
        my $said;
        for (1) {
            $said = died(sub { sysread $sock, my $buffer, 1 });
        }
        like($said, qr/^Can't "last" outside/, 'SSL_on_peer_shutdown');
        is($calls, 1, '... was called');
    }
);

{
    my $listener = listener();
    dies_in_a_loop(
        'get_session of a cache',
        sub {
            IO::Socket::SSL->new(
                PeerAddr => address($listener),
                client_args(
                    SSL_session_cache => Cache->new,
                    SSL_session_key   => 'key'
                )
            );
        }
    );
}

{
    my $calls = 0;
    my ($tcp, $peer) = raw_pair(sub { syswrite $_[0], 'no TLS' x 20 });
    my $sock = IO::Socket::SSL->start_SSL(
        $tcp,
        client_args(
            SSL_startHandshake => 'lazy',
            SSL_error_trap     => sub { $calls++; last }
        )
    ) or die $SSL_ERROR;
    my $said;
    for (1) {
        $said = died(sub { my $line = readline $sock });
    }
    like($said, qr/^Can't "last" outside/, 'SSL_error_trap');
    is($calls, 1, '... was called');
}
done_testing;
