# SSL_verify_callback: its arguments, and the effect of its result.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

my $CA      = '/C=DE/O=IO-Socket-SSL/CN=Test CA';
my $SERVER  = '/C=DE/O=IO-Socket-SSL/CN=localhost';
my $OTHER   = '/C=DE/O=IO-Socket-SSL/CN=Other CA';
my $REFUSED = qr/certificate verify failed/;

# The errors of a handshake with this callback: (ours, the server's).
sub with_callback {
    my ($callback, %arg) = @_;
    return handshake_errors(%arg,
        mine => { %{ $arg{mine} || {} }, SSL_verify_callback => $callback });
}

each_version(
    sub {
        my ($version) = @_;

        my @calls;
        my ($error) = with_callback(sub { push @calls, [@_]; return $_[0] },
            version => $version);
        is($error,        '', 'a good chain is accepted');
        is(scalar @calls, 2,  'the sub was called for each certificate');
        is_deeply([map { $_->[0] } @calls], [1, 1], 'both are good');
        is_deeply([map { $_->[5] } @calls], [1, 0], 'the depths');
        is($calls[0][2], $CA . $CA,     'issuer and subject of the CA');
        is($calls[1][2], $CA . $SERVER, 'issuer and subject of the server');
        is_deeply([map { $_->[3] } @calls], [0, 0], 'no errors');

        for my $handle (map { @$_[1, 4] } @calls) {
            like($handle, qr/^[1-9]\d+\z/, 'a handle is an address');
        }
    }
);

each_version(
    sub {
        my ($version) = @_;

        my @arg =
          (version => $version, theirs => { identity('other-server') });
        my @calls;
        my ($error) =
          with_callback(sub { push @calls, [@_]; return $_[0] }, @arg);
        like($error, $REFUSED,
            'a bad chain is refused if the sub returns its first value');
        my ($first) = @calls;
        is(scalar @calls, 1, 'the sub was called once');
        ok(!$first->[0], 'the first value is false');
        is($first->[2], $OTHER . $SERVER, 'issuer and subject');
        ok($first->[3], 'the error is passed');
        is($first->[5], 0, 'at depth 0');

        ($error) = with_callback(sub { 1 }, @arg);
        is($error, '', 'a sub that returns true accepts it');
    }
);

each_version(
    sub {
        my ($version) = @_;

        my ($error, $theirs) =
          with_callback(sub { 0 }, version => $version);
        like($error, $REFUSED,
            'a sub that returns false refuses a good chain');
        like($theirs, qr/alert/, '... and the server gets an alert');

        ($error) =
          with_callback(sub { return $_[5] > 0 }, version => $version);
        like($error, $REFUSED,    'refusing the leaf is enough');
        like($error, qr/depth 0/, '... and the error names it');
        for my $false (undef, '') {
            ($error) = with_callback(sub { $false }, version => $version);
            like($error, $REFUSED, 'undef and the empty string are false');
        }
        ($error) = with_callback(sub { return }, version => $version);
        like($error, $REFUSED, 'so is the empty list');
    }
);

each_version(
    sub {
        my ($version) = @_;

        for my $exception ("from the callback\n", { a => 'reference' }) {
            my ($peer, $address) = plain_server(
                sub {
                    my ($tcp, $me) = @_;
                    my $sock =
                      IO::Socket::SSL->start_SSL($tcp, server_args());
                    $me->tell($sock ? 'connected' : "$SSL_ERROR");
                }
            );
            my $thrown = died(
                sub {
                    IO::Socket::SSL->new(
                        PeerAddr => $address,
                        client_args(
                            SSL_version         => $version,
                            SSL_verify_callback => sub { die $exception }
                        )
                    );
                }
            );
            is($thrown, $exception, 'an exception is passed on unchanged');
            isnt(($peer->hear)[0], 'connected', 'the handshake failed');
        }
    }
);

subtest 'leaving the callback with next' => sub {
    my $passed = 0;
    no warnings 'exiting';
    for (1 .. 2) {
        eval {
            with_callback(sub { next });
        };
        $passed++;
    }
    cmp_ok($passed, '<=', 2, 'the loop ends');
    is((with_callback(sub { 1 }))[0], '', 'and handshakes still work');
};

subtest 'a callback that makes a connection of its own' => sub {
    my $inner;
    my ($error) = with_callback(
        sub {
            $inner = (with_callback(sub { 1 }))[0] if !defined $inner;
            return $_[0];
        }
    );
    is($inner, '', 'the inner handshake succeeds');
    is($error, '', '... and so does the outer one');
};

subtest '$@ is not disturbed' => sub {
    my ($tcp, $peer) = raw_pair(
        sub {
            my ($tcp, $me) = @_;
            IO::Socket::SSL->start_SSL($tcp, server_args());
        }
    );
    my @args = client_args(
        SSL_verify_callback => sub {
            eval { die 'inside' };
            return 1;
        }
    );
    $@ = 'mine';
    my $sock = IO::Socket::SSL->start_SSL($tcp, @args);
    is($@, 'mine', '... by an eval in the callback');
    isa_ok($sock, 'IO::Socket::SSL', 'and the handshake succeeds');
};

subtest 'a callback of a server' => sub {
    my @depths;
    my %arg = (
        role => 'server',
        mine => {
            SSL_verify_mode => SSL_VERIFY_PEER,
            SSL_ca_file     => cert('ca')
        },
        theirs => { identity('client') }
    );
    my ($error) =
      with_callback(sub { push @depths, $_[5]; return $_[0] }, %arg);
    is($error, '', 'a good client is accepted');
    is_deeply(\@depths, [1, 0], 'after the sub has seen its chain');
    ($error) = with_callback(sub { 0 }, %arg);
    like($error, $REFUSED, 'a sub that returns false refuses it');
};

subtest 'the name is still checked' => sub {
    my ($error) = with_callback(
        sub { 1 },
        mine   => { SSL_verifycn_scheme => 'http' },
        theirs => { identity('wrong-name') }
    );
    like(
        $error,
        qr/hostname verification failed/,
        'a sub that accepts chains does not accept names'
    );
};

done_testing;
