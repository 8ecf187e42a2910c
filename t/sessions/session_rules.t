# A session is offered only under the rules it was made with, so that resuming
# never accepts a server that a full handshake would refuse.
use strict;
use warnings;

use File::Copy qw(copy);
use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::NetSSLeay ();
use ISS::Sessions;
use ISS::Test;
use IO::Socket::SSL;
use IO::Socket::SSL::PublicSuffix;
use Test::More;

my $refused = qr/certificate verify failed|hostname verification failed/;

# All connections of a test use one cache and one key.
sub same_cache {
    return (
        SSL_session_cache => IO::Socket::SSL::Session_Cache->new(9),
        SSL_session_key   => 'key'
    );
}

# Other rules that accept the server, too.
my %OTHER = (
    'another name'         => [SSL_verifycn_name   => 'a.example.test'],
    'another scheme'       => [SSL_verifycn_scheme => 'ldap'],
    'a scheme of the user' =>
      [SSL_verifycn_scheme => { check_cn => 'always' }],
    'a scheme that is a sub' =>
      [SSL_verifycn_scheme => { callback => sub { 1 } }],
    'no scheme'        => [SSL_verifycn_scheme       => 'none'],
    'no suffixes'      => [SSL_verifycn_publicsuffix => ''],
    'no verification'  => [SSL_verify_mode           => SSL_VERIFY_NONE],
    'another CA file'  => [SSL_ca_file               => cert('bundle')],
    'an additional CA' => [SSL_ca_file   => [cert('ca'), cert('other-ca')]],
    'a CA folder'      => [SSL_ca_path   => cert_file('ca-dir')],
    'a CRL'            => [SSL_check_crl => 1, SSL_crl_file => cert('crl')],
    'another SNI'      => [SSL_hostname  => 'a.example.test'],
    'a client certificate' => [identity('client')],
    'a fingerprint'        => [SSL_fingerprint => 'sha256$' . '00' x 32],
    'other ciphers'        => [SSL_cipher_list => 'ECDHE+AESGCM'],
);

# User-defined lists need libpsl.
if (my $list = eval { IO::Socket::SSL::PublicSuffix->from_string("test\n") })
{
    $OTHER{'suffixes of the user'} = [SSL_verifycn_publicsuffix => $list];
}

each_version(
    sub {
        my ($version) = @_;

        my $server = resuming_server(SSL_version => $version);
        for my $name (sort keys %OTHER) {
            my @cache = same_cache();
            is(resumed($server, @cache), 0, 'the first is new');
            is(resumed($server, @cache, @{ $OTHER{$name} }),
                0, "$name: it is not resumed");
            is(resumed($server, @cache, @{ $OTHER{$name} }),
                1, '... but under the same other rules it is');
            is(resumed($server, @cache),
                1, '... and the first session still works for us');
        }
    }
);

# Rules that refuse the server.
my %BAD = (
    'a wrong name' => [SSL_verifycn_name => 'other.test'],
    'another CA'   => [SSL_ca_file       => cert('other-ca')],
    'a scheme of the user that refuses' =>
      [SSL_verifycn_scheme => { callback => sub { 0 } }],
    'a callback that refuses' => [SSL_verify_callback => sub { 0 }],
    'a forced fingerprint'    => [
        SSL_fingerprint       => 'sha256$' . '00' x 32,
        SSL_force_fingerprint => 1
    ],
);

each_version(
    sub {
        my ($version) = @_;

        my $server = resuming_server(SSL_version => $version);
        for my $name (sort keys %BAD) {
            my @cache = same_cache();
            is(resumed($server, @cache), 0, 'the first is new');
            like(resumed($server, @cache, @{ $BAD{$name} }),
                $refused, "$name: it is refused");
            is(resumed($server, @cache),
                1, '... and the first session still works for us');
        }
        my @cache = same_cache();
        is(resumed($server, @cache, SSL_verify_mode => SSL_VERIFY_NONE),
            0, 'a session of a server that was not verified');
        like(resumed($server, @cache, SSL_ca_file => cert('other-ca')),
            $refused, '... is not used by a client that would refuse it');
        is(resumed($server, @cache), 0,
            '... nor by one that would accept it');
    }
);

