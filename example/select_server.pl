#!/usr/bin/perl
# An HTTPS server with one process and an event loop of IO::Select, which comes
# with Perl: a pattern to copy.
#
#   select_server.pl --cert server.pem [--key server.key] [--port 8443]
#       [--host 127.0.0.1] [--seconds 30]
#
# It prints its address, and answers each request with what it was asked.  Each
# client has so many seconds for its request and the answer.  Control-C ends it.
use strict;
use warnings;

use Getopt::Long qw(GetOptions);
use IO::Select;
use IO::Socket::SSL;

my $MAX_HEADER = 16384;

my %opt = (host => '127.0.0.1', port => 0, seconds => 30);
GetOptions(\%opt, 'host=s', 'port=i', 'cert=s', 'key=s', 'seconds=i')
  && $opt{cert}
  or die "usage: $0 --cert FILE [--key FILE] [--port N] [--host ADDRESS]\n";

my $listener = IO::Socket::SSL->new(
    LocalAddr          => $opt{host},
    LocalPort          => $opt{port},
    Listen             => 128,
    ReuseAddr          => 1,
    Blocking           => 0,
    SSL_startHandshake => 0,               # go_on does it
    SSL_deadline       => $opt{seconds},
    SSL_cert_file      => $opt{cert},
    SSL_key_file       => $opt{key},
) or die "cannot serve: $@\n";

my $readers = IO::Select->new($listener);
my $writers = IO::Select->new;
my %clients;    # by descriptor: { socket, ready, in, out }

$| = 1;
printf "https://%s:%d/\n", $listener->sockhost, $listener->sockport;

while (1) {
    my ($readable, $writable) =
      IO::Select->select($readers, $writers, undef, 1);
    for my $socket (@{ $readable || [] }, @{ $writable || [] }) {
        if   ($socket == $listener) { accept_clients() }
        else                        { go_on($clients{ fileno $socket }) }
    }

    # Those whose time is over: the next operation fails.
    go_on($_) for grep { !$_->{socket}->deadline } values %clients;
}

sub accept_clients {
    while (my $socket = $listener->accept) {
        $socket->blocking(0);
        my %client = (socket => $socket, in => '', out => '');
        go_on($clients{ fileno $socket } = \%client);
    }
    return;
}

# Serve a client until it must wait, and then watch it for what it waits for.
sub go_on {
    my ($client) = @_;

    my $socket = $client->{socket};
    my $done   = serve($client);
    my $wants  = $done ? 0 : $SSL_ERROR;
    $_->remove($socket) for $readers, $writers;
    if    ($wants == SSL_WANT_READ)  { $readers->add($socket) }
    elsif ($wants == SSL_WANT_WRITE) { $writers->add($socket) }
    else {
        warn "a client failed: $SSL_ERROR\n" if !$done;
        delete $clients{ fileno $socket };
        $socket->close;
    }
    return;
}

# One step after the other.  True at the end; otherwise an operation has failed,
# and $SSL_ERROR says whether it only has to wait.
sub serve {
    my ($client) = @_;
    my $socket = $client->{socket};

    if (!$client->{ready}) {
        $socket->accept_SSL or return 0;
        $client->{ready} = 1;
    }
    while (!length $client->{out}) {
        my $got = sysread $socket, $client->{in}, 16384, length $client->{in};
        return 0 if !defined $got;
        return 1 if !$got || length $client->{in} > $MAX_HEADER;
        $client->{out} = answer($client->{in})
          if $client->{in} =~ /\r\n\r\n/;
    }
    while (length $client->{out}) {
        my $sent = syswrite $socket, $client->{out};
        return 0 if !defined $sent;    # the same data comes first again
        substr $client->{out}, 0, $sent, '';
    }
    return 1;
}

sub answer {
    my ($request) = @_;
    my ($line)    = $request =~ /^(.*?)\r\n/;
    my $body      = "you asked: $line\n";
    return
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
      . "Connection: close\r\nContent-Length: "
      . length($body)
      . "\r\n\r\n$body";
}
