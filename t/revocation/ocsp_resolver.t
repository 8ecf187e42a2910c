# ocsp_resolver asks the responders that certificates name about all
# certificates that no staple covers.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::OCSP;
use ISS::Program;
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

my $missing = ISS::OCSP->missing;
plan skip_all => $missing if $missing;

delete @ENV{qw(http_proxy HTTP_PROXY all_proxy ALL_PROXY CGI_HTTP_PROXY)};

my $HOUR     = 3600;
my $world    = ISS::OCSP->new;
my $ca       = ISS::OCSP::authority('ca');
my $stranger = ISS::OCSP::authority('other-ca');

# The responder's answer depends on the path, that is, on the URI in a
# certificate.
my $listener = listener();
my $uri      = 'http://' . address($listener);
my $serial   = 0x1000;
my %leaf =
  map { $_ => $world->certificate(serial => ++$serial, uri => "$uri/$_") }
  qw(good revoked unknown error missing elsewhere other-page odd garbage empty
  busy stranger other expired silent);
my ($is_good, $is_revoked) =
  ([$leaf{good}, 'good'], [$leaf{revoked}, 'revoked']);
my $sub = $world->certificate(
    name    => 'sub-ca',
    CA      => 1,
    serial  => 0x2000,
    subject => 'Intermediate',
    uri     => "$uri/sub"
);
my $bad_sub = $world->certificate(
    name    => 'sub-ca',
    CA      => 1,
    serial  => 0x2001,
    subject => 'Intermediate',
    uri     => "$uri/bad-sub"
);
my $below =
  $world->certificate(issuer => $sub, serial => 0x3001, uri => "$uri/below");
my $below_bad = $world->certificate(
    issuer => $bad_sub,
    serial => 0x3001,
    uri    => "$uri/below-bad"
);
my $both_sub = $world->certificate(
    name    => 'sub-ca',
    CA      => 1,
    serial  => 0x2002,
    subject => 'Intermediate',
    uri     => "$uri/both"
);
my $both = $world->certificate(
    issuer => $both_sub,
    serial => 0x3002,
    uri    => "$uri/both"
);

sub from_openssl {
    my ($request) = @_;
    return ('200 OK',
        $world->openssl_answer($ca, $request, $is_good, $is_revoked));
}

sub ok_with {
    my @response = @_;
    return sub { return ('200 OK', $world->response(@response)) };
}

my %answer = (
    good         => \&from_openssl,
    revoked      => \&from_openssl,
    unknown      => \&from_openssl,
    error        => sub { return ('500 Internal Server Error',        'oh') },
    missing      => sub { return ('404 Not Found',                    'oh') },
    elsewhere    => sub { return ("302 Found\r\nLocation: $uri/good", '') },
    'other-page' =>
      sub { return ("303 See Other\r\nLocation: $uri/good", '') },
    odd     => sub { return ("500 bad\e[2J\x07\xff" . 'x' x 999, '') },
    garbage => sub { return ('200 OK',                           'garbage') },
    empty   => sub { return ('200 OK',                           '') },
    busy    => sub { return ('200 OK', ISS::OCSP::refusal(3)) },
    stranger => ok_with(
        of   => $leaf{stranger},
        by   => $stranger,
        with => [$stranger]
    ),
    other       => ok_with(of => $leaf{good}),
    expired     => ok_with(of => $leaf{expired}, next => time - $HOUR),
    silent      => sub { return },
    sub         => ok_with(of => $sub),
    'bad-sub'   => ok_with(of => $bad_sub, status => 'revoked'),
    below       => ok_with(of => $below),
    'below-bad' => ok_with(of => $below_bad),

    # The first answer covers one of two certificates, the second the other.
    both => sub {
        my ($request) = @_;
        return (
            '200 OK',
            $world->response(of => ids_in($request) == 2 ? $both : $both_sub)
        );
    }
);

sub ids_in {
    my ($request) = @_;
    my $count = () = $request =~ /\x06\x05\x2b\x0e\x03\x02\x1a/g;
    return $count;
}

