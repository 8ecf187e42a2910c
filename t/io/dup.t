# A duplicate of a TLS socket would bypass TLS: it is refused, and nothing is
# sent in the clear.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Recorder;
use ISS::Test;
use IO::File;
use IO::Handle;
use IO::Socket::SSL;
use Test::More;

my $SECRET = 'THE-SECRET-TEXT';

sub opened {
    my ($mode, $handle) = @_;
    my $dup;
    return open($dup, $mode, $handle) ? $dup : undef;
}

# All ways to ask Perl for a second handle on the same descriptor.
my %WAY = (
    '>&'            => sub { opened('>&',  $_[0]) },
    '<&'            => sub { opened('<&',  $_[0]) },
    '+<&'           => sub { opened('+<&', $_[0]) },
    '>&='           => sub { opened('>&=', $_[0]) },
    '<&='           => sub { opened('<&=', $_[0]) },
    '>>&'           => sub { opened('>>&', $_[0]) },
    '>& with two'   => sub { open DUP, '>&NAMED' and *DUP },
    '<& with two'   => sub { open DUP, '<&NAMED' and *DUP },
    'fdopen'        => sub { IO::Handle->new->fdopen($_[0], 'w') },
    'new_from_fd'   => sub { IO::Handle->new_from_fd($_[0], 'r+') },
    'IO::File'      => sub { IO::File->new->fdopen($_[0], 'w') },
    'over a handle' => sub {
        open my $dup, '<',  $0 or die $!;
        open $dup,    '>&', $_[0] and $dup;
    },
);

sub try_all {
    my ($sock) = @_;

    no warnings;
    local *NAMED = $sock;
    for my $name (sort keys %WAY) {
        local $! = 0;
        my $dup = $WAY{$name}->($sock);
        ok(!$dup,          "$name: refused");
        ok($!{EOPNOTSUPP}, "... with EOPNOTSUPP ($!)");
        next if !$dup;
        print {$dup} $SECRET;
        $dup->flush;
        close $dup;
    }
    return;
}

each_version(
    sub {
        my ($version) = @_;

        my ($sock, $peer, $record) = recorded_pair(
            version => $version,
            peer    => \&tell_all
        );
        try_all($sock);
        ok(print({$sock} 'goes on'), 'the socket still works');
        close $sock;
        is(($peer->hear)[0], 'goes on', '... and nothing else was sent');
        unlike($record->(), qr/$SECRET/, 'nothing went out in the clear');
    }
);

subtest 'the standard handles are unchanged' => sub {
    my ($sock, $peer, $record) = recorded_pair(peer => \&read_all);

    open my $saved, '>&', \*STDERR or die $!;
    {
        no warnings;
        ok(!open(STDERR, '>&', $sock), '>& over STDERR');
    }
    my $after = fileno STDERR;
    open STDERR, '>&', $saved or die $!;
    is($after, 2, '... which keeps its descriptor');
    close $sock;
    unlike($record->(), qr/$SECRET/, '... and nothing is sent in the clear');
};

subtest 'a handshake under way' => sub {
    my ($tcp, $peer) = raw_pair(
        sub {
            my ($tcp, $me) = @_;
            my $record = '';
            while (sysread $tcp, my $part, 10_000) {
                $record .= $part;
            }
            $me->tell($record);
        }
    );
    $tcp->blocking(0);
    my $sock = IO::Socket::SSL->start_SSL($tcp, client_args(),
        SSL_startHandshake => 0);
    $sock->connect_SSL;
    try_all($sock);
    close $sock;
    unlike(($peer->hear)[0], qr/$SECRET/, 'nothing went out in the clear');
};

# Opening a descriptor by its number cannot be caught; programs use it to get
# a handle for select.
subtest 'a handle by number' => sub {
    my ($sock, $peer) =
      tls_pair(peer => sub { my ($sock, $me) = @_; $me->tell(<$sock>) });

    ok(open(my $other, '+<&=', fileno $sock), 'works');
    is(fileno $other,      fileno $sock,      '... with the same descriptor');
    is(getpeername $other, getpeername $sock, '... which is the socket');
    ok(writable($other), '... and select works on it');
    ok(close $other,     '... and closed');
    print $sock "goes on\n";
    close $sock;
    is(($peer->hear)[0], "goes on\n", 'the socket still works');
};

subtest 'before and after TLS' => sub {
    my ($tcp, $peer) = raw_pair(
        sub {
            my ($tcp, $me) = @_;
            my $sock = IO::Socket::SSL->start_SSL($tcp, server_args())
              or die $SSL_ERROR;
            $sock->stop_SSL or die $SSL_ERROR;
            $me->tell(scalar <$sock>);
        }
    );
    ok(open(my $dup, '>&', $tcp), 'a plain socket can be duplicated');
    close $dup;
    my $sock = IO::Socket::SSL->start_SSL($tcp, client_args())
      or die $SSL_ERROR;
    ok(!open($dup, '>&', $sock), 'not under TLS');
    $sock->stop_SSL or die $SSL_ERROR;
    ok(open($dup, '>&', $sock), 'after stop_SSL it can again');
    print {$dup} "plain\n";
    close $dup;
    is(($peer->hear)[0], "plain\n", '... and the duplicate works');
};

done_testing;
