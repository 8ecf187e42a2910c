# ALPN on both sides.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

sub upgraded {
    my ($text) = @_;
    utf8::upgrade($text);
    return $text;
}

ok(IO::Socket::SSL->can_alpn, 'can_alpn');

# offered by the client, known to the server, chosen, claim
my @CASES = (
    [['h2', 'http/1.1'], ['http/1.1', 'h2'], 'h2', "the client's order"],
    [
        ['spdy', 'http/1.1', 'h2'],
        ['h2',   'http/1.1'],
        'http/1.1', "the first of the client's that the server knows"
    ],
    [['h2'],       ['h2'],      'h2',      'one protocol'],
    [['h2'],       undef,       undef,     'a server without ALPN'],
    [undef,        ['h2'],      undef,     'a client without ALPN'],
    [['a' x 255],  ['a' x 255], 'a' x 255, 'the longest name'],
    [["\0\xff"],   ["\0\xff"],  "\0\xff",  'names are bytes'],
    [[upgraded("\xff")], ["\xff"], "\xff", '... however Perl stores them'],
    [['abc', 'b'], ['ab', 'b'], 'b',       'a name is not a prefix'],
);

each_setting(
    sub {
        my %setting = @_;

        for my $case (@CASES) {
            my ($client, $server, $chosen, $claim) = @$case;
            my %of = (
                client => { SSL_alpn_protocols => $client },
                server => { SSL_alpn_protocols => $server }
            );
            my $other = $setting{role} eq 'client' ? 'server' : 'client';
            my ($sock, $peer) = tls_pair(
                %setting,
                mine   => $of{ $setting{role} },
                theirs => $of{$other},
                peer   => sub {
                    my ($sock, $me) = @_;
                    $me->tell(scalar $sock->alpn_selected);
                }
            );
            is($sock->alpn_selected, $chosen, "$claim: on our side");
            is_deeply([$peer->hear], [$chosen], '... and at the peer');
        }
    }
);

each_version(
    sub {
        my ($version) = @_;

        my ($client, $server) = handshake_errors(
            version => $version,
            mine    => { SSL_alpn_protocols => ['h2'] },
            theirs  => { SSL_alpn_protocols => ['http/1.1'] }
        );
        like(
            "$client$server",
            qr/\A\z|no application protocol/i,
            'no common protocol: none is chosen, or an alert is sent'
        );
    }
);

for my $bad ('h2', {}, [''], ['x' x 256]) {
    my $shown =
      ref $bad eq 'ARRAY' ? '[' . length($bad->[0]) . ' bytes]' : $bad;
    my $error = died(
        sub {
            IO::Socket::SSL::SSL_Context->new(SSL_alpn_protocols => $bad)
              or die "$SSL_ERROR";
        }
    );
    like($error, qr/SSL_alpn_protocols/,
        "$shown: the error names the option");
}

done_testing;
