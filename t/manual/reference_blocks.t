# The code in the reference that is no whole program; see ISS::Piece.  What
# answers later is in later_blocks.t.
use strict;
use warnings;

use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::SSL;
use IO::Socket::SSL::Utils;
use ISS::Keepers;
use ISS::OCSP;
use ISS::Piece;
use ISS::Pod      qw(slurp);
use ISS::Sessions qw(:DEFAULT fares);
use ISS::Test;
use Test::More;

my $dir    = tempdir('iss-blocks-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $SECRET = 'the secret of all the machines!!';

try_pieces(
    SSL => {
        'import'           => \&import_words,
        'import-later'     => \&import_later,
        'tlsa'             => \&tlsa,
        'verify-callback'  => \&verify_callback,
        'msg-callback'     => \&msg_callback,
        'stats'            => \&stats,
        'can-do'           => \&can_do,
        'want-read'        => \&want_read,
        'why'              => \&why,
        'report'           => \&report,
        'fork'             => \&forks,
        'starttls'         => \&starttls,
        'ticket-callback'  => \&ticket_callback,
        'ticket-files'     => \&ticket_files,
        'ticket-redis'     => \&ticket_backend,
        'store-server'     => \&store_server,
        'store-client'     => \&store_client,
        'ocsp'             => \&ocsp,
        'channel-bindings' => \&channel_bindings,
        'names'            => \&names,
        'hello'            => \&hello,
        'scheme'           => \&scheme,
        'scheme-sub'       => \&scheme_sub,
    },
    qw(later later-store)
);
done_testing;

# --- trust ------------------------------------------------------------------

# The record of our server in place of the one in the manual.
sub tlsa {
    my ($piece) = @_;

    my ($server, $address) = tls_server(sub { });
    my ($pin) = IO::Socket::SSL->new(PeerAddr => $address, client_args())
      ->get_fingerprint('sha256') =~ /(\w{64})\z/;
    my ($first, $rest) = $pin =~ /(.{32})(.*)/;
    (my $text = $piece->text) =~
      s/'3 1 1 \w+'(\s*)\. '\w+'/'3 0 1 $first'$1. '$rest'/
      or die 'the record is written otherwise';
    for my $case ([$piece->text, 'dane'], [$text, 'none']) {
        my ($code, $kind) = @$case;
        my @args = $piece->code(
            as     => "(\n$code\n)",
            before => 'my ($bytes) = @_;'
        )->('x' x 32);
        my $sock =
          IO::Socket::SSL->new(PeerAddr => $address, client_args(), @args);
        is($sock ? 'none' : IO::Socket::SSL->ssl_error_info->{kind},
            $kind, "a record: $kind");
    }
    return;
}

# --- importing --------------------------------------------------------------

sub import_words {
    my ($piece) = @_;

    my ($status, $said) = $piece->alone(after => <<'PERL');
print join ' ', SSL_WANT_READ + 0, $IO::Socket::SSL::DEBUG,
  IO::Socket::SSL->isa('IO::Socket::INET'), IO::Socket::SSL::can_ipv6() || 'no';
PERL
    is($said, '2 1 1 no', 'default names, IPv4 only, debugging')
      or diag $status;

    my ($last) = $piece->text =~ /^(.*\(\);.*)$/m;
    my $none = $piece->code(
        as => "package Imports::Nothing; $last\n"
          . 'return grep { defined &$_ } qw(SSL_WANT_READ SSL_VERIFY_PEER);',
        before => 'no strict "refs";'
    );
    is_deeply([$none->()], [], 'nothing with ()');
    return;
}

sub import_later {
    my ($piece) = @_;
    my ($status, $said) =
      $piece->alone(after => 'print SSL_LATER + 0, SSL_WANT_READ + 0;');
    is($said, '22', 'SSL_LATER, and the default names');
    return;
}

# --- callbacks and facts ----------------------------------------------------

sub verify_callback {
    my ($piece) = @_;

    my @seen;
    my $code = $piece->code(
        after => 'return {ok => $ok, names => $names,
        error => $error, cert => CERT_asHash($cert), depth => $depth,
        store => $store};'
    );
    tls_pair(
        mine => {
            SSL_verify_callback => sub {
                push @seen, my $was = $code->(@_);
                return $was->{ok};
            }
        }
    );
    my ($root, $leaf) = @seen[0, -1];
    is($root->{depth},                     1, 'the root comes first');
    is($leaf->{depth},                     0, 'the leaf comes last');
    is($leaf->{cert}{subject}{commonName}, 'localhost', 'its certificate');
    like($leaf->{names}, qr/Test CA.*localhost/, 'issuer, then subject');
    is_deeply([map { $_->{error} } @seen], [(0) x @seen], 'no errors');
    cmp_ok($leaf->{store}, '!=', 0, 'a handle');
    return;
}

