# iossl-check against other people's servers: nginx, slapd, PostgreSQL, postfix,
# dovecot; and beside testssl.sh.
use strict;
use warnings;

use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";
use JSON::PP qw(decode_json);
use Test::More;

use ISS::Check;
use ISS::Nginx;
use ISS::OpenSSL;
use ISS::Program;
use ISS::Servers;
use ISS::Test;

my %FILES = (cert => cert('server'), key => key('server'));

# A whole check of a port, by this kind of STARTTLS (undef: none).  "but" are
# the findings of this server.
sub good_server {
    my ($what, $port, $kind, @but) = @_;
    my $result =
      check_at("127.0.0.1:$port", starttls => $kind, name => 'localhost');
    my $record   = $result->{addresses}[0];
    my %expected = map { $_ => 1 } @but;

    is($result->{exit},     0, "$what is good") || diag(explain($result));
    is($record->{verified}, 1, '... and verified');
    is($record->{versions}{TLSv1_2}, 1, '... by TLS 1.2');
    is($record->{versions}{TLSv1_3}, 1, '... and 1.3');
    is((grep { $_->{severity} eq 'bad' } @{ $result->{findings} }),
        0, '... nothing is bad');
    cmp_ok($result->{handshakes}, '<=', 40, '... by few handshakes');
    return $result;
}

# What s_client sees of the same server.
sub as_s_client {
    my ($result, $port) = @_;
    my $openssl = find_openssl() || return;
    my ($status, $said) = ISS::Program->run(
        [
            $openssl,     's_client',
            '-connect',   "127.0.0.1:$port",
            '-showcerts', '-servername',
            'localhost'
        ],
        input => ''
    );
    my $sent  = () = $said =~ /-----BEGIN CERTIFICATE/g;
    my $chain = $result->{addresses}[0]{chain}{sent};
    is(scalar @$chain, $sent, '... s_client gets as many certificates');
    my ($version) = $said =~ /^New, TLSv([\d.]+),/m;
    is(
        $result->{addresses}[0]{connection}{version},
        'TLSv' . $version =~ tr/./_/r,
        '... by the same version'
    );
    return;
}

subtest 'nginx' => sub {
    plan skip_all => ISS::Nginx->missing if ISS::Nginx->missing;
    my $nginx = ISS::Nginx->start(
        good  => {%FILES},
        old   => { %FILES, protocols => 'TLSv1.2' },
        wants => {
            %FILES,
            more => "ssl_verify_client on;\nssl_client_certificate "
              . cert('ca') . ';'
        },
        expired => { cert => cert('expired'),    key => key('expired') },
        partial => { cert => cert('server-sub'), key => key('server-sub') },
        whole   => {
            cert => cert('server-sub-chain'),
            key  => key('server-sub'),
            more => 'ssl_session_tickets off;'
        },
    );
    my $result = good_server('nginx', $nginx->port('good'));
    as_s_client($result, $nginx->port('good'));
    is($result->{addresses}[0]{alpn}{selected},
        'http/1.1', '... it speaks HTTP by ALPN');

    my $at = sub {
        my ($site, @args) = @_;
        return check_at(
            '127.0.0.1:' . $nginx->port($site),
            name => 'localhost',
            @args
        );
    };
    is($at->('old')->{addresses}[0]{versions}{TLSv1_3},
        0, 'nginx without TLS 1.3');
    is($at->('expired')->{findings}[0]{id}, 'expired', 'an old certificate');
    is($at->('partial')->{findings}[0]{id},
        'missing_issuer', 'no intermediate');
    $result = $at->('whole');
    is_deeply($result->{addresses}[0]{chain}{missing},
        [], 'with its intermediate');
    as_s_client($result, $nginx->port('whole'));
    is($at->('wants')->{addresses}[0]{client_certificate},
        'asked', 'it asks for a certificate in TLS');

    $result = $at->('plain');
    is($result->{findings}[0]{id}, 'not_tls', 'its port of plain HTTP');
    like(
        $result->{findings}[0]{text},
        qr{it said: "HTTP/1\.1 400 Bad Request"},
        '... says what it said'
    );
    my ($code, $said) = script('--ca', cert('ca'), '--name', 'localhost',
        '--monitor', 21, '127.0.0.1:' . $nginx->port('good'));
    is($code, 0, 'monitoring');
    like($said, qr/^TLS OK: /, '... in a line');
};

