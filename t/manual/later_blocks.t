# The code in the reference about answers that come later; see ISS::Piece.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::SSL;
use IO::Socket::SSL::Utils;
use ISS::Piece;
use ISS::Pod;
use ISS::Sessions;
use ISS::Test;
use Test::More;

my $SECRET = 'the secret of all the machines!!';

my %tries  = (later => \&later, 'later-store' => \&later_store);
my @others = grep { !$tries{$_} }
  map { $_->{name} }
  grep { $_->{kind} eq 'piece' } blocks_of(pods()->{SSL});
try_pieces(SSL => \%tries, @others);
done_testing;

sub later {
    my ($piece) = @_;

    my ($first, $second) = split /^# when the lookup.*\n/m, $piece->text
      or die 'no comment';
    $first =~ s/^use .*\n//;
    my $context = IO::Socket::SSL::SSL_Context->new(
        SSL_server => 1,
        identity('server2')
    );
    my ($server, $answer) = $piece->code(
        as     => $first,
        before => 'my %args = @_;',
        after  => "return (\$server, sub { my (\$name, \$context) = \@_;\n"
          . "$second\n});"
    )->(LocalAddr => '127.0.0.1', Listen => 1, server_args());
    my $address = address($server);
    my $client  = peer(
        sub {
            my ($me) = @_;
            my $sock = IO::Socket::SSL->new(
                PeerAddr        => $address,
                SSL_hostname    => 'localhost',
                SSL_verify_mode => SSL_VERIFY_NONE
            );
            $me->tell($sock ? $sock->peer_certificate('cn') : "$SSL_ERROR");
            $me->hear;
        }
    );
    my $sock = $server->accept or die $SSL_ERROR;
    $sock->blocking(0);
    until ($sock->want_answer) {
        $sock->accept_SSL and die 'a handshake without an answer';
        die $SSL_ERROR  if $SSL_ERROR != SSL_WANT_READ;
        readable($sock) if !$sock->want_answer;
    }
    my @warnings = warnings_of(sub { $answer->('localhost', $context) });
    is_deeply(\@warnings, [], 'it answers');
    ok(complete($sock, sub { $sock->accept_SSL || undef }),
        'the handshake goes on')
      or diag $SSL_ERROR;
    my $is = CERT_asHash(PEM_file2cert(cert('server2')));
    is_deeply(
        [$client->hear],
        [$is->{subject}{commonName}],
        '... with the context that was the answer'
    );
    return;
}

sub later_store {
    my ($piece) = @_;

    my ($first, $second) = split /^# wherever.*\n/m, $piece->text
      or die 'no comment';
    my (%stored, @asked);
    {
        no strict 'refs';
        no warnings 'once';
        *My::Sessions::new          = sub { bless {}, $_[0] };
        *My::Sessions::set          = sub { $stored{ $_[1] } = $_[2]; 1 };
        *My::Sessions::delete       = sub { defined delete $stored{ $_[1] } };
        *My::Sessions::ask_database = sub {
            my ($key, $tell) = @_;
            push @asked, $key;
            $tell->($stored{$key});
        };
    }
    my ($backend, $go_on) = $piece->code(
        as    => $first,
        after => "return (\$backend, sub { my (\$sock) = \@_;\n$second\n});"
    )->();
    my $store = IO::Socket::SSL::Session_Store->new(
        backend => $backend,
        secret  => $SECRET
    );
    my $context = IO::Socket::SSL::SSL_Context->new(
        server_args(SSL_session_cache => $store));
    my $listener = listener();
    my $address  = address($listener);
    my $client   = peer(
        sub {
            my ($me)   = @_;
            my $server = { address => $address };
            my @args   = keeps_session();
            $me->tell(map { resumed($server, @args) } 1 .. 2);
        }
    );
    for (1 .. 2) {
        my $sock = IO::Socket::SSL->start_SSL(
            scalar $listener->accept,
            SSL_server         => 1,
            SSL_reuse_ctx      => $context,
            SSL_startHandshake => 0
        ) or die $SSL_ERROR;
        $sock->blocking(0);
        until ($sock->accept_SSL) {
            die $SSL_ERROR if $SSL_ERROR != SSL_WANT_READ;
            $go_on->($sock);
            readable($sock) if !$sock->want_answer && $sock->opening;
        }
        $sock->blocking(1);
        print {$sock} $sock->get_session_reused, "\n";
        readline $sock;
        $sock->close;
    }
    is_deeply([$client->hear], [0, 1], 'the second connection resumes');
    cmp_ok(scalar @asked, '>', 0, '... after the database was asked');
    return;
}

