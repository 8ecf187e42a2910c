# Net::SSLeay, loaded before us, works on our SSL and SSL_CTX: both report the
# same, and its changes take effect.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::NetSSLeay;
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

plan skip_all => ISS::NetSSLeay->missing if ISS::NetSSLeay->missing;
diag("Net::SSLeay $Net::SSLeay::VERSION");

my $ROUNDS = 300;

# --- SSL --------------------------------------------------------------------

each_setting(
    sub {
        my %setting = @_;
        my ($sock, $peer) = tls_pair(
            %setting,
            mine   => { SSL_alpn_protocols => ['http/1.1'] },
            theirs => { SSL_alpn_protocols => ['http/1.1'] },
            peer   => sub {
                my ($sock, $me) = @_;
                print $sock scalar <$sock> for 1 .. 2;
            }
        );
        my $ssl = $sock->_get_ssl_object;
        like($ssl, qr/^[1-9]\d*\z/, 'an integer');
        is(${*$sock}{_SSL_object}, $ssl, '... which is also in the hash');

        is(Net::SSLeay::get_cipher($ssl), $sock->get_cipher, 'get_cipher');
        cmp_ok(Net::SSLeay::get_cipher_bits($ssl), '>=', 128, '... its bits');
        is(Net::SSLeay::version($ssl), $sock->get_sslversion_int, 'version');
        is(Net::SSLeay::get_version($ssl) =~ tr/./_/r,
            $sock->get_sslversion, 'get_version');
        is(Net::SSLeay::get_servername($ssl), 'localhost', 'get_servername');
        is(Net::SSLeay::P_alpn_selected($ssl),
            $sock->alpn_selected, 'P_alpn_selected');
        is(Net::SSLeay::get_fd($ssl), fileno $sock, 'get_fd');
        is(Net::SSLeay::session_reused($ssl),
            $sock->get_session_reused, 'session_reused');
        is(Net::SSLeay::get_verify_result($ssl), 0, 'get_verify_result');
        is(
            Net::SSLeay::CTX_get_verify_mode($sock->_get_ctx_object),
            $setting{role} eq 'client' ? SSL_VERIFY_PEER : SSL_VERIFY_NONE,
            'CTX_get_verify_mode'
        );

        # Data read and written by Net::SSLeay and by us.
        is(Net::SSLeay::write($ssl, "one\n"), 4, 'Net::SSLeay can write');
        readable($sock);
        like(Net::SSLeay::peek($ssl), qr/^one$/, 'Net::SSLeay can peek');
        is(Net::SSLeay::pending($ssl), $sock->pending, 'pending');
        is(scalar <$sock>,             "one\n",        '... and we read');
        print $sock "two\n";
        is(Net::SSLeay::read($ssl), "two\n",
            'we write, and Net::SSLeay reads');
        close $sock;
    }
);

subtest 'a certificate with a reference of Net::SSLeay' => sub {
    my ($sock, $peer) = tls_pair();
    my $ssl    = $sock->_get_ssl_object;
    my $theirs = Net::SSLeay::get_peer_certificate($ssl);
    is($theirs, $sock->peer_certificate, 'both have the same');
    is(
        Net::SSLeay::X509_NAME_oneline(
            Net::SSLeay::X509_get_subject_name($theirs)
        ),
        $sock->peer_certificate('subject'),
        'both say the same'
    );
    Net::SSLeay::X509_free($theirs);
    is($sock->peer_certificate('cn'),
        'localhost', 'our reference outlives its');
    my @chain = Net::SSLeay::get_peer_cert_chain($ssl);
    is_deeply(\@chain, [$sock->peer_certificates], 'the chain');

    my $mine = Net::SSLeay::get_peer_certificate($ssl);
    close $sock;
    undef $sock;
    like(
        Net::SSLeay::X509_NAME_oneline(
            Net::SSLeay::X509_get_subject_name($mine)
        ),
        qr/CN=localhost/,
        'its reference outlives the connection'
    );
    Net::SSLeay::X509_free($mine);
};

