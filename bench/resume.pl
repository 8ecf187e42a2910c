#!/usr/bin/perl
#
# What resuming costs a server: processor time of one handshake, as a full one,
# by a ticket, by a store in memory of this process.
#
#   perl -Mblib bench/resume.pl [COUNT]

use strict;
use warnings;

use FindBin;
use IO::Socket::INET;
use IO::Socket::SSL;

my $COUNT = shift || 1000;
my $certs = "$FindBin::Bin/../t/certs";

package MemoryStore {
    sub new { return bless {}, shift }
    sub get { return $_[0]{ $_[1] } }
    sub set { $_[0]{ $_[1] } = $_[2]; return }

    sub delete {
        my ($self, $key) = @_;
        return defined delete $self->{$key} ? 1 : 0;
    }
}

my @store = (
    SSL_session_cache => IO::Socket::SSL::Session_Store->new(
        backend => MemoryStore->new,
        secret  => 's' x 32
    )
);

for my $version (qw(TLSv1_2 TLSv1_3)) {
    for my $case (['full', 0], ['ticket', 1], ['store', 1, @store]) {
        my ($name, $resumes, @args) = @$case;
        printf "%s %-8s %6.0f us\n", $version, $name,
          1e6 * measure($version, $resumes, @args) / $COUNT;
    }
}

# Processor seconds of the server for all handshakes.
sub measure {
    my ($version, $resumes, @args) = @_;
    my $listener = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1')
      or die "cannot listen: $!\n";
    my $ctx = IO::Socket::SSL::SSL_Context->new(
        SSL_server    => 1,
        SSL_version   => $version,
        SSL_cert_file => "$certs/server.pem",
        SSL_key_file  => "$certs/server.key",
        @args
    ) or die "$SSL_ERROR\n";
    my $client = fork;
    die "fork: $!\n"                                    if !defined $client;
    exit visit($listener->sockport, $version, $resumes) if !$client;
    my ($before) = times;
    for (1 .. $COUNT) {
        my $sock = IO::Socket::SSL->start_SSL(
            scalar $listener->accept,
            SSL_server    => 1,
            SSL_reuse_ctx => $ctx
        ) or die "$SSL_ERROR\n";
        print {$sock} "x\n";
        $sock->close;
    }
    my ($after) = times;
    waitpid $client, 0;
    die "the client failed\n" if $?;
    my $resumed = $ctx->stats->{resumed};
    die "$resumed of $COUNT resumed\n"
      if $resumed != ($resumes ? $COUNT - 1 : 0);
    return $after - $before;
}

sub visit {
    my ($port, $version, $resumes) = @_;
    my $ctx = IO::Socket::SSL::SSL_Context->new(
        SSL_ca_file => "$certs/ca.pem",
        SSL_version => $version,
        $resumes ? (SSL_session_cache_size => 1) : ()
    ) or die "$SSL_ERROR\n";
    for (1 .. $COUNT) {
        my $sock = IO::Socket::SSL->new(
            PeerAddr      => "127.0.0.1:$port",
            SSL_reuse_ctx => $ctx,
        ) or die "$SSL_ERROR\n";
        readline $sock;
        $sock->close;
    }
    return 0;
}
