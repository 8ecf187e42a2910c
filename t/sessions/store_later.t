# A store whose get answers later: a server that does not block waits for the
# answer while it reads the ClientHello.
use strict;
use warnings;

use Errno      qw(EWOULDBLOCK);
use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::FileStore;
use ISS::Sessions;
use ISS::Test;
use IO::Socket::SSL qw(:DEFAULT SSL_LATER);
use Test::More;

my $dir    = tempdir('iss-later-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $secret = 'the secret of all the machines!!';

{

    package Later::Store;    # notes the question, and answers later
    our @ISA = ('ISS::FileStore');
    our (@asked, @sessions);
    sub get { push @asked, $_[1];    return IO::Socket::SSL::SSL_LATER() }
    sub now { my ($self, $key) = @_; return $self->SUPER::get($key) }
}

my $backend = Later::Store->new(dir => ISS::FileStore::folder($dir));

sub store {
    my (%args) = @_;
    return IO::Socket::SSL::Session_Store->new(
        backend => $backend,
        secret  => $secret,
        %args
    );
}

# A client that visits so often, and tells each time whether it resumed.  It
# sends a byte more when its handshake is done.
sub client {
    my ($visits, $version, $listener) = @_;
    my $address = address($listener);
    return peer(
        sub {
            my ($me) = @_;
            my %args = client_args(
                SSL_version       => $version,
                SSL_session_cache => IO::Socket::SSL::Session_Cache->new(1),
                SSL_session_key   => 'key'
            );
            for (1 .. $visits) {
                my $sock = IO::Socket::SSL->new(PeerAddr => $address, %args);
                if (!$sock) {
                    $me->tell("$SSL_ERROR");
                    next;
                }
                print $sock "hello\n";
                readline $sock;
                $me->tell($sock->get_session_reused);
                close $sock;
            }
        }
    );
}

# Serve one visit; the sub answers a question.
sub serve {
    my ($listener, $ctx, $answer) = @_;
    my $tcp = $listener->accept or die $!;
    $tcp->blocking(0);
    my $sock = IO::Socket::SSL->start_SSL(
        $tcp,
        SSL_server         => 1,
        SSL_reuse_ctx      => $ctx,
        SSL_startHandshake => 0
    ) or die $SSL_ERROR;
    until ($sock->accept_SSL) {
        while ($sock->want_answer) {
            return $sock if !$answer;
            last         if $answer->($sock);
        }
        if    ($sock->want_answer)           { next }
        elsif ($SSL_ERROR == SSL_WANT_READ)  { readable($sock) }
        elsif ($SSL_ERROR == SSL_WANT_WRITE) { writable($sock) }
        else                                 { return $sock }
    }
    complete($sock, sub { sysread $sock, my $buffer, 10 });
    syswrite $sock, "world\n";
    complete($sock, sub { defined sysread $sock, my $buffer, 10 });
    return $sock;
}

sub look_up { return $_[0]->answer($backend->now($Later::Store::asked[-1])) }

each_version(
    sub {
        my ($version) = @_;
        my $listener  = listener();
        my @args      = server_args(SSL_version => $version);
        my $ctx =
          IO::Socket::SSL::SSL_Context->new(@args,
            SSL_session_cache => store())
          or die $SSL_ERROR;

        @Later::Store::asked = ();
        my $peer = client(6, $version, $listener);
        serve($listener, $ctx);
        is(($peer->hear)[0],            0, 'a first visit');
        is(scalar @Later::Store::asked, 0, '... nothing is asked');

        my $waited = 0;
        serve(
            $listener,
            $ctx,
            sub {
                my ($sock) = @_;
                my @got    = $sock->accept_SSL;
                my $errno  = $! + 0;
                is_deeply(\@got, [], 'before the answer: the empty list');
                is($errno, EWOULDBLOCK, '... with EWOULDBLOCK');
                cmp_ok($SSL_ERROR, '==', SSL_WANT_READ, '... and WANT_READ');
                $waited++;
                look_up($sock);
            }
        );
        is(($peer->hear)[0], 1, 'the answer is the session: it is resumed');
        is("$waited@Later::Store::asked[1 .. $#Later::Store::asked]",
            '1', '... asked for once');

        serve($listener, $ctx, sub { $_[0]->answer(undef) });
        is(($peer->hear)[0], 0, 'undef: a full handshake');

        serve($listener, $ctx, sub { $_[0]->answer('nonsense') });
        is(($peer->hear)[0], 0, 'nonsense: a full handshake');

        # Each secret has a name of its own.
        my $two =
          IO::Socket::SSL::SSL_Context->new(@args,
            SSL_session_cache => store(secret => ['x' x 32, $secret]))
          or die $SSL_ERROR;
        @Later::Store::asked = ();
        serve($listener, $two, \&look_up);
        is(($peer->hear)[0], 1, 'an older secret: it is resumed');
        is(scalar @Later::Store::asked,
            2, '... after two questions, one after the other');
        isnt($Later::Store::asked[0],
            $Later::Store::asked[1], '... which differ');

        # Together with another callback.
        my $hello = 0;
        my $both  = IO::Socket::SSL::SSL_Context->new(
            @args,
            SSL_session_cache  => store(secret => ['x' x 32, $secret]),
            SSL_hello_callback => sub { $hello++; SSL_LATER }
        ) or die $SSL_ERROR;
        @Later::Store::asked = ();
        serve(
            $listener,
            $both,
            sub {
                return @Later::Store::asked
                  ? look_up($_[0])
                  : $_[0]->answer(undef);
            }
        );
        is(($peer->hear)[0], 1, 'after SSL_hello_callback: it is resumed');
        is($hello,           1, '... which was asked once');

        # Where nobody can answer.
        my $server = resuming_server(
            SSL_version       => $version,
            SSL_session_cache => store()
        );
        my @client = (
            SSL_version       => $version,
            SSL_session_cache => IO::Socket::SSL::Session_Cache->new(1),
            SSL_session_key   => 'key'
        );
        is(resumed($server, @client), 0, 'a blocking server');
        like(
            resumed($server, @client),
            qr/internal error/,
            '... fails when it must answer later'
        );

        # A client's store cannot wait.
        my @mine = (SSL_session_cache => store(), SSL_session_key => 'key');
        $server = resuming_server(SSL_version => $version);
        is(resumed($server, @mine) . resumed($server, @mine),
            '00', 'a client does not wait: a miss');
    }
);

# TLS 1.2 has another question.
{
    my $listener = listener();
    my $ctx      = IO::Socket::SSL::SSL_Context->new(
        server_args(SSL_session_cache => store()));
    @Later::Store::asked = ();
    my $peer = client(2, 'TLSv1_2', $listener);
    serve($listener, $ctx);
    $peer->hear;
    serve($listener, $ctx, \&look_up);
    is(($peer->hear)[0], 1, 'a server of all versions resumes TLS 1.2');
    $peer                = client(1, 'SSLv23', $listener);
    @Later::Store::asked = ();
    serve($listener, $ctx);
    is(scalar @Later::Store::asked,
        0, 'the empty session id of TLS 1.3 is no question');
}

# A client that offers many sessions.
{
    my $listener = listener();
    my $ctx      = IO::Socket::SSL::SSL_Context->new(
        server_args(SSL_session_cache => store()));
    my $address = address($listener);
    my $peer    = peer(
        sub {
            my ($me) = @_;
            my $sock = IO::Socket::INET->new(PeerAddr => $address) or die $!;
            print {$sock} many_identities(6);
            sysread $sock, my $answer, 1;
            $me->tell('done');
        }
    );
    @Later::Store::asked = ();
    my $sock = serve($listener, $ctx, sub { $_[0]->answer(undef) });
    is(scalar @Later::Store::asked, 4, 'six identities: four are asked for');
    my %seen = map { $_ => 1 } @Later::Store::asked;
    is(scalar keys %seen, 4, '... each once');
}

# A ClientHello of TLS 1.3 that offers so many sessions.
sub many_identities {
    my ($count)    = @_;
    my $vector     = sub { pack($_[0], length $_[1]) . $_[1] };
    my $identities = join '',
      map { $vector->('n', chr($_) x 32) . pack('N', 0) } 1 .. $count;
    my $binders    = join '', map { $vector->('C', 'b' x 32) } 1 .. $count;
    my @extensions = (
        [43, $vector->('C', pack 'n',  0x0304)],
        [10, $vector->('n', pack 'n*', 23,     29)],
        [13, $vector->('n', pack 'n*', 0x0804, 0x0403)],
        [51, $vector->('n', pack('n', 29) . $vector->('n', 'k' x 32))],
        [45, $vector->('C', "\1")],
        [41, $vector->('n', $identities) . $vector->('n', $binders)],
    );
    my $body =
        pack('n', 0x0303)
      . 'r' x 32
      . $vector->('C', 's' x 32)
      . $vector->('n', pack 'n', 0x1301) . "\1\0"
      . $vector->(
        'n', join '',
        map { pack('n', $_->[0]) . $vector->('n', $_->[1]) } @extensions
      );
    my $hello = "\1\0" . $vector->('n', $body);
    return "\x16\3\1" . $vector->('n', $hello);
}

done_testing();