# Net::SSLeay drives the connection, so our callbacks have no call to run in.
subtest 'Net::SSLeay drives a connection that has callbacks of ours' => sub {
    my @told;
    my ($sock, $peer) = tls_pair(
        version => 'TLSv1_3',
        mine    => { SSL_session_cache_size => 5 },
        peer    => sub { my ($sock) = @_; print $sock scalar <$sock> }
    );
    my $ssl = $sock->_get_ssl_object;
    $sock->set_msg_callback(sub { push @told, $_[6] });
    is(Net::SSLeay::write($ssl, "line\n"), 5, 'written');
    is(Net::SSLeay::read($ssl), "line\n",     'read, with tickets before');
    close $sock;
    is_deeply([grep { $_ != $ssl } @told],
        [], 'the callback gets this SSL only');
    ok(scalar @told, '... and is called');
};

# A client whose handshake we start and Net::SSLeay continues: (the result of
# Net::SSLeay::connect, the socket, the server).  The server answers after we
# have begun.
sub moved_on {
    my (%args) = @_;

    my $listener = listener();
    my $server   = peer(
        sub {
            my ($me) = @_;
            $me->hear;
            my $tcp  = $listener->accept or die "accept: $!";
            my $sock = IO::Socket::SSL->start_SSL($tcp, server_args())
              or return;
            print $sock "hello\n";
            $me->hear;
        }
    );
    my $sock = IO::Socket::INET->new(address($listener)) or die;
    $sock->blocking(0);
    IO::Socket::SSL->start_SSL($sock,
        client_args(SSL_startHandshake => 0, %args));
    die 'nobody can have answered' if $sock->connect_SSL;
    $server->tell('go on');
    my $ssl = $sock->_get_ssl_object;
    my $done;
    do {
        readable($sock);
        $done = Net::SSLeay::connect($ssl);
      } while $done <= 0
      && Net::SSLeay::get_error($ssl, $done) ==
      Net::SSLeay::ERROR_WANT_READ();
    Net::SSLeay::ERR_clear_error();
    return ($done, $sock, $server);
}

each_version(
    sub {
        my @version = (SSL_version => $_[0]);
        my ($done, $sock, $server) = moved_on(@version);
        is($done, 1, 'Net::SSLeay can complete a handshake');
        ok(complete($sock, sub { $sock->connect_SSL }),
            '... and we see that');
        is(complete($sock, sub { scalar <$sock> }), "hello\n", '... data');

        my $asked = 0;
        my @ask   = (SSL_verify_callback => sub { return ++$asked });
        ($done, $sock, $server) = moved_on(@version, @ask);
        is($asked, 0, 'a callback that cannot be called');
        cmp_ok($done, '<', 1, '... has not accepted');
        ok(!$sock->connect_SSL, '... and does not later');

        my %scheme = (callback => sub { return ++$asked });
        ($done) = moved_on(@version, SSL_verifycn_scheme => \%scheme);
        is($asked, 0, 'a callback for names cannot be called either');
        cmp_ok($done, '<', 1, '... has not accepted');

        ($done) = moved_on(@version, SSL_verifycn_name => 'wrong.invalid');
        cmp_ok($done, '<', 1, 'a wrong name is refused here, too');
    }
);

# --- $ssl of set_msg_callback -----------------------------------------------

each_version(
    sub {
        my ($version) = @_;
        my %versions;
        my ($sock, $peer) = tls_pair(
            version => $version,
            peer    => sub {
                my ($sock) = @_;
                print $sock scalar <$sock>;
                close $sock;
            }
        );
        $sock->set_msg_callback(
            sub {
                my ($self, $direction, undef, undef, undef, undef, $ssl) = @_;
                $versions{$direction}{ Net::SSLeay::get_version($ssl) }++;
            }
        );
        print $sock "line\n";
        is(scalar <$sock>, "line\n", 'data');
        my $name = Net::SSLeay::get_version($sock->_get_ssl_object);
        is(scalar <$sock>, undef, 'the alert close_notify');
        close $sock;
        is_deeply(
            [map { sort keys %$_ } @versions{ 0, 1 }],
            [$name, $name],
            'it knows the SSL of either direction'
        );
    }
);

