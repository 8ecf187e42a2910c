# The messages that the manual explains are those that the module prints: each
# mistake is made here.  "=for test says NAME" stands before the message, and
# NAME is one of the mistakes below.
use strict;
use warnings;

use File::Temp ();
use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::INET;
use IO::Socket::SSL;
use ISS::Pod;
use ISS::Test;
use Test::More;

my $ZEROS = '00' x 32;
my $CHAIN = cert('server-sub-chain');

# The certificate of a server, and its root.
my $dir       = File::Temp->newdir;
my $WITH_ROOT = "$dir/with-root.pem";
open my $out, '>', $WITH_ROOT or die "$WITH_ROOT: $!\n";
print {$out} map { slurp(cert($_)) } qw(server ca);
close $out or die "$WITH_ROOT: $!\n";

# A client with these arguments meets a server with those.
sub client_of {
    my ($server, %client) = @_;
    return sub {
        my ($peer, $address) = tls_server(\&wait_for_end, @$server);
        return client($address, %client);
    };
}

sub wait_for_end { my ($sock) = @_; return scalar <$sock> }

# A client meets a peer that says this, if anything, and then closes.
sub client_hears {
    my ($text) = @_;
    return sub {
        my ($peer, $address) = plain_server(
            sub {
                my ($tcp) = @_;
                syswrite $tcp, $text if length $text;
                sysread $tcp, my $hello, 65_536;
                close $tcp;
            }
        );
        return client($address);
    };
}

# A client meets a peer that says nothing.
sub client_waits {
    my (@args) = @_;
    return sub {
        my ($peer, $address) =
          plain_server(sub { 1 while sysread $_[0], my $part, 65_536 });
        return client($address, @args);
    };
}

sub client {
    my ($address, @args) = @_;

    my $sock = IO::Socket::SSL->new(PeerAddr => $address, client_args(@args));
    $sock->peek(my $byte, 1) if $sock;    # an alert may come late
    return;
}

# What a server says of a client that does this with its TCP connection.
sub server_of {
    my ($client, @args) = @_;
    return sub {
        my $listener = IO::Socket::SSL->new(
            LocalAddr => '127.0.0.1',
            Listen    => 1,
            server_args(@args)
        ) or die "listen: $SSL_ERROR\n";
        my $peer = peer(
            sub {
                $client->(IO::Socket::INET->new(address($listener)));
            }
        );
        $listener->accept;
        return;
    };
}

sub listener_with {
    my (@args) = @_;
    return sub {
        IO::Socket::SSL->new(
            LocalAddr => '127.0.0.1',
            Listen    => 1,
            server_args(@args)
        );
    };
}

my @DEMANDING =
  (SSL_ca_file => cert('ca'), SSL_verify_mode => SSL_VERIFY_PEER | 2);
