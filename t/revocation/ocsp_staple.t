# Stapled responses (SSL_ocsp_mode): a revoked certificate is refused; an
# unusable response counts as missing.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use Digest::SHA qw(sha256_hex);
use IO::Select;
use IO::Socket::INET;
use ISS::OCSP;
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

my $missing = ISS::OCSP->missing;
plan skip_all => $missing if $missing;

my $world    = ISS::OCSP->new;
my $ca       = ISS::OCSP::authority('ca');
my $stranger = ISS::OCSP::authority('other-ca');
my $leaf     = $world->certificate(serial => 0x1001);
my $other    = $world->certificate(serial => 0x1002);
my $delegate = $world->certificate(
    name   => 'server2',
    serial => 0x1003,
    usage  => 'OCSPSigning',
);
my $upstart = $world->certificate(name => 'server2', serial => 0x1004);
my $foreign = $world->certificate(
    name   => 'server2',
    serial => 0x1005,
    usage  => 'OCSPSigning',
    issuer => $stranger
);
# Newer servers send only responses for their own certificate.
my $newer = ISS::OCSP::is_newer();
my $HOUR  = 3600;
my $NOW   = time;

# The error of a connection to a server with that staple; '' for success.
sub error_with {
    my ($staple, @args) = @_;
    my ($server, $port) = $world->stapling_server($leaf, $staple);
    return error_at($port, @args);
}

sub connected {
    my ($port, @args) = @_;
    return IO::Socket::SSL->new(
        PeerAddr => "127.0.0.1:$port",
        client_args(@args)
    );
}

sub error_at {
    my ($port, @args) = @_;
    my $sock = connected($port, @args);
    return "$SSL_ERROR" if !$sock;
    print {$sock} "olleh\n";
    return $sock->getline eq "hello\n" ? '' : 'no echo';
}

sub pin_of {
    my ($certificate) = @_;
    return sha256_hex(ISS::OCSP::der_of($certificate->{cert}));
}

my @MUST = (SSL_ocsp_mode => SSL_OCSP_MUST_STAPLE);
my $NONE = qr/did not receive the required stapled OCSP response/;

# Usable responses for the leaf.
my %GOOD = (
    'its issuer'             => [],
    'its issuer, long ago'   => [this => 0],
    'an appointed responder' => [by   => $delegate, with => [$delegate]],
    'without a next update'  => [next => undef],
    'a clock that is slightly ahead' => [this => $NOW + 200],
    'only just outdated'             => [next => $NOW - 200],
    'one of several answers'         =>
      [of => $other, status => 'revoked', more => [{ of => $leaf }]],
    'two answers, one of them current' =>
      [status => 'revoked', next => $NOW - $HOUR, more => [{ of => $leaf }]],
);

# Unusable responses, and the error for each.
my %USELESS = (
    'expired'       => [qr/has expired \d{4}-/,  next => $NOW - $HOUR],
    'not yet valid' => [qr/not valid before \d/, this => $NOW + $HOUR],
    'old, without a next update' =>
      [qr/has expired/, this => $NOW - 25 * $HOUR, next => undef],
    $newer ? () : (
        'for another certificate' => [qr/does not cover/, of => $other]
    ),
    'with a wrong signature'  => [qr/signature .* invalid/, tamper => 1],
    "a stranger's"            => [qr/signature .* invalid/, by => $stranger],
    "a stranger's, with its certificate" =>
      [qr/not authorized/, by => $stranger, with => [$stranger]],
    "a responder's, without its certificate" =>
      [qr/signature .* invalid/, by => $delegate],
    'by a responder not appointed for that' =>
      [qr/not authorized/, by => $upstart, with => [$upstart]],
    'by a responder that another CA appointed' =>
      [qr/not authorized/, by => $foreign, with => [$foreign, $stranger]],
    'by the certificate itself' =>
      [qr/not authorized/, by => $leaf, with => [$leaf]],
);

