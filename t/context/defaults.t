# Built-in defaults, those of the program, those of its clients or servers,
# and arguments: each takes precedence over the ones before.
use strict;
use warnings;

use Errno;
use FindBin;
use Hash::Util qw(lock_keys);
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Test::More;
use Tie::Hash;

# The version of a client with these arguments.
sub version {
    my (@args) = @_;
    my ($sock, $peer) = failing_pair(
        mine => {@args},
        peer => sub { my ($sock) = @_; close $sock if $sock }
    );
    return $sock ? $sock->get_sslversion : "failed: $SSL_ERROR";
}

sub forget {
    IO::Socket::SSL::set_defaults(
        SSL_version     => undef,
        SSL_ca_file     => undef,
        SSL_verify_mode => undef
    );
    IO::Socket::SSL::set_client_defaults(SSL_version => undef);
    IO::Socket::SSL::set_server_defaults(SSL_version => undef);
    IO::Socket::SSL::set_args_filter_hack(undef);
    return;
}

is(version(), 'TLSv1_3', 'the built-in default');
IO::Socket::SSL::set_defaults(SSL_version => 'TLSv1_2');
is(version(), 'TLSv1_2', 'the defaults of the program take precedence');
IO::Socket::SSL::set_server_defaults(SSL_version => 'SSLv23');
is(version(), 'TLSv1_2', '... defaults of servers do not apply to clients');
IO::Socket::SSL::set_client_defaults(SSL_version => 'TLSv1_3');
is(version(), 'TLSv1_3', '... those of clients take precedence');
is(version(SSL_version => 'TLSv1_2'),
    'TLSv1_2', '... and arguments over all defaults');
is(version(SSL_version => undef), 'TLSv1_3', 'undef counts as not given');
forget();
is(version(), 'TLSv1_3', 'undef unsets a default');

IO::Socket::SSL::set_defaults({ version => 'TLSv1_2' });
is(version(), 'TLSv1_2', 'a hash reference, a name without SSL_');
forget();

for my $set (qw(set_defaults set_ctx_defaults set_client_defaults)) {
    no strict 'refs';
    &{"IO::Socket::SSL::$set"}(mode => SSL_VERIFY_NONE);
    ok(!(handshake_errors(mine => { SSL_ca_file => cert('other-ca') }))[0],
        "$set: the short key mode");
    &{"IO::Socket::SSL::$set"}(mode => undef);
}
like(
    (handshake_errors(mine => { SSL_ca_file => cert('other-ca') }))[0],
    qr/certificate verify failed/,
    'without it clients verify'
);
like(
    (
        handshake_errors(
            mine => {
                SSL_verify_mode => undef,
                SSL_ca_file     => cert('other-ca')
            }
        )
    )[0],
    qr/certificate verify failed/,
    'SSL_verify_mode => undef does not turn that off'
);

my @asked;
IO::Socket::SSL::set_defaults(callback => sub { push @asked, $_[5]; $_[0] });
handshake_errors();
ok(scalar @asked, 'the short key callback');
IO::Socket::SSL::set_defaults(callback => undef);

IO::Socket::SSL::set_defaults(scheme => 'ldap', name => 'nobody.example');
like(
    (handshake_errors(mine => { SSL_verifycn_name => undef }))[0],
    qr/wanted "nobody\.example"/,
    'the short keys scheme and name'
);
IO::Socket::SSL::set_defaults(scheme => undef, name => undef);

my @seen;
IO::Socket::SSL::set_args_filter_hack(
    sub {
        my ($is_server, $args) = @_;
        push @seen, $is_server;
        delete $args->{SSL_verify_mode};
        $args->{SSL_version} = 'TLSv1_2' if !$is_server;
    }
);
is(version(SSL_version => 'TLSv1_3'),
    'TLSv1_2', 'a filter overrides the arguments');
is_deeply(\@seen, [0], '... called once, for a client');
forget();

