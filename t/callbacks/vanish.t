# Code of the program's runs where nobody expects it: in tied and overloaded
# arguments, in callbacks, in signal handlers.  Meanwhile it takes away what the
# call works with.  Nothing crashes, and nobody touches a descriptor or a string
# that belongs to somebody else by then.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use Errno qw(EDEADLK);
use IO::Handle;
use IO::Socket::SSL;
use POSIX  ();
use Socket qw(AF_UNIX SOCK_STREAM PF_UNSPEC);
use Test::More;
use Tie::Hash;

{

    package Deed;    # a tied scalar
    sub TIESCALAR { return bless [@_[1, 2]], $_[0] }
    sub FETCH     { $_[0][1]->(); return $_[0][0] }
}
{

    package Number;
    use overload
      '0+'     => sub { $_[0][1]->(); $_[0][0] },
      '""'     => sub { $_[0][1]->(); $_[0][0] },
      bool     => sub { 1 },
      fallback => 1;
}
{

    package Cache;

    sub new {
        my ($class, $code) = @_;
        return bless [$code, IO::Socket::SSL::Session_Cache->new(9)], $class;
    }
    sub get_session { $_[0][0]->(); return }

    sub add_session {
        my ($self, @session) = @_;
        $self->[0]->();
        return $self->[1]->add_session(@session);
    }
    sub del_session { return }
}

# A scalar that runs the code when it is read.
sub tied_to {
    my ($value, $code) = @_;
    tie my $scalar, 'Deed', $value, $code;
    return \$scalar;
}

# The code's result or exception, without a warning.
sub outcome {
    my ($code) = @_;

    my $result;
    my @warned = warnings_of(
        sub {
            $result = eval { $code->() };
            $result = "died: $@" if $@;
        }
    );
    return $result;
}

# Handles, one of which has a number that was just given back.
sub strangers {
    my ($number) = @_;

    my @handles;
    while (!grep { fileno $_ == $number } @handles) {
        socketpair my $one, my $two, AF_UNIX, SOCK_STREAM, PF_UNSPEC
          or die "socketpair: $!";
        $_->blocking(0) for $one, $two;
        push @handles, $one, $two;
        die "nobody has number $number" if @handles > 100;
    }
    return [@handles];
}

subtest 'the arguments of a method close the socket, or drop it' => sub {
    my %method = (
        export_session   => sub { $_[0]->export_session(${ $_[1] }) },
        set_msg_callback => sub { $_[0]->set_msg_callback(${ $_[1] }); 1 },
        'more for set_msg_callback' => sub {
            $_[0]->set_msg_callback(sub { }, ${ $_[1] });
            1;
        },
        deadline         => sub { $_[0]->deadline(${ $_[1] }) },
        channel_binding  => sub { $_[0]->channel_binding(${ $_[1] }) },
        verify_hostname  => sub { $_[0]->verify_hostname(${ $_[1] }) },
        peer_certificate => sub { $_[0]->peer_certificate(${ $_[1] }) },
        get_fingerprint  => sub { $_[0]->get_fingerprint(${ $_[1] }) },
        stop_SSL         => sub { $_[0]->stop_SSL(Timeout => ${ $_[1] }) },
    );
    my %value = (
        export_session   => 's' x 32,
        set_msg_callback => sub { },
        deadline         => 10,
        stop_SSL         => 10,
        channel_binding  => 'tls-exporter',
        verify_hostname  => 'localhost',
        peer_certificate => 'cn',
        get_fingerprint  => 'sha256',
    );
    my ($server, $address) = tls_server(sub { });
    for my $name (sort keys %method) {
        for my $kind (qw(tied overloaded)) {
            for my $deed (qw(close drop)) {
                my $sock = IO::Socket::SSL->new(
                    PeerAddr => $address,
                    client_args()
                ) or die $SSL_ERROR;
                my $began = 0;
                my $code  = sub {
                    return if $began++;
                    if   ($deed eq 'close') { $sock->close }
                    else                    { undef $sock }
                };
                my $value = exists $value{$name} ? $value{$name} : 1;
                my $argument =
                  $kind eq 'tied'
                  ? tied_to($value, $code)
                  : \(bless [$value, $code], 'Number');
                outcome(
                    sub {
                        local $SIG{__DIE__};
                        $method{$name}->($sock, $argument);
                    }
                );
                ok(!defined $sock || !$sock->opened || !$began,
                    "$name, $kind, $deed");
            }
        }
    }
};