each_version(
    sub {
        my ($version) = @_;
        my @version = (SSL_version => $version);

        for my $what (sort keys %GOOD) {
            my $staple = $world->response(of => $leaf, @{ $GOOD{$what} });
            is(error_with($staple, @version, @MUST),
                '', "a good status satisfies: $what");
        }
        for my $what (sort keys %USELESS) {
            my ($why, @how) = @{ $USELESS{$what} };
            my $staple =
              $world->response(of => $leaf, status => 'revoked', @how);
            my ($server, $port) = $world->stapling_server($leaf, $staple);
            is(error_at($port, @version), '', "$what: ignored");
            my $error = error_at($port, @version, @MUST);
            like($error, $NONE, '... unless one is required');
            like($error, $why,  '... and the error says why it is unusable');
        }
    }
);

subtest 'tls_info tells of a good staple' => sub {
    my @cases = ([1, of => $leaf], [0]);
    for my $case (@cases) {
        my ($good,   @how)  = @$case;
        my ($server, $port) = $world->stapling_server($leaf,
            @how ? $world->response(@how, @{ $GOOD{ (keys %GOOD)[0] } }) : ());
        my $sock = connected($port);
        is($sock->tls_info->{stapled} ? 1 : 0,
            $good, $good ? 'stapled' : 'not stapled');
    }
};

subtest 'responses without an answer' => sub {
    my %none = (
        'the responder is busy' =>
          [qr/refuses.*trylater/i, ISS::OCSP::refusal(3)],
        'garbage within' =>
          [qr/contains no basic/, ISS::OCSP::wrapped('x' x 99)],
        'nothing within' => [qr/contains no basic/, ISS::OCSP::wrapped('')],
        'a bare success' => [qr/contains no basic/, ISS::OCSP::refusal(0)],
    );
    for my $what (sort keys %none) {
        my ($why,    $staple) = @{ $none{$what} };
        my ($server, $port)   = $world->stapling_server($leaf, $staple);
        is(error_at($port), '', "$what: ignored");
        my $error = error_at($port, @MUST);
        like($error, $NONE, '... unless one is required');
        like($error, $why,  '... and the error says why it is unusable');
    }
};

each_version(
    sub {
        my ($version) = @_;
        my @version   = (SSL_version => $version);
        my $revoked   = $world->response(of => $leaf, status => 'revoked');
        my ($server, $port) = $world->stapling_server($leaf, $revoked);

        for my $mode (0, SSL_OCSP_TRY_STAPLE, SSL_OCSP_MUST_STAPLE,
            SSL_OCSP_FULL_CHAIN, SSL_OCSP_FAIL_HARD)
        {
            my $error = error_at($port, @version, SSL_ocsp_mode => $mode);
            like(
                $error,
                qr/status is revoked since 2020-01-01 00:00:00 UTC/,
                "mode $mode: revoked"
            );
            like($error, qr/reason keyCompromise/, '... with the reason');
            like(
                $error,
                qr{depth 0, subject .*/CN=localhost},
                '... and the subject'
            );
        }
        like(
            error_at($port, @version),
            qr/certificate verify failed: .*revoked/,
            'by default, too'
        );
        is(error_at($port, @version, SSL_ocsp_mode => SSL_OCSP_NO_STAPLE),
            '', 'unless SSL_ocsp_mode turns it off');
        like(
            error_at($port, @version, SSL_verify_callback => sub { 1 }),
            qr/status is revoked/,
            'a callback on certificates does not overrule it'
        );
        is(error_at($port, @version, SSL_verify_mode => 0),
            '', 'a client that does not verify does not ask');
        like(
            error_at(
                $port, @version,
                SSL_verify_mode => 0,
                SSL_ocsp_mode   => SSL_OCSP_TRY_STAPLE
            ),
            qr/status is revoked/,
            '... unless told to'
        );
        my $pin = 'sha256$' . _fingerprint();
        is(error_at($port, @version, SSL_fingerprint => $pin),
            '', 'a fingerprint accepts a revoked certificate');
        is(error_at($port, @version, @MUST, SSL_fingerprint => $pin),
            '', '... even if a staple is required');

        my $unknown = $world->response(of => $leaf, status => 'unknown');
        like(
            error_with($unknown, @version),
            qr/status is unknown/,
            'a certificate its issuer does not know'
        );
        my $delegated = $world->response(
            of     => $leaf,
            status => 'revoked',
            by     => $delegate,
            with   => [$delegate]
        );
        like(
            error_with($delegated, @version),
            qr/status is revoked/,
            'revoked, by an appointed responder'
        );
    }
);

