# The end of data and the state after a failure: today's rules also hold with
# the defaults of the manual of 1.77.
use strict;
use warnings;

# The system's OPENSSL_CONF may forbid what was allowed at the manual's time.
BEGIN { $ENV{OPENSSL_CONF} = '/dev/null' }

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

my %STRANGER = (
    SSL_verify_mode => SSL_VERIFY_PEER,
    SSL_ca_file     => cert('other-ca'),
    SSL_version     => 'TLSv1_2'
);

sub plain_after_the_end {
    my ($sock, $peer) = tls_pair(
        peer => sub {
            my ($sock, $me) = @_;
            $sock->stop_SSL(SSL_fast_shutdown => 1);
            print $sock 'plain';
        }
    );
    is(sysread($sock, my $in, 10), 0, 'close_notify ends the data');
    ok(readable($sock), 'plain data arrives');
    is(sysread($sock, $in, 10), undef, '... it cannot be read');
    ok($!{EPERM},       '... with EPERM') or diag $!;
    ok($sock->stop_SSL, '... until stop_SSL');
    is(sysread($sock, $in, 10), 5, '... after which it can be read');
    return;
}

sub failed_start {
    my ($tcp, $peer) = raw_pair(
        sub {
            my ($tcp, $me) = @_;
            IO::Socket::SSL->start_SSL($tcp, server_args());
            print $tcp "still here\n";
            $tcp->flush;
        }
    );
    my @made = IO::Socket::SSL->start_SSL($tcp, client_args(%STRANGER));
    is_deeply(\@made, [], 'start_SSL fails');
    is(ref $tcp, 'IO::Socket::INET', '... the class is the one before');
    ok($tcp->opened, '... and the socket is open');
    local $/ = "still here\n";    # behind what TLS has left
    like(scalar <$tcp>, qr/still here\n\z/, '... and can read plain data');
    return;
}

# Keeps the object of a new that fails.
{

    package Keeps;
    our @ISA = ('IO::Socket::SSL');
    our $last;

    sub configure {
        my ($self, @args) = @_;
        $last = $self;
        return $self->SUPER::configure(@args);
    }
}

sub failed_new {
    my (@args) = @_;

    my ($server, $address) = tls_server(sub { });
    my @made = Keeps->new(
        PeerAddr => $address,
        client_args(%STRANGER, @args)
    );
    is_deeply(\@made, [], 'new fails');
    return fileno $Keeps::last;
}

sub old_versions {
    for my $version (qw(SSLv2 SSLv3)) {
        my ($error) = handshake_errors(mine => { SSL_version => $version });
        like($error, qr/\Q$version\E/,
            "SSL_version $version: the error names it");
    }
    return;
}

sub all {
    plain_after_the_end();
    failed_start();
    is(failed_new(), undef, '... and its socket is closed');
    isnt(failed_new(SSL_keepSocketOnError => 1),
        undef, '... SSL_keepSocketOnError => 1 keeps it');
    old_versions();
    return;
}

subtest 'the defaults of today' => \&all;
IO::Socket::SSL->import(':defaults-1.77');
subtest 'the defaults of 1.77' => \&all;

done_testing();
