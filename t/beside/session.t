# Sessions and OCSP responses shared with Net::SSLeay: each can use the
# other's handles, and they are freed once.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::NetSSLeay ();
use ISS::OCSP;
use ISS::Sessions;
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

plan skip_all => ISS::NetSSLeay->missing if ISS::NetSSLeay->missing;

my $ROUNDS = 300;

# A cache that frees every session it gets.
package User::NoCache;
sub new         { return bless [], shift }
sub get_session { return }

sub add_session {
    my ($self, undef, $session) = @_;
    push @$self, Net::SSLeay::SESSION_get_time($session);
    Net::SSLeay::SESSION_free($session);
    return;
}

package main;

# get1_session of a connection to the server that has received data.
sub session_of {
    my ($server, @args) = @_;
    my $sock = connected(
        $server,
        SSL_session_cache => User::NoCache->new,
        @args
    ) or die $SSL_ERROR;
    get_line($sock);
    my $session = Net::SSLeay::get1_session($sock->_get_ssl_object);
    close $sock;
    return $session;
}

sub new_cache { return IO::Socket::SSL::Session_Cache->new(10) }

each_version(
    sub {
        my ($version) = @_;
        my $server    = resuming_server(SSL_version => $version);
        my @key       = (SSL_session_key => 'key');

        my $cache = new_cache();
        ok(
            $cache->add_session('key', session_of($server, @key)),
            'our cache accepts a session of get1_session'
        );
        is(resumed($server, @key, SSL_session_cache => $cache),
            1, '... and is resumed');

        # Serialized, as in a program that stores sessions.
        my $session = session_of($server, @key);
        my $bytes   = Net::SSLeay::i2d_SSL_SESSION($session);
        Net::SSLeay::SESSION_free($session);
        $cache = new_cache();
        $cache->add_session('key', Net::SSLeay::d2i_SSL_SESSION($bytes));
        is(resumed($server, @key, SSL_session_cache => $cache),
            1, '... and so is one that was serialized');
        $cache = new_cache();
        $cache->add_session('key', Net::SSLeay::d2i_SSL_SESSION($bytes));
        is(
            resumed(
                $server, @key,
                SSL_session_cache => $cache,
                SSL_verifycn_name => '127.0.0.1'
            ),
            0,
            '... though not where another name is checked'
        );

        # Our handles, used by Net::SSLeay.
        $cache = new_cache();
        is(resumed($server, @key, SSL_session_cache => $cache),
            0, 'a cache of ours');
        my $handle = $cache->get_session('key');
        cmp_ok(abs(Net::SSLeay::SESSION_get_time($handle) - time),
            '<', 600, '... returns a handle that Net::SSLeay can use');
        is($cache->get_session('key', $handle),
            $handle, '... which the cache still owns');
        is(resumed($server, @key, SSL_session_cache => $cache),
            1, '... and can be resumed');

        # A user's cache gets each session and frees it.
        my $times = User::NoCache->new;
        is(resumed($server, @key, SSL_session_cache => $times),
            0, 'a cache of the user\'s');
        cmp_ok(scalar @$times, '>=', 1, '... gets sessions');
        is(scalar(grep { abs($_ - time) > 600 } @$times),
            0, '... and can free them');
    }
);

subtest 'a resumed connection' => sub {
    my $server = resuming_server(SSL_version => 'TLSv1_2');
    my @args   = (SSL_session_cache => new_cache(), SSL_session_key => 'key');
    is(resumed($server, @args), 0, 'the first is new');
    my $sock = connected($server, @args);
    get_line($sock);
    my $ssl = $sock->_get_ssl_object;
    is(Net::SSLeay::session_reused($ssl), 1, 'session_reused');
    my $session = Net::SSLeay::get_session($ssl);
    ok(Net::SSLeay::i2d_SSL_SESSION($session), 'get_session borrows');
    is(
        Net::SSLeay::SESSION_get_timeout($session),
        Net::SSLeay::CTX_get_timeout($sock->_get_ctx_object),
        'its timeout'
      )
      if Net::SSLeay::SESSION_set_timeout($session,
        Net::SSLeay::CTX_get_timeout($sock->_get_ctx_object));
    close $sock;
};

# --- OCSP -------------------------------------------------------------------

subtest 'OCSP' => sub {
    plan skip_all => ISS::OCSP->missing if ISS::OCSP->missing;
    my $world = ISS::OCSP->new;
    my $leaf  = $world->certificate(
        serial => 0x2001,
        uri    => 'http://127.0.0.1:1/ocsp'
    );
    my $staple = $world->response(of => $leaf);
    my ($server, $port) = $world->stapling_server($leaf, $staple);
    my @seen;
    my $look = sub {
        my ($sock, $response) = @_;
        push @seen, Net::SSLeay::OCSP_response_status($response),
          Net::SSLeay::i2d_OCSP_RESPONSE($response);
        return;
    };
    my $sock = IO::Socket::SSL->new(
        PeerAddr => "127.0.0.1:$port",
        client_args(SSL_ocsp_staple_callback => $look)
    );
    ok($sock, 'a handshake') or diag($SSL_ERROR);
    is(
        $seen[0],
        Net::SSLeay::OCSP_RESPONSE_STATUS_SUCCESSFUL(),
        'SSL_ocsp_staple_callback: OCSP_response_status'
    );
    is(
        unpack('H*', $seen[1]),
        unpack('H*', $staple),
        '... and all of its bytes'
    );

    my %requests = $sock->ocsp_resolver->requests;
    is_deeply([keys %requests], ['http://127.0.0.1:1/ocsp'], 'requests');
    for my $der (values %requests) {
        my $request = Net::SSLeay::d2i_OCSP_REQUEST($der);
        ok($request, '... Net::SSLeay can read them');
        is(Net::SSLeay::i2d_OCSP_REQUEST($request), $der, '... and write');
        Net::SSLeay::OCSP_REQUEST_free($request);
    }
};

# --- nothing leaks ----------------------------------------------------------

SKIP: {
    skip 'memory cannot be measured', 1 if !defined memory();
    my $server  = resuming_server(SSL_version => 'TLSv1_2');
    my $session = session_of($server);
    my $bytes   = Net::SSLeay::i2d_SSL_SESSION($session);
    Net::SSLeay::SESSION_free($session);
    my $cache = new_cache();
    my $round = sub {
        my $first  = Net::SSLeay::d2i_SSL_SESSION($bytes);
        my $second = Net::SSLeay::d2i_SSL_SESSION($bytes);
        $cache->add_session('key', $first);
        $cache->replace_session('key', $second);
        $cache->del_session('key', $second);
        $cache->add_session('key', Net::SSLeay::d2i_SSL_SESSION($bytes))
          for 1 .. 3;
    };
    $round->() for 1 .. $ROUNDS;
    my $before = memory();
    $round->() for 1 .. $ROUNDS;
    cmp_ok(memory() - $before, '<', 1000, 'nothing leaks');
}

done_testing;