sub _fingerprint {
    my ($status, $said) = ISS::Program->run(
        [
            ISS::Program->find('openssl'),
            'x509', '-in', $leaf->{cert}, '-noout', '-fingerprint', '-sha256'
        ]
    );
    return $said =~ /=(\S+)/ ? $1 : die $said;
}

each_version(
    sub {
        my ($version) = @_;
        my ($server, $port) = $world->stapling_server($leaf);
        my @version = (SSL_version => $version);

        is(error_at($port, @version), '', 'a server without a staple');
        my $error = error_at($port, @version, @MUST);
        like($error, $NONE, '... unless one is required');
        unlike($error, qr/unusable/, '... and does not call it unusable');
        my $ctx = IO::Socket::SSL::SSL_Context->new(client_args(@version));
        like(error_at($port, @MUST, SSL_reuse_ctx => $ctx),
            $NONE, 'a connection may require one if its context does not');
        $ctx =
          IO::Socket::SSL::SSL_Context->new(client_args(@version, @MUST));
        like(error_at($port, SSL_reuse_ctx => $ctx),
            $NONE, "a context's mode applies to its connections");
    }
);

subtest 'the server gets an alert' => sub {
    each_version(
        sub {
            my ($version) = @_;
            my $revoked = $world->response(of => $leaf, status => 'revoked');
            my ($server, $port) = $world->stapling_server($leaf, $revoked);
            error_at($port, SSL_version => $version);
            ok(
                eval {
                    $server->wait_for(qr/bad certificate status response/i);
                },
                'by the alert that is for this'
            ) or diag $@;
        }
    );
};

subtest 'without blocking' => sub {
    each_version(
        sub {
            my ($version) = @_;
            my $revoked = $world->response(of => $leaf, status => 'revoked');
            for my $case ([$revoked, qr/revoked/],
                [$world->response(of => $leaf), undef])
            {
                my ($staple, $error) = @$case;
                my ($server, $port) = $world->stapling_server($leaf, $staple);
                my $tcp = IO::Socket::INET->new("127.0.0.1:$port");
                $tcp->blocking(0);
                my $sock = IO::Socket::SSL->start_SSL(
                    $tcp,
                    client_args(SSL_version => $version, @MUST),
                    SSL_startHandshake    => 0,
                    SSL_keepSocketOnError => 1,
                );
                my $done = complete($sock, sub { scalar $sock->connect_SSL });
                if (defined $error) {
                    ok(!$done, "$version: refused");
                    like($SSL_ERROR, $error, '... with the reason');
                    ok(
                        !defined syswrite($sock, 'data'),
                        '... and nothing is written'
                    );
                }
                else {
                    ok($done, "$version: accepted");
                }
            }
        }
    );
};

subtest 'an intermediate authority' => sub {
    my $sub = $world->certificate(
        name    => 'sub-ca',
        CA      => 1,
        serial  => 0x2000,
        subject => 'Intermediate'
    );
    my $below = $world->certificate(issuer => $sub, serial => 0x1001);
    my $serve = sub {
        my ($staple) = @_;
        return $world->stapling_server($below, $staple,
            -cert_chain => $sub->{cert});
    };
    my ($server, $port) = $serve->($world->response(of => $below));
    is(error_at($port, @MUST),
        '', 'it may answer for certificates that it issued');
    ($server, $port) = $serve->($world->response(of => $below, by => $ca));
    like(
        error_at($port, @MUST),
        qr/not authorized|signature/,
        'what is above it does not'
    );
    return if $newer;
    ($server, $port) = $serve->(
        $world->response(
            of     => $sub,
            status => 'revoked',
            by     => $ca,
            with   => [$ca]
        )
    );
    like(
        error_at($port),
        qr/revoked.*depth 1, subject .*Intermediate/,
        'a staple may say that the intermediate is revoked'
    );
};

