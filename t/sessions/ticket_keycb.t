# SSL_ticket_keycb: session tickets under the server's own keys.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Sessions;
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

ok(IO::Socket::SSL->can_ticket_keycb, 'can_ticket_keycb');

my %KEY =
  map { (pack('a16', "name of $_") => pack('a32', "key of $_")) } qw(1 2);
my ($first, $second) = sort keys %KEY;

# A callback for a list of key names, the current one first; it logs its
# arguments.
sub keys_named {
    my ($names, $log) = @_;

    return sub {
        my ($data, $name) = @_;
        push @$log, [@_];
        my $wanted = @_ > 1 ? $name : $names->[0];
        return if !grep { $_ eq $wanted } @$names;
        return ($KEY{$wanted}, $names->[0]);
    };
}

# Whether a client with a new cache resumes at servers that have these keys:
# "0" or "1" for each.
sub fares {
    my ($version, @callbacks) = @_;

    my @args = (
        SSL_session_cache => IO::Socket::SSL::Session_Cache->new(1),
        SSL_session_key   => 'key'
    );
    return join '', map {
        resumed(
            resuming_server(
                SSL_version            => $version,
                SSL_session_id_context => 'test',
                SSL_ticket_keycb       => $_
            ),
            @args
        )
    } @callbacks;
}

each_version(
    sub {
        my ($version) = @_;

        my ($old, $new) = map { keys_named($_) } [$first], [$second];
        my $rotated = keys_named([$second, $first]);
        is(fares($version, $old, $old, $old),
            '011', 'servers with the same key resume');
        is(fares($version, $old, $new), '00', 'with another key they do not');
        is(fares($version, $old, $rotated),
            '01', 'a server with a new key accepts the old one');
        is(fares($version, $old, $rotated, $new),
            '011', '... and renew the ticket with the new one');
        is(fares($version, $old, $rotated, $old),
            '010', '... which a server with the old key only cannot read');
        is(fares($version, sub { return }, sub { return }),
            '00', 'without a key there are no tickets');
        is(fares($version, [$old, 'data'], $old),
            '01', 'an array of a sub and data');
        is(
            fares(
                $version, $old,
                sub { return (scalar reverse($KEY{$first}), $first) }
            ),
            '00',
            'a key that is not the one of that name'
        );
    }
);

# A client of TLS 1.3 uses each ticket once.
each_version(
    sub {
        my ($version) = @_;

        my $server = resuming_server(
            SSL_version            => $version,
            SSL_session_id_context => 'test',
            SSL_ticket_keycb       => keys_named([$first])
        );
        my $cache = IO::Socket::SSL::Session_Cache->new(1);
        is(
            join('',
                map { resumed($server, SSL_session_cache => $cache) } 1 .. 8),
            '01111111',
            'a client that comes again and again always has a ticket'
        );
    }
);

# The arguments of the sub, in a server that runs in this process.
sub asked {
    my ($version, @answer) = @_;

    my @log;
    my $context = IO::Socket::SSL::SSL_Context->new(
        server_args(
            SSL_version            => $version,
            SSL_session_id_context => 'test',
            SSL_ticket_keycb       => [keys_named([$first], \@log), 'my data']
        )
    );
    my $client = peer_that_connects($version, 2);
    my @reused;
    for (1, 2) {
        my $sock = accepted($context, $client);
        print {$sock} "hello\n";
        readline $sock;
        push @reused, $sock->get_session_reused;
    }
    return (\@log, \@reused);
}

sub peer_that_connects {
    my ($version, $times) = @_;

    my $listener = listener();
    my $peer     = peer(
        sub {
            my @args = (
                client_args(SSL_version => $version),
                SSL_session_cache => IO::Socket::SSL::Session_Cache->new(1),
                SSL_session_key   => 'key',
                PeerAddr          => address($listener)
            );
            for (1 .. $times) {
                my $sock = IO::Socket::SSL->new(@args) or next;
                readline $sock;
                close $sock;
            }
        }
    );
    return { listener => $listener, peer => $peer };
}

sub accepted {
    my ($context, $client) = @_;
    return IO::Socket::SSL->start_SSL(
        scalar $client->{listener}->accept,
        SSL_server    => 1,
        SSL_reuse_ctx => $context
    );
}

each_version(
    sub {
        my ($version) = @_;

        my ($log, $reused) = asked($version);
        is_deeply($reused, [0, 1], 'a server resumes');
        is_deeply($log->[0], ['my data'],
            'a new ticket: the sub gets only the data');
        my ($opened) = grep { @$_ == 2 } @$log;
        is_deeply(
            $opened,
            ['my data', $first],
            'an old ticket: the data and the name of its key'
        );
    }
);

subtest 'without data' => sub {
    my @log;
    my $context = IO::Socket::SSL::SSL_Context->new(
        server_args(SSL_ticket_keycb => keys_named([$first], \@log)));
    my $client = peer_that_connects('TLSv1_2', 1);
    my $sock   = accepted($context, $client);
    is_deeply($log[0], [undef], 'the first argument is undef');
};

# Errors of the sub.
my %WRONG = (
    'dies'              => [sub { die "no key today\n" }, qr/^no key today$/],
    'gives a short key' =>
      [sub { return ('short', $first) }, qr/a key of 32 bytes/],
    'gives a long key' =>
      [sub { return ('x' x 33, $first) }, qr/a key of 32 bytes/],
    'gives a short name' =>
      [sub { return ($KEY{$first}, 'x' x 15) }, qr/a name of 16/],
    'gives wide characters' =>
      [sub { return ("\x{100}" x 32, $first) }, qr/a key of 32 bytes/],
);

each_version(
    sub {
        my ($version) = @_;

        for my $name (sort keys %WRONG) {
            my ($code, $expected) = @{ $WRONG{$name} };
            my $context = IO::Socket::SSL::SSL_Context->new(
                server_args(
                    SSL_version      => $version,
                    SSL_ticket_keycb => $code
                )
            );
            my $client = peer_that_connects($version, 1);
            like(died(sub { accepted($context, $client) }),
                $expected, "a sub that $name: the handshake fails with it");
        }
    }
);

subtest 'wrong values' => sub {
    for my $value ('abc', 1, {}, [], ['abc'], \'abc') {
        like(
            died(
                sub {
                    IO::Socket::SSL::SSL_Context->new(
                        server_args(SSL_ticket_keycb => $value));
                }
            ),
            qr/^SSL_ticket_keycb must be a code reference/,
            "SSL_ticket_keycb => $value"
        );
    }
};

done_testing;
