# start_SSL on a socket whose connect is still under way, without a name: the
# certificate must be for the address that the socket gets.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Select;
use IO::Socket::SSL;
use Socket qw(INADDR_LOOPBACK PF_INET SOCK_STREAM sockaddr_in);
use Test::More;

# A socket that waits to be connected, since the queue of the listener is full,
# and a server that takes those before it when it is told to.
sub waiting {
    my ($identity, %args) = @_;

    socket my $listener, PF_INET, SOCK_STREAM, 0 or die "socket: $!";
    bind $listener, sockaddr_in(0, INADDR_LOOPBACK) or die "bind: $!";
    listen $listener, 0 or die "listen: $!";
    my $address = getsockname $listener;
    my @others;
    my $sock;
    while (@others < 20) {
        $sock = IO::Socket::INET->new(Proto => 'tcp') or die $!;
        $sock->blocking(0);
        connect $sock, $address;
        last if @others && !IO::Select->new($sock)->can_write(0.05);
        push @others, $sock;
    }
    return if defined getpeername $sock;
    my $server = peer(
        sub {
            my ($me) = @_;
            my ($count) = $me->hear;
            accept my $other, $listener or die $! for 1 .. $count;
            accept my $tcp, $listener or die "accept: $!";
            my $tls = IO::Socket::SSL->start_SSL($tcp, SSL_server => 1,
                identity($identity), %args) or return;
            print $tls "hello\n";
            readline $tls;
        }
    );
    return ($sock, $server, \@others);
}

# The handshake is done, or why it failed.
sub handshake {
    my ($sock, $server, $others, %args) = @_;

    my @warned = warnings_of(
        sub {
            $sock = IO::Socket::SSL->start_SSL(
                $sock,
                SSL_ca_file        => cert('ca'),
                SSL_startHandshake => 0,
                %args
            );
            $sock->connect_SSL;
        }
    );
    is("@warned", '', '... without a warning');
    $server->tell(scalar @$others);
    while (!$sock->connect_SSL) {
        my $select = IO::Select->new($sock);
        if    ($SSL_ERROR == SSL_WANT_READ)  { $select->can_read }
        elsif ($SSL_ERROR == SSL_WANT_WRITE) { $select->can_write }
        else                                 { return "$SSL_ERROR" }
    }
    return 'done';
}

my @cases = (
    ['for the address', 'server', {}, qr/^done\z/],
    [
        'for another name', 'wrong-name', {},
        qr/hostname verification failed: wanted "127\.0\.0\.1"/
    ],
    ['for the name', 'server', { SSL_verifycn_name => 'localhost' },
        qr/^done\z/],
    [
        'by a scheme',
        'wrong-name',
        { SSL_verifycn_scheme => 'http' },
        qr/hostname verification failed: wanted "127\.0\.0\.1"/
    ],
    ['for anybody', 'wrong-name', { SSL_verifycn_scheme => 'none' },
        qr/^done\z/],
);
for my $case (@cases) {
    my ($what, $identity, $args, $result) = @$case;
    my @waiting = waiting($identity);
  SKIP: {
        skip 'the kernel connects at once, whatever the queue', 2
          if !@waiting;
        like(handshake(@waiting, %$args), $result, "a certificate $what");
    }
}

subtest 'a sub as the scheme gets the address' => sub {
    my @waiting = waiting('server') or plan skip_all => 'as above';
    my $asked;
    my %scheme = (callback => sub { $asked = $_[0]; return 1 });
    is(handshake(@waiting, SSL_verifycn_scheme => \%scheme),
        'done', 'it accepts');
    is($asked, '127.0.0.1', '... the address');
};

done_testing;