# Up to TLS 1.2 the staple is not encrypted: a relay can spoil it.  OpenSSL 3.6
# and newer read it themselves, and fail.
sub spoiling_relay {
    my ($port) = @_;

    return plain_server(
        sub {
            my ($tcp, $me) = @_;
            my $onward = IO::Socket::INET->new("127.0.0.1:$port")
              or die "connect: $!\n";
            my $select = IO::Select->new($tcp, $onward);
            my $buf    = '';
            while (my @ready = $select->can_read) {
                for my $from (@ready) {
                    sysread $from, my $bytes, 100_000 or return;
                    if ($from == $tcp) {
                        syswrite $onward, $bytes;
                        next;
                    }
                    $buf .= $bytes;
                    while (my $record = next_record(\$buf)) {
                        syswrite $tcp, $record;
                    }
                }
            }
        }
    );
}

# The next record, with a staple that is not DER in a CertificateStatus (22).
sub next_record {
    my ($buf) = @_;

    return if length $$buf < 5;
    my ($type, $length) = unpack 'C x2 n', $$buf;
    return if length $$buf < 5 + $length;
    my $record = substr $$buf, 0, 5 + $length, '';
    substr($record, 13) =~ tr/\0-\xff/\xff/
      if $type == 22 && ord(substr $record, 5) == 22;
    return $record;
}

subtest 'a staple that cannot be read' => sub {
    my ($server, $port) =
      $world->stapling_server($leaf, $world->response(of => $leaf));
    my ($relay, $address) = spoiling_relay($port);
    my $error = sub {
        my $sock = IO::Socket::SSL->new(
            PeerAddr => $address,
            client_args(SSL_version => 'TLSv1_2', @_)
        );
        return $sock ? '' : "$SSL_ERROR";
    };
    like(
        $error->(),
        IO::Socket::SSL::_openssl_version_number() >= 0x30600000
        ? qr/: the stapled OCSP response cannot be read/
        : qr/the peer sent the alert/,    # it notices the change
        'OpenSSL 3.6 fails, and the error names the staple'
    );
    is(
        $error->(
            SSL_force_fingerprint => 1,
            SSL_fingerprint       => 'sha256$' . pin_of($leaf)
        ),
        '',
        'where a fingerprint alone decides no staple is asked for'
    );
};

subtest 'an issuer that is missing' => sub {
    my @vouched =
      (SSL_ca_file => cert('other-ca'), SSL_verify_callback => sub { 1 });
    my $good = $world->response(of => $leaf, with => [$ca]);
    my ($server, $port) = $world->stapling_server($leaf, $good);
    is(error_at($port, @vouched), '', 'a callback vouches for the leaf');
    my $error = error_at($port, @vouched, @MUST);
    like($error, $NONE, '... but not for its staple');
    like(
        $error,
        qr/issuer of the certificate is unknown/,
        '... which cannot be checked'
    );
};