sub msg_callback {
    my ($piece) = @_;

    my @seen;
    my $code = $piece->code(
        after => 'return {sent => $sent,
        type => $content_type, bytes => $bytes, length => $length,
        socket => $socket, arguments => \@arguments};'
    );
    my ($raw, $peer) =
      raw_pair(sub { IO::Socket::SSL->start_SSL($_[0], server_args()) });
    my $sock = IO::Socket::SSL->start_SSL($raw, client_args(),
        SSL_startHandshake => 0);
    $sock->set_msg_callback(sub { push @seen, $code->(@_) }, 'one', 'two');
    ok($sock->connect_SSL, 'a handshake') or diag $SSL_ERROR;
    my ($hello) = grep { $_->{type} == 22 } @seen;
    is($hello->{sent},         1,                'the first message is sent');
    is(ord $hello->{bytes},    1,                '... a ClientHello');
    is(length $hello->{bytes}, $hello->{length}, '... of that length');
    is($hello->{socket},       $sock,            '... by this socket');
    is_deeply($hello->{arguments}, ['one', 'two'], '... and the arguments');
    ok((grep { $_->{type} == 22 && !$_->{sent} } @seen),
        'others are received');
    $sock->set_msg_callback(undef);
    return;
}

sub stats {
    my ($piece) = @_;

    my $context = IO::Socket::SSL::SSL_Context->new(server_args());
    tls_pair(role => 'server', mine => { SSL_reuse_ctx => $context });
    is(
        printed($piece->code(before => 'my ($context) = @_;'), $context),
        "0 of 1 resumed\n",
        'it prints the counts'
    );
    return;
}

sub can_do {
    my ($piece) = @_;
    my $code = $piece->code(before => 'my %args;', after => 'return \%args;');
    is_deeply($code->(), { SSL_deadline => 10 }, 'this build can');
    return;
}

sub channel_bindings {
    my ($piece) = @_;

    my ($sock, $peer) = tls_pair(version => 'TLSv1_3');
    my $code = $piece->code(
        before => 'my ($socket) = @_; my %found;',
        dots   => '$found{$type} = length $bytes;',
        after  => 'return \%found;'
    );
    is_deeply(
        $code->($sock),
        { 'tls-exporter' => 32, 'tls-server-end-point' => 32 },
        'the types of TLS 1.3'
    );
    return;
}

# --- errors -----------------------------------------------------------------

sub want_read {
    my ($piece) = @_;

    my ($sock, $peer) = tls_pair();
    $sock->blocking(0);
    my $code = $piece->code(dots => 'return "waits";', after => 'return;');
    sysread $sock, my $data, 1;
    is($code->(), 'waits', 'nothing has come');
    IO::Socket::SSL::SSL_Context->new(SSL_cipher_list => 'NOPE');
    is($code->(), undef, 'not after another failure');
    return;
}

sub why {
    my ($piece) = @_;

    my ($server, $address) = tls_server(sub { });
    my $given = "use IO::Socket::SSL; my %args = (PeerAddr => '$address', "
      . "SSL_hostname => 'localhost', ";
    my ($status, $said) = $piece->alone(
        before => $given . "SSL_ca_file => '" . cert('other-ca') . "');");
    is($status, 1, 'it ends with 1');
    like(
        $said,
        qr/^SSL connect attempt failed: .*\nHint: \S.*\n\z/,
        'text and hint'
    );

    my $silent = listener();
    ($status, $said) = $piece->alone(
        before => "use IO::Socket::SSL; my %args = (PeerAddr => '"
          . address($silent)
          . "', Timeout => 0.2);",
        after => 'print "again\n"'
    );
    is($status, 0, 'not for a timeout');
    like($said, qr/timed out\n.*again\n\z/s, '... after which it goes on');
    return;
}

sub report {
    my ($piece) = @_;

    my ($server, $address) = tls_server(sub { });
    my %args = (PeerAddr => $address, client_args());
    my $code = $piece->code(
        before => 'my %args = @_;',
        after  => 'return $socket'
    );
    is(printed($code, %args), undef, 'nothing for a good handshake');
    like(
        printed($code, %args, SSL_ca_file => cert('other-ca')),
        qr/sent .*ClientHello.*received .*ServerHello/s,
        'the report of a failure'
    );
    return;
}

# --- other processes, STARTTLS ----------------------------------------------

sub forks {
    my ($piece) = @_;

    my ($sock, $peer) = tls_pair(
        peer => sub { my $line = readline $_[0]; print { $_[0] } $line });
    my $code  = $piece->code(before => 'my ($client) = @_;');
    my $child = peer(sub { $code->($sock); $_[0]->tell('closed') });
    is_deeply([$child->hear], ['closed'], 'another process closes it');
    print {$sock} "hello\n";
    is(readline($sock), "hello\n", '... and the connection goes on');
    return;
}

