# From the start of the handshake until stop_SSL we send nothing in the clear,
# whatever the program does.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Recorder;
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

my $SECRET = 'THE-SECRET-TEXT';

# All ways to write, tried without regard to the state of the socket.
my %WRITE = (
    'print'      => sub { print { $_[0] } $SECRET },
    'printf'     => sub { printf { $_[0] } '%s', $SECRET },
    'syswrite'   => sub { syswrite $_[0],        $SECRET },
    '->print'    => sub { $_[0]->print($SECRET) },
    '->printf'   => sub { $_[0]->printf('%s', $SECRET) },
    '->say'      => sub { $_[0]->say($SECRET) },
    '->write'    => sub { $_[0]->write($SECRET) },
    '->syswrite' => sub { $_[0]->syswrite($SECRET) },
    '->send'     => sub { $_[0]->send($SECRET) },
    'send'       => sub { send $_[0], $SECRET, 0 },
    'IO::Handle' => sub { IO::Handle::print($_[0], $SECRET) },
);

sub write_all_ways {
    my ($sock) = @_;

    no warnings;
    local $SIG{PIPE} = 'IGNORE';
    for my $name (sort keys %WRITE) {
        eval { $WRITE{$name}->($sock) };
    }
    return;
}

sub is_silent {
    my ($peer, $claim) = @_;

    my ($record) = $peer->hear;
    unlike($record, qr/\Q$SECRET\E/, $claim);
    return $record;
}

for my $role (qw(client server)) {
    my @args  = $role eq 'client' ? client_args() : server_args();
    my $go_on = $role eq 'client' ? 'connect_SSL' : 'accept_SSL';

    my ($tcp, $peer) = raw_recorder();
    $tcp->blocking(0);
    my $sock =
      IO::Socket::SSL->start_SSL($tcp, @args, SSL_startHandshake => 0);
    $sock->$go_on;
    write_all_ways($sock);
    $peer->tell('end');
    close $sock;
    my $record =
      is_silent($peer,
        "$role: nothing is sent in the clear during a handshake");
    like($record, qr/\A(?:\x16\x03.*)?\z/s, '... only TLS records');

    ($tcp, $peer) = raw_recorder();
    $tcp->blocking(0);
    $sock = IO::Socket::SSL->start_SSL($tcp, @args, SSL_startHandshake => 0);
    $sock->$go_on;
    $peer->tell("no TLS at all\r\n");
    readable($sock);
    ok(!$sock->$go_on, "$role: the handshake fails");
    write_all_ways($sock);
    $peer->tell('end');
    close $sock;
    is_silent($peer, '... and nothing is sent in the clear after that');
}

# After a successful handshake: the bytes that we send while the code runs.
# It gets our socket and a peer that sends close_notify when it is told to.
sub bytes_sent {
    my ($code) = @_;

    my ($sock, $peer, $record) = recorded_pair(
        peer => sub {
            my ($sock, $me) = @_;
            if (($me->hear)[0] eq 'close') {
                $sock->stop_SSL(SSL_fast_shutdown => 1);
                $me->tell('closed');
            }
            1 while sysread $sock, my $buffer, 10_000;
        }
    );
    $code->($sock, $peer);
    undef $sock;
    return $record->();
}

local $SIG{PIPE} = 'IGNORE';
my $sent = bytes_sent(
    sub {
        my ($sock, $peer) = @_;
        write_all_ways($sock);
        $peer->tell('go on');
        close $sock;
    }
);
unlike($sent, qr/\Q$SECRET\E/, 'nothing on a connection under TLS');

$sent = bytes_sent(
    sub {
        my ($sock, $peer) = @_;
        $peer->tell('close');
        $peer->hear;
        1 while sysread $sock, my $buffer, 10;
        write_all_ways($sock);
    }
);
unlike($sent, qr/\Q$SECRET\E/, 'nothing after the close_notify of the peer');

$sent = bytes_sent(
    sub {
        my ($sock, $peer) = @_;
        $sock->stop_SSL(SSL_no_shutdown => 1);
        syswrite $sock, $SECRET;
        $peer->tell('go on');
    }
);
like($sent, qr/\Q$SECRET\E/, 'only after stop_SSL is text sent in the clear');

# Reading: bytes that arrive in the clear are never passed to the program.
for my $role (qw(client server)) {
    my ($tcp, $peer) = raw_recorder();
    $tcp->blocking(0);
    my $sock = IO::Socket::SSL->start_SSL(
        $tcp,
        $role eq 'client' ? client_args() : server_args(),
        SSL_startHandshake => 0
    );
    $role eq 'client' ? $sock->connect_SSL : $sock->accept_SSL;
    $peer->tell("$SECRET\n");
    readable($sock);
    my ($buffer, @read) = ('');
    push @read, sysread($sock, $buffer, 100) ? $buffer : '' for 1 .. 2;
    push @read, scalar(<$sock>) || '';
    push @read, $sock->peek($buffer, 100) ? $buffer : '';
    is_deeply(
        \@read,
        [('') x 4],
        "$role: plain text during a handshake is not read as data"
    );
}

done_testing;
