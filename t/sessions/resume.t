# A client with a cache resumes its sessions.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Sessions;
use ISS::Test;
use IO::Socket::SSL;
use IO::Socket::SSL::Utils;
use Test::More;

each_version(
    sub {
        my ($version) = @_;

        my $server  = resuming_server(SSL_version => $version);
        my $context = client_context(SSL_session_cache_size => 4);
        my @args    = (SSL_reuse_ctx => $context);
        ok($context->has_session_cache, 'SSL_session_cache_size: a cache');
        isa_ok(
            $context->{session_cache},
            'IO::Socket::SSL::Session_Cache',
            '$ctx->{session_cache}'
        );
        is(resumed($server, @args), 0, 'the first session is new');
        is(resumed($server, @args), 1, "connection $_ resumes it") for 2 .. 5;

        my $plain = client_context();
        ok(!$plain->has_session_cache, 'no cache without it');
        is(resumed($server, SSL_reuse_ctx => $plain),
            0, '... and connection 1 does not resume');
        is(resumed($server, SSL_reuse_ctx => $plain), 0, '... nor does 2');
    }
);

# A certificate for servers only, as those of the usual CAs are.
each_version(
    sub {
        my ($version) = @_;

        my ($cert, $key) = CERT_create(
            issuer  => [PEM_file2cert(cert('ca')), PEM_file2key(key('ca'))],
            purpose => 'server',
            subject => { commonName => 'localhost' },
            subjectAltNames => [[DNS => 'localhost']]
        );
        my $server = resuming_server(
            SSL_version => $version,
            SSL_cert    => [$cert],
            SSL_key     => $key
        );
        my @args =
          (SSL_reuse_ctx => client_context(SSL_session_cache_size => 4));
        is(resumed($server, @args), 0, 'a certificate for servers only');
        is(resumed($server, @args), 1, '... its session is resumed');
    }
);

# A cache that several contexts share.
each_version(
    sub {
        my ($version) = @_;

        my $server = resuming_server(SSL_version => $version);
        my $cache  = IO::Socket::SSL::Session_Cache->new(4);
        my @args   = (SSL_session_cache => $cache);
        is(resumed($server, @args), 0, 'SSL_session_cache: the first');
        is(resumed($server, @args), 1, '... the second, in a new context');
        is(resumed($server, @args, SSL_session_cache_size => 9),
            1, '... takes precedence over SSL_session_cache_size');

        IO::Socket::SSL::set_default_session_cache($cache);
        is(resumed($server), 1, 'set_default_session_cache');
        is(resumed($server, SSL_session_cache_size => 9),
            0, '... is overridden by a size');
        is(
            resumed(
                $server,
                SSL_session_cache => IO::Socket::SSL::Session_Cache->new(1)
            ),
            0,
            '... and by another cache'
        );
        IO::Socket::SSL::set_default_session_cache(undef);
        is(resumed($server), 0, '... and can be unset');
    }
);

each_version(
    sub {
        my ($version) = @_;

        my $one = resuming_server(SSL_version => $version);
        my $two = resuming_server(SSL_version => $version);
        my @args =
          (SSL_session_cache => IO::Socket::SSL::Session_Cache->new(9));
        is(resumed($one, @args), 0, 'one server');
        is(resumed($two, @args), 0, 'another server, also new');
        is(resumed($one, @args), 1, 'the first is resumed');
        is(resumed($two, @args), 1, '... and so is the other');

        my $cache = $args[1];
        my $key   = $one->{address};
        ok($cache->get_session($key), 'the key is host:port');
        $cache->del_session($key);
        is(resumed($one, @args), 0, 'a session that was deleted is gone');

        ok(!$cache->get_session('mine'), 'SSL_session_key: an empty key');
        my @mine = (@args, SSL_session_key => 'mine');
        is(resumed($one, @mine), 0, '... the first is new');
        ok($cache->get_session('mine'), '... it is kept under that key');
        is(resumed($one, @mine), 1, '... and found there');
    }
);

# Connections use the session key of their context (Net::FTP gives its data
# connection only the context of the control connection).
each_version(
    sub {
        my ($version) = @_;

        my $context = IO::Socket::SSL::SSL_Context->new(server_args());
        my @servers = map { resuming_server(SSL_reuse_ctx => $context) } 1, 2;
        my $ours    = client_context(
            SSL_version            => $version,
            SSL_session_cache_size => 10,
            SSL_session_key        => 'ftp.test',
            SSL_verifycn_scheme    => 'ftp'
        );
        my $control = connected(
            $servers[0],
            SSL_reuse_ctx       => $ours,
            SSL_verifycn_scheme => 'ftp'
        );
        is(get_line($control), 0, 'a control connection is new');
        is(resumed($servers[1], SSL_reuse_ctx => $control),
            1, 'a data connection to another port resumes by SSL_reuse_ctx');
    }
);

# TLS 1.3 tickets are only received by a read.
subtest 'non-blocking' => sub {
    for my $version (versions()) {
        my $server  = resuming_server(SSL_version => $version);
        my $context = client_context(SSL_session_cache_size => 1);
        for my $time (0, 1) {
            my $sock = connected(
                $server,
                SSL_reuse_ctx      => $context,
                SSL_startHandshake => 0
            );
            $sock->blocking(0);
            ok(complete($sock, sub { $sock->connect_SSL }), "$version: done");
            my $line = '';
            while ($line !~ /\n/) {
                complete($sock,
                    sub { sysread($sock, $line, 9, length $line) })
                  or last;
            }
            is($line, "$time\n", "$version: " . ($time ? 'resumed' : 'new'));
        }
    }
};