my ($responder) = $world->responder(
    sub {
        my ($path, $body) = @_;
        $path =~ s{^/}{};
        return $answer{$path}->($body);
    },
    $listener
);

# Connects to a server that has this certificate alone.
sub connect_to {
    my ($leaf, $with, @args) = @_;
    my ($server, $port) = $world->stapling_server($leaf, undef,
        $with ? (-cert_chain => $with->{cert}) : ());
    my $sock = IO::Socket::SSL->new(
        PeerAddr => "127.0.0.1:$port",
        client_args(@args)
    ) or die "$SSL_ERROR\n";
    return ($sock, $server);
}

sub resolver_for {
    my ($leaf, @args)   = @_;
    my ($sock, $server) = connect_to($leaf, undef, @args);
    return $sock->ocsp_resolver;
}

my @HARD = (SSL_ocsp_mode => SSL_OCSP_FAIL_HARD);

each_version(
    sub {
        my ($version) = @_;
        my @version = (SSL_version => $version);

        my $resolver = resolver_for($leaf{good}, @version);
        isa_ok($resolver, 'IO::Socket::SSL::OCSP_Resolver');
        is($resolver->hard_error, undef, 'not known yet');
        is_deeply([keys %{ { $resolver->requests } }],
            ["$uri/good"], 'one responder has to be asked');
        is($resolver->resolve_blocking, '',    'a good certificate');
        is($resolver->hard_error,       '',    '... is no error');
        is($resolver->soft_error,       undef, '... neither hard nor soft');
        is_deeply([$resolver->requests], [],
            '... and nothing is left to ask');
        is_deeply([($responder->hear)[0]],
            ['/good'], 'the responder was asked');

        for my $mode ([], [@HARD]) {
            $resolver = resolver_for($leaf{revoked}, @version, @$mode);
            my $error = $resolver->resolve_blocking;
            like(
                $error,
                qr{^\Q$uri\E/revoked: certificate status is revoked since },
                'a revoked one'
            );
            like($error, qr/reason keyCompromise/,     '... with the reason');
            like($error, qr{subject: .*/CN=localhost}, '... and the subject');
            is($resolver->hard_error, $error, '... is a hard error');
            is($resolver->soft_error, undef,  '... not a soft one');
            is_deeply([$resolver->requests], [],
                'nothing is left to ask after it');
            is_deeply([($responder->hear)[0]],
                ['/revoked'], 'the responder was asked');
        }
    }
);

my $unknown = resolver_for($leaf{unknown});
like(
    $unknown->resolve_blocking,
    qr/status is unknown/,
    'one that its issuer does not know'
);
$responder->hear;

