# A server resumes the session of a client with a certificate until the first
# certificate of the client's chain ends.  SSL_session_timeout, SSL_num_tickets,
# new_ticket.
use strict;
use warnings;

use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Sessions;
use ISS::Test;
use IO::Socket::SSL;
use IO::Socket::SSL::Utils;
use Socket qw(AF_UNIX PF_UNSPEC SOCK_STREAM SOL_SOCKET SO_SNDBUF);
use Test::More;
use Time::HiRes qw(time);

my $dir = tempdir('iss-end-XXXXXX', TMPDIR => 1, CLEANUP => 1);

sub write_file {
    my ($name, @bytes) = @_;

    open my $out, '>:raw', "$dir/$name" or die "$dir/$name: $!";
    print {$out} @bytes;
    close $out;
    chmod 0600, "$dir/$name";
    return "$dir/$name";
}
my $keys = write_file('ticket.key', map { chr } 1 .. 80);

# Arguments of a client whose certificate, or whose CA, ends in so many seconds.
sub client_ending {
    my ($name, %seconds) = @_;

    my $now = int time;
    my ($ca, $ca_key) = CERT_create(
        CA        => 1,
        key       => KEY_create_ec(),
        subject   => { CN => "CA of $name" },
        not_after => $now + ($seconds{ca} || 1000)
    );
    my ($cert, $key) = CERT_create(
        key       => KEY_create_ec(),
        subject   => { CN => $name },
        issuer    => [$ca, $ca_key],
        purpose   => 'client',
        not_after => $now + ($seconds{cert} || 1000)
    );
    PEM_cert2file($ca,   "$dir/$name-ca.pem");
    PEM_cert2file($cert, "$dir/$name.pem");
    PEM_key2file($key, "$dir/$name.key");
    CERT_free($_) for $ca,     $cert;
    KEY_free($_)  for $ca_key, $key;
    return (
        SSL_cert_file => "$dir/$name.pem",
        SSL_key_file  => "$dir/$name.key"
    );
}

# A server that asks for such a certificate.
sub asking {
    my ($name, @args) = @_;
    return resuming_server(
        SSL_verify_mode => SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
        SSL_ca_file     => "$dir/$name-ca.pem",
        @args
    );
}

sub wait_until {
    my ($time) = @_;

    while ((my $left = $time - time) > 0) {
        select undef, undef, undef,
          $left;    ## no critic (ProhibitSleepViaSelect)
    }
    return;
}

# All cases at once, so that we wait only once; again with certificates that
# last longer if they end too early on a slow machine.
{
    my ($ended, @cases);
    for my $seconds (5, 25, 100) {
        $ended = int(time) + $seconds + 1.1;
        @cases = while_good($seconds);
        last if time < $ended - 1.1;
    }
    for (@cases) {
        my ($what, $resumed) = @$_;
        is($resumed, '011', "$what: resumed while the certificate is good");
    }
    wait_until($ended);
    for (@cases) {
        my ($what, undef, $server, @args) = @$_;
        my $sock = connected($server, @args);
        my $line = $sock && get_line($sock);
        is($line, undef, "$what: a full handshake once it has ended");
    }
}

# Servers and clients whose certificates end in so many seconds: [what, which of
# three connections resume, server, arguments of the client].
sub while_good {
    my ($seconds) = @_;

    my %ends  = (leaf => { cert => $seconds }, ca => { ca => $seconds });
    my %files = map { $_ => [client_ending($_, %{ $ends{$_} })] } keys %ends;
    my %kinds = (
        'ticket keys' => [SSL_ticket_keys => $keys],
        "OpenSSL's"   => []
    );
    my @cases;
    for my $version (versions()) {
        for my $name (sort keys %ends) {
            for my $kind (sort keys %kinds) {
                my $server = asking(
                    $name,
                    SSL_version => $version,
                    @{ $kinds{$kind} }
                );
                my @args = (
                    @{ $files{$name} },
                    SSL_session_cache =>
                      IO::Socket::SSL::Session_Cache->new(1),
                    SSL_session_key => 'key'
                );
                push @cases,
                  [
                    "$version, $name, $kind",
                    join('', map { resumed($server, @args) } 1 .. 3),
                    $server, @args
                  ];
            }
        }
    }
    return @cases;
}

# SSL_session_timeout and SSL_num_tickets.
each_version(
    sub {
        my ($version) = @_;
        my @args = (
            SSL_session_cache => IO::Socket::SSL::Session_Cache->new(1),
            SSL_session_key   => 'key'
        );
        my $server = resuming_server(
            SSL_version         => $version,
            SSL_session_timeout => 1
        );
        my $first = resumed($server, @args);
        wait_until(int(time) + 3);
        is($first . resumed($server, @args),
            '00', 'a session that is older than SSL_session_timeout');
    }
);
for my $case ([undef, 2], [0, 0], [5, 5]) {
    my ($given, $count) = @$case;
    is(tickets_of(defined $given ? (SSL_num_tickets => $given) : ()),
        $count, 'SSL_num_tickets => ' . (defined $given ? $given : 'undef'));
}

