# The context is made by new and start_SSL, before anything is connected or
# sent: what is wrong with an option is found then.
use strict;
use warnings;

use Errno qw(EISDIR ENOENT);
use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Select;
use ISS::Test;
use IO::Socket::SSL;
use Scalar::Util qw(refaddr);
use Test::More;

my @LATER    = (SSL_startHandshake => 0);
my @UNUSABLE = (
    SSL_cert_file => cert('client'),
    SSL_key_file  => cert_file('missing.key')
);

subtest 'start_SSL without a handshake, and an unusable file' => sub {
    my ($tcp) = raw_pair(sub { });

    is_deeply(
        [IO::Socket::SSL->start_SSL($tcp, client_args(@UNUSABLE), @LATER)],
        [], 'fails');
    is($! + 0, ENOENT, '... with $!');
    like($SSL_ERROR, qr/missing\.key/, '... and the name of the file');
    is(ref $tcp, 'IO::Socket::INET', '... the class is the former one');
    ok(defined fileno $tcp, '... the socket is open');
};

for my $option (qw(SSL_cert_file SSL_cert)) {
    for my $hash ({}, { 'www.test' => undef }) {
        my ($tcp) = raw_pair(sub { });

        is_deeply(
            [
                IO::Socket::SSL->start_SSL(
                    $tcp, @LATER,
                    SSL_server => 1,
                    $option    => $hash
                )
            ],
            [],
            "$option, a hash without a certificate: start_SSL fails"
        );
        like(
            $SSL_ERROR,
            qr/^Failed to load certificate .*: $option is a hash without/,
            '... and names the option'
        );
    }
}

subtest 'a listener that no client can reach says so' => sub {
    my %warns = (
        'no certificate'            => [],
        'SSL_startHandshake => 0'   => [@LATER],
        'a certificate'             => [server_args()],
        'a certificate for a host'  =>
          [server_args(SSL_cert_file => { 'a.test' => cert('server') })],
        'a key that both know'      => [SSL_psk => 'secret'],
        'ciphers without one'       => [SSL_cipher_list => 'aNULL'],
    );
    for my $case (sort keys %warns) {
        my @said = warnings_of(
            sub {
                IO::Socket::SSL->new(
                    Listen    => 1,
                    LocalAddr => '127.0.0.1',
                    @{ $warns{$case} }
                ) or diag $SSL_ERROR;
            }
        );
        is(scalar @said, $case eq 'no certificate' ? 1 : 0, $case);
        like($said[0], qr/no certificate .* at \S*made_early\.t line /,
            '... in the line of the caller')
          if @said;
    }
};

subtest 'new with an unusable file' => sub {
    for my $later ([], [@LATER]) {
        my $listener = listener();
        is_deeply(
            [
                IO::Socket::SSL->new(
                    PeerAddr => address($listener),
                    client_args(@UNUSABLE), @$later
                )
            ],
            [],
            'fails'
        );
        like($SSL_ERROR, qr/missing\.key/, '... with the name of the file');
        is($@, "$SSL_ERROR", '... in $@ too');
        ok(!IO::Select->new($listener)->can_read(0),
            '... nothing was connected');
        my $address = address($listener);
        close $listener;
        IO::Socket::SSL->new(
            PeerAddr => $address,
            client_args(@UNUSABLE), @$later
        );
        like($SSL_ERROR, qr/missing\.key/,
            '... also if nobody listens at that address');
    }
    IO::Socket::SSL->new(@UNUSABLE);
    like($SSL_ERROR, qr/missing\.key/, '... and without an address');
};

subtest 'SSL_ca_file is a folder' => sub {
    my @folder = (SSL_ca_file => cert_file('ca-dir'));
    my ($tcp) = raw_pair(sub { });

    for my $call (
        sub { IO::Socket::SSL->start_SSL($tcp, @folder, @LATER) },
        sub {
            IO::Socket::SSL::SSL_Context->new(
                server_args(@folder, SSL_verify_mode => SSL_VERIFY_PEER));
        }
      )
    {
        is_deeply([$call->()], [], 'fails, and does not die');
        is($! + 0, EISDIR, '... with $!');
        like($SSL_ERROR, qr/^SSL_ca_file: .*ca-dir/, '... and the reason');
    }
};

subtest 'the context before the handshake' => sub {
    my ($server, $address) = tls_server(sub { });
    my @make = (
        sub {
            IO::Socket::SSL->new(PeerAddr => $address, client_args(@LATER));
        },
        sub {
            my $tcp = IO::Socket::INET->new($address) or die "connect: $!";
            IO::Socket::SSL->start_SSL($tcp, client_args(@LATER));
        },
    );

    for my $make (@make) {
        my $sock = $make->();
        my $ctx  = ${*$sock}{_SSL_ctx};
        isa_ok($ctx, 'IO::Socket::SSL::SSL_Context', '_SSL_ctx');
        like($sock->_get_ctx_object, qr/^[1-9]\d*\z/, '_get_ctx_object');
        ok($sock->connect_SSL, 'the handshake') or diag $SSL_ERROR;
        is(refaddr ${*$sock}{_SSL_ctx}, refaddr $ctx, '... uses it');
    }
};

