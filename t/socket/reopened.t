# accept, socket, pipe, socketpair and sysopen on a handle that has TLS close it
# behind the tie, as does CORE::close after untie.  The number of its descriptor
# may go to somebody else, whom the old connection must leave alone.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use Fcntl qw(O_RDONLY);
use IO::Socket::SSL;
use Socket qw(AF_UNIX PF_INET PF_UNSPEC SOCK_STREAM);
use Test::More;

my ($server, $address) =
  tls_server(sub { print { $_[0] } "hello\n"; readline $_[0] });
my $plain = listener();
my @kept;

my %reopen = (
    accept => sub {
        push @kept, IO::Socket::INET->new(address($plain)) or die $!;
        accept $_[0], $plain;
    },
    socket => sub { socket $_[0], PF_INET, SOCK_STREAM, 0 },
    pipe   => sub { pipe(my $in, $_[0]) or die $!; push @kept, $in },
    socketpair => sub {
        socketpair($_[0], my $other, AF_UNIX, SOCK_STREAM, PF_UNSPEC) or die $!;
        push @kept, $other;
    },
    sysopen => sub { sysopen $_[0], '/dev/null', O_RDONLY },
    untie   => sub { no warnings 'untie'; untie *{ $_[0] }; CORE::close $_[0] },
);

# Handles of somebody else; one has the number.
sub strangers {
    my ($number) = @_;
    my @handles;

    for (1 .. 50) {
        socketpair my $one, my $two, AF_UNIX, SOCK_STREAM, PF_UNSPEC
          or die "socketpair: $!";
        push @handles, $one, $two;
        $_->blocking(0) for $one, $two;
        syswrite $_, 'for the stranger' for $one, $two;
        return @handles if grep { fileno $_ == $number } $one, $two;
    }
    return @handles;
}

for my $how (map { ($_, "$_, a second handle") } sort keys %reopen) {
    my ($builtin, $has_second) = $how =~ /^(\w+)(, )?/;
    my $sock = IO::Socket::SSL->new(PeerAddr => $address, client_args())
      or die $SSL_ERROR;
    is(scalar <$sock>, "hello\n", "$how: under TLS");
    my $number = fileno $sock;
    open my $second, '+<&=', $number or die $! if $has_second;
    ok($reopen{$builtin}->($sock), '... the handle is opened anew');
    close $second if $has_second;
    my @strangers = strangers($number);

    my $buffer;
    no warnings 'closed';
    for my $try (
        ['written', sub { $sock->syswrite("secret\n") }],
        ['read',    sub { $sock->sysread($buffer, 100) }],
        ['printed', sub { print {$sock} 'secret' }]
      )
    {
        my ($what, $code) = @$try;
        my $died = died(sub { ok(!$code->(), "nothing is $what") });
        ok($died, "nothing is $what: $died") if defined $died;
        like(
            $died || $SSL_ERROR || $!,
            qr/Bad file descriptor|no longer has a TLS connection/,
            '... and the reason is given'
        );
    }
    close $sock;
    is(fileno $sock, undef, 'it closes');

    my @got = map { sysread $_, my $text, 1000; $text } @strangers;
    is_deeply(\@got, [('for the stranger') x @strangers],
        'the strangers have all that is theirs, and nothing else');
}

# The loop of the old examples: accept closes the client before.
subtest 'a bareword that takes one client after the other' => sub {
    my $listener = listener();
    for my $n (1 .. 3) {
        my $client = peer(
            sub {
                my ($me) = @_;
                my $sock = IO::Socket::SSL->new(
                    PeerAddr => address($listener),
                    client_args()
                ) or die $SSL_ERROR;
                print $sock "this is $n\n";
                $me->tell(scalar <$sock>);
            }
        );
        accept CLIENT, $listener or die $!;
        my $sock =
          IO::Socket::SSL->start_SSL(\*CLIENT, SSL_server => 1, server_args());
        ok($sock, "client $n: TLS begins") or diag $SSL_ERROR;
        is(scalar <CLIENT>, "this is $n\n", '... reads');
        print CLIENT "welcome $n\n";
        my ($heard) = $client->hear;
        is($heard, "welcome $n\n", '... and writes');
    }
    close CLIENT;
};

done_testing;