# A missing answer is a soft error; with SSL_OCSP_FAIL_HARD it is a hard one.
my %SOFT = (
    error        => qr/http request for OCSP failed: 500 Internal/,
    missing      => qr/http request for OCSP failed: 404 Not Found/,
    elsewhere    => qr/http request for OCSP failed: 302 Found/,
    'other-page' => qr/http request for OCSP failed: 303 See Other/,
    odd          =>
      qr/http request for OCSP failed: 500 bad\\x1b\[2J\\x07\\xffx{150,200};/,
    garbage  => qr/this is not an OCSP response/,
    empty    => qr/this is not an OCSP response/,
    busy     => qr/refuses to answer: trylater/,
    stranger => qr/not authorized by the issuer/,
    other    => qr/does not cover the certificate/,
    expired  => qr/has expired/,
    silent   => qr/http request for OCSP failed: Timed out/,
);
for my $what (sort keys %SOFT) {
    my $resolver = resolver_for($leaf{$what});
    my @patience = (timeout => $what eq 'silent' ? 1 : 60);
    is($resolver->resolve_blocking(@patience), '', "$what: no hard error");
    like(
        $resolver->soft_error,
        qr{^\Q$uri\E/$what: .*$SOFT{$what}},
        '... but a soft error'
    );
    is_deeply([$resolver->requests], [], '... it is asked once');
    $responder->hear;

    $resolver = resolver_for($leaf{$what}, @HARD);
    like($resolver->resolve_blocking(@patience),
        $SOFT{$what}, '... a hard error with SSL_OCSP_FAIL_HARD');
    is($resolver->soft_error, undef, '... instead of a soft one');
    $responder->hear;
}

subtest 'a responder that refuses connections' => sub {
    my $closed = listener();
    my $dead   = 'http://' . address($closed) . '/';
    close $closed;
    my $leaf     = $world->certificate(serial => 0x4001, uri => $dead);
    my $resolver = resolver_for($leaf);
    is($resolver->resolve_blocking, '', 'a soft error');
    like(
        $resolver->soft_error,
        qr/^\Q$dead\E: .*refused/,
        '... with the reason'
    );
    $resolver = resolver_for($leaf, @HARD);
    like($resolver->resolve_blocking, qr/refused/, '... or a hard error');
};

subtest 'no responder' => sub {
    my %named = (
        nobody               => undef,
        'an LDAP responder'  => 'ldap://127.0.0.1/ou=ocsp',
        'a URI without http' => 'ocsp.example.test',
    );
    for my $what (sort keys %named) {
        my $leaf =
          $world->certificate(serial => 0x4002, uri => $named{$what});
        my $resolver = resolver_for($leaf);
        is($resolver->hard_error, '', "$what is named: nothing to ask");
        like(
            $resolver->soft_error,
            qr/names no OCSP responder; subject: /,
            '... a soft error'
        );
        is($resolver->resolve_blocking, '', '... resolved at once');
        like(
            resolver_for($leaf, @HARD)->hard_error,
            qr/names no OCSP responder/,
            '... or a hard error'
        );
    }
};

subtest 'by hand' => sub {
    my $resolver = resolver_for($leaf{good});
    my %requests = $resolver->requests;
    my $openssl  = ISS::Program->find('openssl');
    my $said     = (
        ISS::Program->run(
            [
                $openssl, 'ocsp', '-noverify', '-req_text',
                '-reqin' => $world->file($requests{"$uri/good"})
            ]
        )
    )[1];
    like($said, qr/Serial Number: 1001$/m, 'openssl can read a request');
    unlike($said, qr/nonce/i, '... without a nonce');

    is($resolver->add_response('http://other/', 'x'),
        undef, 'an answer from another URI');
    is_deeply([sort keys %{ { $resolver->requests } }],
        ["$uri/good"], '... is ignored');
    my $good = $world->response(of => $leaf{good});
    is($resolver->add_response("$uri/good", $good),
        '', 'the right answer settles it');
    is($resolver->add_response("$uri/good", 'junk'),
        '', '... and later answers are ignored');
    is($resolver->soft_error, undef, '... without an error');

    for my $nothing (undef, '') {
        $resolver = resolver_for($leaf{good});
        is($resolver->add_response("$uri/good", $nothing), '', 'no answer');
        like(
            $resolver->soft_error,
            qr/http request for OCSP failed/,
            '... is a soft error'
        );
    }
    $resolver = resolver_for($leaf{good});
    like(
        died(sub { $resolver->add_response("$uri/good", "\x{100}") }),
        qr/Wide character/,
        'characters are no answer'
    );
    my $revoked =
      $world->response(of => $leaf{good}, status => 'revoked', tamper => 1);
    is($resolver->add_response("$uri/good", $revoked),
        '', 'a forged answer is not an answer');
};

subtest 'the whole chain' => sub {
    my @FULL = (SSL_ocsp_mode => SSL_OCSP_FULL_CHAIN);
    my ($sock, $server) = connect_to($below, $sub);
    is_deeply([keys %{ { $sock->ocsp_resolver->requests } }],
        ["$uri/below"], 'only the leaf is asked about');
    is($sock->ocsp_resolver->resolve_blocking, '', '... which is good');
    undef $sock;
    is(($responder->hear)[0], '/below', '... according to its responder');

    ($sock, $server) = connect_to($below, $sub, @FULL);
    my $resolver = $sock->ocsp_resolver;
    is_deeply(
        [sort keys %{ { $resolver->requests } }],
        ["$uri/below", "$uri/sub"],
        'unless the chain is: not about the root'
    );
    is(
        $resolver->add_response("$uri/below", $world->response(of => $below)),
        undef,
        'one of two is not all'
    );
    is($resolver->resolve_blocking, '', 'both are good');
    is(($responder->hear)[0],
        '/sub', '... after asking for the one that was left');
    undef $sock;

    ($sock, $server) = connect_to($below_bad, $bad_sub, @FULL);
    $resolver = $sock->ocsp_resolver;
    like($resolver->resolve_blocking,
        qr/revoked.*Intermediate/, 'a revoked intermediate');
    is(($responder->hear)[0], '/bad-sub', '... is found first');
    is_deeply([$resolver->requests], [], '... and nothing is left to ask');
    undef $sock;

    ($sock, $server) = connect_to($both, $both_sub, @FULL);
    my ($one, @more) = values %{ { $sock->ocsp_resolver->requests } };
    is(@more,        0, 'one request for each responder');
    is(ids_in($one), 2, '... about both certificates');
    is($sock->ocsp_resolver->resolve_blocking,
        '', 'a responder that answers for one only is asked again');
    is_deeply(
        [map { ($responder->hear)[0] } 1, 2],
        ['/both',                         '/both'],
        '... once'
    );
};

subtest 'certificates without an issuer' => sub {
    my ($server, $port) =
      $world->stapling_server(
        { cert => cert('server'), key => key('server') });
    my $connect = sub {
        return IO::Socket::SSL->new(
            PeerAddr          => "127.0.0.1:$port",
            SSL_verifycn_name => 'localhost',
            @_
        );
    };
    my $sock     = $connect->(SSL_ca_file => cert('server'), @HARD);
    my $resolver = $sock->ocsp_resolver;
    is($resolver->hard_error, '',    'a leaf that is itself trusted');
    is($resolver->soft_error, undef, '... is not asked about');
    undef $sock;
    $sock = $connect->(
        SSL_ca_file     => cert('other-ca'),
        SSL_verify_mode => SSL_VERIFY_NONE
    );
    $resolver = $sock->ocsp_resolver;
    is($resolver->hard_error, '', 'a leaf whose issuer is missing');
    like(
        $resolver->soft_error,
        qr/issuer of the certificate is unknown/,
        '... cannot be asked about'
    );
};

subtest 'without a connection' => sub {
    my ($sock, $server) = connect_to($leaf{good});
    my $resolver = $sock->ocsp_resolver;
    $sock->close;
    is($resolver->resolve_blocking, '', 'a resolver outlives it');
    $responder->hear;
    is_deeply([$sock->ocsp_resolver], [], 'but needs one to start with');
    like($SSL_ERROR, qr/no TLS connection/, '... according to $SSL_ERROR');

    my ($tcp, $peer) = raw_pair(sub { });
    $tcp->blocking(0);
    $sock = IO::Socket::SSL->start_SSL($tcp, client_args(),
        SSL_startHandshake => 0);
    $sock->connect_SSL;
    cmp_ok($SSL_ERROR, '==', SSL_WANT_READ, 'a handshake that is under way');
    is_deeply([$sock->ocsp_resolver], [], '... has no peer yet');
    like($SSL_ERROR, qr/no peer certificate/, '... according to $SSL_ERROR');
};

subtest 'variables of the caller' => sub {
    my $resolver = resolver_for($leaf{good});
    local $@ = 'mine';
    local $_ = 'mine';
    $resolver->resolve_blocking;
    is($@, 'mine', '$@ is unchanged');
    is($_, 'mine', '$_ is unchanged');
};

done_testing;
