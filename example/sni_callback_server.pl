#!/usr/bin/perl
# A server of any number of names: their certificates are in a folder, and each
# is read when the first client asks for it.
#
#   sni_callback_server.pl --dir certs [--default localhost]
#       [--port 8443] [--host 127.0.0.1]
#
# For www.example.org the folder has www.example.org.pem and www.example.org.key.
# A client that asks for no name, or for one that is not there, gets the default,
# or without one an alert.  The program prints its address, and tells each client
# which certificate it has got.
use strict;
use warnings;

use Getopt::Long qw(GetOptions);
use IO::Socket::SSL;

my %opt = (host => '127.0.0.1', port => 0);
GetOptions(\%opt, 'host=s', 'port=i', 'dir=s', 'default=s')
  && defined $opt{dir}
  or die "usage: $0 --dir FOLDER [--default NAME]\n";

my %context;    # by name; each looks for a new certificate once a minute

# The context for a name, or undef.
sub context_of {
    my ($name) = @_;
    my $file = "$opt{dir}/$name";

    return if !-e "$file.pem";
    return $context{$name} ||= IO::Socket::SSL::SSL_Context->new(
        SSL_server    => 1,
        SSL_cert_file => "$file.pem",
        SSL_key_file  => "$file.key",
        SSL_reload    => 60,
    );
}

# A name that comes here consists of letters, digits, "-", "_" and dots between
# them, so it cannot lead out of the folder.
sub choose {
    my ($sock, $hello) = @_;

    for my $name ($hello->{server_name}, $opt{default}) {
        my $context = defined $name && context_of($name);
        return $context if $context;
    }
    return \'unrecognized_name';
}

my $listener = IO::Socket::SSL->new(
    LocalAddr          => $opt{host},
    LocalPort          => $opt{port},
    Listen             => 128,
    ReuseAddr          => 1,
    Timeout            => 10,
    SSL_hello_callback => \&choose,
) or die "cannot serve: $@\n";

$| = 1;
printf "%s:%d\n", $listener->sockhost, $listener->sockport;

while (1) {
    my $client = $listener->accept;
    if (!$client) {
        warn "a client was turned away: $SSL_ERROR\n" if $SSL_ERROR;
        next;
    }
    print {$client} 'this is ', $client->sock_certificate('cn'), "\n";
    $client->close;
}
