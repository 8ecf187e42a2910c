# SSL_reload, reload and SSL_reload_callback: certificates that change under a
# running server.
use strict;
use warnings;

use Config;
use File::Copy qw(copy);
use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::SSL;
use IO::Socket::SSL::Utils;
use ISS::Test;
use Test::More;

my $dir = tempdir('iss-reload-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my @OWN =
  (SSL_cert_file => "$dir/server.pem", SSL_key_file => "$dir/server.key");

# So short that each connection looks.
my @ALWAYS = (SSL_reload => 1e-6);

# Put a copy of a file in place, as mv does.
sub put {
    my ($from, $to) = @_;
    copy($from, "$dir/new") or die "$from: $!";
    rename "$dir/new", "$dir/$to" or die "$to: $!";
    return;
}

sub put_pair {
    my ($name) = @_;
    put(cert($name), 'server.pem');
    put(key($name),  'server.key');
    return;
}

sub fingerprint {
    my $cert   = PEM_file2cert(cert($_[0]));
    my $digest = IO::Socket::SSL->get_fingerprint('sha256', $cert);
    CERT_free($cert);
    return $digest;
}
my %NAME = map { fingerprint($_) => $_ } qw(server server-ecdsa server2);

# A server in a child that says what its callback was told.
sub serve {
    my (@args) = @_;
    my @told;
    my ($server, $address) = tls_server(
        sub {
            my ($sock) = @_;
            print {$sock} join('|', splice @told), "\n";
        },
        @OWN,
        SSL_reload_callback =>
          sub { push @told, defined $_[1] ? $_[1] : 'new' },
        @args
    );
    return ($server, $address);
}

# Connect: the name of the certificate that is served, and what was told.
sub served {
    my ($address, @args) = @_;
    my $sock = IO::Socket::SSL->new(
        PeerAddr => $address,
        client_args(SSL_verifycn_scheme => 'none', @args)
    ) or return "no handshake: $SSL_ERROR";
    chomp(my $told = <$sock>);
    return ($NAME{ $sock->get_fingerprint('sha256') }, $told);
}

sub in_dir { my ($text) = @_; $text =~ s/\Q$dir\E\///g; return $text }

# A pair that is replaced in two steps.
put_pair('server');
each_version(
    sub {
        my ($version) = @_;
        put_pair('server');
        my ($server, $address) =
          serve(@ALWAYS, SSL_version => $version, SSL_key_cache => 0);
        is_deeply([served($address)], ['server', ''], 'the first pair');
        is_deeply([served($address)], ['server', ''], '... stays');
        put(cert('server-ecdsa'), 'server.pem');
        my ($name, $told) = served($address);
        is($name, 'server', 'a certificate without its key is not served');
        is(
            in_dir($told),
            'SSL_reload: server.pem and server.key do not fit; '
              . 'the old certificate stays',
            '... and the callback is told why'
        );
        is_deeply([served($address)], ['server', ''], '... only once');
        put(key('server-ecdsa'), 'server.key');
        is_deeply(
            [served($address)],
            ['server-ecdsa', 'new'],
            'the new pair is served, without a restart'
        );
        is_deeply([served($address)], ['server-ecdsa', ''], '... and stays');
    }
);

# Files that are damaged, gone, or links.
{
    put_pair('server');
    my ($server, $address) = serve(@ALWAYS);
    served($address);
    open my $out, '>', "$dir/server.pem" or die $!;
    close $out;
    my ($name, $told) = served($address);
    is($name, 'server', 'a truncated file does no harm');
    like(
        in_dir($told),
qr/^SSL_reload: SSL_cert_file: server.pem: .*; the old certificate stays$/,
        '... and is told of'
    );
    unlink "$dir/server.pem";
    ($name, $told) = served($address);
    is($name, 'server', 'nor does a missing file');
    like($told, qr/No such file/, '... for another reason, which is told');
    symlink cert('server'), "$dir/server.pem" or die $!;
    is_deeply([served($address)], ['server', 'new'], 'a link is followed');
    put_pair('server-ecdsa');
    is_deeply([served($address)], ['server-ecdsa', 'new'], 'links go, too');
}

# Looks are as far apart as SSL_reload says.
for my $seconds (0, 3600) {
    put_pair('server');
    my ($server, $address) = serve(SSL_reload => $seconds);
    served($address);
    put_pair('server-ecdsa');
    is_deeply(
        [served($address)],
        ['server', ''],
        "SSL_reload => $seconds does not look yet"
    );
}

# In this process: reload, and what becomes of the context.
sub context {
    my $ctx = IO::Socket::SSL::SSL_Context->new(SSL_server => 1, @OWN, @_);
    return $ctx || die $SSL_ERROR;
}

# The certificate that a client of another process gets.
sub shown_by {
    my ($ctx) = @_;
    my ($tcp, $peer) = raw_pair(
        sub {
            my ($raw, $me) = @_;
            my $sock = IO::Socket::SSL->start_SSL($raw, SSL_verify_mode => 0);
            $me->tell($sock ? $NAME{ $sock->get_fingerprint('sha256') } : '');
        }
    );
    my $sock = IO::Socket::SSL->start_SSL(
        $tcp,
        SSL_server    => 1,
        SSL_reuse_ctx => $ctx
    );
    my ($name) = $peer->hear;
    return wantarray ? ($name, $sock, $peer) : $name;
}

{
    put_pair('server');
    my ($made, $asked) = (0, 0);
    my $ctx = context(
        SSL_create_ctx_callback => sub { $made++ },
        SSL_cert_file           => cert('server'),
        SSL_key_file            => cert_file('encrypted.key'),
        SSL_passwd_cb           => sub { $asked++; 'secret' }
    );
    my $handle = $ctx->_get_ctx_object;
    my ($name, $open, $peer) = shown_by($ctx);
    is($name,        'server', 'a context');
    is($ctx->reload, 1,        'reload returns true');
    is($made,        2,        '... the create callback is called anew');
    is($asked,       2,        '... so is the one for the password');
    isnt($ctx->_get_ctx_object, $handle, '... _get_ctx_object changes');
    is(
        $ctx->reload(
            SSL_cert_file => cert('server2'),
            SSL_key_file  => key('server2')
        ),
        1,
        'reload with other options'
    );
    is(shown_by($ctx), 'server2', '... which count');
    is($NAME{ $open->get_fingerprint('sha256', $open->sock_certificate) },
        'server', '... for new connections only');
    my @nothing = $ctx->reload(SSL_key_file => key('server'));
    is(@nothing, 0, 'a failure returns the empty list');
    like(
        $SSL_ERROR,
        qr/server\.key does not match the certificate in \S+server2\.pem/,
        '... with the reason in $SSL_ERROR'
    );
    is(shown_by($ctx), 'server2', '... and the context stays');
    like(died(sub { $ctx->reload(SSL_version => 'nonsense') }),
        qr/nonsense/, 'a mistake dies');
}

# A listener has the method, too.
{
    my $listener =
      IO::Socket::SSL->new(LocalAddr => '127.0.0.1', Listen => 5, @OWN);
    put_pair('server2');
    is($listener->reload,   1,         'reload of a listener');
    is(shown_by($listener), 'server2', '... whose sockets get the new pair');
}

# Warnings, and callbacks that die.
{
    put_pair('server');
    my $ctx = context(@ALWAYS);
    put(key('server2'), 'server.key');
    my @warnings = warnings_of(sub { shown_by($ctx) for 1 .. 3 });
    is(scalar @warnings, 1, 'without a callback: one warning');
    like(
        in_dir($warnings[0]),
qr/^SSL_reload: server\.pem and server\.key do not fit; the old certificate stays at \Q$0\E/,
        '... at a line of the program'
    );
    $ctx = context(
        @ALWAYS,
        SSL_cert_file       => cert('server'),
        SSL_key_file        => cert_file('encrypted.key'),
        SSL_crl_file        => "$dir/server.key",
        SSL_passwd_cb       => sub { 'secret' },
        SSL_reload_callback => sub { die "no more\n" }
    );
    put_pair('server');
    is(died(sub { shown_by($ctx) }), "no more\n", 'a callback may die');
    is(shown_by($ctx), 'server', '... and the context works on');
}
{
    put_pair('server');
    my ($die, @told) = 0;
    my $ctx = context(
        @ALWAYS,
        SSL_key_file        => cert_file('encrypted.key'),
        SSL_passwd_cb       => sub { die "locked\n" if $die; 'secret' },
        SSL_key_cache       => 0,
        SSL_reload_callback => sub { push @told, $_[1] }
    );
    put(cert('server'), 'server.pem');
    $die = 1;
    is(shown_by($ctx), 'server', 'a password that is not to be had');
    is_deeply(
        \@told,
        ['SSL_reload: locked; the old certificate stays'],
        '... is a failure of the reload alone'
    );
}

# Signal handlers of the program that die, and those of a callback.
{
    my ($deed, @told) = sub { };
    put_pair('server');
    my $ctx = context(
        @ALWAYS,
        SSL_key_file        => cert_file('encrypted.key'),
        SSL_key_cache       => 0,
        SSL_passwd_cb       => sub { $deed->(); 'secret' },
        SSL_reload_callback => sub { push @told, $_[1] }
    );
    my $alarm = sub { kill USR1 => $$; my $x = "$$" };
    local $SIG{USR1} = sub { die "alarm\n" };
    my $late = bless { why => 'late' }, 'Some::Exception';
    local $SIG{USR2} = sub { die $late };
    for
      my $case ([$alarm, "alarm\n"], [sub { kill USR2 => $$; my $x }, $late])
    {
        my ($signal, $wanted) = @$case;
        put(cert('server'), 'server.pem');
        $deed = $signal;
        is(died(sub { shown_by($ctx) }),
            $wanted, 'a handler that dies reaches the program');
        $deed = sub { };
        is_deeply(\@told, [], '... and is no failure of the reload');
        is(shown_by($ctx), 'server', '... the next connection looks again');
        is_deeply([splice @told], [undef], '... with success');
    }
    put(cert('server'), 'server.pem');
    $deed = sub {
        local $SIG{USR1} = sub { die "too slow\n" };
        $alarm->();
    };
    is(shown_by($ctx), 'server', 'one that a callback has installed');
    is_deeply(
        [splice @told],
        ['SSL_reload: too slow; the old certificate stays'],
        '... is a failure of the reload alone'
    );
    put(cert('server'), 'server.pem');
    $deed = sub {
        eval { $alarm->() };
        die "locked\n";
    };
    is(shown_by($ctx), 'server', 'one whose exception a callback caught');
    is_deeply(
        [splice @told],
        ['SSL_reload: locked; the old certificate stays'],
        '... so is what came after it'
    );
    {
        my $inner = 0;
        local $SIG{USR2} = sub { $inner++ };
        local $SIG{USR1} = sub {
            kill USR2 => $$;
            my $x = "$$";
            die $inner ? "alarm\n" : "not interrupted\n";
        };
        put(cert('server'), 'server.pem');
        $deed = $alarm;
        is(died(sub { shown_by($ctx) }),
            "alarm\n", 'one that another one has interrupted');
        is_deeply([splice @told], [], '... is still of the program');
        $deed = sub { };
        shown_by($ctx);
        @told = ();
    }
    $deed = sub { };
    put_pair('server');
    my $ran = 0;
    local $SIG{USR1} = sub { $ran++ };
    $deed = $alarm;
    is(shown_by($ctx), 'server', 'one that returns');
    is($ran,           1,        '... runs as ever');
    is_deeply([splice @told], [undef], '... and does no harm');
}

# A child that was forked within a look of its parent looks for itself.
{
    my ($deed, $child, @told) = sub { };
    put_pair('server');
    my $ctx = context(
        @ALWAYS,
        SSL_key_file        => cert_file('encrypted.key'),
        SSL_key_cache       => 0,
        SSL_passwd_cb       => sub { $deed->(); 'secret' },
        SSL_reload_callback => sub { push @told, $_[1] }
    );
    put(cert('server'), 'server.pem');
    $deed = sub {
        $deed  = sub { };
        $child = peer(
            sub {
                my ($me) = @_;
                put(cert('server'), 'server.pem');
                my $shown = shown_by($ctx);
                $me->tell($shown, scalar @told);
            }
        );
    };
    is(shown_by($ctx), 'server', 'a callback that forks');
    is_deeply([$child->hear], ['server', 1], '... and the child');
}
like(
    died(sub { context(SSL_reload_callback => 5) }),
    qr/^SSL_reload_callback must be a code reference/,
    'a wrong callback'
);
like(died(sub { context(SSL_reload => 'often') }),
    qr/^SSL_reload.*number/, 'a wrong number');

# Sessions: tickets stay good, unless the trust in clients changes.
sub resumes {
    my ($address, $ctx) = @_;
    my $sock = IO::Socket::SSL->new(
        PeerAddr        => $address,
        SSL_reuse_ctx   => $ctx,
        SSL_session_key => 'one'
    ) or return "no handshake: $SSL_ERROR";
    <$sock>;
    return $sock->get_session_reused ? 1 : 0;
}
each_version(
    sub {
        my ($version) = @_;
        for my $verify (0, 1) {
            put_pair('server');
            put(cert('crl-none-revoked'), 'crl.pem');
            my ($server, $address) = serve(
                @ALWAYS,
                SSL_version => $version,
                $verify
                ? (
                    SSL_verify_mode => SSL_VERIFY_PEER |
                      SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                    SSL_ca_file   => cert('ca'),
                    SSL_crl_file  => "$dir/crl.pem",
                    SSL_check_crl => 1,
                  )
                : ()
            );
            my $client = IO::Socket::SSL::SSL_Context->new(
                client_args(
                    SSL_session_cache_size => 10,
                    SSL_verifycn_scheme    => 'none',
                    identity('revoked')
                )
            );
            my $who = $verify ? 'a client with a certificate' : 'a client';
            is(resumes($address, $client), 0, "$who");
            is(resumes($address, $client), 1, '... resumes');
            put_pair('server-ecdsa');
            is(resumes($address, $client),
                1, '... also after the certificate changed');
            next if !$verify;
            put(cert('crl'), 'crl.pem');
            isnt(resumes($address, $client),
                1, '... but not once its own is revoked');
        }
    }
);

# Another sub that judges clients ends their sessions, the same one does not.
{
    put_pair('server');
    my ($lenient, $quiet) = (sub { 1 }, sub { });
    for my $case (
        [SSL_verify_callback     => $lenient,      '0 1 1'],
        [SSL_verify_callback     => sub { $_[0] }, '0 1 0'],
        [SSL_create_ctx_callback => $quiet,        '0 1 1'],
        [SSL_create_ctx_callback => sub { 0 },     '0 1 0'],
        [SSL_create_ctx_callback => undef,         '0 1 0'],
      )
    {
        my ($option, $judge, $expected) = @$case;
        my $seen   = 0;
        my $server = context(
            SSL_verify_mode         => SSL_VERIFY_PEER,
            SSL_ca_file             => cert('ca'),
            SSL_verify_callback     => $lenient,
            SSL_create_ctx_callback => $quiet
        );
        my ($peer, $address) = tls_server(
            sub {
                my ($sock) = @_;
                $server->reload($option => $judge)
                  if ++$seen == 2;
                print {$sock} "hello\n";
                scalar <$sock>;
            },
            SSL_reuse_ctx => $server
        );
        my $client = IO::Socket::SSL::SSL_Context->new(
            client_args(
                SSL_session_cache_size => 10,
                SSL_verifycn_scheme    => 'none',
                identity('client')
            )
        );
        my @reused;
        for (1 .. 3) {
            my $sock = IO::Socket::SSL->new(
                PeerAddr      => $address,
                SSL_reuse_ctx => $client
            ) or diag $SSL_ERROR;
            scalar <$sock>;
            push @reused, $sock->get_session_reused ? 1 : 0;
            close $sock;
        }
        is("@reused", $expected,
            ($expected =~ /1\z/ ? 'the same' : 'another') . " $option");
    }
}

# A client looks at its CAs.
{
    put_pair('server');
    my ($server, $address) = serve();
    put(cert('other-ca'), 'ca.pem');
    my $ctx = IO::Socket::SSL::SSL_Context->new(
        client_args(@ALWAYS, SSL_ca_file => "$dir/ca.pem"));
    my $connect = sub {
        return IO::Socket::SSL->new(
            PeerAddr      => $address,
            SSL_reuse_ctx => $ctx
        ) ? 'yes' : 'no';
    };
    is($connect->(), 'no', 'a client without the CA');
    put(cert('ca'), 'ca.pem');
    is($connect->(), 'yes', '... trusts it once it is in the file');
    put(cert('other-ca'), 'ca.pem');
    is($connect->(), 'no', '... and not when it has gone');
}

# ... and at its own certificate.
{
    my ($server, $address) = tls_server(
        sub {
            my ($sock) = @_;
            print {$sock} $sock->peer_certificate('cn') || 'nobody', "\n";
        },
        SSL_verify_mode     => SSL_VERIFY_PEER,
        SSL_ca_file         => cert('ca'),
        SSL_verify_callback => sub { 1 }
    );
    my @own =
      (SSL_cert_file => "$dir/own.pem", SSL_key_file => "$dir/own.key");
    my $put_own = sub {
        my ($name) = @_;
        put(cert($name), 'own.pem');
        put(key($name),  'own.key');
    };
    $put_own->('client');
    my $ctx   = IO::Socket::SSL::SSL_Context->new(client_args(@ALWAYS, @own));
    my $shows = sub {
        my $sock = IO::Socket::SSL->new(
            PeerAddr      => $address,
            SSL_reuse_ctx => $ctx
        ) or return "$SSL_ERROR";
        chomp(my $line = <$sock>);
        return $line;
    };
    is($shows->(), 'Test Client', 'a client with a certificate');
    $put_own->('server2');
    is($shows->(), 'server2.test', '... shows the next once it is there');
}

# Two processes look for themselves.
{
    put_pair('server');
    my $ctx     = context(@ALWAYS);
    my @workers = map {
        [tls_server(sub { }, SSL_reuse_ctx => $ctx)]
    } 1, 2;
    put_pair('server2');
    for my $worker (@workers) {
        my $sock = IO::Socket::SSL->new(
            PeerAddr        => $worker->[1],
            SSL_verify_mode => 0
        );
        is($NAME{ $sock->get_fingerprint('sha256') },
            'server2', 'a worker finds the new pair');
    }
}

# A worker that changes its user may not read the new key: it goes on with the
# old one, and says why.  After a reload of its parent it has the new one.
SKIP: {
    skip 'only root can change its user', 4 if $> != 0 || $< != 0;
    chmod 0755, $dir;
    put_pair('server');
    chmod 0600, "$dir/server.key";
    my @told;
    my $ctx =
      context(@ALWAYS, SSL_reload_callback => sub { push @told, $_[1] });
    my $worker = sub {
        my ($when) = @_;
        return peer(
            sub {
                my ($me) = @_;
                ($<, $>) = (65_534, 65_534);
                $me->tell('ready');
                $me->hear;
                my $shown = shown_by($ctx);
                $me->tell($shown, grep { defined } @told);
            }
        );
    };
    my $first = $worker->();
    $first->hear;
    put_pair('server2');
    chmod 0600, "$dir/server.key";
    $first->tell('go on');
    my ($shown, $why) = $first->hear;
    is($shown, 'server',
        'a worker that may not read the new key: the old one');
    like($why, qr{server\.key}, '... and why');
    ok($ctx->reload, 'its parent reloads');
    my $second = $worker->();
    $second->hear;
    $second->tell('go on');
    ($shown) = $second->hear;
    is($shown, 'server2', '... before it forks: the new one');
}

# Threads share a context.
SKIP: {
    skip 'this Perl has no threads', 2 if !$Config{useithreads};
    put_pair('server');
    my $ctx = context();
    require threads;
    my $thread = threads->create(
        sub {
            $ctx->reload(
                SSL_cert_file => cert('server2'),
                SSL_key_file  => key('server2')
            );
            return;
        }
    );
    $thread->join;
    my $handle = $ctx->{context};
    is(shown_by($ctx), 'server2', 'what a thread loaded, all use');
    isnt($ctx->_get_ctx_object, $handle, '... and can have its handle');
}

done_testing();