subtest 'SSL_ocsp_staple_callback' => sub {
    my $revoked = $world->response(of => $leaf, status => 'revoked');
    my $good    = $world->response(of => $leaf);
    each_version(
        sub {
            my ($version) = @_;
            my @version = (SSL_version => $version);
            my @seen;
            my @callback =
              (SSL_ocsp_staple_callback => sub { @seen = @_; return });
            my ($server, $port) = $world->stapling_server($leaf, $revoked);

            my $sock = connected($port, @version, @callback);
            ok($sock, 'it replaces our check');
            is($seen[0], $sock, '... gets the socket');
            like($seen[1], qr/^[1-9]\d*\z/, '... and a handle');
            @seen = ();    # s_server serves one after the other
            undef $sock;
            like(error_at($port, @version, @callback, @MUST),
                qr/revoked/, 'but a required staple is still checked');
            is(scalar @seen, 2, '... after the callback');
            @seen = ();
            is(
                error_at(
                    $port,     @version,
                    @callback, SSL_ocsp_mode => SSL_OCSP_NO_STAPLE
                ),
                '',
                'without asking for a staple'
            );
            is(scalar @seen, 0, '... it is not called');
            undef $server;

            ($server, $port) = $world->stapling_server($leaf, $good);
            is(error_at($port, @version, @callback, @MUST),
                '', 'a good staple that is required is accepted');
            @seen = ();
            undef $server;
            ($server, $port) = $world->stapling_server($leaf);
            @seen = ();
            is(error_at($port, @version, @callback), '', 'without a staple');
            is_deeply([@seen[1 .. $#seen]], [undef], '... it gets undef');
            @seen = ();
            like(error_at($port, @version, @callback, @MUST),
                $NONE, '... which fails if one is required');

            my $died = died(
                sub {
                    connected($port, @version,
                        SSL_ocsp_staple_callback => sub { die "no!\n" });
                }
            );
            is($died, "no!\n", 'its exception is passed on');
            $died = died(
                sub {
                    $sock = connected($port, @version,
                        SSL_ocsp_staple_callback => sub { close $_[0] });
                }
            );
            is($died, undef, 'it may close the socket');
            ok(!$sock || !$sock->opened,
                '... and then there is no connection');
            undef $sock;
        }
    );
    like(
        died(
            sub {
                IO::Socket::SSL::SSL_Context->new(
                    SSL_ocsp_staple_callback => 1);
            }
        ),
        qr/^SSL_ocsp_staple_callback must be a code reference/,
        'it must be a sub'
    );
};

subtest 'wrong values' => sub {
    like(
        died(
            sub { IO::Socket::SSL::SSL_Context->new(SSL_ocsp_mode => 'must') }
        ),
        qr/^SSL_ocsp_mode must be a whole number/,
        'SSL_ocsp_mode must be a number'
    );
    for my $none (undef, '') {
        my ($server, $port) = $world->stapling_server($leaf);
        is(error_at($port, SSL_ocsp_mode => $none), '', 'or not given');
    }
    like(
        died(sub { IO::Socket::SSL::SSL_Context->new(SSL_ocsp_cache => 1) }),
        qr/^SSL_ocsp_cache must be an object/,
        'SSL_ocsp_cache must be an object'
    );
    ok(IO::Socket::SSL->can_ocsp, 'can_ocsp');
};

# RFC 7633: a certificate that demands a staple.
my %DEMANDS = (
    'demands a staple'    => [qr/^SSL connect.*$NONE.*RFC 7633/, 'status_request'],
    'demands other things' => [qr/^\z/, 'status_request_v2'],
    'demands several'      => [qr/$NONE/, 'status_request_v2,status_request'],
);
each_version(
    sub {
        my @version = (SSL_version => $_[0]);
        my @hard    = (SSL_ocsp_mode => SSL_OCSP_FAIL_HARD);
        for my $what (sort keys %DEMANDS) {
            my ($error, $feature) = @{ $DEMANDS{$what} };
            my $cert =
              $world->certificate(serial => 0x1010, feature => $feature);
            my ($server, $port) = $world->stapling_server($cert);
            is(error_at($port, @version), '', "a certificate $what: accepted");
            like(error_at($port, @version, @hard),
                $error, '... with SSL_OCSP_FAIL_HARD only if it gets it');
            is(
                error_at(
                    $port, @version,
                    SSL_ocsp_mode => SSL_OCSP_FAIL_HARD | SSL_OCSP_NO_STAPLE
                ),
                '',
                '... or the client asks for none'
            );
            is(error_at($port, @version, @hard, SSL_verify_mode => 0),
                '', '... or does not verify');
            my $staple = $world->response(of => $cert);
            my ($other, $with) = $world->stapling_server($cert, $staple);
            is(error_at($with, @version, @hard), '', '... a staple satisfies it');
        }
    }
);

done_testing;