# testssl.sh finds the same versions and the same chain.  It takes a minute.
subtest 'testssl.sh' => sub {
    plan skip_all => ISS::Nginx->missing if ISS::Nginx->missing;
    my ($testssl, %env) = find_testssl();
    plan skip_all => 'no testssl.sh' if !$testssl;
    plan skip_all => 'testssl.sh needs hexdump'
      if !ISS::Program->find('hexdump');
    my $nginx = ISS::Nginx->start(
        site => {
            cert => cert('server-sub-chain'),
            key  => key('server-sub')
        }
    );
    my $port = $nginx->port('site');
    my $dir  = tempdir(CLEANUP => 1);

    # It wants a program that looks up names, and has no use for it here.
    my $stub = "$dir/host";
    open my $out, '>', $stub or die "$stub: $!\n";
    print {$out} "#!/bin/sh\nexit 1\n";
    close $out;
    chmod 0755, $stub;
    local $ISS::Program::DEADLINE = 4 * $ISS::Program::DEADLINE;
    my ($status, $said) = ISS::Program->run(
        [
            $testssl,     '--quiet',   '--color',    0,
            '-n',         'none',      '--warnings', 'batch',
            '--add-ca',   cert('ca'),  '-p',         '-S',
            '--jsonfile', "$dir/json", "127.0.0.1:$port"
        ],
        env => { %env, PATH => "$ENV{PATH}:$dir" }
    );
    my $json   = -e "$dir/json" ? slurp("$dir/json") : '[]';
    my %theirs = map { $_->{id} => $_->{finding} } @{ decode_json($json) };
    plan skip_all => "testssl.sh did not work: $said"
      if !defined $theirs{TLS1_2};

    my $record =
      check_at("127.0.0.1:$port", name => 'localhost')->{addresses}[0];
    for my $version (qw(TLSv1 TLSv1_1 TLSv1_2 TLSv1_3)) {
        my $id = $version =~ s/v//r;
        is(
            $record->{versions}{$version},
            $theirs{$id} =~ /^offered/ ? 1 : 0,
            "$version: testssl.sh says $theirs{$id}"
        );
    }
    my $sent = $record->{chain}{sent};
    is(
        scalar @$sent,
        $theirs{certs_countServer},
        'as many certificates as testssl.sh sees'
    );
    is(
        uc $sent->[0]{fingerprint} =~ s/.*\$//r,
        $theirs{cert_fingerprintSHA256},
        '... the same one'
    );
    like($theirs{cert_chain_of_trust},
        qr/^passed/, '... which it trusts, too');
};

# The script, and the environment that it needs if it is unpacked.
sub find_testssl {
    my $root = $ENV{ISS_TEST_SERVERS} || '';

    return ("$root/usr/bin/testssl",
        TESTSSL_INSTALL_DIR => "$root/etc/testssl")
      if length $root && -x "$root/usr/bin/testssl";
    return grep { defined }
      map { ISS::Program->find($_) } qw(testssl testssl.sh);
}

sub slurp {
    my ($file) = @_;

    open my $in, '<', $file or die "$file: $!\n";
    local $/;
    return scalar <$in>;
}

# Servers by name: whether they are here, and which kinds their ports are.
for my $name (qw(slapd postgres postfix dovecot)) {
    subtest $name => sub {
        my ($server, @more) = ISS::Servers->can($name)->(%FILES);
        plan skip_all => $more[0] if !$server;
        my %port = @more;
        for my $kind (sort keys %port) {
            my $tls = $kind =~ /s\z/ && $kind ne 'postgres';
            good_server("$name, $kind", $port{$kind}, $tls ? undef : $kind);
        }
        diag($server->output) if !Test::More->builder->is_passing;
        $server->stop;
        my ($bad, %bad) = ISS::Servers->can($name)
          ->(cert => cert('expired'), key => key('expired'));
        my ($kind) = grep { !/s\z/ || $_ eq 'postgres' } sort keys %bad;
        my $result = check_at(
            "127.0.0.1:$bad{$kind}",
            starttls => $kind,
            quick    => 1,
            name     => 'localhost'
        );
        ids_are($result, ['expired'], "$name with an old certificate");
        $bad->stop;
    };
}
done_testing();