subtest 'a cache closes the socket of a client that begins lazily' => sub {
    my ($server, $address) = tls_server(sub { });
    my $tcp = IO::Socket::INET->new($address) or die $!;
    my $sock;
    my $got = IO::Socket::SSL->start_SSL(
        $sock = $tcp,
        client_args(),
        SSL_startHandshake => 'lazy',
        SSL_session_cache  => Cache->new(sub { $sock->close }),
        SSL_session_key    => 'key'
    );
    ok(!$got, 'it fails');
    like($SSL_ERROR, qr/was closed during the operation/, '... and says why');
};

subtest 'SSL_verify_callback, asked about SSL_session, closes the socket' =>
  sub {
    my ($closes, $sock);
    my $ctx = IO::Socket::SSL::SSL_Context->new(
        SSL_ca_file            => cert('ca'),
        SSL_session_cache_size => 5,
        SSL_verify_callback    => sub { $sock->close if $closes; return 1 }
    ) or die $SSL_ERROR;
    my ($server, $address) =
      tls_server(sub { print { $_[0] } "hello\n" }, SSL_version => 'TLSv1_2');
    my @args  = (SSL_reuse_ctx => $ctx, SSL_verifycn_name => 'localhost');
    my $first = IO::Socket::SSL->new(PeerAddr => $address, @args)
      or die $SSL_ERROR;
    readline $first;
    my $secret  = 's' x 32;
    my $session = $first->export_session($secret) or die $SSL_ERROR;

    for my $start (1, 'lazy') {
        $closes = 1;
        $sock   = IO::Socket::INET->new($address) or die $!;
        my $got = IO::Socket::SSL->start_SSL(
            $sock, @args,
            SSL_startHandshake => $start,
            SSL_session        => [$session, $secret]
        );
        ok(!$got, "it fails, SSL_startHandshake => $start");
        like($SSL_ERROR, qr/was closed during the operation/, '... with why');
        $closes = 0;
    }
  };

subtest 'a tied hash of pre-shared keys' => sub {
    tie my %keys, 'Tie::StdHash';
    %keys = (alice => 'ab' x 16, bob => 'cd' x 16);
    my ($server, $address) = tls_server(
        sub { print { $_[0] } "hello\n" },
        SSL_psk     => \%keys,
        SSL_version => 'TLSv1_2'
    );
    for my $name (sort keys %keys) {
        my $sock = IO::Socket::SSL->new(
            PeerAddr        => $address,
            SSL_verify_mode => SSL_VERIFY_NONE,
            SSL_psk         => [$name, $keys{$name}],
            SSL_cipher_list => 'PSK',
            SSL_version     => 'TLSv1_2'
        );
        is($sock && readline $sock, "hello\n", $name)
          or diag $SSL_ERROR;
    }
};

subtest 'an element of an option empties the list' => sub {
    my %list = (
        SSL_fingerprint    => 'sha256$' . '00' x 32,
        SSL_ca_path        => $FindBin::Bin,
        SSL_alpn_protocols => 'http/1.1',
    );
    for my $option (sort keys %list) {
        my @list = ($list{$option}) x 3;
        tie $list[0], 'Deed', $list{$option}, sub { undef @list };
        my $ctx = outcome(
            sub {
                IO::Socket::SSL::SSL_Context->new(
                    SSL_verify_mode => SSL_VERIFY_NONE,
                    $option         => \@list
                );
            }
        );
        ok(ref $ctx, $option) or diag $ctx || $SSL_ERROR;
    }
};

