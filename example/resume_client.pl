#!/usr/bin/perl
# Connects several times and resumes the session: shows what that saves.
#
#   resume_client.pl [--ca ca.pem] [--times 5] [--state FILE]
#       https://localhost:8443/
#
# Prints a line for each connection: whether it resumed, and how long its
# handshake took.  With --state the next run of the program resumes as well: the
# session is in the file, encrypted with the 32 bytes or more of the environment
# variable SESSION_SECRET.
use strict;
use warnings;

use Getopt::Long qw(GetOptions);
use IO::Socket::SSL;

my %opt = (times => 5);
GetOptions(\%opt, 'ca=s', 'times=i', 'state=s');
my ($host, $port, $path) =
  ($ARGV[0] || '') =~ m{^https://([^/:]+)(?::(\d+))?(/.*)?\z}
  or die "usage: $0 [--ca FILE] [--times N] [--state FILE] "
  . "https://host[:port][/path]\n";
my $secret = $ENV{SESSION_SECRET};
die "--state needs SESSION_SECRET\n" if $opt{state} && !$secret;

# All connections share the context, and with it the sessions.  A session that
# is exported must not go to a cache.
my $context = IO::Socket::SSL::SSL_Context->new(
    $opt{state} ? ()                        : (SSL_session_cache_size => 10),
    $opt{ca}    ? (SSL_ca_file => $opt{ca}) : (),
) or die "no context: $SSL_ERROR\n";

my $session = $opt{state} && -e $opt{state} ? load($opt{state}) : undef;
for (1 .. $opt{times}) {
    my $server = IO::Socket::SSL->new(
        PeerHost      => $host,
        PeerPort      => $port || 443,
        Timeout       => 20,
        SSL_reuse_ctx => $context,
        defined $session ? (SSL_session => [$session, $secret]) : (),
    ) or die "cannot connect to $host: $@\n";
    my $info = $server->tls_info;
    printf "%s, %.1f ms%s\n",
      $info->{resumed} ? 'resumed' : 'full handshake',
      $info->{handshake_ms},
      defined $info->{session_refused} ? ": $info->{session_refused}" : '';

    # In TLS 1.3 the session arrives with the answer: read it.
    print {$server} 'GET ', $path || '/', " HTTP/1.0\r\nHost: $host\r\n\r\n"
      or die "cannot send the request: $SSL_ERROR\n";
    1 while <$server>;
    ($session) = $server->export_session($secret) if $opt{state};
    $server->close;
}
save($opt{state}, $session) if $opt{state} && defined $session;

sub load {
    my ($file) = @_;
    open my $in, '<:raw', $file or die "$file: $!\n";
    local $/;
    return scalar <$in>;
}

sub save {
    my ($file, $bytes) = @_;
    open my $out, '>:raw', $file or die "$file: $!\n";
    print {$out} $bytes;
    close $out or die "$file: $!\n";
    return;
}
