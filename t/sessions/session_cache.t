# IO::Socket::SSL::Session_Cache, and caches of the user.
use strict;
use warnings;

use File::Temp qw(tempdir);
use FindBin;
use IO::Socket::UNIX;
use Socket qw(AF_UNIX PF_UNSPEC SOCK_STREAM);
use lib "$FindBin::Bin/../lib";
use ISS::NetSSLeay ();
use ISS::Sessions;
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

# A user's cache: keeps all sessions, returns the newest, logs its calls, and
# can be told to do something else first.
package User::Cache;

sub new { return bless { kept => {}, log => [], @_[1 .. $#_] }, $_[0] }

sub note {
    my ($self, $name, @args) = @_;
    push @{ $self->{log} }, [$name, @args];
    $self->{$name}->(@args) if $self->{$name};
    return;
}

sub add_session {
    my ($self, $key, $session) = @_;
    push @{ $self->{kept}{$key} }, $session;
    $self->note('add', $key, $session);
    return;
}

sub get_session {
    my ($self, $key) = @_;
    $self->note('get', $key);
    return $self->{kept}{$key}[-1];
}

# Releases its reference, as Net::SSLeay::SESSION_free does.
sub free { return IO::Socket::SSL::Session_Cache::_free_session($_[1]) }

sub DESTROY {
    my ($self) = @_;
    $self->free($_) for map { @$_ } values %{ $self->{kept} };
    return;
}

package User::DeletingCache;
our @ISA = ('User::Cache');

sub del_session {
    my ($self, $key, $session) = @_;
    my $kept = $self->{kept}{$key};
    $self->note('del', $key, $session);
    $self->free($_) for grep { $_ == $session } @$kept;
    @$kept = grep { $_ != $session } @$kept;
    return;
}

package main;

sub names {
    return [map { $_->[0] } @{ $_[0]{log} }];
}

# Handles of so many real sessions, which the caller owns.
sub sessions {
    my ($count) = @_;

    my $cache  = User::Cache->new;
    my $server = resuming_server(SSL_version => 'TLSv1_2');
    my @made   = map {
        resumed(
            $server,
            SSL_session_cache => $cache,
            SSL_session_key   => $_
        );
        delete $cache->{kept}{$_};
    } 1 .. $count;
    return map { @$_ } @made;
}

# --- our own ----------------------------------------------------------------

subtest 'new' => sub {
    isa_ok(
        IO::Socket::SSL::Session_Cache->new(1),
        'IO::Socket::SSL::Session_Cache',
        'a cache for one key'
    );
    for my $size (undef, 0, -1, '', 'many') {
        my @made = IO::Socket::SSL::Session_Cache->new($size);
        is_deeply(\@made, [],
            'no cache for a size of '
              . (defined $size ? "'$size'" : 'undef'));
    }
    @Some::Cache::ISA = ('IO::Socket::SSL::Session_Cache');
    isa_ok(Some::Cache->new(1), 'Some::Cache', 'of a subclass');
};

subtest 'the least recently used key is dropped' => sub {
    my ($a, $b, $c) = sessions(3);
    my $cache = IO::Socket::SSL::Session_Cache->new(2);
    is($cache->get_session('a'), undef, 'an empty cache has none');
    $cache->add_session(a => $a);
    $cache->add_session(b => $b);
    is($cache->get_session('b'), $b, 'an added session is found');
    is($cache->get_session('a'), $a, '... and so is the other');
    $cache->add_session(c => $c);
    is($cache->get_session('b'),
        undef, 'the least recently used one is dropped');
    is($cache->get_session('a'), $a, 'a recently used one stays');
    is($cache->get_session('c'), $c, '... and the new one is found');
};

subtest 'several sessions of a key' => sub {
    my ($one, $two, $three) = sessions(3);
    my $cache = IO::Socket::SSL::Session_Cache->new(1);
    $cache->add_session("\x{e9}", $one);
    $cache->replace_session("\x{e9}", $two);
    is($cache->get_session("\x{e9}"),
        $two, 'replace_session: the new one is found');
    is($cache->get_session("\x{e9}", $one), undef, '... the old one is gone');
    is($cache->get_session("\x{e9}", $two),
        $two, '... get_session of a certain session');
    utf8::upgrade(my $same = "\x{e9}");
    is($cache->get_session($same), $two, 'a key is text, not bytes');
    is($cache->get_session("\xc3\xa9"),
        undef, '... so its UTF-8 bytes are another key');
    $cache->del_session("\x{e9}", $three);
    is($cache->get_session($same), $two, 'del_session of another session');
    $cache->del_session(undef, $two);
    is($cache->get_session($same),
        undef, 'del_session of a session, whatever its key');
    $cache->add_session(x => $three);
    $cache->del_session('x');
    is($cache->get_session('x'), undef, 'del_session of a key');
};

subtest 'wrong caches and sessions' => sub {
    my $cache = IO::Socket::SSL::Session_Cache->new(1);
    for my $what ('abc', undef, 0) {
        my $name = defined $what ? $what : 'undef';
        no warnings 'uninitialized';
        ok(died(sub { $cache->add_session(x => $what) }),
            "add_session of $name croaks");
    }
    for my $object ('abc', {}, bless({}, 'IO::Socket::SSL::Session_Cache')) {
        like(
            died(
                sub {
                    IO::Socket::SSL::Session_Cache::get_session($object, 'x');
                }
            ),
            qr/is not of type/,
            "get_session on $object"
        );
    }
};

subtest 'a subclass' => sub {
    my @asked;
    @Asking::Cache::ISA = ('IO::Socket::SSL::Session_Cache');
    {
        no warnings 'once';
        *Asking::Cache::add_session = sub {
            push @asked, $_[1];
            return IO::Socket::SSL::Session_Cache::add_session(@_);
        };
        *Asking::Cache::get_session = sub {
            push @asked, $_[1];
            return IO::Socket::SSL::Session_Cache::get_session(@_);
        };
    }
    for my $version (versions()) {
        my $server = resuming_server(SSL_version => $version);
        my @args   = (
            SSL_session_cache => Asking::Cache->new(1),
            SSL_session_key   => $version
        );
        is(resumed($server, @args), 0, "$version: the first is new");
        is(resumed($server, @args), 1, '... the second is resumed');
    }
    my %seen = map { $_ => 1 } @asked;
    is_deeply([sort keys %seen], [versions()], 'its methods were called');
};

# --- the user's own ---------------------------------------------------------

subtest 'a user\'s cache: TLS 1.2' => sub {
    my $server = resuming_server(SSL_version => 'TLSv1_2');
    my $cache  = User::DeletingCache->new;
    my @args   = (SSL_session_cache => $cache);
    is(resumed($server, @args), 0, 'the first is new');
    is(resumed($server, @args), 1, 'the second is resumed');
    is(resumed($server, @args), 1, 'and so is the third');
    is_deeply(names($cache), [qw(get add get get)], 'the methods called');
    is($cache->{log}[0][1], $server->{address}, '... with the key host:port');
};

# One handshake over a local socket; returns the methods called on the cache.
sub local_handshake {
    my ($cache, $mine, $theirs) = @_;

    my $peer = peer(
        sub {
            my ($me) = @_;
            my $sock = IO::Socket::SSL->start_SSL(
                ref $theirs eq 'CODE' ? $theirs->() : $theirs,
                server_args(SSL_version => 'TLSv1_2')
            ) or die "server: $SSL_ERROR\n";
            $me->hear;
        }
    );
    my $sock = IO::Socket::SSL->start_SSL(
        ref $mine eq 'CODE' ? $mine->() : $mine,
        client_args(SSL_session_cache => $cache)
    );
    ok($sock, 'a handshake over a local socket') or diag $SSL_ERROR;
    return names($cache);
}

subtest 'a local server' => sub {
    my $nameless = User::Cache->new;
    socketpair(my $mine, my $theirs, AF_UNIX, SOCK_STREAM, PF_UNSPEC)
      or die "socketpair: $!";
    is_deeply(local_handshake($nameless, $mine, $theirs),
        [], 'a server without a name: no session is kept');

    my $named    = User::Cache->new;
    my $path     = tempdir(CLEANUP => 1) . '/socket';
    my $listener = IO::Socket::UNIX->new(Local => $path, Listen => 1)
      or die "$path: $!";
    my $names = local_handshake(
        $named,
        sub { return IO::Socket::UNIX->new(Peer => $path) },
        sub { return scalar $listener->accept }
    );
    is_deeply($names, [qw(get add)], 'a server with a name: one is kept');
    like($named->{log}[0][1], qr/\Q$path\E/, '... under its path');
};

subtest 'a user\'s cache: TLS 1.3' => sub {
    my $server = resuming_server(SSL_version => 'TLSv1_3');
    my $cache  = User::DeletingCache->new;
    my @args   = (SSL_session_cache => $cache);
    is(resumed($server, @args), 0, 'the first is new');
    is(resumed($server, @args), 1, 'the second is resumed');
    is_deeply(
        names($cache),
        [qw(get add add get del add)],
        'the methods called'
    );
    my ($added, $deleted) = map { $cache->{log}[$_] } 2, 4;
    is($deleted->[2], $added->[2],
        'the session that was offered was deleted');
};

each_version(
    sub {
        my ($version) = @_;

        my $server = resuming_server(SSL_version => $version);
        my $cache  = User::Cache->new;
        my @args   = (SSL_session_cache => $cache);
        is(resumed($server, @args), 0, 'without del_session: the first');
        is(resumed($server, @args), 1, '... the second is resumed');
        is(resumed($server, @args), 1, '... the third as well');

        is(resumed($server, @args, SSL_verifycn_name => 'a.example.test'),
            0, 'a session of another name is not resumed');
        is(
            resumed(
                $server,
                SSL_session_cache => User::Cache->new(kept => $cache->{kept}),
                SSL_verify_mode   => SSL_VERIFY_NONE
            ),
            0,
            '... nor for another mode'
        );
        $cache->{kept} = {};
    }
);

each_version(
    sub {
        my ($version) = @_;

        my $server = resuming_server(SSL_version => $version);
        my $dies   = sub { die "the cache fails\n" };
        for my $method (qw(get add)) {
            my $error = died(
                sub {
                    resumed($server,
                        SSL_session_cache =>
                          User::Cache->new($method => $dies));
                }
            );
            is(
                $error,
                "the cache fails\n",
                "${method}_session dies: so does the operation"
            );
        }
        is(resumed($server), 0, 'the server still works');

        my $sock;
        my $closes = sub { $sock->close if $sock };
        $sock = connected($server,
            SSL_session_cache => User::Cache->new(add => $closes));
        if ($version eq 'TLSv1_3') {
            sysread $sock, my $line, 9;
            ok(!$sock->opened, 'add_session closes: the socket is closed');
        }
        undef $sock;
    }
);

subtest 'get_session returns junk' => sub {
    my $server = resuming_server();
    for my $junk ('abc', {}, 'x' x 1000) {
        my $cache = User::Cache->new;
        no warnings 'redefine';
        local *User::Cache::get_session = sub { return $junk };
        like(
            died(sub { resumed($server, SSL_session_cache => $cache) }),
            qr/is not a handle/,
            substr($junk, 0, 10) . ' is refused'
        );
    }
    for my $nothing (undef, 0, '') {
        my $cache = User::Cache->new;
        no warnings 'redefine';
        local *User::Cache::get_session = sub { return $nothing };
        is(resumed($server, SSL_session_cache => $cache),
            0, 'false means no session');
    }
};

# The cache of Net::FTP before Perl 5.34 loads no Net::SSLeay.
subtest 'a cache that frees without Net::SSLeay' => sub {
    is(
        perl_says('-e', <<'CODE', cert('ca')),
            use IO::Socket::SSL;
            use ISS::Sessions;
            @INC = grep { !ref && !-e "$_/Net/SSLeay.pm" } @INC;
            package Single;
            sub new { my $x; return bless \$x, shift }
            sub add_session {
                my ($cache, $key, $session) = @_;
                Net::SSLeay::SESSION_free($$cache) if $$cache;
                $$cache = $session;
            }
            sub get_session { return ${ $_[0] } }
            sub DESTROY { Net::SSLeay::SESSION_free(${ $_[0] }) if ${ $_[0] } }
            package main;
            my $server = resuming_server(SSL_version => 'TLSv1_3');
            my $cache  = Single->new;
            print resumed($server, SSL_session_cache => $cache) ? 1 : 0
              for 1 .. 3;
            undef $cache;
            print exists $INC{'Net/SSLeay.pm'} ? ' loaded' : ' not loaded';
CODE
        '011 not loaded',
        'is given SESSION_free'
    );
};

subtest 'Net::SSLeay frees what a cache owns' => sub {
    plan skip_all => ISS::NetSSLeay->missing
      if ISS::NetSSLeay->missing;
    no warnings 'redefine';
    my $freed = 0;
    local *User::Cache::free = sub {
        Net::SSLeay::SESSION_free($_[1]);
        $freed++;
    };
    for my $version (versions()) {
        my $server = resuming_server(SSL_version => $version);
        my @args   = (SSL_session_cache => User::DeletingCache->new);
        is(resumed($server, @args), 0, "$version: the first is new");
        is(resumed($server, @args), 1, '... the second is resumed');
    }
    is($freed, 4, 'all that the cache owned is freed');
};

# --- elsewhere --------------------------------------------------------------

subtest 'after a fork' => sub {
    my $server = resuming_server(SSL_version => 'TLSv1_2');
    my @args = (SSL_session_cache => IO::Socket::SSL::Session_Cache->new(1));
    is(resumed($server, @args), 0, 'a session of the parent');
    my $child = peer(sub { $_[0]->tell(resumed($server, @args)) });
    is(($child->hear)[0], 1, '... is resumed by the child');
    $child->done;
    is(resumed($server, @args), 1, '... and by the parent');
};

done_testing;
