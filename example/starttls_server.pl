#!/usr/bin/perl
# A connection that begins in the clear, goes under TLS, and comes back: the
# server's half of the pattern that SMTP, POP3, IMAP, FTP and others follow.
#
#   starttls_server.pl --cert server.pem --key server.key [--port 4000]
#
# A line "STARTTLS" begins TLS, "PLAIN" ends it, "QUIT" ends the connection,
# any other is sent back.
use strict;
use warnings;

use Getopt::Long qw(GetOptions);
use IO::Socket::INET;
use IO::Socket::SSL;

my %opt = (port => 0);
GetOptions(\%opt, 'port=i', 'cert=s', 'key=s') && $opt{cert}
  or die "usage: $0 --cert FILE [--key FILE] [--port N]\n";

# One context for all: certificate and key are read once.
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

# The answer is the last thing in the clear; what follows is the handshake.
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

# The answer is the last thing under TLS; stop_SSL then waits for the client
# to say the same.
sub end_tls {
    my ($client) = @_;

    return say_to($client, 'already') if !$client->isa('IO::Socket::SSL');
    say_to($client, 'so be it');
    return $client->stop_SSL(Timeout => 10);
}

sub say_to {
    my ($client, $text) = @_;
    return print {$client} "$text\r\n";
}
