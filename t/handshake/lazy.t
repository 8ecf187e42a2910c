# SSL_startHandshake => 'lazy': accept, new and start_SSL return at once; the
# first read, write, peek or fact does the handshake, and until then nothing
# goes in the clear.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use IO::Select;
use Test::More;

my @LAZY = (SSL_startHandshake => 'lazy');

# A pair of which our side is lazy.
sub lazy_pair {
    my (%arg) = @_;
    my $mine = delete $arg{mine} || {};
    return tls_pair(%arg, mine => { @LAZY, %$mine });
}

my %FIRST = (
    'sysread'  => sub { sysread $_[0], my $got, 6; $got },
    'read'     => sub { read $_[0],    my $got, 6; $got },
    'readline' => sub { my $sock = $_[0]; scalar <$sock> },
    'peek'     => sub { $_[0]->peek(my $got, 6); $got },
    'getc'     => sub { getc $_[0] },
    'eof'      => sub { eof($_[0]) ? 'the end' : '' },
    'syswrite' => sub { syswrite $_[0], "hello\n" },
    'print'    => sub { print {$_[0]} "hello\n" },
    'get_cipher'             => sub { $_[0]->get_cipher },
    'get_sslversion'         => sub { $_[0]->get_sslversion },
    'dump_peer_certificate'  => sub { defined $_[0]->dump_peer_certificate },
    'get_session_reused'     => sub { defined $_[0]->get_session_reused },
    'get_servername'         => sub { $_[0]->get_servername },
    'peer_certificates'      => sub { defined $_[0]->peer_certificates },
    'export_keying_material' =>
      sub { length $_[0]->export_keying_material('EXPERIMENTAL', 4) },
    'channel_bindings' => sub { scalar(my @all = $_[0]->channel_bindings) },
    'channel_binding'  => sub { $_[0]->channel_binding('tls-exporter') },
    'tls_info'         => sub { $_[0]->tls_info->{version} },
    'export_session'   => sub { defined $_[0]->export_session('s' x 32) },
    IO::Socket::SSL->can_do('new_ticket')
    ? (new_ticket => sub { defined $_[0]->new_ticket })
    : (),
);
my %AT_CLIENT = (
    'peer_certificate' => sub { $_[0]->peer_certificate('cn') },
    'get_fingerprint'  => sub { $_[0]->get_fingerprint },
    'verify_hostname'  => sub { $_[0]->verify_hostname('localhost', 'http') },
    'ocsp_resolver'    => sub { ref $_[0]->ocsp_resolver },
    'verified_chain'   => sub { ($_[0]->verified_chain)[1] },
);

each_setting(
    sub {
        my %setting = @_;
        my %first = (%FIRST, $setting{role} eq 'client' ? %AT_CLIENT : ());
        for my $name (sort keys %first) {
            my ($sock, $peer) = lazy_pair(
                %setting,
                peer => sub {
                    my ($sock, $me) = @_;
                    print $sock "hello\n";
                    $me->tell('open');
                    $me->hear;
                }
            );
            is($sock->is_SSL, 'rw', 'is_SSL does no handshake');
            ok(!$sock->opened,  '... nor does opened');
            is($sock->pending, 0, '... nor pending');
            ok(!$sock->opened,  'it has not begun');
            my $result = $first{$name}->($sock);
            ok(defined $result, "$name does the handshake")
              or diag $SSL_ERROR;
            is($sock->opened, 1,      '... it is done');
            is(($peer->hear)[0], 'open', '... on both sides');
        }
    }
);

subtest 'callbacks of the handshake get what is known by then' => sub {
    my @known;
    my ($sock, $peer) = lazy_pair(
        role => 'server',
        mine => {
            SSL_hello_callback => sub {
                my ($own) = @_;
                push @known, ref $own->tls_info, $own->opened ? 1 : 0;
                return;
            }
        },
        peer => sub { print { $_[0] } "hello\n" }
    );
    is(scalar <$sock>, "hello\n", 'the handshake is done');
    is("@known", 'HASH 0', '... the callback had facts');
};

subtest 'new' => sub {
    my ($server, $address) =
      tls_server(
        sub { my ($sock) = @_; print {$sock} scalar <$sock>; close $sock });
    my $sock = IO::Socket::SSL->new(
        PeerAddr => $address,
        @LAZY, client_args()
    );
    ok($sock && !$sock->opened, 'it returns at once');
    print $sock "echo\n";
    is(scalar <$sock>, "echo\n", '... and data flows');
    ok($sock->stop_SSL, '... and ends') or diag $SSL_ERROR;

    my ($silent, $at) = plain_server(sub { $_[1]->hear });
    $sock = IO::Socket::SSL->new(PeerAddr => $at, @LAZY, client_args());
    ok($sock, 'also with a peer that says nothing');
};

