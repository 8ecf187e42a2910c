# IO::Socket::SSL::Intercept copies certificates for clients that trust the
# proxy, and keeps the copies in caches of all kinds.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use File::Temp qw(tempdir);
use IO::Socket::SSL;
use IO::Socket::SSL::Intercept;
use IO::Socket::SSL::Utils;
use Storable ();
use Test::More;

my $CLASS = 'IO::Socket::SSL::Intercept';
my $dir   = tempdir(CLEANUP => 1);

my ($ca, $ca_key) = CERT_create(CA => 1, subject => { CN => 'Proxy CA' });
PEM_cert2file($ca, "$dir/ca.pem");
PEM_key2file($ca_key, "$dir/ca.key");
my $copies_key = KEY_create_ec();
PEM_key2file($copies_key, "$dir/copies.key");

my @HANDLES = (proxy_cert => $ca, proxy_key => $ca_key);
my @FILES =
  (proxy_cert_file => "$dir/ca.pem", proxy_key_file => "$dir/ca.key");
my @FAST = (@HANDLES, cert_key => $copies_key);

my ($original, $original_key) = CERT_create(
    subject => [C => 'DE', CN => "B\xc3\xbccher", OU => 'a', OU => 'b'],
    subjectAltNames => [
        [DNS       => 'localhost'],
        [DNS       => 'a,DNS:evil.test'],
        [DIRNAME   => '/CN=x'],
        [OTHERNAME => '1.2.3.4;UTF8:x'],
    ],
    not_after => time + 1000,
    purpose   => 'server,nonRepudiation',
    ext       => [
        { oid => '1.2.3.4', data => 'DER:0c026869', critical => 1 },
        { sn  => 'crlDistributionPoints', data => 'URI:http://crl.test/' },
        { sn => 'authorityInfoAccess', data => 'OCSP;URI:http://ocsp.test/' },
        { sn => 'tlsfeature',          data => 'status_request' },
    ],
);

sub pem_pair {
    my ($cert, $key) = @_;
    return PEM_cert2string($cert) . PEM_key2string($key);
}

sub serial_of { return CERT_asHash($_[0])->{serial} }

for my $case (['handles', @HANDLES], ['files', @FILES]) {
    my ($kind, @args) = @$case;
    my $mitm = $CLASS->new(@args);
    isa_ok($mitm, $CLASS);
    my ($copy, $key) = $mitm->clone_cert($original);
    my ($was, $is) = map { CERT_asHash($_) } $original, $copy;
    is_deeply($is->{$_}, $was->{$_}, "$kind: the same $_")
      for qw(subject subjectAltNames not_before not_after version keyusage
      extkeyusage);
    is_deeply(
        $is->{issuer},
        { commonName => 'Proxy CA' },
        '... issued by the proxy'
    );
    isnt($is->{serial}, $was->{serial}, '... with another number');
    is_deeply($is->{$_}, [], "... without $_") for qw(crl_uri ocsp_uri);
    my %ext = map { $_->{oid} => $_ } @{ $is->{ext} };
    ok($ext{'1.2.3.4'}{critical}, '... an unknown extension is kept');
    ok(!$ext{'1.3.6.1.5.5.7.1.24'},
        '... but not the one that requires stapling');
    isnt(
        $ext{'2.5.29.14'}{data},
        (grep { $_->{oid} eq '2.5.29.14' } @{ $was->{ext} })[0]{data},
        '... nor the key identifier'
    );
    isnt(PEM_key2string($key), PEM_key2string($original_key), 'a new key');
}
ok(PEM_cert2string($ca) && PEM_key2string($ca_key),
    'handles stay the program\'s');

