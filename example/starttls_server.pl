#!/usr/bin/perl
# A connection that starts in the clear, switches to TLS, and back: the
# server.  SMTP, POP3, IMAP, FTP and other protocols follow this pattern.
#
#   starttls_server.pl --cert server.pem --key server.key [--port 4000]
#
# The line "STARTTLS" starts TLS, "PLAIN" ends it, "QUIT" ends the connection;
# any other line is sent back.
use strict;
use warnings;

use Getopt::Long qw(GetOptions);
use IO::Socket::INET;
use IO::Socket::SSL;

my %opt = (port => 0);
GetOptions(\%opt, 'port=i', 'cert=s', 'key=s') && $opt{cert}
  or die "usage: $0 --cert FILE [--key FILE] [--port N]\n";

# One context for all connections: certificate and key are read once.
my $context = IO::Socket::SSL::SSL_Context->new(
    SSL_server    => 1,
    SSL_cert_file => $opt{cert},
    SSL_key_file  => $opt{key}
) or die "cannot serve: $SSL_ERROR\n";

my $listener = IO::Socket::INET->new(
    LocalAddr => '127.0.0.1',
    LocalPort => $opt{port},
    Listen    => 10,
    ReuseAddr => 1
) or die "cannot listen: $@\n";
$| = 1;
printf "127.0.0.1:%d\n", $listener->sockport;

my %COMMAND = (STARTTLS => \&start_tls, PLAIN => \&end_tls);

while (my $client = $listener->accept) {
    $client->autoflush(1);
    while (defined(my $line = <$client>)) {
        $line =~ s/\r?\n\z//;
        last if $line eq 'QUIT';
        my $command = $COMMAND{$line};
        $command ? $command->($client) || last : say_to($client, $line);
    }
    close $client;
}

# The answer is the last line in the clear; the handshake follows.
sub start_tls {
    my ($client) = @_;

    return say_to($client, 'already') if $client->isa('IO::Socket::SSL');
    say_to($client, 'go ahead');
    return 1
      if IO::Socket::SSL->start_SSL(
        $client,
        SSL_server    => 1,
        SSL_reuse_ctx => $context,
        Timeout       => 10
      );
    warn "handshake: $SSL_ERROR\n";
    return;
}

# The answer is the last line under TLS; stop_SSL sends close_notify and waits
# for that of the client.
sub end_tls {
    my ($client) = @_;

    return say_to($client, 'already') if !$client->isa('IO::Socket::SSL');
    say_to($client, 'back to plain');
    return $client->stop_SSL(Timeout => 10);
}

sub say_to {
    my ($client, $text) = @_;
    return print {$client} "$text\r\n";
}
