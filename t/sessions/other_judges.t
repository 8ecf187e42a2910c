# Servers that share ticket keys or a store, and judge their clients by subs: a
# client that one has accepted resumes at another only if that accepts it, too.
# SSL_verify_callback, SSL_create_ctx_callback.
use strict;
use warnings;

use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::FileStore;
use ISS::NetSSLeay;
use ISS::Sessions;
use ISS::Test;
use IO::Socket::SSL;
use IO::Socket::SSL::Utils;
use Test::More;

my $dir    = tempdir('iss-judges-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $secret = 'the secret of all the machines!!';

open my $out, '>:raw', "$dir/tickets" or die $!;
print {$out} map { chr } 1 .. 80;
close $out or die $!;
chmod 0600, "$dir/tickets";

my %shared = (
    'a file of keys'   => sub { (SSL_ticket_keys => "$dir/tickets") },
    'a named callback' => sub {
        my ($key, $name) = ('k' x 32, 'n' x 16);
        return (
            SSL_session_id_context => 'both',
            SSL_ticket_keycb       => sub { ($key, $name) }
        );
    },
    'keys that change' => sub {
        my $folder = ISS::FileStore::folder($dir);
        return (
            SSL_ticket_keys => IO::Socket::SSL::Ticket_Keys->new(
                backend => sub { ISS::FileStore->new(dir => $folder) },
                secret  => $secret
            )
        );
    },
    'a store' => sub {
        return (
            SSL_session_cache => ISS::FileStore::store(
                ISS::FileStore::folder($dir),
                secret => $secret
            )
        );
    },
);

sub asking {
    my ($version, @more) = @_;
    return resuming_server(
        SSL_version     => $version,
        SSL_verify_mode => SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
        SSL_ca_file     => cert('ca'),
        @more
    );
}

# Notes each call in a file that the processes of servers share.
sub judge {
    my ($accepts) = @_;
    return sub {
        my ($ok, undef, undef, undef, undef, $depth) = @_;
        open my $log, '>>', "$dir/calls" or die $!;
        print {$log} $depth;
        return $ok && $accepts;
    };
}

sub calls {
    open my $log, '<', "$dir/calls" or return '';
    my $calls = readline $log;
    close $log;
    unlink "$dir/calls";
    return $calls;
}

# How a client with a certificate fares at servers, one after the other.
sub fared {
    my ($version, $theirs, @servers) = @_;
    my @client = (keeps_session(), @$theirs);
    return join ' ', map {
        my $fare = resumed($_, @client);
        $fare =~ /\A[01]\z/ ? $fare : 'refused'
    } @servers;
}

# A client with a certificate of an intermediate CA, which it sends along.
sub intermediate {
    my ($root, $root_key) = CERT_create(
        CA      => 1,
        key     => KEY_create_ec(),
        subject => { CN => 'root' }
    );
    my ($sub, $sub_key) = CERT_create(
        CA      => 1,
        key     => KEY_create_ec(),
        subject => { CN => 'sub' },
        issuer  => [$root, $root_key]
    );
    my ($leaf, $key) = CERT_create(
        key     => KEY_create_ec(),
        subject => { CN => 'leaf' },
        issuer  => [$sub, $sub_key],
        purpose => 'client'
    );
    KEY_free($_) for $root_key, $sub_key;
    return (
        root   => $root,
        sub    => $sub,
        client => [SSL_cert => [$leaf, $sub], SSL_key => $key],
        free   => sub { KEY_free($key); CERT_free($_) for $root, $sub, $leaf }
    );
}

my @client   = identity('client');
my @stranger = identity('self-signed');

each_version(
    sub {
        my ($version) = @_;
        for my $how (sort keys %shared) {
            my @shared = $shared{$how}->();
            my $lenient =
              asking($version, @shared, SSL_verify_callback => judge(1));
            my $alike =
              asking($version, @shared, SSL_verify_callback => judge(1));
            my $strict =
              asking($version, @shared, SSL_verify_callback => judge(0));

            calls();
            is(fared($version, \@client, $lenient, $alike),
                '0 1', "$how: a sub that accepts the client, too");
            is(calls(), '1010', '... is asked about the whole chain');
            is(fared($version, \@client, $lenient, $strict),
                '0 refused', '... a sub that does not');

            my $any =
              asking($version, @shared, SSL_verify_callback => sub { 1 });
            my $none = asking($version, @shared);
            is(fared($version, \@stranger, $any, $none),
                '0 refused', '... no sub');
            my $prepared =
              asking($version, @shared, SSL_create_ctx_callback => sub { });
            is(fared($version, \@client, $prepared, $none, $none),
                '0 0 1', '... no sub that saw the context');
        }
    }
);

# Subs that change what the context demands, while the options stay the same.
sub demands { return Net::SSLeay::CTX_set_verify($_[0], $_[1], undef) }

subtest 'Net::SSLeay in SSL_create_ctx_callback' => sub {
    plan skip_all => ISS::NetSSLeay->missing
      if ISS::NetSSLeay->missing;
    my $must    = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    my $nothing = sub { };
    my $nobody  = sub { demands($_[0], SSL_VERIFY_NONE) };
    my $asks    = sub { demands($_[0], SSL_VERIFY_PEER) };
    my $demands = sub { demands($_[0], $must) };
    my $trusts  = sub {
        Net::SSLeay::CTX_load_verify_locations($_[0], cert('self-signed'),
            '');
    };
    my $lists = sub {
        Net::SSLeay::X509_STORE_set_flags(
            Net::SSLeay::CTX_get_cert_store($_[0]),
            Net::SSLeay::X509_V_FLAG_CRL_CHECK()
        );
    };
    my @cases = (
        [
            'demands none, then a certificate', [], $nobody, $demands,
            'refused'
        ],
        ['asks, then demands',          [], $asks,   $demands, 'refused'],
        ['demands none, then the same', [], $nobody, $nobody,  1],
        ['does not ask, then does',     \@client,   $nobody,  $asks,    1],
        ['demands, then the same',      \@client,   $demands, $demands, 1],
        ['trusts, then the same',       \@stranger, $trusts,  $trusts,  1],
        ['trusts, then does not', \@stranger, $trusts, $nothing,   'refused'],
        ['then checks for revocation', \@client, $nothing, $lists, 'refused'],
    );
    each_version(
        sub {
            my ($version) = @_;
            for my $how (sort keys %shared) {
                for my $case (@cases) {
                    my ($name, $theirs, $first, $second, $then) = @$case;
                    my @shared  = $shared{$how}->();
                    my @servers = map {
                        asking($version, @shared,
                            SSL_create_ctx_callback => $_)
                    } $first, $second;
                    is(fared($version, $theirs, @servers),
                        "0 $then", "$how, a sub that $name");
                }
            }
        }
    );
};

# A server that answers the client's first hello with a HelloRetryRequest looks
# at the session twice.
for my $how (sort keys %shared) {
    my @shared = $shared{$how}->();
    my @curve  = (SSL_ecdh_curve => 'P-256');
    my ($lenient, $alike, $strict) = map {
        asking('TLSv1_3', @shared, @curve, SSL_verify_callback => judge($_))
    } 1, 1, 0;
    my @retries = (@client, SSL_ecdh_curve => 'X25519:P-256');

    calls();
    is(fared('TLSv1_3', \@retries, $lenient, $alike),
        '0 1', "$how: after a HelloRetryRequest");
    is(calls(), '1010', '... the sub is asked once');
    is(fared('TLSv1_3', \@retries, $lenient, $strict),
        '0 refused', '... a sub that refuses');
    is(calls(), '1011',
        '... is asked once of the session, once of the client');
}

# A client whose intermediate certificate the server does not have.
{
    my %side   = intermediate();
    my @shared = $shared{'a file of keys'}->();
    for my $case (
        ['unknown', [SSL_ca => [$side{root}]],             '0 0'],
        ['known',   [SSL_ca => [$side{root}, $side{sub}]], '0 1']
      )
    {
        my ($name, $cas, $expected) = @$case;
        my @servers = map {
            asking(
                'TLSv1_3', @shared,
                SSL_ca_file => undef,
                @$cas,
                SSL_verify_callback => judge(1)
            )
        } 1 .. 2;
        is(fared('TLSv1_3', $side{client}, @servers),
            $expected, "an intermediate certificate that is $name");
    }
    $side{free}->();
}

done_testing;