subtest 'nothing goes in the clear' => sub {
    my ($tcp, $peer) = raw_pair(
        sub {
            my ($tcp, $me) = @_;
            $me->tell($me->quiet_for(0.2) && !IO::Select->new($tcp)->can_read(0));
            sysread $tcp, my $bytes, 10_000;
            $me->tell($bytes);
        }
    );
    my $sock = IO::Socket::SSL->start_SSL($tcp, @LAZY, client_args());
    ok(($peer->hear)[0], 'before the first call nothing is sent');
    $sock->blocking(0);
    is(syswrite($sock, 'secret'), undef, 'the first write must wait');
    is($SSL_ERROR + 0, SSL_WANT_READ + 0, '... for the handshake');
    my ($bytes) = $peer->hear;
    like($bytes, qr/^\x16\x03/, '... which is sent');
    unlike($bytes, qr/secret/, '... and nothing else');
    is($sock->get_cipher, undef, 'a fact, meanwhile');
    is($SSL_ERROR + 0, SSL_WANT_READ + 0, '... must wait, too');
};

subtest 'a handshake that fails' => sub {
    my ($sock, $peer) = failing_pair(
        mine => { @LAZY, SSL_ca_file => cert('other-ca') });
    ok($sock, 'start_SSL does not know yet');
    is(scalar <$sock>, undef, 'the first read fails');
    like($SSL_ERROR, qr/certificate verify failed/, '... and tells why');
    is($sock->opened, -1, '... it has failed');
    is(syswrite($sock, 'x'), undef, '... and nothing can be written');

    my @trapped;
    ($sock, $peer) = failing_pair(
        mine => {
            @LAZY,
            SSL_ca_file    => cert('other-ca'),
            SSL_error_trap => sub { @trapped = @_ }
        }
    );
    my $name = fileno $sock;
    is($sock->get_cipher, undef, 'a fact fails');
    is(fileno $trapped[0], $name, '... SSL_error_trap gets the socket');
    like($trapped[1], qr/certificate verify failed/, '... and the text');
    ok(!defined $sock->is_SSL, '... which is plain now');
};

subtest 'accept' => sub {
    my $listener = IO::Socket::SSL->new(
        Listen    => 100,
        LocalAddr => '127.0.0.1',
        @LAZY, server_args()
    );
    my $address = address($listener);
    my @silent  = map { IO::Socket::INET->new($address) } 1 .. 50;
    my $client  = peer(
        sub {
            my ($me) = @_;
            my $sock =
              IO::Socket::SSL->new(PeerAddr => $address, client_args());
            $me->tell(scalar(<$sock>), scalar(<$sock>));
            close $sock;
        }
    );
    my @accepted = map { scalar $listener->accept } 1 .. 51;
    is(scalar grep({ defined } @accepted), 51, '50 silent clients, and one');

    my $parent = $$;
    defined(my $pid = fork) or die "fork: $!";
    if (!$pid) {
        ISS::Test::watch_for_hangs('the child');
        my $sock = $accepted[50];
        print $sock "hello\nfrom ", $$ == $parent ? '' : 'the child', "\n";
        $sock->stop_SSL;
        POSIX::_exit(0);
    }
    readable($accepted[50]);
    close $accepted[50];
    is_deeply(
        [$client->hear],
        ["hello\n", "from the child\n"],
        'a child serves it, though the parent has closed the socket'
    );
    waitpid $pid, 0;
};

subtest 'accept_SSL and connect_SSL do it at once' => sub {
    each_setting(
        sub {
            my %setting = @_;
            my ($sock, $peer) = lazy_pair(%setting, peer => sub { $_[1]->hear });
            my $do = $setting{role} eq 'client' ? 'connect_SSL' : 'accept_SSL';
            ok($sock->$do, $do) or diag $SSL_ERROR;
            is($sock->opened, 1, '... it is done');
        }
    );
};

subtest 'limits in time' => sub {
    for my $case (
        [Timeout               => 0.2],
        [SSL_io_timeout        => 0.2],
        [SSL_handshake_timeout => 0.2],
        [SSL_deadline          => 0.2]
      )
    {
        my ($tcp, $peer) = raw_pair(sub { });
        my $sock =
          IO::Socket::SSL->start_SSL($tcp, @LAZY, @$case, client_args());
        local $! = 0;
        is(scalar <$sock>, undef, "$case->[0]: the first read fails");
        ok($!{ETIMEDOUT}, '... with ETIMEDOUT') or diag "$!, $SSL_ERROR";
    }
    my ($tcp, $peer) = raw_pair(sub { });
    my $sock = IO::Socket::SSL->start_SSL($tcp, @LAZY,
        SSL_handshake_timeout => 1, client_args());
    $sock->blocking(0);
    is(sysread($sock, my $buffer, 1), undef, 'it does not block: no data');
    is($SSL_ERROR + 0, SSL_WANT_READ + 0, '... it must wait');
    ok(!IO::Select->new($sock)->can_read(1.1), '... in vain');
    is(sysread($sock, $buffer, 1), undef, 'the next call');
    ok($!{ETIMEDOUT}, '... tells that it is too late') or diag $!;
};

subtest 'closed before the handshake' => sub {
    my ($tcp, $peer) = raw_pair(
        sub {
            my ($tcp, $me) = @_;
            $me->tell(sysread($tcp, my $bytes, 100));
        }
    );
    my $sock = IO::Socket::SSL->start_SSL($tcp, @LAZY, client_args());
    ok($sock->close, 'it closes');
    is(($peer->hear)[0], 0, '... and nothing was sent');
};

done_testing;