sub starttls {
    my ($piece) = @_;

    my ($raw, $peer) = raw_pair(
        sub {
            my ($tcp, $me) = @_;
            my $sock = IO::Socket::SSL->start_SSL($tcp, server_args());
            $sock->stop_SSL or die $SSL_ERROR;
            print {$sock} "in the clear\n";
            $sock->flush;
        }
    );
    IO::Socket::SSL::set_client_defaults(SSL_ca_file => cert('ca'));
    my $code = $piece->code(before => 'my ($sock, $host) = @_;');
    ok(eval { $code->($raw, 'localhost'); 1 }, 'there and back') or diag $@;
    IO::Socket::SSL::set_client_defaults(SSL_ca_file => undef);
    is(ref $raw,       'IO::Socket::INET', 'its class');
    is(readline($raw), "in the clear\n",   'what follows');
    return;
}

# --- sessions ---------------------------------------------------------------

sub ticket_callback {
    my ($piece) = @_;

    my $text = $piece->text;
    $text =~ s/^(?=SSL_ticket_keycb)/return /m or die 'no SSL_ticket_keycb';
    my $code = $piece->code(
        as     => $text,
        before => 'my ($new_name, $new_key, $old_name, $old_key) = @_;'
    );
    my @pair    = map { ($_ x 16, uc($_) x 32) } qw(a b);
    my @strange = map { ($_ x 16, uc($_) x 32) } qw(x y);
    my @servers = map {
        resuming_server(
            $code->(@$_),
            SSL_session_id_context => 'here',
            SSL_version            => 'TLSv1_2'
        )
    } [@pair], [@pair], [@pair[2, 3, 0, 1]], \@strange;
    is(fares(@servers),
        '0110', 'by the current key, by the old one, not by others');
    return;
}

sub ticket_files {
    my ($piece) = @_;

    my $text = here($piece->text, 443);
    $text =~ s/^(?=IO::Socket)/return /m or die 'no new';
    my @servers = in_folder(
        $dir,
        {
            'new.key'    => 'n' x 80,
            'old.key'    => 'o' x 80,
            'server.pem' => slurp(cert('server')),
            'server.key' => slurp(key('server'))
        },
        sub {
            map { served($piece->code(as => $text)->()) } 1 .. 2;
        }
    );
    is(fares(@servers), '01', 'two servers with the same files');
    return;
}

# A server with this listener, for resumed.
sub served {
    my ($listener) = @_;

    die "no listener: $SSL_ERROR\n" if !$listener;
    my ($peer, $address) = plain_server(
        sub {
            my ($sock) = @_;
            print {$sock} $sock->get_session_reused, "\n";
            readline $sock;
            $sock->close;
        },
        $listener
    );
    return { address => $address, peer => $peer };
}

sub ticket_backend {
    my ($piece) = @_;
    is(ISS::Keepers::fares_in("$dir/redis", $piece, $SECRET),
        '01', 'two servers that share their keys');
    return;
}

sub store_server {
    my ($piece) = @_;
    is(ISS::Keepers::fares_in("$dir/memcached", $piece, $SECRET),
        '01', 'two servers that share their sessions');
    return;
}

sub store_client {
    my ($piece) = @_;

    ISS::Keepers::keep_in("$dir/client");
    $piece->code(before => 'my ($bytes) = @_;')->($SECRET);
    my $server = resuming_server();
    my @got =
      map { resumed($server, SSL_session_key => 'key') } 1 .. 2;
    IO::Socket::SSL::set_default_session_cache(undef);
    is("@got", '0 1', 'a client resumes what the store has');
    return;
}

# --- revocation -------------------------------------------------------------

sub ocsp {
    my ($piece) = @_;

    plan skip_all => ISS::OCSP->missing if ISS::OCSP->missing;
    my $code = $piece->code(before => 'my ($socket) = @_;');
    for my $status (qw(good revoked)) {
        my $ocsp     = ISS::OCSP->new;
        my $listener = listener();
        my $leaf     = $ocsp->certificate(
            serial => 17,
            uri    => 'http://' . address($listener)
        );
        my $response = $ocsp->response(of => $leaf, status => $status);
        my ($responder) =
          $ocsp->responder(sub { ('200 OK', $response) }, $listener);
        my ($server, $port) = $ocsp->stapling_server($leaf);
        my $sock = IO::Socket::SSL->new(
            PeerAddr            => "127.0.0.1:$port",
            SSL_ca_file         => cert('ca'),
            SSL_verifycn_scheme => 'none'
        ) or die $SSL_ERROR;
        my $error = eval { $code->($sock); '' } // $@;
        like(
            $error,
            $status eq 'good' ? qr/^\z/ : qr/^do not talk to them: .*revoked/,
            $status
        );
    }
    return;
}

