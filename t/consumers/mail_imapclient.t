# Mail::IMAPClient: reads of a fixed size with pending and select, a large
# message each way, IMAPS and STARTTLS, its descriptor blocking and not.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;

use Digest::SHA   qw(sha256_hex);
use ISS::Consumer qw(Mail::IMAPClient);
use ISS::Test;
use IO::Socket::SSL;

# Many records, with lines of all lengths.
my $MESSAGE = "Subject: large\r\n\r\n" . join '',
  map { ('x' x ($_ % 900)) . "$_\r\n" } 1 .. 2500;

my %REPLY = (
    CAPABILITY => "* CAPABILITY IMAP4rev1 STARTTLS\r\n",
    SELECT     => "* 1 EXISTS\r\n* OK [UIDVALIDITY 1]\r\n",
    UID => sprintf("* 1 FETCH (UID 1 RFC822.SIZE %d BODY[] {%1\$d}\r\n",
        length $MESSAGE)
      . "$MESSAGE)\r\n",
    LOGOUT => "* BYE\r\n",
);

# Serves one client: tells each command and whether it came under TLS.
sub serve {
    my ($sock, $me) = @_;

    print $sock "* OK ready\r\n";
    while (defined(my $line = <$sock>)) {
        my ($tag, $command) = $line =~ /^(\S+) (\w+)/ or last;
        my $tls      = ref $sock eq 'IO::Socket::SSL' ? 'TLS' : 'plain';
        my ($length) = $line =~ /\{(\d+)\}/;
        my $digest   = '';
        if ($length) {
            print $sock "+ go ahead\r\n";
            $digest = ' ' . sha256_hex(literal($sock, $length));
            <$sock>;
        }
        $me->tell("$command $tls$digest");
        print $sock $REPLY{$command} || '', "$tag OK done\r\n";
        last if $command eq 'LOGOUT';
        last
          if $command eq 'STARTTLS'
          && !IO::Socket::SSL->start_SSL($sock, server_args());
    }
    close $sock;
    return;
}

sub literal {
    my ($sock, $length) = @_;

    my $bytes = '';
    while (length $bytes < $length) {
        read($sock, $bytes, $length - length $bytes, length $bytes)
          or die "the literal ends early: $SSL_ERROR\n";
    }
    return $bytes;
}

my %START = (Ssl => \&tls_server, Starttls => \&plain_server);

# A client that does TLS by this option, with these arguments of ours:
# (client or undef, server).
sub login {
    my ($option, $nonblocking, @ssl) = @_;

    my ($server, $address) = $START{$option}->(\&serve);
    my ($host, $port) = split /:/, $address;
    my $client = Mail::IMAPClient->new(
        Server   => $host,
        Port     => $port,
        User     => 'user',
        Password => 'secret',
        Timeout  => 60,
        Uid      => 1,
        Fast_io  => $nonblocking,
        $option  => \@ssl
    );
    return ($client, $server);
}

# What the server tells until the client has logged out.
sub heard {
    my ($server) = @_;

    my @all;
    while (my ($what) = $server->hear) {
        push @all, $what;
        last if $what =~ /^LOGOUT/;
    }
    return @all;
}

for my $option (sort keys %START) {
    my @upgrade = $option eq 'Ssl' ? () : ('STARTTLS plain');
    for my $nonblocking (0, 1) {
        subtest "$option, Fast_io $nonblocking" => sub {
            my ($client, $server) =
              login($option, $nonblocking, SSL_ca_file => cert('ca'));
            ok($client, 'logged in') or return diag $@;
            is(ref $client->Socket, 'IO::Socket::SSL', 'under TLS');
            ok($client->select('INBOX'), 'selected');
            for my $turn (1, 2) {
                is(sha256_hex($client->message_string(1) // ''),
                    sha256_hex($MESSAGE),
                    "a large message is fetched, turn $turn");
            }
            ok($client->append_string('INBOX', $MESSAGE), 'appended')
              or diag $client->LastError;
            ok($client->logout, 'logged out');
            my @heard = heard($server);
            is_deeply(
                [grep { /^APPEND/ } @heard],
                ['APPEND TLS ' . sha256_hex($MESSAGE)],
                'the message came complete'
            );
            is_deeply([grep { !/ TLS/ } @heard],
                \@upgrade, 'every other command came under TLS');
            $server->done;
        };
    }
    subtest "$option, an unknown CA" => sub {
        my ($client, $server) = login($option, 0);
        is($client, undef, 'refused');
        like($@, qr/certificate verify failed/, '... with the reason');
        $server->done;
    };
}
consumer_done();