subtest 'a sub empties the glob while the last line is read' => sub {
    my ($sock, $peer) = tls_pair(
        peer => sub { print { $_[0] } 'no newline'; $_[0]->stop_SSL },
        mine => { SSL_on_peer_shutdown => sub { undef *{ $_[0] }; return 0 } }
    );
    is(readline $sock, 'no newline', 'the line comes');
};

subtest 'the glob of a plain socket is emptied by an argument of peek' =>
  sub {
    my ($server, $address) = tls_server(sub { });
    my $sock = IO::Socket::INET->new($address) or die $!;
    IO::Socket::SSL->start_SSL($sock, client_args(), SSL_startHandshake => 0);
    my $length = tied_to(5, sub { undef *$sock });
    is(outcome(sub { $sock->peek(my $buffer, $$length) }), undef, 'it fails');
  };

subtest 'close leaves the data of others alone' => sub {
    my ($strangers, $sock, $peer);
    my $ctx = IO::Socket::SSL::SSL_Context->new(
        SSL_ca_file       => cert('ca'),
        SSL_session_cache => Cache->new(
            sub {
                return if !$strangers || @$strangers;
                my $number = fileno $sock;
                $sock->close(SSL_no_shutdown => 1);
                @$strangers = @{ strangers($number) };
                syswrite $_, 'precious' for @$strangers;
            }
        )
    ) or die $SSL_ERROR;
    ($sock, $peer) = tls_pair(
        version => 'TLSv1_3',
        peer    => sub {
            my ($tls, $me) = @_;
            $me->tell('sent');
            readline $tls;
        },
        mine => {
            SSL_reuse_ctx     => $ctx,
            SSL_session_key   => 'key',
            SSL_verifycn_name => 'localhost'
        }
    );
    $peer->hear;
    $strangers = [];
    $sock->close;
    ok(scalar @$strangers, 'the cache closed it') or return;
    is(
        join(' ',
            map { sysread $_, my $got, 100; $got || "nothing: $!" }
              @$strangers),
        join(' ', map { 'precious' } @$strangers),
        '... and the data of the next with that number is still there'
    );
};

subtest 'TLS does not begin on the descriptor of somebody else' => sub {
    my ($server, $address) = tls_server(sub { });
    for my $when (1 .. 4) {
        my $tcp       = IO::Socket::INET->new($address) or die $!;
        my $sock      = $tcp;
        my $calls     = 0;
        my $strangers = [];
        my $name      = bless [
            'localhost',
            sub {
                return if ++$calls != $when;
                my $number = fileno $tcp;
                CORE::close($tcp);
                $strangers = strangers($number);
            }
          ],
          'Number';
        outcome(
            sub {
                IO::Socket::SSL->start_SSL(
                    $sock,
                    SSL_ca_file       => cert('ca'),
                    SSL_verifycn_name => $name
                );
            }
        );
        my $got = '';
        for my $stranger (@$strangers) {
            sysread $stranger, my $some, 1000;
            $got .= $some if defined $some;
        }
        is($got, '', "nothing for it when the name is asked for time $when");
    }
};

# Tools that look for leaks at the end would count what the exit leaves behind.
my $is_child;
END { POSIX::_exit($?) if $is_child }

subtest 'a callback exits while a line is read' => sub {
    my ($server, $address) = tls_server(
        sub {
            my ($tls) = @_;
            readline $tls and print {$tls} 'A' x 200, "\n";
        },
        SSL_version => 'TLSv1_2'
    );
    my $child = fork;
    die "fork: $!" if !defined $child;
    if (!$child) {
        $is_child = 1;
        my $tcp = IO::Socket::INET->new($address) or die $!;
        my $sock =
          IO::Socket::SSL->start_SSL($tcp, client_args(),
            SSL_startHandshake => 0)
          or die $SSL_ERROR;
        my $is_data;

        # OpenSSL 3.2 tells of records only if there is a callback in the
        # handshake.
        $sock->set_msg_callback(sub { exit 7 if $is_data });
        $sock->connect_SSL or die $SSL_ERROR;
        $sock->deadline(60);    # without look-ahead
        print {$sock} "go\n";
        $is_data = 1;
        readline $sock;
        POSIX::_exit(1);
    }
    waitpid $child, 0;
    is($? >> 8, 7, 'the process ends as it wants') or diag "status $?";
};

