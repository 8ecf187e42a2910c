#!/usr/bin/perl
# Fetches pages at the same time with Mojo::UserAgent, whose connections resume
# their sessions.
#
#   mojo_client.pl [--ca ca.pem] https://localhost:8443/ https://...
#
# Prints each address with the status of the answer.
use strict;
use warnings;

use Getopt::Long qw(GetOptions);
use IO::Socket::SSL;
use Mojo::Promise;
use Mojo::UserAgent;

my %opt;
GetOptions(\%opt, 'ca=s') && @ARGV
  or die "usage: $0 [--ca FILE] https://host[:port][/path] ...\n";

Mojo::UserAgent->can('tls_options')
  or die "this Mojo::UserAgent is too old: it has no tls_options\n";

# tls_options are SSL_* options of IO::Socket::SSL.
my $agent = Mojo::UserAgent->new(
    connect_timeout => 10,
    tls_options     => {
        SSL_session_cache => IO::Socket::SSL::Session_Cache->new(100),
        $opt{ca} ? (SSL_ca_file => $opt{ca}) : (),
    },
);

my $failed = 0;
Mojo::Promise->all(map { fetch($_) } @ARGV)->wait;
exit($failed ? 1 : 0);

sub fetch {
    my ($url) = @_;

    return $agent->get_p($url)->then(
        sub {
            my ($tx) = @_;
            print "$url: ", $tx->res->code, ' ', $tx->res->message, "\n";
        },
        sub {
            my ($why) = @_;
            print "$url: failed: $why\n";
            $failed++;
        }
    );
}