subtest 'keys' => sub {
    my $mitm = $CLASS->new(@FILES, cert_key_file => "$dir/copies.key");
    my (undef, $key) = $mitm->clone_cert($original, 'one');
    is(PEM_key2string($key), PEM_key2string($copies_key), 'a given key');
    $mitm = $CLASS->new(@HANDLES);
    my (undef, $first)  = $mitm->clone_cert($original, 'one');
    my (undef, $second) = $mitm->clone_cert($original, 'two');
    is(PEM_key2string($first), PEM_key2string($second),
        'one key for all copies');
    like(PEM_key2string($first), qr/PRIVATE KEY/, '... made by the object');
};

subtest 'serial numbers' => sub {
    my $mitm = $CLASS->new(@FAST, serial => 17);
    is_deeply(
        [map { serial_of($mitm->clone_cert($original, $_)) } qw(a b a c)],
        [18, 19, 18, 20],
        'count up from a given one'
    );
    my @seen;
    my $sub = sub { push @seen, [@_]; return '0x1234567890abcdef1234' };
    $mitm = $CLASS->new(@FAST, serial => $sub);
    is(serial_of($mitm->clone_cert($original)),
        '85968058272638546416180', 'from a sub');
    is_deeply(
        \@seen,
        [[$original, CERT_asHash($original)]],
        '... that knows the original'
    );
    my ($one, $two) =
      map { serial_of(($CLASS->new(@FAST)->clone_cert($_))[0]) } $original,
      $original;
    is($one, $two, 'are the same for the same original');
    isnt(serial_of($CLASS->new(@FAST)->clone_cert($ca)),
        $one, '... but not for another');
};

subtest 'the cache of the object' => sub {
    my $mitm  = $CLASS->new(@FAST);
    my @first = $mitm->clone_cert($original);
    is_deeply([$mitm->clone_cert($original)], \@first, 'keeps copies');
    isnt(($mitm->clone_cert($original, 'other'))[0], $first[0], '... by id');
    is_deeply(
        [$mitm->clone_cert($ca,       'other')],
        [$mitm->clone_cert($original, 'other')],
        '... if one is given'
    );
    isnt(($mitm->clone_cert($ca))[0], $first[0], '... else by the original');
};

subtest 'a hash' => sub {
    my (%cache, @pair, $pem);
    {
        my $mitm   = $CLASS->new(@HANDLES, cache => \%cache);
        my $before = time;
        @pair = $mitm->clone_cert($original, 'host:443');
        $pem  = pem_pair(@pair);
        is_deeply([keys %cache], ['host:443'], 'has an entry for each id');
        my $entry = $cache{'host:443'};
        is_deeply([@$entry{qw(cert key)}], \@pair, '... with both handles');
        cmp_ok($entry->{atime}, '>=', $before, '... and a time');
        $entry->{atime} = 1;
        $mitm->clone_cert($original, 'host:443');
        cmp_ok($entry->{atime}, '>=', $before, '... that is updated');
    }
    is(pem_pair(@pair), $pem, 'outlives the object');
    my $other = $CLASS->new(@HANDLES, cache => \%cache);
    is_deeply([$other->clone_cert($original, 'host:443')],
        \@pair, '... and works for another one');
    undef $other;
    CERT_free($pair[0]);
    KEY_free($pair[1]);

    my $object = bless {}, 'My::Cache';
    my $mitm   = $CLASS->new(@FAST, cache => $object);
    @pair = $mitm->clone_cert($original, 'x');
    is($object->{x}{cert}, $pair[0], 'may be an object');
    undef $mitm;
    CERT_free($pair[0]);
    KEY_free($pair[1]);
};

subtest 'a sub' => sub {
    my (@calls, %kept);
    my $cache = sub {
        my ($ident, $make) = @_;
        push @calls, [map { ref || $_ } @_];
        return 1 if $ident eq 'type';
        return @{ $kept{$ident} ||= [$make->()] };
    };
    my $mitm  = $CLASS->new(@FAST, cache => $cache);
    my @first = $mitm->clone_cert($original, 'x');
    is_deeply([$mitm->clone_cert($original, 'x')],
        \@first, 'may keep the copies');
    is_deeply(
        \@calls,
        [['type'], ['x', 'CODE'], ['x', 'CODE']],
        '... and calls back to make them'
    );
    undef $mitm;
    like(pem_pair(@first), qr/CERTIFICATE.*KEY/s, '... and owns them');
    CERT_free($first[0]);
    KEY_free($first[1]);
};

