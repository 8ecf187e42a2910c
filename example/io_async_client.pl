#!/usr/bin/perl
# Fetches pages at the same time with IO::Async and IO::Async::SSL.
#
#   io_async_client.pl [--ca ca.pem] https://localhost:8443/ https://...
#
# Prints each address with the first line of the answer.
use strict;
use warnings;

use Getopt::Long qw(GetOptions);
use IO::Async::Loop;
use IO::Async::SSL;
use IO::Async::Stream;

my %opt;
GetOptions(\%opt, 'ca=s') && @ARGV
  or die "usage: $0 [--ca FILE] https://host[:port][/path] ...\n";

my $loop   = IO::Async::Loop->new;
my $failed = 0;
for my $page (map { fetch($_) } @ARGV) {
    my ($url, $future) = @$page;
    my $answer  = eval { $future->get };
    my ($first) = split /\r\n/, defined $answer ? $answer : "failed: $@";
    print "$url: $first\n";
    $failed++ if !defined $answer;
}
exit($failed ? 1 : 0);

# An address and the future of its answer.
sub fetch {
    my ($url) = @_;

    my ($host, $port, $path) = $url =~ m{^https://([^/:]+)(?::(\d+))?(/.*)?\z}
      or die "not an address: $url\n";
    my $answer = $loop->new_future;
    my $stream = IO::Async::Stream->new(
        on_read => sub {
            my ($self, $buffer, $eof) = @_;
            $answer->done($$buffer) if $eof;
            return 0;
        },
        on_read_error => sub { $answer->fail("cannot read: $_[1]\n") },
    );
    my $connected = $loop->SSL_connect(
        handle       => $stream,
        host         => $host,
        service      => $port || 443,
        SSL_hostname => $host,
        $opt{ca} ? (SSL_ca_file => $opt{ca}) : (),
    )->then(
        sub {
            $loop->add($stream);
            $stream->write(
                'GET ' . ($path || '/') . " HTTP/1.0\r\nHost: $host\r\n\r\n");
            return $answer;
        }
    );
    return [$url, $connected];
}
