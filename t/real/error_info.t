# ssl_error_info of failures that real servers cause, also where HTTP::Tiny and
# LWP made the connection.
use strict;
use warnings;

use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;

use HTTP::Tiny;
use IO::Socket::SSL;
use ISS::Nginx;
use ISS::OpenSSL;
use ISS::Test;

sub failed_new {
    my (%args) = @_;

    my $sock = IO::Socket::SSL->new(%args);
    $sock &&= sysread($sock, my $byte, 1) ? 0 : $sock;    # TLS 1.3: later
    return IO::Socket::SSL->ssl_error_info || { kind => 'it has not failed' };
}

subtest 's_server' => sub {
    plan skip_all => 'there is no openssl command' if !find_openssl();
    my %CASES = (
        'expired'       => [{}, 'verify', qr/ended on/],
        'not-yet-valid' => [{}, 'verify', qr/^/],
        'other-server'  => [{}, 'verify', qr/does not send the certificate/],
        'server'        =>
          [{ SSL_verifycn_name => 'x.test' }, 'name', qr/another name/],
    );
    for my $name (sort keys %CASES) {
        my ($args, $kind, $hint) = @{ $CASES{$name} };
        my ($server, $port) =
          s_server('-cert' => cert($name), '-key' => key($name), '-www');
        my $info =
          failed_new(PeerAddr => "127.0.0.1:$port", client_args(%$args));
        is($info->{kind}, $kind, "$name: kind");
        like($info->{hint}, $hint, '... hint');
    }
    my ($server, $port) = s_server(
        '-cert'   => cert('server'),
        '-key'    => key('server'),
        '-Verify' => 1,
        '-verify_return_error',
        '-CAfile' => cert('ca'),
        '-tls1_3', '-www'
    );
    my $info = failed_new(PeerAddr => "127.0.0.1:$port", client_args());
    is($info->{kind}, 'alert',      'a server that demands a certificate');
    is($info->{alert}{number}, 116, '... by its alert');
    like($info->{hint}, qr/wants a certificate of ours/, '... hint');
};

subtest 'nginx' => sub {
    plan skip_all => ISS::Nginx->missing if ISS::Nginx->missing;
    my $nginx = ISS::Nginx->start(
        demands => {
            cert      => cert('server'),
            key       => key('server'),
            protocols => 'TLSv1.3',
            more      => 'ssl_verify_client on; ssl_client_certificate '
              . cert('ca') . ';',
        }
    );
    my $info = failed_new(
        PeerAddr => '127.0.0.1:' . $nginx->port('plain'),
        client_args()
    );
    is($info->{kind},       'not_tls', 'a plain port: kind');
    is($info->{looks_like}, 'http',    '... looks like http');
    like($info->{hint}, qr{it said: HTTP/1\.1 400 Bad Request}, '... hint');
    $info = failed_new(
        PeerAddr => '127.0.0.1:' . $nginx->port('demands'),
        client_args(
            SSL_verifycn_name => 'x.test'
        )
    );
    is($info->{kind}, 'name', 'a name that its certificate is not for');
};

subtest 'HTTP::Tiny' => sub {
    my ($server, $address) = tls_server(sub { });
    my $http = HTTP::Tiny->new(
        verify_SSL  => 1,
        SSL_options => { SSL_ca_file => cert('other-ca') }
    );
    my $answer = $http->get("https://$address/");
    is($answer->{status}, 599, 'the request fails');
    my $info = IO::Socket::SSL->ssl_error_info;
    is($info->{kind}, 'verify', '... and the class tells the kind');
    is($info->{peer}, $address, '... and the peer');
    like($answer->{content}, qr/\Q$info->{text}\E/,
        '... of this very failure');
};

subtest 'LWP' => sub {
    push @INC, $ENV{ISS_TEST_LWP_HTTPS} if $ENV{ISS_TEST_LWP_HTTPS};
    plan skip_all => 'there is no LWP'
      if !eval { require LWP::UserAgent; require LWP::Protocol::https; 1 };
    my ($server, $address) = tls_server(sub { });
    (my $port = $address) =~ s/.*://;
    my $ua = LWP::UserAgent->new(ssl_opts =>
          { SSL_ca_file => cert('ca'), SSL_verifycn_name => 'x.test' });
    my $answer = $ua->get("https://127.0.0.1:$port/");
    is($answer->code, 500, 'the request fails');
    my $info = IO::Socket::SSL->ssl_error_info;
    is($info->{kind},   'name',   '... and the class tells the kind');
    is($info->{wanted}, 'x.test', '... and the name');
};

done_testing;
