#!/usr/bin/perl
# Connects several times and resumes the session: shows what that saves.
#
#   resume_client.pl [--ca ca.pem] [--times 5] https://localhost:8443/
#
# Prints a line for each connection: whether it resumed, and how long its
# handshake took.
use strict;
use warnings;

use Getopt::Long qw(GetOptions);
use IO::Socket::SSL;

my %opt = (times => 5);
GetOptions(\%opt, 'ca=s', 'times=i');
my ($host, $port, $path) =
  ($ARGV[0] || '') =~ m{^https://([^/:]+)(?::(\d+))?(/.*)?\z}
  or die "usage: $0 [--ca FILE] [--times N] https://host[:port][/path]\n";

# All connections share the context, and with it the sessions.
my $context = IO::Socket::SSL::SSL_Context->new(
    SSL_session_cache_size => 10,
    $opt{ca} ? (SSL_ca_file => $opt{ca}) : (),
) or die "no context: $SSL_ERROR\n";

for (1 .. $opt{times}) {
    my $server = IO::Socket::SSL->new(
        PeerHost      => $host,
        PeerPort      => $port || 443,
        Timeout       => 20,
        SSL_reuse_ctx => $context,
    ) or die "cannot connect to $host: $@\n";
    printf "%s, %.1f ms\n",
      $server->get_session_reused ? 'resumed' : 'full handshake',
      $server->tls_info->{handshake_ms};

    # In TLS 1.3 the session arrives with the answer: read it.
    print {$server} 'GET ', $path || '/', " HTTP/1.0\r\nHost: $host\r\n\r\n"
      or die "cannot send the request: $SSL_ERROR\n";
    1 while <$server>;
    $server->close;
}
