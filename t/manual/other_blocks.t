# The code in the manual beside the reference that is no whole program; see
# ISS::Piece.
use strict;
use warnings;

use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::SSL;
use IO::Socket::SSL::PublicSuffix;
use IO::Socket::SSL::Utils;
use ISS::Keepers;
use ISS::NetSSLeay ();
use ISS::Piece;
use ISS::Pod;
use ISS::Sessions;
use ISS::Test;
use Test::More;

my $dir    = tempdir('iss-blocks-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $SECRET = 'the secret of all the machines!!';
my $KEY    = KEY_create_ec();

try_pieces(
    'SSL/Cookbook' => {
        agents             => \&agents,
        acme               => \&acme,
        cache              => \&cache,
        token              => \&token,
        tlsa               => \&tlsa,
        export             => \&export,
        import             => sub { ok(1, 'runs with the one before it') },
        'ticket-memcached' => \&ticket_memcached,
    }
);
try_pieces('SSL/Migration'    => { off      => \&off });
try_pieces('SSL/PublicSuffix' => { synopsis => \&suffixes });
try_pieces(
    'SSL/Troubleshooting' => { missing => \&missing, grows => \&grows });
try_pieces('SSL/Tutorial' => { list => \&list });
try_pieces(
    'SSL/Utils' => {
        purposes => \&purposes,
        purpose  => \&purpose,
        ext      => \&ext,
    }
);
done_testing;

# --- Cookbook ---------------------------------------------------------------

# Each agent sends a request to a server that wants its certificate.
sub agents {
    my ($piece) = @_;

    local @INC = (@INC, split /:/, $ENV{ISS_TEST_CONSUMERS} || '');
    my %agent = map { /^(\w+::UserAgent)/ ? ($1 => $_) : () } split /^/m,
      $piece->text;
    is_deeply(
        [sort keys %agent],
        ['LWP::UserAgent', 'Mojo::UserAgent'],
        'two kinds'
    );
    for my $class (sort keys %agent) {
      SKIP: {
            skip "no $class", 1 if !eval "require $class; 1";
            skip "$class has no tls_options", 1
              if $class =~ /^Mojo/ && !$class->can('tls_options');
            my $code = $piece->code(
                as     => $agent{$class},
                before => 'my ($pem, $key) = @_;'
            );
            isa_ok($code->(slurp(cert('client')), slurp(key('client'))),
                $class);
        }
    }
    return;
}

sub acme {
    my ($piece) = @_;

    my ($authorizations, $listener) = $piece->code(
        before => 'my %args = @_;',
        after  => 'return (\%authorization, $listener);'
    )->(LocalAddr => '127.0.0.1:0', Listen => 1, server_args());
    $authorizations->{'new.example.org'} = 'token.thumbprint';
    my $address = address($listener);
    my $client  = peer(
        sub {
            my $sock = IO::Socket::SSL->new(
                PeerAddr           => $address,
                SSL_hostname       => 'new.example.org',
                SSL_alpn_protocols => ['acme-tls/1'],
                SSL_verify_mode    => SSL_VERIFY_NONE
            );
            $_[0]->tell($sock ? $sock->alpn_selected : "$SSL_ERROR");
        }
    );
    ok(!$listener->accept, 'a challenge is no client');
    like(
        $SSL_ERROR,
        qr/answered the challenge for new\.example\.org/,
        '... and is answered'
    );
    is_deeply([$client->hear], ['acme-tls/1'], '... the authority sees it');
    return;
}

# A resolver that knows one answer.
{

    package ISS::OneAnswer;    ## no critic (ProhibitMultiplePackages)
    our $ad;
    our @records;
    sub new    { return bless {}, shift }
    sub send   { return shift }
    sub header { return shift }
    sub ad     { return $ad }

    sub answer {
        return map { bless $_, 'ISS::OneAnswer' } @records;
    }
    sub type         { return 'TLSA' }
    sub usage        { return $_[0][0] }
    sub selector     { return $_[0][1] }
    sub matchingtype { return $_[0][2] }
    sub certbin      { return $_[0][3] }
}

sub tlsa {
    my ($piece) = @_;

    my ($server, $address) = tls_server(sub { });
    my ($pin) = IO::Socket::SSL->new(PeerAddr => $address, client_args())
      ->get_fingerprint('sha256') =~ /(\w{64})\z/;
    (my $text = $piece->text) =~ s/^use Net::DNS;//m or die 'no Net::DNS';
    $text =~ s/Net::DNS::Resolver/ISS::OneAnswer/;
    my $code = $piece->code(
        as     => $text,
        before => 'my ($socket) = @_;',
        after  => 'return 1;'
    );
    my @good = (3, 0, 1, pack 'H*', $pin);
    my @bad  = (3, 1, 1, 'x' x 32);
    IO::Socket::SSL::set_client_defaults(SSL_ca_file => cert('other-ca'));

    for my $case (
        [1, \@good, undef,    'a record that matches'],
        [1, \@bad,  qr/TLSA/, 'one that does not'],
        [
            0, \@good,
            qr/certificate verify failed/,
            'one that is not secure does not count'
        ]
      )
    {
        my ($ad, $record, $error, $what) = @$case;
        local $ISS::OneAnswer::ad      = $ad;
        local @ISS::OneAnswer::records = [@$record];
        my $tcp  = IO::Socket::INET->new($address) or die $!;
        my $died = died(sub { $code->($tcp) });
        $error ? like($died, $error, $what) : is($died, undef, $what);
    }
    IO::Socket::SSL::set_client_defaults(SSL_ca_file => undef);
    return;
}

# With an encrypted file in place of the token.
sub token {
    my ($piece) = @_;

  SKIP: {
        skip 'this OpenSSL has no providers', 2
          if !IO::Socket::SSL->can_do('provider');
        my $key = key('encrypted');
        (my $text = $piece->text) =~ s/'pkcs11'/'default'/;
        $text                     =~ s/'pkcs11:[^']*'/'file:$key'/;
        $text                     =~ s/'server\.pem'/cert('server')/;
        my $code = $piece->code(
            as     => $text,
            before => 'my ($cert) = @_; local *cert = sub { $cert };',
            after  => 'return $context;'
        );
        local $ENV{TOKEN_PIN} = 'secret';
        isa_ok($code->(cert('server')), 'IO::Socket::SSL::SSL_Context');
        $ENV{TOKEN_PIN} = 'wrong';
        like(
            died(sub { $code->(cert('server')) }),
            qr/^SSL_key: .*password/,
            'a wrong PIN fails'
        );
    }
    return;
}

