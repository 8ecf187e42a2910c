# The name of the peer is checked in the handshake and by verify_hostname,
# with schemes of all kinds.  (t/core tests the rules of each scheme.)
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Socket qw(:DEFAULT);
use Test::More;

my $FAILED  = qr/hostname verification failed/;
my $REFUSED = qr/verif\w+ failed/;

sub error_with {
    my ($identity, %mine) = @_;
    my ($ours) =
      handshake_errors(mine => \%mine, theirs => { identity($identity) });
    return $ours;
}

# certificate, name, scheme, whether it is accepted
my @CASES = (
    ['server',  'localhost',           'http', 1],
    ['server',  'LOCALHOST.',          'http', 1],
    ['server',  'host.example.test',   'http', 1],
    ['server',  'a.host.example.test', 'http', 0],
    ['server',  'example.test',        'http', 0],
    ['server',  '127.0.0.1',           'http', 1],
    ['server',  '::1',                 'http', 1],
    ['server',  '127.0.0.2',           'http', 0],
    ['server',  '127.1',               'http', 0],
    ['server',  'localhost.invalid',   'http', 0],
    ['server',  "localhost\n",         'http', 0],
    ['server',  "localhost\0.invalid", 'http', 0],
    ['cn-only', 'www.example.test',    'http', 1],
    ['cn-only', 'www.example.test',    'sip',  1],
    ['cn-only', 'other.example.test',  'http', 0],
    ['ip-cn',   '127.0.0.1',           'http', 1],
    ['ip-cn',   '127.0.0.1',           'ldap', 0],
    ['nul-san', 'localhost',           'http', 0],
    ['bad-san', 'localhost',           'http', 0],
    ['server',  'nothing like it',     'none', 1],
);

for my $case (@CASES) {
    my ($identity, $name, $scheme, $accepted) = @$case;
    (my $shown = $name) =~ s/([\0-\x1f])/sprintf '\\x%02x', ord $1/ge;
    my $error = error_with(
        $identity,
        SSL_verifycn_name   => $name,
        SSL_verifycn_scheme => $scheme,
        SSL_hostname        => ''
    );
    if ($accepted) {
        is($error, '', "$identity is good for $shown, $scheme");
    }
    else {
        like($error, $REFUSED, "$identity is not good for $shown, $scheme");
    }
}

subtest 'where the name comes from' => sub {
    my %none = (SSL_verifycn_name => undef, SSL_hostname => undef);
    like(error_with('wrong-name', %none, SSL_hostname => 'localhost'),
        $FAILED, 'SSL_hostname is checked if no other name is known');
    is(
        error_with(
            'wrong-name',
            SSL_hostname      => 'localhost',
            SSL_verifycn_name => 'wrong.invalid'
        ),
        '',
        'SSL_verifycn_name takes precedence over SSL_hostname'
    );

    my ($server, $address) = tls_server(sub { }, identity('wrong-name'));
    is_deeply(
        [
            IO::Socket::SSL->new(
                PeerAddr    => $address,
                SSL_ca_file => cert('ca')
            )
        ],
        [],
        'new checks PeerAddr if no name is given'
    );
    like($SSL_ERROR, qr/127\.0\.0\.1/, '... and the error has it');
};

