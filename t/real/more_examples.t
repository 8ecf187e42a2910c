# The programs of example/ for single tasks: with each other, and with modules and
# servers that are installed.
use strict;
use warnings;

use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";
use HTTP::Tiny;
use IO::Socket::INET;
use IO::Socket::SSL;
use ISS::Apache;
use ISS::OCSP;
use ISS::Program;
use ISS::Test;
use Test::More;

my $EXAMPLE   = "$FindBin::Bin/../../example";
my @CONSUMERS = split /:/, $ENV{ISS_TEST_CONSUMERS} || '';
my @PERL      = ($^X, map { "-I$_" } grep({ !ref } @INC), @CONSUMERS);
my @SERVER    = ('--cert', cert('server'), '--key', key('server'));
my @CA        = ('--ca',   cert('ca'));
my $DIR       = tempdir('iss-examples-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $ADDRESS   = qr/^(127\.0\.0\.1:\d+)$/m;

subtest select_server      => \&select_server;
subtest sni_server         => \&sni_server;
subtest sni_callback       => \&sni_callback;
subtest later_server       => \&later_server;
subtest reload_server      => \&reload_server;
subtest facts_client       => \&facts_client;
subtest client_cert_server => \&client_cert_server;
subtest prefork_memcached  => \&prefork_memcached;
subtest resume_client      => \&resume_client;
subtest pinning_client     => \&pinning_client;
subtest dane_client        => \&dane_client;
subtest 'proxies'          => \&proxies;
subtest ocsp_client        => \&ocsp_client;
subtest "$_ client"        => event_loop($_) for qw(io_async mojo);
subtest mod_perl_handler   => \&mod_perl_handler;
done_testing;

sub start {
    my ($name, @arguments) = @_;
    return ISS::Program->start([@PERL, "$EXAMPLE/$name.pl", @arguments]);
}

# (its exit status, its output)
sub run {
    my ($name, @arguments) = @_;
    my ($status, $said) =
      ISS::Program->run([@PERL, "$EXAMPLE/$name.pl", @arguments]);
    return ($status >> 8, $said);
}

sub tls {
    my ($address, @arguments) = @_;
    return IO::Socket::SSL->new(
        PeerAddr => $address,
        client_args(@arguments)
    );
}

# An HTTPS server of ours, and its URL.
sub https {
    my $server = start('https_server', @SERVER);
    return ($server, $server->wait_for(qr{^(https://127\.0\.0\.1:\d+/)$}m));
}

sub file_with {
    my ($name, $text) = @_;
    open my $out, '>', "$DIR/$name" or die "$name: $!\n";
    print {$out} $text;
    close $out or die "$name: $!\n";
    return "$DIR/$name";
}

# Idle clients and slow ones do not hold up the others, and end in time.
sub select_server {
    my $server = start('select_server', @SERVER, '--seconds', 2);
    my $url    = $server->wait_for(qr{^https://(127\.0\.0\.1:\d+)/$}m);
    my $silent = IO::Socket::INET->new($url) or die "connect: $!\n";
    my @idle   = map { tls($url) } 1 .. 3;
    my ($status, $said) = run('https_client', @CA, "https://$url/page");
    is($status, 0, 'it serves https_client');
    like($said, qr{^you asked: GET /page HTTP/1\.0$}m, '... what it asked');
    is(scalar(sysread $silent, my $byte, 1), 0, 'a silent client is dropped');
    ok($server->wait_for(qr/a client failed: .*deadline/), '... in time');
    return;
}

sub sni_server {
    my $server = start(
        'sni_server',
        '--name' => 'server2.test=' . cert('server2') . ',' . key('server2'),
        '--name' => '*.example.test=' . cert('server') . ',' . key('server'),
        '--default' => cert('server') . ',' . key('server')
    );
    my $address = $server->wait_for($ADDRESS);
    for my $name ('server2.test', 'any.example.test') {
        my $sock = tls(
            $address,
            SSL_hostname      => $name,
            SSL_verifycn_name => $name
        ) or die "connect: $SSL_ERROR\n";
        is(scalar <$sock>, "this is $name\n", "$name has its certificate");
    }
    my $sock = tls($address, SSL_hostname => '');
    is(scalar <$sock>, "you named nobody\n", 'a client without a name');
    return;
}

# A folder of certificates, read when they are asked for.
sub sni_callback {
    my $dir = tempdir('iss-names-XXXXXX', TMPDIR => 1, CLEANUP => 1);
    for my $name (qw(server server2)) {
        my $as = $name eq 'server' ? 'localhost' : 'server2.test';
        symlink cert($name), "$dir/$as.pem" or die $!;
        symlink key($name),  "$dir/$as.key" or die $!;
    }
    for my $default (undef, 'localhost') {
        my $server = start(
            'sni_callback_server',
            '--dir' => $dir,
            defined $default ? ('--default' => $default) : ()
        );
        my $address = $server->wait_for($ADDRESS);
        for my $name ('server2.test', 'localhost') {
            my $sock = tls(
                $address,
                SSL_hostname      => $name,
                SSL_verifycn_name => $name
            ) or die "connect: $SSL_ERROR\n";
            is(scalar <$sock>, "this is $name\n",
                "$name has its certificate");
        }
        my $sock = tls($address, SSL_hostname => '');
        is(
            $sock            ? scalar <$sock>        : undef,
            defined $default ? "this is localhost\n" : undef,
            'a client without a name'
        );
        next if defined $default;
        like($SSL_ERROR, qr/unrecognized name/, '... gets an alert');
        ok($server->wait_for(qr/turned away: .*unrecognized name/),
            '... of which the server tells');
    }
    return;
}

# Another process finds the certificates.
sub later_server {
    my $dir = tempdir('iss-names-XXXXXX', TMPDIR => 1, CLEANUP => 1);
    symlink cert('server2'), "$dir/server2.test.pem" or die $!;
    symlink key('server2'),  "$dir/server2.test.key" or die $!;
    my $server  = start('later_server', '--dir' => $dir);
    my $address = $server->wait_for($ADDRESS);
    my $silent  = IO::Socket::INET->new($address) or die "connect: $!\n";
    for my $visit (1 .. 2) {
        my $sock = tls(
            $address,
            SSL_hostname      => 'server2.test',
            SSL_verifycn_name => 'server2.test'
        ) or die "connect: $SSL_ERROR\n";
        is(
            scalar <$sock>,
            "this is server2.test\n",
            "visit $visit: the name has its certificate"
        );
    }
    for my $name ('other.test', '') {
        ok(!tls($address, SSL_hostname => $name), "the name '$name'");
        like($SSL_ERROR, qr/unrecognized name/, '... gets an alert');
    }
    return;
}

# Files change while it serves.
sub reload_server {
    my $dir  = tempdir('iss-reload-XXXXXX', TMPDIR => 1, CLEANUP => 1);
    my $swap = sub {
        my ($name) = @_;
        for my $kind (qw(pem key)) {
            my $from = $kind eq 'pem' ? cert($name) : key($name);
            symlink $from, "$dir/next" or die $!;
            rename "$dir/next", "$dir/server.$kind" or die $!;
        }
    };
    $swap->('server');
    open my $out, '>:raw', "$dir/ticket.key" or die $!;
    print {$out} 'k' x 80;
    close $out;
    chmod 0600, "$dir/ticket.key";
    open $out, '>', "$dir/new.example.org" or die $!;
    print {$out} "token.thumbprint\n";
    close $out;
    my $server = start(
        'reload_server',
        '--cert'       => "$dir/server.pem",
        '--key'        => "$dir/server.key",
        '--ticket-key' => "$dir/ticket.key",
        '--challenges' => $dir
    );
    my $address = $server->wait_for($ADDRESS);
    my $context = IO::Socket::SSL::SSL_Context->new(
        client_args(
            SSL_session_cache_size => 10,
            SSL_session_key        => 'one',
            SSL_verifycn_scheme    => 'none'
        )
    );
    my @said;

    for my $name ('', '', 'server2') {
        if ($name) {
            $swap->($name);
            kill HUP => $server->{pid};
            ok($server->wait_for(qr/the new certificate is served/),
                'SIGHUP takes up the new certificate');
        }
        my $sock = tls($address, SSL_reuse_ctx => $context);
        push @said, scalar <$sock>;
        $sock->close;
    }
    like($said[0], qr/accepted 1, resumed 0, reloaded 0$/, 'a first visit');
    like($said[1], qr/accepted 2, resumed 1, reloaded 0$/, '... resumes');
    isnt(serial($said[2]), serial($said[0]), '... the next one sees it');
    my $challenge = IO::Socket::SSL->new(
        PeerAddr           => $address,
        SSL_verify_mode    => 0,
        SSL_hostname       => 'new.example.org',
        SSL_alpn_protocols => ['acme-tls/1']
    );
    is($challenge && $challenge->alpn_selected,
        'acme-tls/1', 'a challenge is answered');
    ok($server->wait_for(qr/^acme: .*new\.example\.org/m), '... it says so');
    return;
}

sub serial { return $_[0] =~ /^certificate (\d+)/ ? $1 : 'none' }

sub facts_client {
    my ($server, $address) =
      tls_server(sub { print { $_[0] } "hello\n"; $_[0]->close });
    my ($status, $said) = run('facts_client', @CA, '--report', '--keylog',
        "$DIR/keylog", $address);
    is($status, 0, 'a good server') or diag $said;
    like($said, qr/ sent TLSv1_3 handshake ClientHello,/,  'the messages');
    like($said, qr/^version +TLSv1_3$/m,                   'the facts');
    like($said, qr/^binding +tls-exporter [0-9a-f]{64}$/m, 'the bindings');
    ok(-s "$DIR/keylog", 'the key log');
    ($status, $said) =
      run('facts_client', '--ca', cert('other-ca'), $address);
    is($status, 1, 'a bad server');
    like($said, qr/^verify: .*certificate verify failed/m, '... the kind');
    like($said, qr/^what to do: /m,                        '... the hint');

    # A certificate in memory, and one by URI.
    my ($asks, $there) = tls_server(
        sub { $_[0]->close },
        SSL_verify_mode => SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
        SSL_ca_file     => cert('ca'),
        SSL_version     => 'TLSv1_2'
    );
    for my $own (
        [],
        [
            '--cert' => slurp(cert('client')),
            '--key'  => slurp(key('client'))
        ],
        [
            '--cert' => 'file:' . cert('client'),
            '--key'  => 'file:' . key('client')
        ]
      )
    {
        ($status, $said) = run('facts_client', @CA, @$own, $there);
        is($status, @$own ? 0 : 1, 'a server that wants a certificate')
          or diag $said;
    }
    return;
}

sub client_cert_server {
    my $server = start('client_cert_server', @SERVER, @CA, '--allow',
        'Test Client=read,list');
    my $address = $server->wait_for($ADDRESS);
    my %answer  = (
        read  => 'Test Client, you may read',
        write => 'Test Client, you may not write'
    );
    for my $word (sort keys %answer) {
        my $sock = tls($address, identity('client'));
        print {$sock} "$word\n";
        is(scalar <$sock>, "$answer{$word}\n",
            "a client that wants to $word");
    }
    for my $args ([], [identity('other-client')]) {
        my $sock = tls($address, @$args);
        ok(!$sock || !defined <$sock>, 'another client gets nothing');
        ok($server->wait_for(qr/a client was turned away: \S/),
            '... and why');
        $server->forget;
    }
    return;
}

sub prefork_memcached {
    my $memcached = ISS::Program->find('memcached');
    plan skip_all => 'there is no memcached' if !$memcached;
    plan skip_all => 'there is no Cache::Memcached::Fast'
      if ISS::Program->run([@PERL, '-MCache::Memcached::Fast', '-e1']);
    my $port  = listener()->sockport;
    my $store = ISS::Program->start(
        [
            $memcached, qw(-l 127.0.0.1 -U 0 -m 16),
            '-p', $port, $< ? () : qw(-u root)
        ]
    );
    $store->wait_for_port($port);

    # Two servers are two machines: nothing is shared but memcached.
    my $secret  = file_with('secret', 's' x 32);
    my @servers = map {
        start(
            'prefork_memcached', @SERVER,
            '--secret'    => $secret,
            '--memcached' => "127.0.0.1:$port"
        )
    } 1 .. 2;
    my @addresses = map { $_->wait_for($ADDRESS) } @servers;
    my $context   = IO::Socket::SSL::SSL_Context->new(
        client_args(SSL_session_cache_size => 10, SSL_session_key => 'one'));
    my ($resumed, %workers) = (0);
    for my $visit (0 .. 9) {
        my $sock = tls($addresses[$visit % 2], SSL_reuse_ctx => $context);
        print {$sock} "hello\n";
        my ($worker, $how) = <$sock> =~ /^process (\d+), (.*)$/;
        $workers{$worker}++;
        $resumed++ if $how eq 'resumed';
        $sock->close;
    }
    is($resumed, 9, 'all visits but the first resume');
    cmp_ok(scalar keys %workers, '>', 1, '... at different workers');
    return;
}

sub resume_client {
    my ($server, $url)  = https();
    my ($status, $said) = run('resume_client', @CA, '--times', 3, $url);
    is($status, 0, 'it exits with 0');
    like($said, qr/\A(full handshake|resumed), [\d.]+ ms\n/, 'a connection');
    is(scalar(() = $said =~ /\n/g), 3, '... and two more');

    # Each process of https_server has the context of its listener.
    is_deeply(
        [$said =~ /^(\w+)/mg],
        [qw(full resumed resumed)],
        '... which resume'
    );

    my @state = ('--state', "$DIR/session", '--times', 2);
    local $ENV{SESSION_SECRET} = 'the secret of the resume_client!';
    my @said = map { (run('resume_client', @CA, @state, $url))[1] } 1, 2;
    is_deeply(
        [map { /^(\w+)/mg } @said],
        [qw(full resumed resumed resumed)],
        'the next run resumes, too'
    ) or diag @said;
    $ENV{SESSION_SECRET} = 'another secret of the same length';
    like(
        (run('resume_client', @CA, @state, $url))[1],
        qr/\Afull .*: other secret$/m,
        '... but by the secret only'
    );
    delete $ENV{SESSION_SECRET};
    isnt((run('resume_client', @CA, @state, $url))[0],
        0, '... which it needs');
    return;
}

sub pinning_client {
    my $serve = sub {
        my ($name) = @_;
        return tls_server(sub { print { $_[0] } "hello\n"; $_[0]->close },
            identity($name),
            listener => listener(@_[1 .. $#_], ReuseAddr => 1));
    };
    my ($device, $address) = $serve->('self-signed');
    my @pins = ('--pins', "$DIR/pins");
    my ($status, $said) = run('pinning_client', @pins, $address);
    isnt($status, 0, 'without a yes it does not trust');
    ok(!-e "$DIR/pins", '... and remembers nothing');
    ($status, $said) = run('pinning_client', @pins, '--yes', $address);
    is($status, 0, 'the first visit');
    like($said, qr/^sha256\$pub\$\w{64}\nhello$/m, '... shows the key');
    is_deeply(
        [run('pinning_client', @pins, $address)],
        [0, "hello\n"],
        'the second one knows it'
    );

    $device->kill;
    my ($port) = $address =~ /:(\d+)/;
    ($device) = $serve->('other-server', LocalPort => $port);
    ($status, $said) = run('pinning_client', @pins, $address);
    isnt($status, 0, 'another key is refused');
    like($said, qr/has another key now/, '... and why');
    return;
}

# The record of the server's certificate, and another one.
sub dane_client {
    my ($server, $address) = tls_server(sub { $_[0]->close });
    my ($digest) =
      tls($address)->get_fingerprint('sha256') =~ /(\w+)\z/;
    my $record   = "3 0 1 $digest";
    my $other    = '3 1 1 ' . '00' x 32;
    my @accepted = run('dane_client', $address, $other, $record);
    is($accepted[0], 0, 'one of two records needs no CA');
    like(
        $accepted[1],
        qr/\Aaccepted by the record 3 0 1: .*CN=localhost, until .* \d{4}$/,
        '... and is named'
    );
    is((run('dane_client', $address, uc $record =~ s/(\w{56})/$1 /r))[0],
        0, '... also as dig writes it');

    my @refused = run('dane_client', @CA, $address, $other);
    isnt($refused[0], 0, 'a server whose CA is right needs the record');
    like(
        $refused[1],
        qr/ is refused: .*does not match the chain\nit shows .*CN=localhost/,
        '... and why'
    );
    like((run('dane_client', @CA, $address, '3 1'))[1],
        qr/SSL_tlsa: /, 'what is no record is said');
    return;
}

sub proxies {
    my ($server, $url) = https();
    my @trust   = ('--trust', cert('ca'));
    my @files   = map { ("--ca-$_" => "$DIR/proxy-ca.$_") } qw(cert key);
    my $proxy   = start('intercepting_proxy', @files, @trust);
    my $address = $proxy->wait_for($ADDRESS);

    my ($status, $said) = run('connect_client', '--proxy', $address,
        '--ca', "$DIR/proxy-ca.cert", "${url}secret");
    is($status, 0, 'connect_client through intercepting_proxy');
    like($said, qr{^request: GET /secret$}m, '... gets the page');
    ok($proxy->wait_for(qr{^> GET /secret HTTP/1\.0$}m),
        '... which it reads');
    ok($proxy->wait_for(qr{^< request: GET /secret$}m), '... both ways');

    ($status, $said) = run('connect_client', '--proxy', $address, @CA, $url);
    isnt($status, 0, 'a client that does not trust the proxy');
    like($said, qr/no TLS with .*certificate verify failed/, '... refuses');

    my ($bad, $there) = tls_server(sub { }, identity('other-server'));
    ($status, $said) = run('connect_client', '--proxy', $address,
        '--ca', "$DIR/proxy-ca.cert", "https://$there/");
    isnt($status, 0, 'a bad server behind the proxy');
    like(
        $said,
        qr/the proxy refuses: .*certificate verify failed/,
        '... is refused by the proxy'
    );
    return;
}

sub ocsp_client {
    my $why = ISS::OCSP->missing;
    plan skip_all => $why if $why;
    my $world    = ISS::OCSP->new;
    my @here     = (name_is => 'IP:127.0.0.1');
    my $listener = listener();
    my $uri      = 'http://' . address($listener);
    my %leaf =
      map {
        $_ => $world->certificate(@here, serial => length, uri => "$uri/$_")
      } qw(good revoked);
    my %answer =
      map { ("/$_" => $world->response(of => $leaf{$_}, status => $_)) }
      keys %leaf;
    my ($responder) =
      $world->responder(sub { ('200 OK', $answer{ $_[0] }) }, $listener);

    for my $status (qw(good revoked)) {
        my ($server, $port) = $world->stapling_server($leaf{$status});
        my ($exit,   $said) = run('ocsp_client', @CA, "127.0.0.1:$port");
        like(
            $said,
            qr/^stapled: no\n$status/,
            "a certificate that is $status"
        );
        is($exit, $status eq 'good' ? 0 : 1, '... the exit status');
    }
    my ($server, $port) =
      $world->stapling_server($leaf{good}, $answer{'/good'});
    my @result = run('ocsp_client', @CA, '--must-staple', "127.0.0.1:$port");
    is_deeply(\@result, [0, "stapled: yes\ngood\n"], 'a stapled response');
    my $plain = $world->certificate(@here, serial => 3);
    ($server, $port) = $world->stapling_server($plain);
    my ($exit, $said) = run('ocsp_client', @CA, "127.0.0.1:$port");
    is($exit, 2, 'nobody to ask');
    like($said, qr/^cannot tell: /m, '... it says so');
    return;
}

sub event_loop {
    my ($name) = @_;
    my %needed = (
        io_async => 'IO::Async::SSL->can("VERSION")',
        mojo     => 'Mojo::UserAgent->can("tls_options")',
    );
    return sub {
        my ($module) = $needed{$name} =~ /^([\w:]+)/;
        my ($missing) =
          ISS::Program->run([@PERL, "-M$module", "-eexit !$needed{$name}"]);
        plan skip_all => "there is no $needed{$name}" if $missing;
        my ($server, $url) = https();
        my @urls = map { "$url$_" } qw(one two three);
        my ($status, $said) = run("${name}_client", @CA, @urls);
        is($status, 0, 'it exits with 0') or diag $said;
        is(scalar(() = $said =~ /^\Q$url\E\w+: .*200 OK$/mg),
            3, '... with three pages');

        ($status, $said) =
          run("${name}_client", '--ca', cert('other-ca'), $urls[0]);
        is($status, 1, 'a server of another CA');
        like($said, qr/: failed: .*certificate verify failed/,
            '... says why');
    };
}

sub mod_perl_handler {
    my $why = ISS::Apache->missing('prefork');
    plan skip_all => $why if $why;
    my ($server, $url) = https();
    my ($backend) = $url =~ m{//(.*)/};

    # Apache's children run as nobody.
    chmod 0755, $DIR or die "$DIR: $!\n";
    my $ca     = file_with('ca.pem', slurp(cert('ca')));
    my $apache = ISS::Apache->start(
        mpm     => 'prefork',
        startup => "\$ENV{SSL_CERT_FILE} = '$ca';\n"
          . "\$ENV{BACKEND} = '$backend';\n"
          . slurp("$EXAMPLE/mod_perl_handler.pl")
    );
    for my $visit (1 .. 3) {
        my $answer = HTTP::Tiny->new->get($apache->url);
        is($answer->{status}, 200, "visit $visit");
        like($answer->{content}, qr/^protocol: TLSv1_3$/m, '... the page');
    }
    my (undef, $said) = $apache->stop;
    unlike($said, qr/no connection/, 'its log');
    return;
}

sub slurp {
    my ($file) = @_;
    open my $in, '<', $file or die "$file: $!\n";
    local $/;
    return <$in>;
}