sub cache {
    my ($piece) = @_;

    my $server = resuming_server();
    my @got    = map { resumed($server) } 1 .. 2;
    is("@got", '0 0', 'without a cache');
    $piece->code->();
    @got = map { resumed($server) } 1 .. 2;
    IO::Socket::SSL::set_default_session_cache(undef);
    is("@got", '0 1', 'with the cache');
    return;
}

# One run saves what the next one takes.
sub export {
    my ($piece) = @_;

    my ($next) =
      grep { ($_->{name} || '') eq 'import' }
      blocks_of(pods()->{'SSL/Cookbook'});
    my ($saved, $server) = (undef, resuming_server());
    local $ENV{SESSION_SECRET} = $SECRET;
    my $sock = connected($server);
    is(get_line($sock), 0, 'a first connection');
    $piece->code(before => 'my ($sock, $save) = @_; '
          . 'my $room = __PACKAGE__; no strict "refs"; '
          . '*{"${room}::save"} = $save;')->($sock, sub { ($saved) = @_ });
    ok(defined $saved, 'its session is saved');
    $sock->close;

    (my $text = $next->{text}) =~ s/'www\.example\.com:443'/\$address/
      or die 'no address';
    my @warnings;
    local $SIG{__WARN__} = sub { push @warnings, @_ };
    my $again = $piece->code(
        as     => $text,
        before => 'my ($address, $saved, %args) = @_; '
          . 'my $room = __PACKAGE__; no strict "refs"; '
          . '*{"${room}::saved"} = sub { $saved };'
          . 'IO::Socket::SSL::set_client_defaults(%args);',
        after => 'return $sock;'
    )->($server->{address}, $saved, client_args());
    IO::Socket::SSL::set_client_defaults(
        map { $_ => undef }
          keys %{ { client_args() } }
    );
    is(get_line($again), 1, 'the next run resumes it');
    is_deeply(\@warnings, [], '... and warns of nothing');
    return;
}

sub ticket_memcached {
    my ($piece) = @_;
    is(ISS::Keepers::fares_in("$dir/memcached", $piece, $SECRET),
        '01', 'two servers that share their keys');
    return;
}

# --- Migration, PublicSuffix ------------------------------------------------

sub off {
    my ($piece) = @_;

    my $hide = 'BEGIN { unshift @INC, sub { die "hidden\n"'
      . ' if $_[1] eq "Net/SSLeay.pm"; return } } use IO::Socket::SSL;';
    my $look =
      'print eval { Net::SSLeay::VERIFY_NONE(); 1 } ? "there" : "gone"';
    is(($piece->alone(before => $hide, after => $look))[1],
        'gone', 'turned off');
    $piece->{text} = '';
    is(($piece->alone(before => $hide, after => $look))[1],
        'there', '... and on without it');
    return;
}