subtest 'accept makes no context of its own' => sub {
    my $made     = 0;
    my $listener = IO::Socket::SSL->new(
        LocalAddr => '127.0.0.1',
        Listen    => 1,
        server_args(@LATER)
    ) or die $SSL_ERROR;
    my $client = IO::Socket::INET->new(address($listener)) or die $!;

    IO::Socket::SSL::set_defaults(SSL_create_ctx_callback => sub { $made++ });
    my $sock = $listener->accept or die $SSL_ERROR;
    IO::Socket::SSL::set_defaults(SSL_create_ctx_callback => undef);
    is($made, 0, 'none was made');
    is(
        refaddr ${*$sock}{_SSL_ctx},
        refaddr ${*$listener}{_SSL_ctx},
        '... but that of the listener is used'
    );
};

subtest 'a socket that takes the other role' => sub {
    my ($tcp, $peer) = raw_pair(
        sub {
            my ($tcp, $me) = @_;
            my $client = IO::Socket::SSL->start_SSL($tcp, client_args());
            $me->tell($client ? 'connected' : "$SSL_ERROR");
        }
    );
    my $sock = IO::Socket::SSL->start_SSL(
        $tcp, @LATER,
        SSL_cert_file => cert('server'),
        SSL_key_file  => key('server')
    );
    ok($sock->accept_SSL, 'from client to server') or diag $SSL_ERROR;
    is_deeply([$peer->hear], ['connected'], '... its client is content');

    ($tcp) = raw_pair(
        sub {
            my ($tcp) = @_;
            IO::Socket::SSL->start_SSL(
                $tcp,
                SSL_server => 1,
                identity('self-signed')
            );
        }
    );
    $sock = IO::Socket::SSL->start_SSL($tcp, @LATER, server_args());
    is(${*$sock}{_SSL_arguments}{SSL_verify_mode},
        0, 'a server verifies nobody');
    ok(!$sock->connect_SSL, '... but it does when it becomes a client');
    like($SSL_ERROR, qr/certificate verify failed/, '... with the reason');
};

# The arguments that a socket shows before the handshake.
sub arguments {
    my ($tcp) = raw_pair(sub { });
    my $sock = IO::Socket::SSL->start_SSL($tcp, @LATER, @_)
      or die $SSL_ERROR;
    return ${*$sock}{_SSL_arguments};
}

subtest '_SSL_arguments holds the defaults too' => sub {
    my $version = 'SSLv23:!SSLv2:!SSLv3:!TLSv1:!TLSv1_1';
    my %want    = (
        SSL_check_crl         => 0,
        SSL_keepSocketOnError => 1,
        SSL_server            => 0,
        SSL_use_cert          => 0,
        SSL_verify_mode       => SSL_VERIFY_PEER,
        SSL_version           => $version,
    );
    my $args = arguments(client_args());
    is($args->{$_}, $want{$_}, "client: $_") for sort keys %want;
    like($args->{SSL_cipher_list}, qr/^DEFAULT:/, 'client: SSL_cipher_list');

    %want = (
        %want,
        SSL_honor_cipher_order => 1,
        SSL_server             => 1,
        SSL_use_cert           => 1,
        SSL_verify_mode        => 0,
    );
    $args = arguments(server_args());
    is($args->{$_}, $want{$_}, "server: $_") for sort keys %want;

    $args = arguments(client_args(SSL_version => 'TLSv1_2'));
    is($args->{SSL_version}, 'TLSv1_2', 'what is given stays');

    IO::Socket::SSL::set_defaults(SSL_verify_mode => 0);
    $args = arguments();
    IO::Socket::SSL::set_defaults(SSL_verify_mode => undef);
    is($args->{SSL_verify_mode}, 0, 'and so do defaults of the program');
};

subtest 'arguments of a server, given to a client' => sub {
    my $args = arguments(server_args());
    my ($tcp) = raw_pair(
        sub {
            my ($tcp) = @_;
            IO::Socket::SSL->start_SSL(
                $tcp,
                SSL_server => 1,
                identity('self-signed')
            );
        }
    );

    ok(
        !IO::Socket::SSL->start_SSL(
            $tcp, %$args,
            SSL_server         => 0,
            SSL_startHandshake => 1
        ),
        'it verifies all the same'
    );
    like($SSL_ERROR, qr/certificate verify failed/, '... with the reason');
};

done_testing;
