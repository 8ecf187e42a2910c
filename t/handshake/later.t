# SSL_LATER: callbacks of the handshake whose answer comes later.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use Config;
use Errno qw(EWOULDBLOCK ETIMEDOUT);
use IO::Select;
use IO::Socket::SSL qw(:DEFAULT SSL_LATER);
use ISS::Test;
use Test::More;

cmp_ok(SSL_LATER, '==', SSL_WANT_READ, 'as a number it is SSL_WANT_READ');
{

    package Importing::Nothing;
    IO::Socket::SSL->import;
    main::ok(!defined &SSL_LATER, 'it is exported on request only');
}

my $other = IO::Socket::SSL::SSL_Context->new(
    SSL_server => 1,
    identity('server2')
);
my %client = identity('client');

# One side of ours that does not block, its handshake not yet begun, and the
# other side, which tells whom it sees, or its error.
sub begun {
    my ($mine, $theirs) = @_;
    my ($raw,  $peer)   = raw_pair(
        sub {
            my ($tcp, $me) = @_;
            my $own = IO::Socket::SSL->start_SSL($tcp, %$theirs);
            $me->tell(
                  $own
                ? $own->peer_certificate('cn') || 'nobody'
                : "$SSL_ERROR"
            );
            $me->hear;
        }
    );
    my $sock =
      IO::Socket::SSL->start_SSL($raw, SSL_startHandshake => 0, %$mine)
      or die $SSL_ERROR;
    $sock->blocking(0);
    return ($sock, $peer);
}

# A server that has got a ClientHello.
sub server {
    my ($args, %arg)  = @_;
    my ($sock, $peer) = begun(
        { server_args(%$args) },
        {
            SSL_verify_mode => 0,
            SSL_hostname    => 'localhost',
            %{ $arg{client} || {} }
        }
    );
    readable($sock);
    return ($sock, $peer);
}

# A client before a server that wants a certificate.
sub client {
    my ($args) = @_;
    return begun(
        { client_args(%$args) },
        {
            server_args(
                SSL_verify_mode => SSL_VERIFY_PEER,
                SSL_ca_file     => cert('ca')
            )
        }
    );
}

# Go on until the program must answer.
sub until_asked {
    my ($sock, $method) = @_;
    until ($sock->want_answer) {
        return if $sock->$method;
        if ($SSL_ERROR == SSL_WANT_READ) {
            readable($sock) if !$sock->want_answer;
        }
        elsif ($SSL_ERROR == SSL_WANT_WRITE) { writable($sock) }
        else                                 { return }
    }
    return 1;
}

# The same that wait for an answer.
sub waiting_server {
    my ($sock, $peer) = server(@_);
    until_asked($sock, 'accept_SSL');
    return ($sock, $peer);
}

sub waiting_client {
    my ($sock, $peer) = client(@_);
    until_asked($sock, 'connect_SSL');
    return ($sock, $peer);
}

