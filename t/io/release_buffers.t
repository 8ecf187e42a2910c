# Idle connections have no buffers, unless SSL_mode_release_buffers is off.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::SSL;
use ISS::Test;
use POSIX ();
use Test::More;

my $COUNT = 40;

plan skip_all => 'only Linux reports the size of the heap'
  if !-r '/proc/self/status';
plan skip_all => 'a tool with its own heap is in use'
  if ($ENV{LD_PRELOAD} || '') =~ /vgpreload|asan/;

sub heap {
    open my $in, '<', '/proc/self/status' or die "/proc/self/status: $!";
    my ($kib) = map { /^VmData:\s+(\d+) kB/ } <$in>;
    return $kib;
}

# A server with these arguments, and its address.  It tells how many KiB of
# heap it needs for a connection that has read and written.
sub start_server {
    my (@args) = @_;

    my (@held, $before);
    return [
        tls_server(
            sub {
                my ($sock, $me) = @_;
                sysread($sock, my $buf, 1) or die "read: $SSL_ERROR";
                syswrite($sock, 'x')       or die "write: $SSL_ERROR";
                push @held, $sock;
                $before = heap() if @held == $COUNT;
                $me->tell((heap() - $before) / $COUNT)
                  if @held == 2 * $COUNT;
            },
            @args
        )
    ];
}

sub taken {
    my ($server, $address) = @{ $_[0] };

    my @clients;
    for (1 .. 2 * $COUNT) {
        my $sock = IO::Socket::SSL->new(PeerAddr => $address, client_args())
          or die "connect: $SSL_ERROR";
        syswrite($sock, 'x')       or die "write: $SSL_ERROR";
        sysread($sock, my $buf, 1) or die "read: $SSL_ERROR";
        push @clients, $sock;
    }
    return ($server->hear)[0];
}

# The same of a client, in a process of its own.
sub taken_by_client {
    my ($address, @args) = @_;

    my $pid = open my $result, '-|';
    defined $pid or die "fork: $!";
    if (!$pid) {
        my $ctx = IO::Socket::SSL::SSL_Context->new(client_args(), @args);
        my (@held, $before);
        for (1 .. 2 * $COUNT) {
            my $sock = IO::Socket::SSL->new(
                PeerAddr      => $address,
                SSL_reuse_ctx => $ctx,
                client_args()
            ) or die "connect: $SSL_ERROR";
            syswrite($sock, 'x') or die "write: $SSL_ERROR";
            defined($_ % 2 ? sysread($sock, my $buf, 1) : getc $sock)
              or die "read: $SSL_ERROR";
            push @held, $sock;
            $before = heap() if $_ == $COUNT;
        }
        print +(heap() - $before) / $COUNT;
        close STDOUT;
        POSIX::_exit(0);
    }
    return scalar <$result>;
}

# Fork all servers before the first client, so that they do not inherit the
# memory that it leaves in our heap.
my %servers = map {
    my @version = (SSL_version => $_);
    (
        $_ => [
            start_server(@version, SSL_mode_release_buffers => 0),
            start_server(@version)
        ]
    )
} versions();
my %for_clients = map { ($_ => start_server(SSL_version => $_)) } versions();

each_version(
    sub {
        my ($version) = @_;

        # Tickets come after the handshake, before the answer.
        my $address = $for_clients{$version}[1];
        my ($kept, $freed) = map {
            taken_by_client($address, SSL_mode_release_buffers => $_)
        } 0, 1;
        cmp_ok($kept - $freed, '>', 25,
            'the heap of a client is smaller by two records')
          or diag "$kept KiB without, $freed with";
    }
);

each_version(
    sub {
        my ($version) = @_;

        my ($kept, $freed) = map { taken($_) } @{ $servers{$version} };
        cmp_ok($kept - $freed, '>', 25, 'the heap is smaller by two records')
          or diag "$kept KiB without, $freed with";
    }
);

done_testing;