subtest 'a sub with the old interface' => sub {
    my (@calls, %kept);
    my $cache = sub {
        my ($ident, @new) = @_;
        push @calls, scalar @_;
        return                if $ident eq 'type';
        $kept{$ident} = \@new if @new;
        return $kept{$ident} ? @{ $kept{$ident} } : ();
    };
    my $mitm  = $CLASS->new(@FAST, cache => $cache);
    my @first = $mitm->clone_cert($original, 'x');
    is_deeply([$mitm->clone_cert($original, 'x')],
        \@first, 'keeps the copies, too');
    is_deeply(\@calls, [1, 1, 3, 1], '... when it gets them');
    undef $mitm;
    CERT_free($first[0]);
    KEY_free($first[1]);
};

subtest 'serialize' => sub {
    my $mitm = $CLASS->new(@HANDLES, serial => 2**40);
    my %pem  = map { $_ => pem_pair($mitm->clone_cert($original, $_)) } 'x',
      "\x{263a}", '';
    my %way = (
        serialize          => sub { $CLASS->unserialize($mitm->serialize) },
        Storable           => sub { Storable::dclone($mitm) },
        'Storable, frozen' =>
          sub { Storable::thaw(Storable::freeze([$mitm]))->[0] },
    );
    for my $name (sort keys %way) {
        my $again = $way{$name}->();
        isa_ok($again, $CLASS);
        is(pem_pair($again->clone_cert($original, $_)),
            $pem{$_}, "$name keeps the cached copies")
          for sort keys %pem;
        my ($cert, $key) = $again->clone_cert($original, 'new');
        is(serial_of($cert), 2**40 + 4, '... the serial number');
        is(PEM_key2string($key),
            PEM_key2string(($mitm->clone_cert($original, 'x'))[1]),
            '... the key');
        is_deeply(
            CERT_asHash($cert)->{issuer},
            { commonName => 'Proxy CA' },
            '... and the CA'
        );
    }
    my $unused = $CLASS->unserialize($CLASS->new(@HANDLES)->serialize);
    ok($unused->clone_cert($original), 'an unused object');
    my $with_subs =
      $CLASS->new(@FAST, serial => sub { 1 }, cache => sub { 1 });
    ok($CLASS->unserialize($with_subs->serialize)->clone_cert($original),
        'one with subs goes without them');

    for my $bad (
        '', 'foo', undef,
        substr($mitm->serialize, 0, 100),
        $mitm->serialize . 'x',
        "\0\0\0\1" . '4' . "\0\0\0\0" x 4
      )
    {
        like(
            died(sub { $CLASS->unserialize($bad) }),
            qr/^the string does not come from $CLASS->serialize at/,
            'an invalid string is refused'
        );
    }
};

subtest 'arguments that do not count' => sub {
    my @array;
    for my $args (
        [foo    => 1],
        [cache  => \@array],
        [cache  => undef],
        [cache  => 0],
        [cache  => ''],
        [serial => '']
      )
    {
        my ($name, $value) = @$args;
        my $shown = ref $value || (defined $value ? "'$value'" : 'undef');
        my $mitm  = $CLASS->new(@FAST, @$args);
        isa_ok($mitm, $CLASS, "new with $name => $shown: the object");
        my @pair = $mitm->clone_cert($original);
        is(scalar @pair, 2, '... makes copies');
        is_deeply([$mitm->clone_cert($original)],
            \@pair, '... and keeps them itself');
    }
    is_deeply(\@array, [], 'an array is not used');
};