my @OLD      = (SSL_version => 'TLSv1_2');
my @NEW      = (SSL_version => 'TLSv1_3');
my @CBC      = (@OLD, SSL_cipher_list => 'AES128-SHA');
my @GCM      = (@OLD, SSL_cipher_list => 'ECDHE+AESGCM');
my %MISTAKES = (
    'self-signed' => client_of([identity('self-signed')]),
    'root-sent'   => client_of(
        [SSL_cert_file => $WITH_ROOT],
        SSL_ca_file => cert('other-ca')
    ),
    intermediate => client_of([identity('server-sub')]),
    chain        => client_of(
        [SSL_cert_file => $CHAIN, SSL_key_file => key('server-sub')],
        SSL_ca_file => cert('other-ca')
    ),
    expired         => client_of([identity('expired')]),
    'not-yet-valid' => client_of([identity('not-yet-valid')]),
    name            => client_of([], SSL_verifycn_name => 'www.example.com'),
    purpose         => client_of([identity('client-only')]),
    weak            => listener_with(identity('weak-rsa')),
    pin             => client_of(
        [],
        SSL_fingerprint       => "sha256\$$ZEROS",
        SSL_force_fingerprint => 1
    ),
    dane     => client_of([], SSL_tlsa      => ["3 1 1 $ZEROS"]),
    'no-crl' => client_of([], SSL_check_crl => 1),
    revoked  => client_of(
        [identity('revoked')],
        SSL_check_crl => 1,
        SSL_crl_file  => cert('crl')
    ),
    staple => client_of([], SSL_ocsp_mode => SSL_OCSP_MUST_STAPLE),
    http   => client_hears("HTTP/1.1 400 Bad Request\r\n\r\n"),
    smtp   => client_hears("220 mail.example.com ESMTP\r\n"),
    closes => client_hears(''),
    version                => client_of([@NEW],             @OLD),
    'cipher-client'        => client_of([@CBC],             @GCM),
    'certificate-required' => client_of([@NEW, @DEMANDING], @NEW),
    'unknown-ca'           =>
      client_of([@NEW, @DEMANDING], @NEW, identity('other-client')),
    'unknown-name' => client_of(
        [
            SSL_cert_file => { 'www.example.org' => cert('server') },
            SSL_key_file  => { 'www.example.org' => key('server') }
        ]
    ),
    refused        => sub { my $gone = address(listener()); client($gone) },
    'unknown-host' => sub { client('nosuch.invalid:443') },
    'no-port'      => sub { client('127.0.0.1') },
    'in-use'       => sub {
        my $taken = listener();
        listener_with(LocalAddr => address($taken))->();
    },
    silent         => client_waits(Timeout      => 0.2),
    deadline       => client_waits(SSL_deadline => 0.2),
    'plain-client' => server_of(
        sub {
            syswrite $_[0], "GET / HTTP/1.0\r\n\r\n";
            sysread $_[0], my $x, 1;
        }
    ),
    'cipher-server' => server_of(
        sub { IO::Socket::SSL->start_SSL($_[0], client_args(@GCM)) },
        @CBC
    ),
    'no-certificate' => server_of(
        sub { IO::Socket::SSL->start_SSL($_[0], client_args()) },
        SSL_cert_file => undef,
        SSL_key_file  => undef
    ),
    key      => listener_with(SSL_key_file => key('server2')),
    password => listener_with(
        SSL_key_file  => cert_file('encrypted.key'),
        SSL_passwd_cb => sub { 'wrong' }
    ),
    'no-password' => listener_with(
        SSL_key_file  => cert_file('encrypted.key'),
        SSL_passwd_cb => sub { undef }
    ),
    'no-key'      => listener_with(SSL_key_file  => ''),
    garbage       => listener_with(SSL_cert_file => cert_file('garbage.txt')),
    missing       => listener_with(SSL_cert_file => 'missing.pem'),
    'cipher-list' => listener_with(SSL_cipher_list => 'NOPE'),
    option        => listener_with(SSL_verify_mod  => 3),
    value         => listener_with(SSL_verify_mode => 'none'),
);

my %explained;
for my $pod (sort keys %{ pods() }) {
    for my $block (blocks_of(pods()->{$pod})) {
        next if $block->{kind} ne 'says';
        my $name = $block->{name};
        $explained{$name} = 1;
        next if $name eq 'no-port' && !IO::Socket::SSL->isa('IO::Socket::IP');
        my $said = message_of($MISTAKES{$name} || die "no mistake $name\n");
        $said =~ s/unsupported (certificate purpose)/unsuitable $1/;    # 1.1.1
        $said =~ s/ or the system clock is incorrect//;                 # 4.0
        like(
            $said =~ s/\s+/ /gr,
            pattern($block->{text}),
            "$pod, line $block->{line}: $name"
        );
    }
}
is_deeply([grep { !$explained{$_} } sort keys %MISTAKES],
    [], 'the manual explains all of these mistakes');
done_testing;

# What a program prints that follows the manual: the message and the hint.
sub message_of {
    my ($mistake) = @_;

    my @warnings;
    local $SIG{__WARN__} = sub { push @warnings, @_ };
    return $@           if !eval { $mistake->(); 1 };
    return $warnings[0] if @warnings && "$warnings[0]" !~ /^this server has no/;
    my $why = IO::Socket::SSL->ssl_error_info || { hint => '' };
    return $SSL_ERROR . (length $why->{hint} ? " Hint: $why->{hint}" : '');
}

# Line breaks are blanks, "..." is anything, and OpenSSL 1.1.1 and 4.0
# have other words.
sub pattern {
    my ($text) = @_;

    $text =~ s/\s+\z//;
    my $pattern = join '.*', map { quotemeta } split /\.\.\./,
      $text =~ s/\s+/ /gr, -1;
    $pattern =~ s/self\\-signed/self[- ]signed/g;
    $pattern =~
s/not\\ yet\\ valid/not yet valid(?: or the system clock is incorrect)?/;
    $pattern =~ s/unsuitable/(?:unsuitable|unsupported)/;
    return qr/^$pattern/;
}
