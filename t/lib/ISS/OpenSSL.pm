# The openssl command as the other side of a connection.
#
#   my ($server, $port) = s_server('-tls1_3', '-cert' => ..., '-key' => ...);
#   my ($sock, $client) = accept_s_client(['-tls1_2'], server_args());
#   my @outputs = s_client_says({ SSL_... => ... }, [@options], [@others]);
#
# Tests that use it skip where find_openssl returns undef.
package ISS::OpenSSL;

use strict;
use warnings;

use Exporter qw(import);
use IO::Socket::SSL;
use ISS::Program;
use ISS::Test;

our @EXPORT = qw(find_openssl s_server accept_s_client s_client_says);

sub find_openssl { return ISS::Program->find('openssl') }

# s_server with these options, once it listens: (program, port).
sub s_server {
    my (@options) = @_;

    my $server = ISS::Program->start(
        [find_openssl(), 's_server', '-accept' => '127.0.0.1:0', @options]);
    return ($server, $server->wait_for(qr/^ACCEPT \S+:(\d+)$/m));
}

# s_client with these options connects to us, and we call start_SSL with these
# arguments: (our socket, or undef on failure; the program).
sub accept_s_client {
    my ($options, @args) = @_;

    my $listener = listener();
    my $client   = ISS::Program->start(
        [
            find_openssl(), 's_client',
            '-connect' => address($listener),
            @$options
        ]
    );
    my $tcp = $listener->accept or die "accept: $!";
    return (scalar IO::Socket::SSL->start_SSL($tcp, @args), $client);
}

# Runs s_client once for each list of options, against one server of ours with
# these arguments, which says "hello".  Returns the output of each run.
sub s_client_says {
    my ($server_args, @runs) = @_;

    my ($server, $address) = tls_server(
        sub {
            my ($sock) = @_;
            print $sock "hello\n";
            $sock->close(SSL_fast_shutdown => 0, Timeout => 10);
        },
        %$server_args
    );
    my @command = (
        find_openssl(), 's_client',
        '-connect' => $address,
        '-CAfile'  => cert('ca'),
        '-ign_eof'
    );
    return map { (ISS::Program->run([@command, @$_]))[1] } @runs;
}

1;