IO::Socket::SSL::set_args_filter_hack(
    sub {
        my ($is_server, $args) = @_;
        my %copy = %$args;
        tie %$args, 'Tie::StdHash';
        %$args = (%copy, SSL_version => 'TLSv1_2');
    }
);
is(version(), 'TLSv1_2', '... also one that ties them');
forget();

IO::Socket::SSL::set_args_filter_hack(sub { undef $_[1] });
like(version(), qr/^failed: /, 'a filter that takes them all: no CA either');
forget();

IO::Socket::SSL::set_defaults(SSL_session => ['bytes', 'x' x 32]);
is(version(SSL_session => undef), 'TLSv1_3', 'a default for clients');
my $listener = IO::Socket::SSL->new(
    LocalAddr => '127.0.0.1',
    Listen    => 1,
    server_args()
);
ok(!exists ${*$listener}{_SSL_arguments}{SSL_session},
    '... does not apply to servers');
IO::Socket::SSL::set_defaults(SSL_session => undef);

IO::Socket::SSL::set_defaults(SSL_ca_file => cert('ca'));
my %careless = (
    SSL_verify_mode => SSL_VERIFY_NONE,
    SSL_ca_file     => cert('other-ca')
);
IO::Socket::SSL::set_args_filter_hack('use_defaults');
is((handshake_errors(mine => {%careless}))[0], '', 'use_defaults: the CA');
like(
    (
        handshake_errors(
            mine => { %careless, SSL_verifycn_name => 'nobody.example' }
        )
    )[0],
    qr/hostname verification failed/,
    '... and verification'
);
forget();

# What reload is given changes these, and no other.
IO::Socket::SSL::set_server_defaults(SSL_ciphersuites => '');
my $ctx = IO::Socket::SSL::SSL_Context->new(SSL_server => 1, server_args());
for my $when ('a false default', '... also after reload') {
    like((handshake_errors(theirs => { SSL_reuse_ctx => $ctx }))[1],
        qr/no ciphers available/, $when);
    ok($ctx->reload(SSL_cipher_list => 'HIGH'), "reload: $SSL_ERROR");
}
ok($ctx->reload(SSL_ciphersuites => 0), 'reload without it');
is((handshake_errors(theirs => { SSL_reuse_ctx => $ctx }))[1],
    '', '... 0 means that');
IO::Socket::SSL::set_server_defaults(SSL_ciphersuites => undef);

# Arguments that run code, which looks at them, and some that nothing may change.
{

    package Curious;
    our @ISA = ('Tie::StdHash');

    sub FETCH {
        my ($self, $key) = @_;
        my $count = keys %$self;
        return $self->{$key};
    }
}
my %plain = (
    PeerAddr           => '127.0.0.1',
    PeerPort           => 1,
    Timeout            => 3,
    SSL_startHandshake => 0
);
tie my %curious, 'Curious';
%curious = %plain;
my %locked = %plain;
lock_keys(%locked);
for my $case (
    ['tied arguments',       \%curious],
    ['arguments of a sub',   Overloaded->new(\%plain)],
    ['restricted arguments', \%locked],
  )
{
    my ($name, $args) = @$case;
    for (1 .. 3) {
        my $sock = IO::Socket::SSL->new;
        ok(!$sock->configure($args) && $!{ECONNREFUSED}, "$name: $!");
    }
}
ok(IO::Socket::SSL->new->configure, 'no arguments at all');

# A socket that has none.
my $bare = IO::Socket::SSL->new;
is(died(sub { $bare->connect_SSL }), undef, 'connect_SSL without arguments');
like($SSL_ERROR, qr/not open/, '... fails');

like(died(sub { IO::Socket::SSL::set_args_filter_hack('no_such') }),
    qr/use_defaults.*defaults\.t/, 'another word croaks');

done_testing();

package Overloaded;

use overload '%{}' => sub { $_[0]->() }, fallback => 1;

sub new {
    my ($class, $hash) = @_;
    return bless sub { $hash }, $class;
}
