# Any trusted certificate may end a chain, even if it is not a root.
use strict;
use warnings;

use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::SSL;
use ISS::Test;
use Test::More;

ok(IO::Socket::SSL->can_partial_chain, 'can_partial_chain');

my $WANTED = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;

# A directory that holds the intermediate under its hashed name.
sub intermediate_dir {
    my $dir  = tempdir(CLEANUP => 1);
    my $hash = '';

    open my $out, '-|', 'openssl', 'x509', '-in', cert('sub-ca'), '-noout',
      '-hash'
      or return;
    chomp($hash = <$out>);
    link(cert('sub-ca'), "$dir/$hash.0")
      || symlink(cert('sub-ca'), "$dir/$hash.0")
      || return;
    return $dir;
}

sub verdict {
    my ($setting, $identity, @trust) = @_;

    return (
        handshake_errors(
            %$setting,
            mine => {
                SSL_verify_mode     => $WANTED,
                SSL_ca_file         => undef,
                SSL_verifycn_scheme => 'none',
                @trust
            },
            theirs => {@$identity}
        )
    )[0];
}

my @below = identity('server-sub');
my $dir   = intermediate_dir();

each_setting(
    sub {
        my $setting = {@_};

        is(verdict($setting, [@below], SSL_ca_file => cert('sub-ca')),
            '', 'an intermediate in SSL_ca_file');
        is(
            verdict(
                $setting, [@below],
                SSL_ca_file => [cert('other-ca'), cert('sub-ca')]
            ),
            '',
            '... among others'
        );
      SKIP: {
            skip 'there is no openssl command', 1 if !$dir;
            is(verdict($setting, [@below], SSL_ca_path => $dir),
                '', 'an intermediate in SSL_ca_path');
        }
        is(
            verdict(
                $setting,
                [
                    SSL_cert_file => cert('server-sub-chain'),
                    SSL_key_file  => key('server-sub')
                ],
                SSL_ca_file => cert('sub-ca')
            ),
            '',
            'the peer may also send the intermediate'
        );
        is(
            verdict(
                $setting, [identity('server')],
                SSL_ca_file => cert('server')
            ),
            '',
            "the peer's own certificate"
        );
        like(
            verdict(
                $setting, [identity('server')],
                SSL_ca_file => cert('sub-ca')
            ),
            qr/certificate verify failed/,
            'an unrelated certificate does not do'
        );
        like(
            verdict($setting, [@below], SSL_ca_file => cert('server')),
            qr/certificate verify failed/,
            'nor does a sibling'
        );
        like(
            verdict(
                $setting, [identity('expired')],
                SSL_ca_file => cert('expired')
            ),
            qr/expired/,
            'trust does not make an expired certificate valid'
        );
    }
);

subtest 'SSL_ca' => sub {
    my ($sock, $peer) = tls_pair(
        mine   => { SSL_verifycn_scheme => 'none' },
        theirs => {
            SSL_cert_file => cert('server-sub-chain'),
            SSL_key_file  => key('server-sub')
        }
    );
    my ($leaf, $intermediate) = $sock->peer_certificates;
    is(verdict({}, [@below], SSL_ca => [$intermediate]),
        '', 'a handle of an intermediate');
    is(verdict({}, [@below], SSL_ca => $leaf),
        '', 'a handle of the certificate itself');
    isnt(verdict({}, [identity('server')], SSL_ca => [$leaf, $intermediate]),
        '', 'not handles of others');
};

done_testing;
