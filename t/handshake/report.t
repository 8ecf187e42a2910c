# SSL_handshake_report: what both sides said, with times, and no secrets.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::SSL;
use ISS::Test;
use Test::More;

each_setting(
    sub {
        my ($sock, $peer) = tls_pair(
            @_,
            mine => { SSL_handshake_report => 1 },
            peer => sub { my ($sock) = @_; print $sock scalar <$sock> }
        );
        my $report = $sock->handshake_report;
        my @lines  = split /\n/, $report;
        is((grep { !/^ *\d+\.\d (?:sent|received) TLSv1\S* \w+/ } @lines),
            0, 'each line has a time, a direction and a message');
        like(
            $lines[0],
            qr/ClientHello, \d+ bytes/,
            'it begins with the hello'
        );
        like($report, qr/$_/, "... has $_")
          for qw(ServerHello Certificate Finished);
        my @times = map { /^ *([\d.]+)/ } @lines;
        is_deeply(\@times, [sort { $a <=> $b } @times], '... in order');
        print $sock "hello\n";
        is(scalar <$sock>,          "hello\n", 'data goes through');
        is($sock->handshake_report, $report, '... and is not in the report');
    }
);

my ($sock, $peer) = tls_pair(peer => sub { });
is($sock->handshake_report, undef, 'nobody asked for one');

my ($server, $address) = tls_server(sub { });
IO::Socket::SSL->new(
    PeerAddr => $address,
    client_args(SSL_handshake_report => 1, SSL_verifycn_name => 'x.test')
);
like(
    IO::Socket::SSL->handshake_report,
    qr/received TLSv1\S* handshake Certificate, .*sent TLSv1\S* alert/s,
    'the class tells that of the last failure'
);
IO::Socket::SSL->new(
    PeerAddr => $address,
    client_args(SSL_verifycn_name => 'x.test')
);
is(IO::Socket::SSL->handshake_report, undef, '... if it was asked for');

# With a callback of the program for the same messages.
my @told;
my ($tcp, $its_peer) = raw_pair(
    sub { IO::Socket::SSL->start_SSL($_[0], server_args()); $_[1]->hear });
my $both = IO::Socket::SSL->start_SSL($tcp,
    client_args(SSL_startHandshake => 0, SSL_handshake_report => 1));
$both->set_msg_callback(sub { push @told, $_[3] });
ok($both->connect_SSL, 'with a callback for messages');
ok(scalar @told,       '... which is called');
like($both->handshake_report, qr/ClientHello/, '... there is a report, too');

done_testing();