each_version(
    sub {
        my ($version) = @_;
        my @v         = (SSL_version => $version);
        my $asked     = 0;
        my @later     = (SSL_hello_callback => sub { $asked++; SSL_LATER });

        my ($sock, $peer) = server({ @v, @later });
        ok(!$sock->want_answer, 'no question yet');
        my @got   = $sock->accept_SSL;
        my $errno = $! + 0;
        is_deeply(\@got, [], 'accept_SSL returns the empty list');
        is($errno, EWOULDBLOCK, '... with EWOULDBLOCK');
        cmp_ok($SSL_ERROR, '==', SSL_WANT_READ, '... and SSL_WANT_READ');
        ok($sock->want_answer,             '... it waits for an answer');
        ok(!defined $sock->ssl_error_info, '... which is no failure');
        $sock->accept_SSL for 1 .. 3;
        is($asked, 1, 'called again it does not ask again');
        cmp_ok($SSL_ERROR, '==', SSL_WANT_READ, '... but still waits');
        @got = $sock->answer($other);
        is_deeply(\@got, [], 'answer returns what accept_SSL does');
        cmp_ok($SSL_ERROR, '==', SSL_WANT_READ, '... it leaves the reading');
        ok(!$sock->want_answer, 'the answer: it waits no more');
        ok(complete($sock, sub { scalar $sock->accept_SSL }),
            '... and shakes hands')
          or diag $SSL_ERROR;
        is(($peer->hear)[0], 'server2.test', '... under the context');
        is($asked,           1,              '... without asking again');

        for my $case (
            [undef,            qr/^localhost$/,    'undef'],
            [\'access_denied', qr/access denied/,  'an alert'],
            ['nonsense',       qr/internal error/, 'a wrong one'],
          )
        {
            my ($answer, $wanted, $what) = @$case;
            my ($sock, $peer) = waiting_server({ @v, @later });
            $sock->answer($answer);
            complete($sock, sub { scalar $sock->accept_SSL })
              if $SSL_ERROR && $SSL_ERROR == SSL_WANT_READ;
            like(($peer->hear)[0], $wanted, "an answer: $what");
        }
        ($sock, $peer) = waiting_server({ @v, @later });
        ok(!$sock->answer(SSL_LATER), 'later once more');
        ok($sock->want_answer,        '... it waits');
        $sock->answer($other);
        complete($sock, sub { scalar $sock->accept_SSL });
        is(($peer->hear)[0], 'server2.test', '... until the next answer');

        # A client.
        @later = (SSL_cert_callback => sub { $asked++; SSL_LATER });
        $asked = 0;
        for my $case (
            [\%client, 'Test Client', 'a certificate'],
            [undef,    'nobody',      'none'],
          )
        {
            my ($answer, $wanted, $what) = @$case;
            my ($sock, $peer) = waiting_client({ @v, @later });
            ok($sock->want_answer, 'a client waits for an answer');
            is($! + 0, EWOULDBLOCK, '... with EWOULDBLOCK');
            cmp_ok($SSL_ERROR, '==', SSL_WANT_READ, '... SSL_WANT_READ');
            $sock->connect_SSL for 1 .. 3;
            my $done = $sock->answer($answer) || undef;
            is($done, undef, '... and returns what connect_SSL does');
            cmp_ok($SSL_ERROR, '==', SSL_WANT_READ,
                '... leaving the reading to it');
            ok(complete($sock, sub { scalar $sock->connect_SSL }),
                '... and shakes hands')
              or diag $SSL_ERROR;
            is(($peer->hear)[0], $wanted, "... with $what");
        }
        is($asked, 2, '... each is asked once');
        ($sock, $peer) = waiting_client({ @v, @later });
        ok(!$sock->answer({ SSL_cert_file => '/no/such' }),
            'one that cannot be used');
        like($SSL_ERROR, qr/SSL_cert_callback: SSL_cert_file/, '... says so');

        # A challenge of ACME.
        my @acme = (
            client => {
                SSL_alpn_protocols => ['acme-tls/1'],
                SSL_hostname       => 'new.example.org'
            }
        );
        @later = (SSL_acme => sub { $asked++; SSL_LATER });
        $asked = 0;
        for my $case (
            ['token.thumbprint', qr{^acme-tls/1$}],
            [undef,              qr/unrecognized name/],
          )
        {
            my ($answer, $wanted) = @$case;
            my ($sock,   $peer)   = waiting_server({ @v, @later }, @acme);
            ok($sock->want_answer, 'a challenge waits for an answer');
            $sock->answer($answer);
            complete($sock, sub { scalar $sock->accept_SSL })
              if $SSL_ERROR == SSL_WANT_READ;
            like(
                $SSL_ERROR,
                defined $answer
                ? qr/answered the challenge for new/
                : qr/no key authorization/,
                '... and gets it'
            );
            like(($peer->hear)[0], $wanted, '... the authority, too');
        }
        is($asked, 2, '... each is asked once');
    }
);

# --- where nobody can answer later ------------------------------------------

