# openssl s_client and curl before a server that sees their ClientHello and
# chooses a context; s_server before a client that chooses its certificate.
use strict;
use warnings;

use File::Temp;
use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::SSL;
use ISS::OpenSSL;
use ISS::Program;
use ISS::Test;
use Test::More;

my %context = map {
    $_ => IO::Socket::SSL::SSL_Context->new(
        SSL_server             => 1,
        SSL_session_id_context => 'one',
        SSL_alpn_protocols     => ['http/1.1'],
        identity($_)
      )
} qw(server server2);
my %by_name = ('localhost' => 'server', 'server2.test' => 'server2');
my @JA3     = qw(ciphers extensions groups point_formats);

# Of numbers without GREASE.
sub ja3 {
    my ($hello) = @_;
    return join ',', $hello->{legacy_version}, map {
        join '-', grep { ($_ & 0x0f0f) != 0x0a0a || $_ < 256 } @$_
    } @$hello{@JA3};
}

# An HTTP server that tells what it has seen, and how it chose.
sub serve {
    my $hello;
    return tls_server(
        sub {
            my ($sock) = @_;
            while (<$sock>) { last if /^\r?$/ }
            my $page = join "\n", ja3($hello), $hello->{server_name} || 'nobody',
              "alpn @{ $hello->{alpn} }", "resumes $hello->{resumes}", '';
            print {$sock} "HTTP/1.0 200 OK\r\nContent-Length: ",
              length $page, "\r\n\r\n$page";
        },
        SSL_session_id_context => 'one',
        SSL_hello_callback     => sub {
            my ($sock, $seen) = @_;
            $hello = $seen;
            my $name = $by_name{ $hello->{server_name} || '' };
            return $name ? $context{$name} : \'unrecognized_name';
        }
    );
}

subtest s_client => sub {
    plan skip_all => 'there is no openssl command' if !find_openssl();
    my ($server, $address) = serve();
    my $run = sub {
        return (
            ISS::Program->run(
                [find_openssl(), 's_client', -connect => $address, @_],
                input => "GET / HTTP/1.0\r\n\r\n"
            )
        )[1];
    };
    for my $version ('-tls1_2', '-tls1_3') {
        for my $name (sort keys %by_name) {
            my $said = $run->($version, -servername => $name, '-ign_eof');
            like($said, qr/^subject=.*CN\s*=\s*\Q$name\E/m,
                "$version: $name gets its certificate");
            like($said, qr/^$name\r?$/m, '... and was seen');
            like($said, qr/^771,[\d-]+,[\d-]+,[\d-]+,(?:0(?:-1-2)?)?\r?$/m,
                '... with all that JA3 needs');
        }
        my $said = $run->($version, -servername => 'other.test');
        like($said, qr/alert.*unrecognized name|number 112/i,
            '... another name is an alert');
        $said = $run->($version, '-noservername');
        like($said, qr/alert.*unrecognized name|number 112/i, '... so is none');

        # A session is good under its own context only.
        my $file = File::Temp->new;
        $run->($version, -servername => 'localhost', '-ign_eof',
            -sess_out => "$file");
        $said = $run->($version, -servername => 'localhost', '-ign_eof',
            -sess_in => "$file");
        like($said, qr/^Reused, /m,   '... its session is resumed');
        like($said, qr/^resumes 1/m, '... which the server saw coming');
        $said = $run->($version, -servername => 'server2.test', '-ign_eof',
            -sess_in => "$file");
        like($said, qr/^New, /m, '... but not for another name');
    }
};

subtest curl => sub {
    my $curl = ISS::Program->find('curl');
    plan skip_all => 'curl is not installed' if !$curl;
    my ($server, $address) = serve();
    my ($port) = $address =~ /(\d+)$/;
    for my $name (sort keys %by_name) {
        my (undef, $said) = ISS::Program->run(
            [
                $curl,       qw(-q --silent --show-error --noproxy *),
                '--resolve', "$name:$port:127.0.0.1",
                '--cacert',  cert('ca'),
                "https://$name:$port/"
            ]
        );
        like($said, qr/^\Q$name\E\r?$/m, "curl fetches from $name");
        like($said, qr{^alpn .*http/1\.1}m, '... offers http/1.1');
    }
    my (undef, $said) = ISS::Program->run(
        [
            $curl,       qw(-q --silent --show-error --noproxy *),
            '--resolve', "other.test:$port:127.0.0.1",
            '--cacert',  cert('ca'),
            "https://other.test:$port/"
        ]
    );
    like($said, qr/unrecognized name|alert/i, '... not from another name');
};

# A client, in the handshake and after it.
subtest s_server => sub {
    plan skip_all => 'there is no openssl command' if !find_openssl();
    my %client = identity('client');
    my @server = (
        '-cert'   => cert('server'),
        '-key'    => key('server'),
        '-CAfile' => cert('ca')
    );
    for my $version ('-tls1_2', '-tls1_3') {
        my ($server, $port) = s_server($version, @server, -Verify => 3);
        my $asked;
        my $sock = IO::Socket::SSL->new(
            PeerAddr          => "127.0.0.1:$port",
            SSL_cert_callback => sub { $asked = $_[1]; \%client },
            client_args()
        );
        ok($sock, "$version: s_server demands a certificate")
          or diag $SSL_ERROR;
        print {$sock} "hello\n" if $sock;
        ok(eval { $server->wait_for(qr/^hello$/m) }, '... and gets it');
        like($server->output, qr/CN\s*=\s*Test Client/, '... the right one');
        ok(scalar @{ $asked->{sigalgs} }, '... having said how to sign');
    }
    my ($server, $port) = s_server('-tls1_3', @server, '-msg');
    my $asked = 0;
    my $sock  = IO::Socket::SSL->new(
        PeerAddr          => "127.0.0.1:$port",
        SSL_cert_callback => sub { $asked++; \%client },
        client_args()
    ) or die $SSL_ERROR;
    print {$sock} "hello\n";
    $server->wait_for(qr/^hello$/m);
    is($asked, 0, 'one that asks later');
    $server->forget;
    $server->send("c\n");
    $server->wait_for(
        qr/>>> TLS 1\.3, Handshake.*CertificateRequest|SSL_do_handshake|error/
    );
    $server->send("data\n");
    is(scalar <$sock>, "data\n", '... sends data');
    is($asked, 1, '... and the callback was asked meanwhile');
    print {$sock} "bye\n";
    $server->wait_for(qr/^bye$/m);
    like($server->output, qr/CN\s*=\s*Test Client/, '... shown to s_server');
};

done_testing;
