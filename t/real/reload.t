# Certificates are replaced under a running server while s_client, curl and many
# connections of our own come in.
use strict;
use warnings;

use File::Copy qw(copy);
use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::SSL;
use IO::Socket::SSL::Utils;
use ISS::OpenSSL;
use ISS::Program;
use ISS::Test;
use Test::More;

my $dir = tempdir('iss-reload-XXXXXX', TMPDIR => 1, CLEANUP => 1);

sub put {
    my ($from, $to) = @_;
    copy($from, "$dir/new") or die "$from: $!";
    rename "$dir/new", "$dir/$to" or die "$to: $!";
    return;
}

# An HTTP server that looks at its files before each connection.
sub serve {
    put(cert('server'), 'server.pem');
    put(key('server'),  'server.key');
    return tls_server(
        sub {
            my ($sock) = @_;
            while (<$sock>) { last if /^\r?$/ }
            print {$sock} "HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\nhello\n";
        },
        SSL_cert_file       => "$dir/server.pem",
        SSL_key_file        => "$dir/server.key",
        SSL_reload          => 1e-6,
        SSL_reload_callback => sub { }
    );
}

sub fingerprint {
    my $cert   = PEM_file2cert(cert($_[0]));
    my $digest = IO::Socket::SSL->get_fingerprint('sha256', $cert);
    CERT_free($cert);
    return $digest;
}
my %NAME = map { fingerprint($_) => $_ } qw(server server2);

subtest 's_client before and after' => sub {
    plan skip_all => 'there is no openssl command' if !find_openssl();
    my ($server, $address) = serve();
    my $subject = sub {
        my (undef, $said) = ISS::Program->run(
            [find_openssl(), 's_client', -connect => $address],
            input => "GET / HTTP/1.0\r\n\r\n"
        );
        return $said =~ /^subject=.*CN\s*=\s*(\S+)/m ? $1 : $said;
    };
    is($subject->(), 'localhost', 'the first certificate');
    put(cert('server2'), 'server.pem');
    is($subject->(), 'localhost', '... while its key is another one');
    put(key('server2'), 'server.key');
    is($subject->(), 'server2.test', '... and the second one');
};

subtest 'curl before and after' => sub {
    my $curl = ISS::Program->find('curl');
    plan skip_all => 'there is no curl' if !$curl;
    my ($server, $address) = serve();
    my ($port) = $address =~ /(\d+)$/;
    my $get = sub {
        my ($host) = @_;
        my ($status, $said) = ISS::Program->run(
            [
                $curl, '-sS', '--noproxy' => '*', '--cacert' => cert('ca'),
                '--resolve' => "$host:$port:127.0.0.1",
                "https://$host:$port/"
            ]
        );
        return $status == 0 ? $said : "failed: $said";
    };
    is($get->('localhost'), "hello\n", 'the first certificate');
    like($get->('server2.test'), qr/^failed/, '... not yet the second one');
    put(key('server2'),  'server.key');
    put(cert('server2'), 'server.pem');
    is($get->('server2.test'), "hello\n", 'the second certificate');
    like($get->('localhost'), qr/^failed/, '... not any more the first one');
};

subtest '500 connections, three replacements' => sub {
    my ($server, $address) = serve();
    my $clients = 5;
    my @peers   = map {
        peer(
            sub {
                my ($me) = @_;
                my @seen;
                for my $n (1 .. 100) {
                    my $sock = IO::Socket::SSL->new(
                        PeerAddr            => $address,
                        SSL_ca_file         => cert('ca'),
                        SSL_verifycn_scheme => 'none'
                    );
                    my $name =
                      $sock
                      ? $NAME{ $sock->get_fingerprint('sha256') }
                      : "failed: $SSL_ERROR";
                    print {$sock} "GET / HTTP/1.0\r\n\r\n" if $sock;
                    local $/;
                    $name = 'no answer'
                      if $sock && (<$sock> || '') !~ /hello\n\z/;
                    push @seen, $name if !@seen || $seen[-1] ne $name;
                    $me->tell($n) if $n % 10 == 0;
                }
                $me->tell(@seen);
            }
        )
    } 1 .. $clients;

    # Each of three replacements in two steps, under load.
    my @names = qw(server2 server server2);
    for my $round (0 .. 2) {
        $_->hear for @peers;
        put(key($names[$round]), 'server.key');
        $_->hear for @peers;
        put(cert($names[$round]), 'server.pem');
        $_->hear for @peers;
    }
    $_->hear for @peers;
    for my $peer (@peers) {
        my @seen = $peer->hear;
        is_deeply(\@seen, ['server', @names],
            'old and new are served in order, and none fails');
    }
};

done_testing();
