#!/usr/bin/perl
# One process serves all clients, and asks another process which certificate a
# client gets: meanwhile it goes on with the others.
#
#   later_server.pl --dir certs [--port 8443] [--host 127.0.0.1]
#
# For www.example.org the folder has www.example.org.pem and www.example.org.key.
# The other process stands for a database that takes its time.  The program prints
# its address, and tells each client which certificate it has got.
use strict;
use warnings;

use Getopt::Long qw(GetOptions);
use IO::Select;
use IO::Socket::SSL qw(:DEFAULT SSL_LATER);
use Socket          qw(AF_UNIX SOCK_STREAM PF_UNSPEC);

my %opt = (host => '127.0.0.1', port => 0);
GetOptions(\%opt, 'host=s', 'port=i', 'dir=s') && defined $opt{dir}
  or die "usage: $0 --dir FOLDER\n";

# The database: reads a name, and writes it again with a file or nothing.
socketpair my $database, my $its_end, AF_UNIX, SOCK_STREAM, PF_UNSPEC
  or die "socketpair: $!\n";
defined(my $pid = fork) or die "fork: $!\n";
if (!$pid) {
    close $database;
    $its_end->autoflush(1);
    while (defined(my $name = <$its_end>)) {
        chomp $name;
        print {$its_end} "$name ",
          -e "$opt{dir}/$name.pem" ? "$opt{dir}/$name" : '', "\n";
    }
    exit;
}
close $its_end;
$database->autoflush(1);

my %waiting;    # sockets by the name that was looked up for them
my %context;    # by file

my $listener = IO::Socket::SSL->new(
    LocalAddr          => $opt{host},
    LocalPort          => $opt{port},
    Listen             => 128,
    ReuseAddr          => 1,
    Blocking           => 0,
    SSL_startHandshake => 0,
    SSL_hello_callback => sub {
        my ($sock, $hello) = @_;
        my $name = $hello->{server_name};
        return \'unrecognized_name' if !defined $name;
        print {$database} "$name\n" if !$waiting{$name};
        push @{ $waiting{$name} }, $sock;
        return SSL_LATER;
    },
    SSL_handshake_timeout => 30,
) or die "cannot serve: $@\n";

$| = 1;
printf "%s:%d\n", $listener->sockhost, $listener->sockport;

my $select = IO::Select->new($listener, $database);
while (1) {
    for my $ready ($select->can_read) {
        if    ($ready == $listener) { take_client() }
        elsif ($ready == $database) { take_answer() }
        else                        { go_on($ready, $ready->accept_SSL) }
    }
}

sub take_client {
    my $client = $listener->accept or return;
    $client->blocking(0);
    $select->add($client);
    return;
}

# What is the outcome of accept_SSL or answer?
sub go_on {
    my ($client, $done) = @_;

    if (!$done) {
        return $select->remove($client) if $client->want_answer;
        return $select->add($client)    if $SSL_ERROR == SSL_WANT_READ;
        warn "a client was turned away: $SSL_ERROR\n";
    }
    $select->remove($client);
    print {$client} 'this is ', $client->sock_certificate('cn'), "\n"
      if $done;
    $client->close;
    return;
}

sub take_answer {
    my ($name, $file) = <$database> =~ /^(\S+) (.*)/ or return;
    my $answer = $file eq '' ? \'unrecognized_name' : context_of($file);
    for my $client (@{ delete $waiting{$name} || [] }) {
        go_on($client, scalar $client->answer($answer))
          if $client->want_answer;
    }
    return;
}

sub context_of {
    my ($file) = @_;

    return $context{$file} ||= IO::Socket::SSL::SSL_Context->new(
        SSL_server    => 1,
        SSL_cert_file => "$file.pem",
        SSL_key_file  => "$file.key"
    );
}