subtest 'TLS 1.3: a ticket is used once' => sub {
    my $server  = resuming_server(SSL_version => 'TLSv1_3', hold => 1);
    my $context = client_context(SSL_session_cache_size => 1);
    my @args    = (SSL_reuse_ctx => $context);
    is(resumed($server, @args), 0, 'a server sends two tickets');

    # No new tickets are received until something is read.
    my @socks = map { connected($server, @args) } 1 .. 3;
    is_deeply(
        [map { $_->get_session_reused } @socks],
        [1, 1, 0],
        '... which are good for two connections'
    );
};

# A client that writes a little and closes may be gone before new tickets
# come.  Connections that share a key may therefore use a ticket twice.
subtest 'TLS 1.3: a server that sends only two tickets' => sub {
    plan skip_all => 'OpenSSL 1.1.1 always sends tickets'
      if IO::Socket::SSL::_openssl_version_number() < 0x30000000;
    my @key   = (pack('a32', 'key'), pack('a16', 'name'));
    my $fares = sub {
        my ($end, @mine) = @_;
        my $given  = 0;
        my $keys   = sub { return @_ > 1 || $given++ < 2 ? @key : () };
        my $server = resuming_server(
            SSL_version      => 'TLSv1_3',
            SSL_ticket_keycb => $keys,
            $end ? (ends => $end) : ()
        );
        my @args =
          (SSL_reuse_ctx =>
              client_context(SSL_session_cache_size => 1, @mine));
        my $once = $end ? \&resumed_until_end : \&resumed;
        return join '', map { $once->($server, @args) } 1 .. 5;
    };
    my @share = (SSL_session_key => 'key');
    is($fares->(''),         '01100', 'each ticket is used once');
    is($fares->('', @share), '01111', 'SSL_session_key: again and again');

    # As FTP's data connections end.
    is($fares->('close', @share),
        '01111',
        '... also if the client has read the server\'s close_notify');
    is($fares->('cut', @share), '01111', '... or an end of TCP without one');
};

subtest 'TLS 1.2: a session is used again and again' => sub {
    my $server  = resuming_server(SSL_version => 'TLSv1_2', hold => 1);
    my $context = client_context(SSL_session_cache_size => 1);
    my @args    = (SSL_reuse_ctx => $context);
    is(resumed($server, @args), 0, 'the first is new');
    my @socks = map { connected($server, @args) } 1 .. 3;
    is_deeply(
        [map { $_->get_session_reused } @socks],
        [1, 1, 1],
        'three connections at once resume it'
    );
};

# An end without close_notify does not invalidate the session (RFC 8446, 6.1
# and RFC 5246, 7.2.1).
each_version(
    sub {
        my ($version) = @_;

        my $server  = resuming_server(SSL_version => $version);
        my $context = client_context(SSL_session_cache_size => 1);
        my @args    = (SSL_reuse_ctx => $context);
        my $sock    = connected($server, @args);
        get_line($sock);
        $sock->close(SSL_no_shutdown => 1);
        is(resumed($server, @args), 1, 'after a close without close_notify');

        $sock = connected($server, @args);
        get_line($sock);
        undef $sock;
        is(resumed($server, @args), 1, 'after going out of scope');
    }
);

# A client that only writes receives the TLS 1.3 tickets when it closes.
subtest 'TLS 1.3: nothing is read' => sub {
    my $context = client_context(SSL_session_cache_size => 1);
    for my $time (0, 1) {
        my ($sock, $peer) = tls_pair(
            version => 'TLSv1_3',
            mine => { SSL_reuse_ctx => $context, SSL_session_key => 'key' },
            peer => sub { $_[1]->tell('the tickets are sent') }
        );
        $peer->hear;
        ok(
            !$context->{session_cache}->get_session('key'),
            'no session, although the tickets are there'
        );
        close $sock;
        ok($context->{session_cache}->get_session('key'),
            'close stores them');
        $context->{session_cache}->del_session('key');
    }
};

subtest 'wrong values' => sub {
    my $error = sub {
        my @args = @_;
        return died(sub { client_context(@args) });
    };
    for my $cache ('abc', {}, bless({}, 'Some::Class'), sub { 1 }) {
        like(
            $error->(SSL_session_cache => $cache),
            qr/^SSL_session_cache must be/,
            "SSL_session_cache => $cache"
        );
    }
    like(
        $error->(SSL_session_cache_size => 'many'),
        qr/^SSL_session_cache_size must be a number/,
        'SSL_session_cache_size => many'
    );
    for my $size (undef, '', 0, -1) {
        my $context = client_context(SSL_session_cache_size => $size);
        ok(!$context->has_session_cache,
                'SSL_session_cache_size => '
              . (defined $size ? "'$size'" : 'undef')
              . ': no cache');
    }
    like(
        died(sub { IO::Socket::SSL::set_default_session_cache('abc') }),
        qr/must be an object/,
        'set_default_session_cache'
    );
    my $context = IO::Socket::SSL::SSL_Context->new(
        server_args(SSL_session_cache_size => 3));
    ok(!$context->has_session_cache, 'a server has no such cache');
};

done_testing;