# How a client is made that was given no name, for an address.
my @NAMELESS = (SSL_ca_file => cert('ca'));
my %NAMELESS = (
    'start_SSL' => sub {
        my $tcp = IO::Socket::INET->new($_[0]) or die "connect: $!";
        return IO::Socket::SSL->start_SSL($tcp, @NAMELESS, @_[1 .. $#_]);
    },
    'start_SSL, later connect_SSL' => sub {
        my $tcp = IO::Socket::INET->new($_[0]) or die "connect: $!";
        my $sock =
          IO::Socket::SSL->start_SSL($tcp, @NAMELESS,
            SSL_startHandshake => 0);
        return $sock->connect_SSL;
    },
    'start_SSL on a plain glob' => sub {
        my $tcp = IO::Socket::INET->new($_[0]) or die "connect: $!";
        open(my $glob, '+<&', $tcp) or die "dup: $!";
        return IO::Socket::SSL->start_SSL($glob, @NAMELESS);
    },
    'new_from_fd' => sub {
        my $tcp = IO::Socket::INET->new($_[0]) or die "connect: $!";
        return IO::Socket::SSL->new_from_fd(fileno $tcp, @NAMELESS);
    },
    'new, later connect' => sub {
        my ($host, $port) = split /:/, $_[0];
        my $sock = IO::Socket::SSL->new(@NAMELESS) or die "new: $@";
        $sock->socket(AF_INET, SOCK_STREAM, 0)     or die "socket: $!";
        return $sock->connect(pack_sockaddr_in($port, inet_aton($host)));
    },
);

subtest 'the address of the peer is the name where no other is known' => sub {
    my ($server, $address) = tls_server(sub { });
    my ($wrong,  $other)   = tls_server(sub { }, identity('wrong-name'));

    for my $how (sort keys %NAMELESS) {
        my $sock;
        my @warnings = warnings_of(
            sub {
                ok($sock = $NAMELESS{$how}->($address), "$how: accepted")
                  or diag $SSL_ERROR;
                ok(!$NAMELESS{$how}->($other),
                    '... not with a certificate for somebody else');
                like($SSL_ERROR, qr/127\.0\.0\.1/, '... the reason');
            }
        );
        is_deeply(\@warnings, [], '... and no warning');
    }
    my $start = $NAMELESS{start_SSL};
    ok($start->($address, SSL_verifycn_scheme => 'http'),
        'by the scheme that was given');
    ok($start->($other, SSL_verifycn_scheme => 'none'),
        'not checked with the scheme "none"');
    my $asked;
    $start->(
        $address,
        SSL_verifycn_scheme => { callback => sub { $asked = $_[0]; 1 } }
    );
    is($asked, '127.0.0.1', 'a sub is asked for the address');
    for my $none (undef, '') {
        ok(
            !$start->(
                $other,
                SSL_hostname      => $none,
                SSL_verifycn_name => $none
            ),
            'an empty name is not given'
        );
    }
};

# A client on one end of a pair that has no addresses.
sub without_address {
    socketpair(my $mine, my $theirs, AF_UNIX, SOCK_STREAM, PF_UNSPEC)
      or die "socketpair: $!";
    my $peer = peer(
        sub {
            my ($me) = @_;
            close $mine;
            IO::Socket::SSL->start_SSL($theirs, server_args());
            $me->hear;
        }
    );
    close $theirs;
    return scalar IO::Socket::SSL->start_SSL($mine, @NAMELESS, @_);
}

subtest 'neither a name nor an address' => sub {
    my $sock;
    my @warnings = warnings_of(sub { $sock = without_address() });

    ok($sock, 'accepted') or diag $SSL_ERROR;
    is(scalar(grep { /name/i } @warnings), 1, '... with one warning');
    ok(!without_address(SSL_verifycn_scheme => 'http'),
        'a scheme without a name fails the handshake');
    like($SSL_ERROR, $FAILED, '... with the reason');
};

subtest 'verify_hostname' => sub {
    my ($sock) = tls_pair();
    ok($sock->verify_hostname('localhost',         'http'), 'the right name');
    ok(!$sock->verify_hostname('other',            'http'), 'a wrong name');
    ok($sock->verify_hostname('host.example.test', 'http'), 'a wildcard');
    ok(!$sock->verify_hostname('host.example.test', 'sip'),
        '... not in the scheme sip');
    ok($sock->verify_hostname('localhost'), 'the scheme default');
    is_deeply(
        [
            warnings_of(
                sub {
                    ok(!$sock->verify_hostname(undef),
                        'an undefined name is none');
                    my $cert = $sock->peer_certificate;
                    ok(
                        !IO::Socket::SSL::verify_hostname_of_cert(
                            undef, $cert
                        ),
                        '... nor that of a certificate'
                    );
                }
            )
        ],
        [],
        '... and warns of nothing in our files'
    );
    like(
        died(sub { $sock->verify_hostname('localhost', 'no such') }),
        qr/no such.*verify_hostname\.t/s,
        'an unknown scheme croaks at the line of the caller'
    );

    my $sub_scheme = {
        callback => sub {
            my ($host, $cn, @names) = @_;
            return "$host $cn @names[0 .. 1]" eq 'asked localhost ' . GEN_DNS
              . ' localhost';
        }
    };
    ok($sock->verify_hostname('asked',  $sub_scheme), 'a callback decides');
    ok(!$sock->verify_hostname('other', $sub_scheme), '... both ways');
    for my $none (0, '') {
        ok(!$sock->verify_hostname('other', { callback => $none }),
            "... and '$none' is none");
    }
    for my $wrong ('main::accept', [], 1, bless({}, 'Text')) {
        like(
            died(
                sub { $sock->verify_hostname('x', { callback => $wrong }) }
            ),
            qr/^SSL_verifycn_scheme:\ callback\ must\ be\ a\ code\ reference
               \ at\ \Q$0\E/x,
            '... and ' . (ref $wrong || $wrong) . ' is no callback'
        );
    }
    is(
        died(
            sub {
                $sock->verify_hostname('x',
                    { callback => sub { die "from it\n" } });
            }
        ),
        "from it\n",
        '... and may die'
    );
};

subtest 'a scheme of the user' => sub {
    my ($san) = tls_pair();
    my ($cn)  = tls_pair(
        mine   => { SSL_verify_mode => 0 },
        theirs => { identity('cn-only') }
    );
    my %own = (wildcards_in_alt => 0, check_cn => 0);
    ok(!$san->verify_hostname('host.example.test', {%own}),
        'wildcards_in_alt => 0');
    for my $where (qw(full_label leftmost anywhere)) {
        ok(
            $san->verify_hostname(
                'host.example.test', { %own, wildcards_in_alt => $where }
            ),
            "wildcards_in_alt => $where"
        );
    }
    ok(!$cn->verify_hostname('www.example.test', {%own}), 'check_cn => 0');
    ok(
        $cn->verify_hostname(
            'www.example.test', { %own, check_cn => 'when_only' }
        ),
        'check_cn => when_only'
    );
    ok(
        !$san->verify_hostname(
            'www.example.test', { %own, check_cn => 'when_only' }
        ),
        '... not if there are alternative names'
    );
};

subtest 'a hash as SSL_verifycn_scheme' => sub {
    my @asked;
    is(
        error_with(
            'wrong-name',
            SSL_verifycn_name   => 'anything',
            SSL_verifycn_scheme =>
              { callback => sub { push @asked, [@_[0, 1]]; return 1 } }
        ),
        '',
        'a callback that accepts'
    );
    is_deeply(
        \@asked,
        [['anything', 'wrong.invalid']],
        'it is called once, for the leaf'
    );
    like(
        error_with(
            'server', SSL_verifycn_scheme => { callback => sub { 0 } }
        ),
        $FAILED,
        'a callback that refuses'
    );
    like(
        died(sub { error_with('server', SSL_verifycn_scheme => 'no such') }),
        qr/no such/,
        'an unknown scheme croaks'
    );
};

subtest 'verify_hostname fails without a certificate' => sub {
    my $plain = IO::Socket::SSL->new;
    ok(!eval { $plain->verify_hostname('localhost', 'http') },
        'no connection');
    my ($server) = tls_pair(role => 'server');
    ok(!eval { $server->verify_hostname('localhost', 'http') },
        'a client without certificate');
};

subtest 'verify_hostname_of_cert' => sub {
    my ($sock) = tls_pair();
    my $cert = $sock->peer_certificate;
    ok(
        IO::Socket::SSL::verify_hostname_of_cert('localhost', $cert, 'http'),
        'the right name'
    );
    ok(!IO::Socket::SSL::verify_hostname_of_cert('other', $cert, 'http'),
        'a wrong name');
};

done_testing;

# An object that passes as a text, not as a sub.
package Text;
use overload '""' => sub { 'text' };