# The results are what the comments say.
sub suffixes {
    my ($piece) = @_;

    plan skip_all => 'built without libpsl'
      if !eval { IO::Socket::SSL::PublicSuffix->default };
    my $text      = $piece->text;
    my ($suffix)  = $text =~ /^my \$suffix .*# (\S+)$/m;
    my ($domain)  = $text =~ /^my \$domain .*# (\S+)$/m;
    my @rest_same = $text =~ /^ +# (\S+) and (\S+)$/m;
    $text =~ s/'www\.host\.co\.uk:443'/\$address/ or die 'no address';

    my ($cert, $cert_key) = CERT_create(
        subject         => { commonName => 'a name' },
        subjectAltNames => [[DNS => '*.co.uk'], [DNS => '*.host.co.uk']]
    );
    my ($server, $address) = tls_server(
        sub { },
        SSL_cert_file => undef,
        SSL_key_file  => undef,
        SSL_cert      => $cert,
        SSL_key       => $cert_key
    );
    IO::Socket::SSL::set_client_defaults(
        SSL_hostname => 'www.host.co.uk',
        SSL_ca       => $cert
    );
    my @got = $piece->code(
        as     => $text,
        before => 'my ($address) = @_;',
        after  => 'return ($suffix, $domain, $rest, $same, $socket,'
          . '$strict->public_suffix("a.com"), $strict->public_suffix("a.b.uk"))'
    )->($address);
    IO::Socket::SSL::set_client_defaults(
        SSL_hostname => undef,
        SSL_ca       => undef
    );
    is($got[0], $suffix, 'the public suffix');
    is($got[1], $domain, 'the name below it');
    is_deeply([@got[2, 3]], \@rest_same, 'in list context');
    ok($got[4], 'a connection') or diag $SSL_ERROR;
    is_deeply(
        [@got[5 .. $#got]],
        ['a', 'com', 'a', 'b.uk'],
        'the list of our own'
    );
    return;
}

# --- Troubleshooting, Tutorial ----------------------------------------------

sub missing {
    my ($piece) = @_;

    my ($sock, $peer) = tls_pair(role => 'server');    # no certificate
    my @got;
    my $before = 'my ($sock, $host, $connected) = @_; '
      . 'no strict "refs"; *{__PACKAGE__ . "::connected"} = $connected;';
    $piece->code(before => $before)->($sock, 'host', sub { @got = @_ });
    is_deeply(\@got, [undef, 'host'], 'no argument is missing');
    $piece->code(before => $before, as => $piece->text =~ s/scalar //r)
      ->($sock, 'host', sub { @got = @_ });
    is_deeply(\@got, ['host'], '... but without "scalar" one is');
    return;
}

sub grows {
    my ($piece) = @_;

    plan skip_all => ISS::NetSSLeay->missing if ISS::NetSSLeay->missing;
    my $context =
      IO::Socket::SSL::SSL_Context->new(server_args($piece->list));
    is(Net::SSLeay::CTX_sess_get_cache_size($context->_get_ctx_object),
        128, 'the size of the cache');
    return;
}

sub list {
    my ($piece) = @_;

    my ($sock, $peer) = tls_pair(role => 'server');    # no certificate
    my @got;
    $piece->code(before => 'my ($sock, $port, $report) = @_; '
          . 'no strict "refs"; *{__PACKAGE__ . "::report"} = $report;')
      ->($sock, 443, sub { push @got, [@_] });
    is_deeply(
        \@got,
        [['connected', 443], [undef, 'connected', 443]],
        'wrong and right'
    );
    return;
}

# --- Utils ------------------------------------------------------------------

sub facts {
    my ($cert) = CERT_create(key => $KEY, @_);
    my $facts = CERT_asHash($cert);
    CERT_free($cert);
    return $facts;
}

sub purposes {
    my ($piece) = @_;

    my @words = split ' ', $piece->text;
    cmp_ok(scalar @words, '>', 15, 'words');
    my @unknown = grep {
        my $word = $_;
        !eval { facts(purpose => $word); 1 };
    } @words;
    is_deeply(\@unknown, [], '... that CERT_create knows');
    ok(!eval { facts(purpose => 'nonsense'); 1 }, '... and not any word');
    return;
}

sub purpose {
    my ($piece) = @_;

    my ($server, $both, $less, $crl) =
      map { facts($piece->code(as => "($_)")->()) }
      map { s/#.*//r =~ s/,\s*\z//r } split /\n/,
      $piece->text =~ s/\n+\z//r;
    my $usage = sub {
        return join ' ', map { $_->{data} }
          grep { ($_->{sn} || '') =~ /^(?:$_[1])$/ } @{ $_[0]{ext} };
    };
    like($usage->($server, 'extendedKeyUsage'), qr/Server/, 'a server');
    like($usage->($both,   'nsCertType|extendedKeyUsage'),
        qr/SSL (?:CA|Server).*SSL|TLS Web Server/, 'both');
    unlike($usage->($less, 'extendedKeyUsage'), qr/Client/, 'less client');
    like($usage->($crl, 'keyUsage'), qr/CRL Sign/, 'a CA with lists');
    return;
}

sub ext {
    my ($piece) = @_;

    my %data = map { ($_->{sn} || '') => $_ } @{ facts($piece->list)->{ext} };
    like($data{nsComment}{data}, qr/for tests/, 'a comment');
    like(
        $data{nameConstraints}{data},
        qr/Permitted.*DNS:example\.test/s,
        'constraints'
    );
    is($data{nameConstraints}{critical}, 1, '... critical');
    return;
}
