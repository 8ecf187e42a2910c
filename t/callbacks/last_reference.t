# Code that a method calls drops the last reference to the method's own object,
# or to what the method is reading.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

{

    package Text;
    use overload
      '""'     => sub { $_[0][1]->(); $_[0][0] },
      bool     => sub { 1 },
      fallback => 1;
}

{

    package Emptying;    # a tied scalar
    sub TIESCALAR { return bless [@_[1, 2]], $_[0] }
    sub FETCH     { $_[0][1]->(); return $_[0][0] }
}

sub text { return bless [@_], 'Text' }

# Memory that was given back is used for something else.
my @others;
sub use_memory { @others = map { ['other' x ($_ % 20)] } 1 .. 500 }

sub keep_saying_hello {
    return tls_server(sub { print { $_[0] } "hello\n"; readline $_[0] });
}

subtest 'a fact about a socket whose handshake waits for it' => sub {
    my ($server, $address) = keep_saying_hello();
    my %arguments = (
        export_keying_material => ['label', 20],
        channel_binding        => ['tls-exporter'],
        channel_bindings       => [],
        new_ticket             => [],
        export_session         => ['secret' x 6],
        peer_certificate       => ['cn'],
        peer_certificates      => [],
        get_cipher             => [],
        get_servername         => [],
        get_fingerprint        => [],
        verify_hostname        => ['localhost'],
    );
    my %says = (
        get_cipher             => qr/^TLS_/,
        peer_certificate       => qr/./,
        get_fingerprint        => qr/^sha256\$/,
        verify_hostname        => qr/^1\z/,
        export_keying_material => qr/^.{20}\z/s,
        channel_binding        => qr/^.{32}\z/s,
    );
    for my $method (sort keys %arguments) {
        my (%client, $asked);
        $client{one} = IO::Socket::SSL->new(
            PeerAddr => $address,
            client_args(),
            SSL_version         => 'TLSv1_3',
            SSL_startHandshake  => 'lazy',
            SSL_verify_callback => sub {
                $asked++;
                delete $client{one};
                use_memory();
                return 1;
            }
        ) or die $SSL_ERROR;
        my $got = eval { $client{one}->$method(@{ $arguments{$method} }) };
        ok($asked, "$method does the handshake");
        like($got, $says{$method}, '... and tells what it found')
          if $says{$method};
    }
};

subtest 'the key of a session' => sub {
    for my $method (qw(get_session del_session)) {
        my $cache = IO::Socket::SSL::Session_Cache->new(5);
        my $asked;
        my $key = text('key', sub { $asked++; undef $cache; use_memory() });
        is($cache->$method($key), undef, "$method finds nothing");
        ok($asked && !defined $cache, '... without the cache');
    }
};

# A cache of the program's that gives each session away once.
{

    package Once;
    our @ISA = qw(IO::Socket::SSL::Session_Cache);

    sub get_session {
        my ($self, $key) = @_;
        my $session = $self->SUPER::get_session($key);
        $self->del_session($key) if $session;
        return $session;
    }
}

subtest 'a session that leaves the cache while it is lent' => sub {
    my ($server, $address) = tls_server(
        sub { print { $_[0] } "hello\n"; readline $_[0] },
        SSL_version => 'TLSv1_2'
    );
    my $cache = Once->new(5);
    my $ctx   = IO::Socket::SSL::SSL_Context->new(
        client_args(),
        SSL_session_cache => $cache,
        SSL_session_key   => 'key'
    ) or die $SSL_ERROR;
    my $reused = '';
    for (1 .. 5) {
        my $sock = IO::Socket::SSL->new(
            PeerAddr          => $address,
            SSL_reuse_ctx     => $ctx,
            SSL_verifycn_name => 'localhost'
        ) or die $SSL_ERROR;
        use_memory();
        $reused .= $sock->get_session_reused;
        readline $sock;
        close $sock;
    }
    is($reused, '01010', 'is resumed, once');
};

subtest 'the members of a scheme' => sub {
    my ($server, $address) = keep_saying_hello();
    my $sock = IO::Socket::SSL->new(PeerAddr => $address, client_args())
      or die $SSL_ERROR;
    my %scheme;
    %scheme = (
        wildcards_in_cn  => 'anywhere',
        wildcards_in_alt => 'anywhere',
        check_cn         => text(
            'always', sub { %scheme = (); use_memory() }
        ),
    );
    is(eval { $sock->verify_hostname('localhost', \%scheme) } // $@,
        1, 'the name fits');
    is(keys %scheme, 0, '... and the hash was emptied');
};

subtest 'the hosts of an option' => sub {
    for my $option (qw(SSL_cert_file SSL_key_file)) {
        my %value = (SSL_cert_file => cert('server'), SSL_key_file => key('server'));
        my %hosts = map { $_ => 1 } qw(a.example b.example c.example);
        my $asked;
        tie $hosts{$_}, 'Emptying', $value{$option},
          sub { $asked++; %hosts = (); use_memory() }
          for keys %hosts;
        my $ctx = IO::Socket::SSL::SSL_Context->new(
            SSL_server => 1,
            (map { $_ => { '' => $value{$_} } } keys %value),
            $option => \%hosts
        );
        ok($asked, "$option is emptied while it is read");
        like($SSL_ERROR, qr/SSL_(?:cert|key)_file/, '... and an error says so')
          if !$ctx;
    }
};

subtest 'local on the keys of the socket' => sub {
    my ($server, $address) = keep_saying_hello();
    for my $key (qw(_SSL_object _SSL_last_err)) {
        my $sock = IO::Socket::SSL->new(PeerAddr => $address, client_args())
          or die $SSL_ERROR;
        $sock->verify_hostname('elsewhere.example');
        for (1 .. 3) {
            local ${*$sock}{$key} = 5;
            use_memory();
        }
        { local ${*$sock}{$key} }
        is(scalar <$sock>, "hello\n", "$key: the connection goes on");
        ok(close $sock, '... and closes');
    }
    is(IO::Socket::SSL->new(PeerAddr => $address), undef, 'after an error');
    {
        local $IO::Socket::SSL::SSL_ERROR = 'mine';
        use_memory();
    }
    like($SSL_ERROR, qr/verif/, '... local on $SSL_ERROR leaves it alone');
};

done_testing;
