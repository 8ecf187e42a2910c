# NPN on both sides, if OpenSSL supports it.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

if (!IO::Socket::SSL->can_npn) {
    like(
        died(
            sub {
                IO::Socket::SSL::SSL_Context->new(
                    SSL_npn_protocols => ['http/1.1']);
            }
        ),
        qr/^SSL_npn_protocols: this OpenSSL does not support NPN/,
        'using it is an error'
    );
    done_testing;
    exit;
}

# The protocol negotiated: (on our side, at the peer).
sub negotiated {
    my ($setting, $client, $server) = @_;

    my %of    = (client => {%$client}, server => {%$server});
    my $other = $setting->{role} eq 'client' ? 'server' : 'client';
    my ($sock, $peer) = tls_pair(
        %$setting,
        mine   => $of{ $setting->{role} },
        theirs => $of{$other},
        peer   => sub {
            my ($sock, $me) = @_;
            $me->tell(scalar $sock->next_proto_negotiated);
        }
    );
    return ($sock->next_proto_negotiated, $peer->hear);
}

# known to the client, advertised by the server, chosen, claim
my @CASES = (
    [
        ['spdy/2',   'http/1.1'],
        ['http/1.1', 'spdy/2'],
        'http/1.1',
        "the server's order"
    ],
    [['spdy/2'],  ['spdy/2'],  'spdy/2',  'one protocol'],
    [['a', 'b'],  ['c'],       'a',       "the client's, if none is shared"],
    [['spdy/2'],  undef,       undef,     'a server without NPN'],
    [undef,       ['spdy/2'],  undef,     'a client without NPN'],
    [['spdy/2'],  [],          undef,     'an empty list turns NPN off'],
    [['a' x 255], ['a' x 255], 'a' x 255, 'the longest name'],
    [["\0\xff"],  ["\0\xff"],  "\0\xff",  'names are bytes'],
);

for my $role (qw(client server)) {
    my %setting = (role => $role, version => 'TLSv1_2');
    subtest "TLS 1.2, $role" => sub {
        for my $case (@CASES) {
            my ($client, $server, $chosen, $claim) = @$case;
            my ($ours, $theirs) = negotiated(
                \%setting,
                { SSL_npn_protocols => $client },
                { SSL_npn_protocols => $server }
            );
            is($ours,   $chosen, "$claim: on our side");
            is($theirs, $chosen, '... and at the peer');
        }
        is_deeply(
            [
                negotiated(
                    \%setting,
                    {
                        SSL_npn_protocols  => ['n'],
                        SSL_alpn_protocols => ['a']
                    },
                    {
                        SSL_npn_protocols  => ['n'],
                        SSL_alpn_protocols => ['a']
                    }
                )
            ],
            [undef, undef],
            'ALPN takes precedence'
        );
        is_deeply(
            [
                negotiated(
                    \%setting,
                    {
                        SSL_npn_protocols => ['two', 'one'],
                        SSL_hostname      => 'other.test'
                    },
                    {
                        SSL_npn_protocols => ['one', 'two'],
                        SSL_cert_file => { 'other.test' => cert('server') },
                    }
                )
            ],
            ['one', 'one'],
            'also with a server that has several names'
        );
    };
}

is_deeply(
    [
        negotiated(
            { role              => 'client', version => 'TLSv1_3' },
            { SSL_npn_protocols => ['a'] },
            { SSL_npn_protocols => ['a'] }
        )
    ],
    [undef, undef],
    'TLS 1.3 does not have NPN'
);

subtest 'non-blocking' => sub {
    my ($sock, $peer) = tls_pair(
        version => 'TLSv1_2',
        mine    => { SSL_npn_protocols => ['a'] },
        theirs  => { SSL_npn_protocols => ['a'] },
        peer    => sub { my ($sock) = @_; print $sock 'x' }
    );
    $sock->blocking(0);
    is(complete($sock, sub { sysread $sock, my $buf, 1 }), 1, 'data came');
    is($sock->next_proto_negotiated,
        'a', '... and the protocol was negotiated');
};

for my $bad ('h2', {}, [''], ['x' x 256]) {
    like(
        died(
            sub {
                IO::Socket::SSL::SSL_Context->new(SSL_npn_protocols => $bad);
            }
        ),
        qr/^SSL_npn_protocols/,
        'for a wrong list the error names the option'
    );
}

done_testing;