subtest 'a callback goes on with the handshake that it was called in' => sub {
    my ($server, $address) = tls_server(sub { print { $_[0] } "hello\n" });
    my $tcp = IO::Socket::INET->new($address) or die $!;
    my @told;
    my $sock =
      IO::Socket::SSL->start_SSL($tcp, client_args(), SSL_startHandshake => 0)
      or die $SSL_ERROR;
    $sock->set_msg_callback(
        sub {
            return if @told > 2;
            push @told, $sock->connect_SSL ? 'done' : 0 + $!;
        }
    );
    ok($sock->connect_SSL, 'the handshake succeeds') or diag $SSL_ERROR;
    is_deeply(\@told, [(EDEADLK) x 3], '... and the calls in it fail');
    is(readline $sock, "hello\n", '... and nothing else');
};

subtest '... in a handshake that a write does' => sub {
    my ($server, $address) = tls_server(sub { print { $_[0] } "hello\n" });
    my (@told, $sock);
    $sock = IO::Socket::SSL->new(
        PeerAddr => $address,
        client_args(),
        SSL_startHandshake  => 'lazy',
        SSL_verify_callback => sub {
            push @told, $sock->connect_SSL ? 'done' : 0 + $! if !@told;
            return $_[0];
        }
    ) or die $SSL_ERROR;
    ok(print({$sock} "x\n"), 'it succeeds') or diag $SSL_ERROR;
    is_deeply(\@told, [EDEADLK], '... and the call in it fails');
    is(readline $sock, "hello\n", '... and nothing else');
};

{

    package Handle;    # under SSL_usebio; it uses what is over it
    our ($over, @told);
    sub new      { return bless { tcp => $_[1] }, $_[0] }
    sub fileno   { return CORE::fileno($_[0]{tcp}) }
    sub blocking { my $self = shift; return $self->{tcp}->blocking(@_) }
    sub close    { return 1 }

    sub syswrite {
        my ($self, $bytes, $len) = @_;
        if ($over && !@told) {
            push @told, $over->syswrite('inner')   || 0 + $!;
            push @told, $over->sysread(my $got, 5) || 0 + $!;
        }
        return CORE::syswrite($self->{tcp}, $bytes, $len);
    }
    sub sysread { return CORE::sysread($_[0]{tcp}, $_[1], $_[2]) }
}

subtest 'a handle under SSL_usebio uses the socket over it' => sub {
    my ($server, $address) = tls_server(
        sub {
            my ($tls) = @_;
            print {$tls} scalar readline $tls;
        }
    );
    my $tcp = IO::Socket::INET->new($address) or die $!;
    my $sock =
      IO::Socket::SSL->start_SSL(Handle->new($tcp), client_args(),
        SSL_usebio => 1)
      or die $SSL_ERROR;
    $Handle::over = $sock;
    is(syswrite($sock, "outer\n"), 6, 'the write succeeds');
    is_deeply(\@Handle::told, [(EDEADLK) x 2], '... those in it do not');
    undef $Handle::over;
    is(readline $sock, "outer\n", '... and only its bytes are sent');
};

subtest 'an item takes the end of the line away' => sub {
    my ($sock, $peer) = tls_pair(
        peer => sub {
            my ($tls, $me) = @_;
            $me->tell(scalar readline $tls);
        }
    );
    {
        local $\ = '<END>';
        my $item = tied_to('item', sub { $\ = undef });
        print {$sock} $$item;
    }
    print {$sock} "\n";
    is_deeply([$peer->hear], ["item\n"], 'it is not sent');
};
done_testing;