# How many tickets a client of TLS 1.3 gets; "more" are sent by new_ticket.
sub tickets_of {
    my (%args) = @_;

    my $more  = delete $args{more} || 0;
    my $cache = CountingCache->new;
    my ($server, $address) = tls_server(
        sub {
            my ($sock) = @_;
            $sock->new_ticket or die "new_ticket: $SSL_ERROR" for 1 .. $more;
            print {$sock} "done\n";
            readline $sock;
        },
        SSL_version => 'TLSv1_3',
        %args
    );
    my $sock = IO::Socket::SSL->new(
        PeerAddr => $address,
        client_args(SSL_session_cache => $cache)
    ) or return "$SSL_ERROR";
    get_line($sock);
    close $sock;
    return $cache->{count};
}

# How many of 20 connections, whose sockets are more or less full, can read the
# rest of a record after new_ticket.
sub rests_after_tickets {
    my $good = 0;

    for my $size (1 .. 20) {
        my ($server, $client) = small_pair();
        $client->syswrite('0123456789' x 10);
        $server->syswrite('x' x 50 x $size);
        $server->syswrite('y' x 100) for 1 .. $size;
        my $buffer;
        $server->sysread($buffer, 10) for 1, 2;
        $server->new_ticket;
        my $got = $server->sysread($buffer, 10);
        if (!defined $got) {    # the ticket goes first
            1 while $client->sysread(my $nothing, 16_384);
            $got = $server->sysread($buffer, 10);
        }
        $good++ if $got == 10;
    }
    return $good;
}

# A server and a client of TLS 1.3 in this process, on sockets that do not block
# and hold little.
sub small_pair {
    my @pair = IO::Socket->socketpair(AF_UNIX, SOCK_STREAM, PF_UNSPEC);
    my @args = (
        [server_args(SSL_version => 'TLSv1_3'), SSL_server => 1],
        [client_args()]
    );

    setsockopt $pair[0], SOL_SOCKET, SO_SNDBUF, 4608;
    for my $n (0, 1) {
        $pair[$n]->blocking(0);
        IO::Socket::SSL->start_SSL($pair[$n], @{ $args[$n] },
            SSL_startHandshake => 0)
          or die "start_SSL: $SSL_ERROR";
    }
    my $done = 0;
    until ($done == 2) {
        $done = ($pair[1]->connect_SSL ? 1 : 0) + ($pair[0]->accept_SSL ? 1 : 0);
    }
    $pair[1]->sysread(my $nothing, 1);    # reads the tickets
    return @pair;
}

if (IO::Socket::SSL::_openssl_version_number() < 0x30000000) {
    my ($sock) = tls_pair(role => 'server', version => 'TLSv1_3');
    like(
        died(sub { $sock->new_ticket }),
        qr/^new_ticket needs OpenSSL 3\.0, this is 1\.1\.1\w* at \Q$0\E/,
        'new_ticket with an older OpenSSL'
    );
}
SKIP: {
    skip 'SSL_new_session_ticket came with OpenSSL 3.0', 8
      if IO::Socket::SSL::_openssl_version_number() < 0x30000000;
    is(tickets_of(SSL_num_tickets => 1, more => 3), 4, 'new_ticket');
    my ($sock) = tls_pair(peer => sub { });
    is_deeply([$sock->new_ticket], [], '... of a client');
    like($SSL_ERROR, qr/^new_ticket: only a server of TLS 1.3/,
        '... and why');
    ($sock) = tls_pair(
        role    => 'server',
        version => 'TLSv1_2',
        peer    => sub { }
    );
    is_deeply([$sock->new_ticket], [], '... below TLS 1.3');

    ($sock, my $peer) = tls_pair(
        role    => 'server',
        version => 'TLSv1_3',
        peer    => sub {
            my ($sock, $me) = @_;
            $me->hear;
            $me->tell(scalar readline $sock);
        }
    );
    $sock->blocking(0);
    1 while $sock->new_ticket;
    like(
        $SSL_ERROR,
        qr/^new_ticket: the one before has not gone out yet: /,
        '... when the socket is full'
    );
    $peer->tell('read');
    $sock->blocking(1);
    ok($sock->new_ticket, '... and later');
    print {$sock} "after it\n";
    is_deeply([$peer->hear], ["after it\n"], '... and data');
    is(rests_after_tickets(), 20, '... and the rest of a record stays');
}

for my $case (
    [SSL_session_timeout => 0, 'must be 1 to 604800 seconds, not 0'],
    [
        SSL_session_timeout => 604801,
        'must be 1 to 604800 seconds, not 604801'
    ],
    [SSL_num_tickets => -1, '-1 is out of range'],
    [SSL_num_tickets => 17, 'must be 0 to 16, not 17']
  )
{
    my ($option, $value, $why) = @$case;
    like(
        died(
            sub {
                IO::Socket::SSL::SSL_Context->new(
                    server_args($option => $value));
            }
        ),
        qr/^$option:? $why at \Q$0\E/,
        "$option => $value"
    );
}
like(
    died(sub { IO::Socket::SSL::SSL_Context->new(SSL_num_tickets => 1) }),
    qr/^SSL_num_tickets is for servers/,
    'SSL_num_tickets of a client'
);

done_testing();

# Keeps nothing, counts what comes.
package CountingCache;

sub new         { return bless { count => 0 }, shift }
sub get_session { return }

sub add_session {
    my ($self, $key, $session) = @_;
    $self->{count}++;
    IO::Socket::SSL::Session_Cache::_free_session($session);
    return 1;
}