# One context, several names.
each_version(
    sub {
        my ($version) = @_;

        my $server  = resuming_server(SSL_version => $version);
        my $context = client_context(SSL_session_cache_size => 9);
        my @args    = (SSL_reuse_ctx => $context, SSL_session_key => 'key');
        is(resumed($server, @args), 0, 'a context: the first is new');
        like(resumed($server, @args, SSL_verifycn_name => 'other.test'),
            $refused, '... a wrong name is refused');
        is(resumed($server, @args, SSL_verifycn_name => 'a.example.test'),
            0, '... another name is new');
        is(resumed($server, @args), 1, '... the first is resumed');
    }
);

# The result of the same rules changes after the session is stored.
each_version(
    sub {
        my ($version) = @_;

        my $server = resuming_server(
            SSL_version => $version,
            identity('revoked')
        );
        my $dir = tempdir('iss-session-XXXXXX', TMPDIR => 1, CLEANUP => 1);
        my $crl = "$dir/crl.pem";
        copy(cert('crl-none-revoked'), $crl) or die $!;
        my @args = (
            same_cache(),
            SSL_check_crl       => 1,
            SSL_crl_file        => $crl,
            SSL_verifycn_scheme => 'none'
        );
        is(resumed($server, @args), 0, 'a good certificate');
        is(resumed($server, @args), 1, '... is resumed');
        copy(cert('crl'), $crl) or die $!;
        like(resumed($server, @args),
            qr/revoked/, '... and refused once the CRL revokes it');
    }
);

each_version(
    sub {
        my ($version) = @_;

        my $server = resuming_server(SSL_version => $version);
        my $good   = 1;
        my $asked  = 0;
        my @args   = (
            SSL_reuse_ctx => client_context(
                same_cache(),
                SSL_verify_callback => sub { $asked++; return $good && $_[0] }
            )
        );
        is(resumed($server, @args), 0, 'a callback that accepts');
        $asked = 0;
        is(resumed($server, @args), 1, '... is resumed');
        ok($asked, '... after the callback was called again');
        $good = 0;
        like(resumed($server, @args),
            $refused, '... and refused once the callback refuses');
        $good = 1;
        is(resumed($server, @args),
            1, '... and resumed once it accepts again');
    }
);

each_version(
    sub {
        my ($version) = @_;

        my $server = resuming_server(SSL_version => $version);
        my $dies   = 0;
        my $check  = sub { die "not now\n" if $dies; return $_[0] };
        my @args   = (SSL_reuse_ctx =>
              client_context(same_cache(), SSL_verify_callback => $check));
        is(resumed($server, @args), 0, 'a callback');
        $dies = 1;
        is(died(sub { resumed($server, @args) }),
            "not now\n", '... that dies before a session is offered');
    }
);

# Changes that the program makes to the SSL_CTX itself count as rules, too.
subtest 'Net::SSLeay in SSL_create_ctx_callback' => sub {
    plan skip_all => ISS::NetSSLeay->missing
      if ISS::NetSSLeay->missing;
    my %deed = (
        'a client certificate' => sub {
            Net::SSLeay::set_cert_and_key($_[0], cert('client'),
                key('client'));
        },
        'no verification' => sub {
            Net::SSLeay::CTX_set_verify($_[0], Net::SSLeay::VERIFY_NONE());
        },
    );
    my $server = resuming_server();
    for my $name (sort keys %deed) {
        my @cache = same_cache();
        my @other = (@cache, SSL_create_ctx_callback => $deed{$name});
        is(resumed($server, @other), 0, "$name: the first is new");
        is(resumed($server, @cache), 0,
            '... and not resumed without the sub');
        is(resumed($server, @other), 1, '... the second is resumed');
    }
};

done_testing;