my @WRONG = (
    [[],                  qr/^proxy_cert or proxy_cert_file is missing at/],
    [[proxy_cert => $ca], qr/^proxy_key or proxy_key_file is missing at/],
    [
        [proxy_cert_file => "$dir/none", proxy_key => $ca_key],
        qr{^proxy_cert_file: cannot read \Q$dir\E/none: No such file}
    ],
    [
        [proxy_cert => $ca, proxy_key_file => "$dir/ca.pem"],
        qr{^proxy_key_file: cannot parse .*no private key found at}
    ],
    [
        [@HANDLES, cert_key_file => "$dir/none"],
        qr{^cert_key_file: cannot read}
    ],
    [[proxy_cert => 'x'], qr/^cert: 'x' is not a handle/],
    [[@HANDLES, serial => 'x'], qr/^serial must be a number or a code/],
    [[@HANDLES, cache  => 'x'], qr/^cache must be a hash or a code/],
);

for my $case (@WRONG) {
    my ($args, $text) = @$case;
    my $error = died(sub { $CLASS->new(@$args) });
    like($error, $text, "new(@$args) croaks");
}
like(
    died(sub { $CLASS->new }),
    qr/ at \Q@{[__FILE__]}\E line \d+/,
    '... at the line of the caller'
);
like(
    died(
        sub {
            $CLASS->new(@FAST, serial => sub { die "no\n" })
              ->clone_cert($original);
        }
    ),
    qr/^no$/,
    'a serial sub may die'
);
like(
    died(sub { $CLASS->new(@FAST)->clone_cert('x') }),
    qr/is not a handle/,
    'an invalid original'
);

# --- a whole proxy ----------------------------------------------------------

each_version(
    sub {
        my ($version) = @_;
        my @version   = (SSL_version => $version);
        my $listener  = listener();
        my $proxy     = peer(
            sub {
                my $mitm = $CLASS->new(@FILES);
                my ($server, $peer) = tls_pair(
                    version => $version,
                    peer    => sub { print { $_[0] } "from the server\n" }
                );
                my ($cert, $key) =
                  $mitm->clone_cert($server->peer_certificate);
                my $tcp    = $listener->accept or die "accept: $!";
                my $client = IO::Socket::SSL->start_SSL(
                    $tcp,
                    @version,
                    SSL_server => 1,
                    SSL_cert   => $cert,
                    SSL_key    => $key
                ) or die $SSL_ERROR;
                undef $mitm;
                print $client scalar <$server>;
            }
        );
        my $client = IO::Socket::SSL->new(
            PeerAddr => address($listener),
            @version,
            client_args(SSL_ca_file => "$dir/ca.pem")
        );
        ok($client, 'a client that trusts the proxy accepts the copy')
          or diag($SSL_ERROR);
        is(scalar <$client>, "from the server\n", '... and gets the data');
        is($client->peer_certificate('cn'),
            'localhost', '... with the name of the server');
        like(
            $client->peer_certificate('issuer'),
            qr{/CN=Proxy CA$},
            '... issued by the proxy'
        );
    }
);

SKIP: {
    skip 'perl without threads', 1
      unless eval { require threads; threads->VERSION('1.07'); 1 };
    my $mitm = $CLASS->new(@FAST);
    my $pem  = pem_pair($mitm->clone_cert($original));
    threads->create(sub { return ref $mitm })->join;
    is(pem_pair($mitm->clone_cert($original)),
        $pem, 'a thread does not harm the object');
}

SKIP: {
    skip 'resident memory cannot be told here', 1 if !defined memory();
    my $round = sub {
        my $mitm = $CLASS->new(@FILES, cert_key => $copies_key);
        $mitm->clone_cert($original, $_) for 1 .. 5;
        $CLASS->unserialize($mitm->serialize);
        eval { $CLASS->new(@FILES, foo => 1) };
    };
    $round->() for 1 .. 50;
    my $before = memory();
    $round->() for 1 .. 50;
    cmp_ok(memory() - $before, '<', 400, 'no leak');
}

CERT_free($ca, $original);
KEY_free($ca_key, $original_key, $copies_key);

done_testing;
