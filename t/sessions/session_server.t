# The server's side of resuming: SSL_session_id_context, client certificates
# and the size of the cache.
use strict;
use warnings;

use File::Copy qw(copy);
use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::NetSSLeay ();
use ISS::Sessions;
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

my $refused = qr/certificate|alert/;
my ($name, $key) = (pack('a16', 'name'), pack('a32', 'key'));

# A server that requests client certificates; all share a ticket key.
sub asking_server {
    return resuming_server(
        SSL_ticket_keycb => sub { return ($key, $name) },
        SSL_verify_mode  => SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
        SSL_ca_file      => cert('ca'),
        @_
    );
}

# Whether a client with a certificate resumes at each of these servers.
sub fares {
    my @servers = @_;
    my @args    = (
        identity('client'),
        SSL_session_cache => IO::Socket::SSL::Session_Cache->new(1),
        SSL_session_key   => 'key'
    );
    return map { resumed($_, @args) } @servers;
}

each_version(
    sub {
        my ($version) = @_;

        my @same = (SSL_version => $version, SSL_session_id_context => 'one');
        my @two  = (SSL_version => $version, SSL_session_id_context => 'two');
        my @none = (SSL_version => $version);
        my $one  = asking_server(@same);
        is_deeply(
            [fares($one, $one, asking_server(@same))],
            [0, 1, 1],
            'the same SSL_session_id_context: resumed'
        );
        is_deeply([fares($one, asking_server(@two))],
            [0, 0], 'another SSL_session_id_context: not resumed');
        is_deeply([fares($one, asking_server(@none))],
            [0, 0], 'no SSL_session_id_context: not resumed');
        my $none = asking_server(@none);
        is_deeply(
            [fares($none, $none, asking_server(@none))],
            [0, 1, 0],
            'none is one of its own for each context'
        );
    }
);

# The same context name and ticket keys, but other rules for clients.
each_version(
    sub {
        my ($version) = @_;

        my @same = (SSL_version => $version, SSL_session_id_context => 'one');
        my $dir  = tempdir('iss-session-XXXXXX', TMPDIR => 1, CLEANUP => 1);
        my $crl  = "$dir/crl.pem";
        copy(cert('crl-none-revoked'), $crl) or die $!;
        my @args = (
            identity('revoked'),
            SSL_session_cache => IO::Socket::SSL::Session_Cache->new(1),
            SSL_session_key   => 'key'
        );
        my @crl = (@same, SSL_check_crl => 1, SSL_crl_file => $crl);
        is(resumed(asking_server(@crl), @args), 0, 'a good client');
        is(resumed(asking_server(@crl), @args), 1, '... is resumed');
        copy(cert('crl'), $crl) or die $!;
        is(refused_by(asking_server(@crl), @args),
            'refused', '... and refused when it is revoked');

        is_deeply(
            [
                fares(
                    asking_server(@same, SSL_verify_mode => SSL_VERIFY_NONE),
                    asking_server(@same)
                )
            ],
            [0, 0],
            'who was not verified is not resumed by who verifies'
        );
        is(
            refused_by(
                asking_server(@same, SSL_ca_file => cert('other-ca')),
                identity('client'), @args[4 .. 7]
            ),
            'refused',
            'nor one of another CA'
        );
    }
);

# In TLS 1.3 the client learns of a refusal when it reads.
sub refused_by {
    my ($server, @args) = @_;

    my $sock = connected($server, @args) or return 'refused';
    my $line = get_line($sock);
    return defined $line ? "served: $line" : 'refused';
}

# A session keeps the client's certificate.
each_version(
    sub {
        my ($version) = @_;

        my $context = IO::Socket::SSL::SSL_Context->new(
            server_args(
                SSL_version     => $version,
                SSL_verify_mode => SSL_VERIFY_PEER,
                SSL_ca_file     => cert('ca')
            )
        );
        my $listener = listener();
        my $client   = peer(
            sub {
                my ($me) = @_;
                my @args = (
                    PeerAddr => address($listener),
                    client_args(
                        identity('client'),
                        SSL_session_cache =>
                          IO::Socket::SSL::Session_Cache->new(1)
                    )
                );
                for (1, 2) {
                    my $sock = IO::Socket::SSL->new(@args) or die $SSL_ERROR;
                    readline $sock;
                    $me->tell(
                        $sock->get_session_reused,
                        $sock->peer_certificate('cn')
                    );
                }
            }
        );
        for my $time (0, 1) {
            my $sock = IO::Socket::SSL->start_SSL(
                scalar $listener->accept,
                SSL_server    => 1,
                SSL_reuse_ctx => $context
            );
            print {$sock} "hello\n";
            is($sock->get_session_reused, $time,
                $time ? 'resumed' : 'a new session');
            is($sock->peer_certificate('cn'),
                'Test Client', '... the client\'s certificate is available');
            is_deeply(
                [$client->hear],
                [$time, 'localhost'],
                '... and that of the server'
            );
        }
    }
);

subtest 'the size of a server\'s cache' => sub {
    plan skip_all => ISS::NetSSLeay->missing
      if ISS::NetSSLeay->missing;
    is(kept_by_server(20), 3, 'room for all sessions');
    cmp_ok(kept_by_server(2), '<', 3, 'room for two');
};

# How many of three clients' sessions a server with this cache size keeps.
sub kept_by_server {
    my ($size) = @_;

    my $limit = sub {
        my ($ctx) = @_;
        Net::SSLeay::CTX_set_options($ctx, Net::SSLeay::OP_NO_TICKET());
        Net::SSLeay::CTX_sess_set_cache_size($ctx, $size);
    };
    my $context = IO::Socket::SSL::SSL_Context->new(
        server_args(
            SSL_version             => 'TLSv1_2',
            SSL_create_ctx_callback => $limit
        )
    );
    tls_pair(role => 'server', mine => { SSL_reuse_ctx => $context })
      for 1 .. 3;
    return Net::SSLeay::CTX_sess_number($context->_get_ctx_object);
}

done_testing;
