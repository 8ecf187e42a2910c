# Sources of the intermediate certificates that a server sends.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

my @SUB =
  (SSL_cert_file => cert('server-sub'), SSL_key_file => key('server-sub'));

each_version(
    sub {
        my ($version) = @_;

        my ($error) =
          handshake_errors(version => $version, theirs => {@SUB});
        like(
            $error,
            qr/unable to get local issuer certificate/,
            'without them a client that knows the root refuses it'
        );

        ($error) = handshake_errors(
            version => $version,
            theirs  => { @SUB, SSL_ca_file => cert('sub-ca') }
        );
        is($error, '',
            'SSL_ca_file completes the chain, even without verifying clients'
        );

        ($error) = handshake_errors(
            version => $version,
            theirs  => { @SUB, SSL_cert_file => cert('server-sub-chain') }
        );
        is($error, '', '... and so does a file with the chain');
    }
);

done_testing();
