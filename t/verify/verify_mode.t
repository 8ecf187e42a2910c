# Whatever its arguments look like, a client accepts an unverified peer only
# if it is told to explicitly.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use JSON::PP ();
use Math::BigInt;
use Test::More;

{

    package Text;
    use overload '""' => sub { ${ $_[0] } }, fallback => 1;
    sub new { my ($class, $text) = @_; return bless \$text, $class }
}

my $REFUSED = qr/certificate verify failed/;

# 'connected', the exception, or $SSL_ERROR.
sub outcome {
    my ($address, %args) = @_;

    my $sock;
    my $died = died(
        sub {
            $sock = IO::Socket::SSL->new(PeerAddr => $address, %args);
        }
    );
    return $sock ? 'connected' : defined $died ? $died : "$SSL_ERROR";
}

my %CLIENT = (SSL_ca_file => cert('ca'), SSL_verifycn_name => 'localhost');

subtest 'values of SSL_verify_mode' => sub {
    my ($peer, $address) = tls_server(sub { }, identity('self-signed'));

    is(outcome($address, SSL_verify_mode => $_),
        'connected', "$_ does not verify")
      for 0, 0.0, '0';
    for my $mode (undef, '', 1 .. 7, '1', '3') {
        my $shown = defined $mode ? "'$mode'" : 'undef';
        like(outcome($address, %CLIENT, SSL_verify_mode => $mode),
            $REFUSED, "$shown verifies");
    }
    for my $mode ('0E0', '0.0', '0 but true', 'none', ' ', '0x00', '-0', 0.5,
        -1, 1e30, 'NaN', [], \0)
    {
        no warnings 'numeric';
        like(
            outcome($address, %CLIENT, SSL_verify_mode => $mode),
            qr/^SSL_verify_mode.*verify_mode\.t/s,
            "$mode is not a mode"
        );
    }
};

# The configuration of a program may come from JSON.
subtest 'values that are objects' => sub {
    my ($peer, $address) = tls_server(sub { }, identity('self-signed'));

    for my $off (JSON::PP::false(), Math::BigInt->new(0)) {
        is(outcome($address, SSL_verify_mode => $off),
            'connected', 'false does not verify');
    }
    for my $on (JSON::PP::true(), Math::BigInt->new(1)) {
        like(outcome($address, %CLIENT, SSL_verify_mode => $on),
            $REFUSED, 'true verifies');
    }
    for my $text ('none', '0E0', '0.0') {
        like(
            outcome(
                $address, %CLIENT, SSL_verify_mode => Text->new($text)
            ),
            qr/^SSL_verify_mode must be a whole number, not '\Q$text\E'/,
            "the text $text is not a mode"
        );
    }
    like(outcome($address, %CLIENT, SSL_verify_mode => Text->new('')),
        $REFUSED, 'the empty text verifies');
};

subtest 'any mode but 0 includes the name' => sub {
    my ($peer, $address) = tls_server(sub { }, identity('wrong-name'));

    for my $mode (1 .. 7) {
        like(
            outcome($address, %CLIENT, SSL_verify_mode => $mode),
            qr/hostname verification failed/,
            "with $mode"
        );
    }
    my $ctx = IO::Socket::SSL::SSL_Context->new(
        SSL_ca_file     => cert('ca'),
        SSL_verify_mode => SSL_VERIFY_CLIENT_ONCE
    );
    like(
        outcome(
            $address,
            SSL_reuse_ctx     => $ctx,
            SSL_verifycn_name => 'localhost'
        ),
        qr/hostname verification failed/,
        'with the mode of a context, too'
    );
};

subtest 'a server that asks for certificates' => sub {
    my ($ours, $theirs) = handshake_errors(
        theirs => { SSL_verify_mode => 3, SSL_ca_file => cert('ca') });

    like(
        $theirs,
        qr/peer did not return a certificate/,
        'requires one with SSL_VERIFY_FAIL_IF_NO_PEER_CERT'
    );
};