# --- several names ----------------------------------------------------------

sub names {
    my ($piece) = @_;

    my ($ecdsa, $ecdsa_key) = CERT_create(
        subject => { commonName => 'ecdsa' },
        key     => KEY_create_ec()
    );
    my ($server, $address) = plain_server(
        sub {
            my ($sock) = @_;
            print {$sock} $sock->peer_certificate ? 'known' : 'unknown';
            $sock->close;
        },
        in_folder(
            $dir,
            {
                'example.pem'   => slurp(cert('server')),
                'example.key'   => slurp(key('server')),
                'org.pem'       => slurp(cert('server2')),
                'org.key'       => slurp(key('server2')),
                'org-ecdsa.pem' => PEM_cert2string($ecdsa),
                'org-ecdsa.key' => PEM_key2string($ecdsa_key),
                'clients.pem'   => slurp(cert('ca'))
            },
            sub {
                $piece->code(
                    as    => here($piece->text, 443),
                    after => 'return $server;'
                )->();
            }
        )
    );
    my $visit = sub {
        my ($name, %args) = @_;
        my $sock = IO::Socket::SSL->new(
            PeerAddr        => $address,
            SSL_hostname    => $name,
            SSL_verify_mode => SSL_VERIFY_NONE,
            identity('client'),
            %args
        ) or die $SSL_ERROR;
        return join ' ', $sock->peer_certificate('cn'), read_all($sock);
    };
    my %rsa   = (SSL_version => 'TLSv1_2', SSL_cipher_list => 'aRSA');
    my $other = CERT_asHash(PEM_file2cert(cert('server2')));
    is($visit->('www.example.com'), 'localhost unknown', 'the default');
    is(
        $visit->('www.example.org', %rsa),
        "$other->{subject}{commonName} known",
        'a name'
    );
    is(
        $visit->(
            'www.example.org',
            SSL_version     => 'TLSv1_2',
            SSL_cipher_list => 'aECDSA'
        ),
        'ecdsa known',
        '... with another kind of key'
    );
    return;
}

sub hello {
    my ($piece) = @_;

    my $text = here($piece->text, 443);
    $text =~ s{/etc/certs}{$dir}g;
    my ($listener) = in_folder(
        $dir,
        {
            'default.pem'   => slurp(cert('server')),
            'default.key'   => slurp(key('server')),
            'localhost.pem' => slurp(cert('server2')),
            'localhost.key' => slurp(key('server2'))
        },
        sub { $piece->code(as => $text, after => 'return $server;')->() }
    );
    my ($server, $address) =
      plain_server(sub { $_[0]->close if ref $_[0] }, $listener);
    my %args = (PeerAddr => $address, SSL_verify_mode => SSL_VERIFY_NONE);
    my $sock = IO::Socket::SSL->new(%args, SSL_hostname => 'localhost');
    my $is   = CERT_asHash(PEM_file2cert(cert('server2')));
    is(
        $sock && $sock->peer_certificate('cn'),
        $is->{subject}{commonName},
        'a name with a certificate'
    ) or diag $SSL_ERROR;
    return;
}

# --- names ------------------------------------------------------------------

sub certificate {
    my ($cn, @names) = @_;
    my ($cert) = CERT_create(
        subject         => { commonName => $cn },
        subjectAltNames => [map { [DNS => $_] } @names]
    );
    return $cert;
}

sub is_for {
    return IO::Socket::SSL::verify_hostname_of_cert(@_) ? 1 : 0;
}

sub scheme {
    my ($piece) = @_;

    my (undef, $scheme) = $piece->list;
    my $san =
      certificate('cn.example.com', '*.example.com', 'w*.example.org');
    my $cn = certificate('*.example.com');
    my $ip = certificate('10.0.0.1');
    is(is_for('www.example.com', $san, $scheme), 1, 'a whole label');
    is(is_for('www.example.org', $san, $scheme), 0, '... not a part of one');
    is(is_for('cn.example.com',  certificate('cn.example.com'), $scheme),
        1, 'the common name if there is no other');
    is(is_for('www.example.com', $cn, $scheme), 0, '... without a wildcard');
    is(is_for('10.0.0.1',        $ip, $scheme), 1, 'an IPv4 address in it');
    is(is_for('::1', certificate('::1'), $scheme), 0, '... not IPv6');
    return;
}

sub scheme_sub {
    my ($piece) = @_;
    my ($sock, $peer) = tls_pair(
        mine => { $piece->list, SSL_verifycn_name => 'my.example.com' });
    ok($sock, 'the sub accepts this name');
    my ($ours) = handshake_errors(
        mine => { $piece->list, SSL_verifycn_name => 'localhost' });
    like($ours, qr/hostname verification failed/, '... and no other');
    return;
}