for my $case (
    ['SSL_hello_callback', 'server'],
    ['SSL_cert_callback',  'client'],
    ['SSL_acme',           'server']
  )
{
    my ($option, $role) = @$case;
    my ($sock,   $peer) = failing_pair(
        role   => $role,
        mine   => { $option => sub { SSL_LATER } },
        theirs => {
            $role eq 'client'
            ? (SSL_verify_mode => SSL_VERIFY_PEER, SSL_ca_file => cert('ca'))
            : (
                SSL_verify_mode    => 0,
                SSL_alpn_protocols => ['acme-tls/1']
            )
        },
        peer => sub {
            my ($own, $me) = @_;
            $me->tell($own ? 'ok' : "$SSL_ERROR");
        }
    );
    ok(!$sock, "$option on a blocking socket: it fails");
    like($SSL_ERROR,
        qr/$option: SSL_LATER needs a handshake on a non-blocking socket$/,
        '... says why');
    like(($peer->hear)[0], qr/internal error/, '... is an alert')
      if $option ne 'SSL_cert_callback';
}

my @later = (SSL_hello_callback => sub { SSL_LATER });
{
    my ($sock) = waiting_server({@later});
    $sock->blocking(1);
    ok(!$sock->accept_SSL, 'a socket that blocks since then: it fails');
    like($SSL_ERROR, qr/SSL_LATER needs/, '... says why');
    ok(!$sock->want_answer, '... nobody waits');
}
{
    my ($raw, $peer) =
      raw_pair(sub { IO::Socket::SSL->start_SSL($_[0], client_args()) });
    $raw->blocking(0);
    ok(!IO::Socket::SSL->start_SSL($raw, server_args(@later)),
        'start_SSL waits on any socket: it fails');
    like($SSL_ERROR, qr/SSL_LATER needs/, '... says why');
}

# --- answers that nobody waits for ------------------------------------------

{
    my ($sock, $peer) = tls_pair();
    ok(!$sock->want_answer, 'a socket that never asked');
    like(
        died(sub { $sock->answer(undef) }),
        qr/^answer: no callback of this socket waits for an answer at \Q$0/,
        '... an answer croaks'
    );
    my $plain = IO::Socket::SSL->new;
    ok(!$plain->want_answer, 'a socket without TLS');
    like(died(sub { $plain->answer(1) }), qr/^answer: no/, '... too');
}
{
    my ($sock) = waiting_server({@later});
    $sock->answer($other);
    like(
        died(sub { $sock->answer($other) }),
        qr/^answer: no/,
        'a second answer croaks'
    );
}
{
    my $inner;
    my ($sock) = server(
        {
            SSL_hello_callback => sub {
                my ($own) = @_;
                $inner = died(sub { $own->answer($other) });
                return SSL_LATER;
            }
        }
    );
    until_asked($sock, 'accept_SSL');
    like($inner, qr/^answer: no/, 'so does one within the callback');
    close $sock;
    ok(!$sock->want_answer, 'a closed socket waits no more');
    like(died(sub { $sock->answer($other) }), qr/^answer: no/,
        '... nor this');
}

# --- timeouts ---------------------------------------------------------------

{
    my ($sock) = waiting_server({ @later, SSL_handshake_timeout => 0.2 });
    my $again = 0;
    while (!$sock->accept_SSL && $SSL_ERROR == SSL_WANT_READ) {
        $again++;
        IO::Select->new->can_read(0.02);
        select undef, undef, undef,
          0.02;    ## no critic (ProhibitSleepViaSelect)
        last if $again > 500;
    }
    is($! + 0, ETIMEDOUT, 'a timeout runs on');
    ok(!$sock->want_answer, '... and ends the wait');
    like(
        died(sub { $sock->answer($other) }),
        qr/^answer: no/,
        '... so that an answer croaks'
    );
}
{
    my ($sock) = waiting_server({ @later, SSL_handshake_timeout => 0.1 });
    select undef, undef, undef, 0.2;    ## no critic (ProhibitSleepViaSelect)
    ok(!$sock->answer($other), 'an answer that is too late');
    is($! + 0, ETIMEDOUT, '... says so');
}