# --- SSL_CTX ----------------------------------------------------------------

subtest 'SSL_create_ctx_callback' => sub {
    my ($options, @ctx);
    my $create = sub {
        my ($ctx) = @_;
        push @ctx, $ctx;
        $options =
          Net::SSLeay::CTX_set_options($ctx, Net::SSLeay::OP_NO_TLSv1_3());
        Net::SSLeay::CTX_set_timeout($ctx, 4711);
    };
    my ($sock, $peer) =
      tls_pair(mine => { SSL_create_ctx_callback => $create });
    my $ctx = $sock->_get_ctx_object;
    is_deeply(\@ctx, [$ctx], 'it is called once, with the handle');
    is($sock->get_sslversion, 'TLSv1_2', 'CTX_set_options');
    ok(Net::SSLeay::CTX_get_options($ctx) & Net::SSLeay::OP_NO_TLSv1_3(),
        'CTX_get_options');
    is(Net::SSLeay::CTX_get_timeout($ctx), 4711, 'CTX_get_timeout');
    is(Net::SSLeay::get_SSL_CTX($sock->_get_ssl_object),
        $ctx, 'get_SSL_CTX of its SSL');
};

subtest 'the certificates that a context trusts' => sub {
    my @stranger = (role => 'client', theirs => { identity('other-server') });
    my ($error) = handshake_errors(@stranger);
    like($error, qr/certificate verify failed/, 'not an unknown CA');
    my $trust = sub {
        my $store = Net::SSLeay::CTX_get_cert_store($_[0]);
        my $bio   = Net::SSLeay::BIO_new_file(cert('other-ca'), 'r');
        my $ca    = Net::SSLeay::PEM_read_bio_X509($bio);
        ok(Net::SSLeay::X509_STORE_add_cert($store, $ca), 'added');
        Net::SSLeay::X509_free($ca);
        Net::SSLeay::BIO_free($bio);
    };
    ($error) = handshake_errors(@stranger,
        mine => { SSL_create_ctx_callback => $trust });
    is($error, '', '... unless its CA is put into CTX_get_cert_store');
    ($error) = handshake_errors(@stranger);
    like(
        $error,
        qr/certificate verify failed/,
        '... which is the store of that context alone'
    );
};

subtest 'Net::SSLeay with a context of ours' => sub {
    my $context = IO::Socket::SSL::SSL_Context->new(client_args());
    my $ctx     = $context->_get_ctx_object;
    is($ctx, $context->{context}, 'the handle is also in the hash');
    my $ssl = Net::SSLeay::new($ctx);
    ok($ssl, 'Net::SSLeay makes an SSL from it');
    Net::SSLeay::free($ssl);
    for my $round (1 .. 3) {
        my ($sock) = tls_pair(mine => { SSL_reuse_ctx => $context });
        is($sock->_get_ctx_object, $ctx, 'and so do we');
    }

    # An SSL has its own reference to the context.
    $ssl = Net::SSLeay::new($ctx);
    undef $context;
    is(Net::SSLeay::CTX_get_verify_mode(Net::SSLeay::get_SSL_CTX($ssl)),
        SSL_VERIFY_PEER, '... which outlives our context');
    Net::SSLeay::free($ssl);
};

# --- nothing leaks ----------------------------------------------------------

SKIP: {
    skip 'memory cannot be measured', 1 if !defined memory();
    my ($sock, $peer) = tls_pair();
    my $round = sub {
        my $context = IO::Socket::SSL::SSL_Context->new(client_args());
        my $ssl     = Net::SSLeay::new($context->_get_ctx_object);
        Net::SSLeay::free($ssl);
        Net::SSLeay::X509_free(
            Net::SSLeay::get_peer_certificate($sock->_get_ssl_object));
    };
    $round->() for 1 .. $ROUNDS;
    my $before = memory();
    $round->() for 1 .. $ROUNDS;
    cmp_ok(memory() - $before, '<', 1000, 'nothing leaks');
}

done_testing;