subtest 'a server without SSL_VERIFY_PEER asks for no certificate' => sub {
    for my $mode (2, 4, 6) {
        my ($client, $peer) = tls_pair(
            mine   => { identity('client') },
            theirs => { SSL_verify_mode => $mode },
            peer   => sub {
                my ($sock, $me) = @_;
                $me->tell($sock->peer_certificate ? 'a certificate' : 'none');
            }
        );
        is_deeply([$peer->hear], ['none'], "with mode $mode");
    }
    my $ctx =
      IO::Socket::SSL::SSL_Context->new(server_args(SSL_verify_mode => 2));
    my ($peer, $address) = tls_server(sub { }, identity('self-signed'));
    like(
        outcome($address, SSL_reuse_ctx => $ctx),
        qr/made for servers/,
        'a client does not take its context for one that verifies nothing'
    );
};

subtest 'arguments that do not turn verification off' => sub {
    my ($peer, $address) = tls_server(sub { }, identity('self-signed'));

    like(outcome($address, %CLIENT, Listen => undef),
        $REFUSED, 'Listen => undef does not make a server');
    like(outcome($address, %CLIENT, SSL_server => undef),
        $REFUSED, '... nor does SSL_server => undef');
    like(
        outcome($address, server_args(SSL_server => 1, Timeout => 0.3)),
        qr/^SSL accept attempt failed: Connection timed out/,
        'with SSL_server => 1 it waits for a client, and is none'
    );
};

subtest 'a context that verifies nobody' => sub {
    my ($peer, $address) = tls_server(sub { }, identity('self-signed'));
    my $ctx  = IO::Socket::SSL::SSL_Context->new(SSL_verify_mode => 0);
    my $said = sub {
        my @args = @_;
        return join '', warnings_of(
            sub {
                is(outcome($address, @args),
                    'connected', 'its connections are not verified');
            }
        );
    };

    like(
        $said->(%CLIENT, SSL_reuse_ctx => $ctx, SSL_verify_mode => 1),
        qr/^SSL_verify_mode is ignored: the context in SSL_reuse_ctx .*verify_mode\.t/,
        '... with a warning, where the call says that they are to be'
    );
    IO::Socket::SSL::set_default_context($ctx);
    like(
        $said->(%CLIENT, SSL_verify_mode => 1),
        qr/^SSL_verify_mode is ignored: .*set_default_context.*verify_mode\.t/,
        '... also if it is the default context'
    );
    is($said->(%CLIENT), '', '... and without one, where the call does not');
    is($said->(%CLIENT, SSL_verify_mode => $_),
        '', "... as with the number '$_'")
      for ' 0', '00', '0.0';
    IO::Socket::SSL::set_default_context(undef);
};

subtest 'a context that was made for servers' => sub {
    my ($peer, $address) = tls_server(sub { }, identity('self-signed'));
    my $ctx  = IO::Socket::SSL::SSL_Context->new(server_args());
    my @name = (SSL_verifycn_name => 'localhost');

    like(
        outcome($address, SSL_reuse_ctx => $ctx, @name),
        qr/made for servers.*verify_mode\.t/s,
        'cannot be used by a client, which verifies'
    );
    IO::Socket::SSL::set_default_context($ctx);
    like(
        outcome($address, @name),
        qr/made for servers/,
        '... nor as the default context'
    );
    IO::Socket::SSL::set_default_context(undef);

    $ctx =
      IO::Socket::SSL::SSL_Context->new(server_args(SSL_verify_mode => 0));
    is(outcome($address, SSL_reuse_ctx => $ctx, @name),
        'connected', '... unless it explicitly verifies nothing');

    my $listener = IO::Socket::SSL->new(
        LocalAddr => '127.0.0.1',
        Listen    => 1,
        server_args(SSL_startHandshake => 0)
    ) or die $SSL_ERROR;
    my $caller = IO::Socket::INET->new(address($listener)) or die $!;
    my $sock   = $listener->accept;
    like(
        died(sub { $sock->connect_SSL }),
        qr/made for servers/,
        'an accepted socket that becomes the client'
    );
};

subtest 'an SSL_verify_mode that the reused context does not have' => sub {
    my ($peer, $address) = tls_server(sub { }, identity('self-signed'));
    my $ctx = IO::Socket::SSL::SSL_Context->new(SSL_verify_mode => 0);

    my @warnings = warnings_of(
        sub {
            outcome(
                $address,
                SSL_reuse_ctx   => $ctx,
                SSL_verify_mode => SSL_VERIFY_PEER
            );
        }
    );
    is(@warnings, 1, 'causes a warning');
    like(
        $warnings[0],
        qr/SSL_verify_mode.*SSL_reuse_ctx.*verify_mode\.t/s,
        '... at the line of the caller'
    );
    @warnings =
      warnings_of(sub { outcome($address, SSL_reuse_ctx => $ctx) });
    is_deeply(\@warnings, [], 'no warning without SSL_verify_mode');
};