# --- elsewhere --------------------------------------------------------------

# The first read of a lazy socket.
{
    my ($raw, $peer) = raw_pair(
        sub {
            my ($tcp, $me) = @_;
            my $own = IO::Socket::SSL->start_SSL($tcp, SSL_verify_mode => 0);
            print $own "hello\n";
            $me->tell($own->peer_certificate('cn'));
        }
    );
    $raw->blocking(0);
    my $sock =
      IO::Socket::SSL->start_SSL($raw,
        server_args(@later, SSL_startHandshake => 'lazy'))
      or die $SSL_ERROR;
    readable($sock);
    my $read = sysread $sock, my $buffer, 10;
    ok(!defined $read && $! == EWOULDBLOCK, 'a lazy socket: a read waits');
    ok($sock->want_answer,                  '... for an answer');
    $sock->answer($other);
    complete($sock, sub { sysread $sock, $buffer, 10 });
    is($buffer,          "hello\n",      '... and then reads');
    is(($peer->hear)[0], 'server2.test', '... under the context');
}

# A listener's accept_SSL for a plain socket, over a handle of the program's,
# with an exception in the second round.
{
    my $rounds = 0;
    my ($sock) = waiting_server({@later});
    is(died(sub { $sock->answer(bless {}, 'Dies::In::Isa') }),
        "no class\n", 'an exception that comes with the answer is thrown');

    package Dies::In::Isa;
    sub isa { die "no class\n" }
}
SKIP: {
    skip 'this Perl has no threads', 2 if !$Config{useithreads};
    require threads;
    my ($sock, $peer) = waiting_server({@later});
    my $waits = threads->create(
        sub {
            my $waits = $sock->want_answer;
            $sock->answer($other);
            return $waits;
        }
    )->join;
    ok($waits, 'another thread can answer');
    complete($sock, sub { scalar $sock->accept_SSL });
    is(($peer->hear)[0], 'server2.test', '... and the first one goes on');
}

# A loop with IO::Select: 20 clients, the answers in another order.
{
    my (@waiting, %done);
    my $ctx = IO::Socket::SSL::SSL_Context->new(
        server_args(
            SSL_hello_callback => sub { push @waiting, $_[0]; SSL_LATER }
        )
    );
    my $listener = listener();
    $listener->blocking(0);
    my $address = address($listener);
    my @peers   = map {
        peer(
            sub {
                my ($me) = @_;
                my $own = IO::Socket::SSL->new(
                    PeerAddr        => $address,
                    SSL_verify_mode => 0
                ) or die $SSL_ERROR;
                $me->tell($own->peer_certificate('cn'));
                $me->hear;
            }
        )
    } 1 .. 20;
    my $select = IO::Select->new($listener);
    my $turns  = 0;
    while (keys %done < 20 && $turns++ < 1000) {
        for my $ready ($select->can_read(@waiting == 20 ? 0 : 5)) {
            if ($ready == $listener) {
                my $tcp = $listener->accept or next;
                $tcp->blocking(0);
                $select->add(
                    IO::Socket::SSL->start_SSL(
                        $tcp,
                        SSL_server         => 1,
                        SSL_startHandshake => 0,
                        SSL_reuse_ctx      => $ctx
                    )
                );
            }
            elsif ($ready->want_answer) { $select->remove($ready) }
            elsif ($ready->accept_SSL)  { $done{$ready} = $ready }
        }
        next if @waiting < 20;
        for my $sock (reverse splice @waiting) {
            $sock->answer($other);
            $select->add($sock);
        }
        @waiting = ();
    }
    is(scalar keys %done, 20, 'a plain loop: all are done');
    is_deeply(
        [map { ($_->hear)[0] } @peers],
        [('server2.test') x 20],
        '... under the context of the answer'
    );
}

done_testing();