# With these, no certificate is requested (SSL_CTX_set_verify(3)).
subtest 'anonymous ciphers' => sub {
    my %anonymous = (
        SSL_version     => 'TLSv1_2',
        SSL_cipher_list => 'ALL:aNULL:@SECLEVEL=0'
    );
    my ($peer, $address) =
      tls_server(sub { }, %anonymous, SSL_cipher_list => 'aNULL:@SECLEVEL=0');

    is(outcome($address, %anonymous, SSL_verify_mode => 0),
        'connected', 'are accepted if nothing is verified');
    like(
        outcome($address, %CLIENT, %anonymous),
        qr/no certificate/,
        '... not by a client that verifies'
    );
    like(
        outcome(
            $address, %anonymous,
            SSL_verify_mode       => 0,
            SSL_force_fingerprint => 1,
            SSL_fingerprint       => 'sha256$' . '00' x 32
        ),
        qr/no certificate/,
        '... nor if a fingerprint is forced'
    );

    my ($ours, $theirs) = handshake_errors(
        mine => {
            %anonymous,
            SSL_cipher_list => 'aNULL:@SECLEVEL=0',
            SSL_verify_mode => 0
        },
        theirs => {
            %anonymous,
            SSL_ca_file     => cert('ca'),
            SSL_verify_mode => SSL_VERIFY_PEER |
              SSL_VERIFY_FAIL_IF_NO_PEER_CERT
        }
    );
    isnt($theirs, '', '... nor by a server that requires a certificate');
};

subtest 'schemes and names with a NUL' => sub {
    my ($peer, $address) = tls_server(sub { }, identity('wrong-name'));

    like(
        outcome($address, %CLIENT, SSL_verifycn_scheme => "none\0http"),
        qr/unknown scheme/,
        'a scheme'
    );
    my @asked;
    my %scheme =
      (SSL_verifycn_scheme => { callback => sub { push @asked, $_[0]; 1 } });
    for my $name ("wrong.invalid\0.localhost", "\0") {
        like(
            outcome($address, %CLIENT, %scheme, SSL_verifycn_name => $name),
            qr/hostname verification failed/,
            'a name, even if a sub checks it'
        );
    }
    is_deeply(\@asked, [], 'the sub does not see a part of the name');
    is(
        outcome(
            $address, %CLIENT,
            %scheme,  SSL_verifycn_name => "b\x{fc}cher.example"
        ),
        'connected',
        'a name with other characters'
    );
    is_deeply(\@asked, ["b\x{fc}cher.example"], '... is passed unchanged');
};

subtest 'a scheme without a name' => sub {
    for my $scheme ('http', { callback => sub { 1 } }) {
        my ($sock) = failing_pair(
            role => 'server',
            mine => {
                SSL_verify_mode     => SSL_VERIFY_PEER,
                SSL_ca_file         => cert('ca'),
                SSL_verifycn_scheme => $scheme
            },
            theirs => { identity('client') }
        );
        ok(!$sock, 'fails');
    }
};

subtest 'subs' => sub {
    my $blessed = bless sub { $_[0] }, 'Some::Class';
    my ($sock)  = failing_pair(mine => { SSL_verify_callback => $blessed });
    ok($sock, 'may be blessed') or diag $SSL_ERROR;
    like(
        died(
            sub {
                IO::Socket::SSL::SSL_Context->new(SSL_verify_callback => $_);
            }
        ),
        qr/SSL_verify_callback must be a code reference.*verify_mode\.t/s,
        'but an object is not a sub: ' . ref
      )
      for { }
    , [], bless({}, 'Some::Class');
};

subtest 'an unknown scheme' => sub {
    my ($sock, $peer) = raw_pair(sub { });
    IO::Socket::SSL->start_SSL(
        $sock, %CLIENT,
        SSL_startHandshake  => 0,
        SSL_verifycn_scheme => 'nonsense'
    );
    like(
        died(sub { $sock->connect_SSL }),
        qr/unknown scheme.*verify_mode\.t/s,
        'croaks at the line of the caller'
    );
    is(scalar($sock->is_SSL), undef, '... before the handshake starts');
};

done_testing;
