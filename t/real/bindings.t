# Channel bindings and exported keys, as other implementations see them:
# s_client and s_server, gnutls-cli, and a PostgreSQL that demands
# SCRAM-SHA-256-PLUS (RFC 5802, 7677).
use strict;
use warnings;

use Digest::SHA qw(sha256 hmac_sha256);
use FindBin;
use lib "$FindBin::Bin/../lib";
use MIME::Base64 qw(encode_base64 decode_base64);
use Test::More;

use IO::Socket::SSL;
use ISS::OpenSSL;
use ISS::Program;
use ISS::Servers;
use ISS::Test;

my $LABEL  = 'EXPORTER-our-test';
my $gnutls = ISS::Program->find('gnutls-cli');

# A server of ours that says what it has, one fact a line.
sub facts {
    my ($sock) = @_;

    my @facts =
      map { my ($bytes) = $sock->channel_binding($_); [$_ => $bytes] }
      $sock->channel_bindings;
    push @facts, [exported => $sock->export_keying_material($LABEL, 20)];
    return map { sprintf "%s=%s\n", $_->[0], unpack 'H*', $_->[1] } @facts;
}

sub our_server {
    my ($version) = @_;

    return tls_server(
        sub {
            my ($sock) = @_;
            print {$sock} facts($sock);
            $sock->close(SSL_fast_shutdown => 0, Timeout => 10);
        },
        SSL_version => $version
    );
}

subtest 's_client' => sub {
    plan skip_all => 'there is no openssl command' if !find_openssl();
    each_version(
        sub {
            my ($server, $address) = our_server($_[0]);
            my ($status, $said)    = ISS::Program->run(
                [
                    find_openssl(), 's_client',
                    '-connect'         => $address,
                    '-CAfile'          => cert('ca'),
                    '-keymatexport'    => $LABEL,
                    '-keymatexportlen' => 20,
                    '-ign_eof'
                ]
            );
            my ($theirs) = $said =~ /Keying material: ([0-9A-F]{40})/;
            my ($ours)   = $said =~ /^exported=([0-9a-f]+)$/m;
            is($ours, lc $theirs, 's_client exports what we export');
        }
    );
};

subtest 's_server' => sub {
    plan skip_all => 'there is no openssl command' if !find_openssl();
    each_version(
        sub {
            my ($server, $port) = s_server(
                '-cert'            => cert('server'),
                '-key'             => key('server'),
                '-keymatexport'    => $LABEL,
                '-keymatexportlen' => 20,
            );
            my $sock = IO::Socket::SSL->new(
                PeerAddr => "127.0.0.1:$port",
                client_args(SSL_version => $_[0])
            ) or BAIL_OUT("s_server: $SSL_ERROR");
            my ($theirs) =
              $server->wait_for(qr/Keying material: ([0-9A-F]{40})/);
            is(unpack('H*', $sock->export_keying_material($LABEL, 20)),
                lc $theirs, 's_server exports what we export');
        }
    );
};

subtest 'gnutls-cli' => sub {
    plan skip_all => 'gnutls-cli is not installed' if !$gnutls;
    each_version(
        sub {
            my ($server, $address) = our_server($_[0]);
            my ($port)  = $address =~ /:(\d+)$/;
            my $version = $_[0] eq 'TLSv1_2' ? '1.2' : '1.3';
            my $client  = ISS::Program->start(
                [
                    $gnutls,
                    '--verbose',
                    '--x509cafile' => cert('ca'),
                    '--priority'   => "NORMAL:-VERS-ALL:+VERS-TLS$version",
                    '--port'       => $port,
                    '--sni-hostname=localhost',
                    '--verify-hostname=localhost',
                    "--keymatexport=$LABEL",
                    '--keymatexportsize=20',
                    '127.0.0.1'
                ]
            );
            $client->wait_for(qr/exported=[0-9a-f]{40}/);
            my $said   = $client->output;
            my %ours   = $said =~ /(?:^|\s)([a-z-]+)=([0-9a-f]+)$/mg;
            my %theirs = $said =~ /^ - '([a-z-]+)': ([0-9a-f]+)$/mg;
            ($theirs{exported}) = $said =~ /^- Key material: ([0-9a-f]+)$/m;
            plan skip_all => 'this gnutls-cli prints no channel bindings'
              if keys %theirs < 2;
            delete $ours{'tls-exporter'} if !$theirs{'tls-exporter'};
            is_deeply(\%ours, \%theirs, 'gnutls-cli has what we have');
        }
    );
};

subtest 'PostgreSQL' => sub {
    my ($program, @port) = ISS::Servers::postgres(
        cert     => cert('server'),
        key      => key('server'),
        password => 'secret'
    );
    plan skip_all => $port[0] if !$program;
    each_version(
        sub {
            my ($version) = @_;
            my $sock    = connect_postgres($port[1], SSL_version => $version);
            my ($bytes) = $sock->channel_binding('tls-server-end-point');
            is(log_in($sock, $bytes),
                'logged in', 'SCRAM-SHA-256-PLUS with our channel binding');
            $sock = connect_postgres($port[1], SSL_version => $version);
            like(
                log_in($sock, 'x' x length $bytes),
                qr/channel binding|authentication failed/i,
                '... and with another one it refuses'
            );
        }
    );
};

done_testing;

# STARTTLS as PostgreSQL has it, then the name of the user.
sub connect_postgres {
    my ($port, %args) = @_;

    my $sock = IO::Socket::INET->new("127.0.0.1:$port")
      or die "connect: $!";
    syswrite $sock, pack 'N N', 8, 80_877_103;
    sysread $sock, my $answer, 1;
    is($answer, 'S', 'it takes TLS');
    IO::Socket::SSL->start_SSL($sock, client_args(%args))
      or die "start_SSL: $SSL_ERROR";
    my $startup = pack 'N Z* Z* Z* Z* x', 196_608,
      user     => 'me',
      database => 'postgres';
    print {$sock} pack('N', 4 + length $startup), $startup;
    return $sock;
}

# The log-in of RFC 5802 with this channel binding: "logged in", or the
# server's message.
sub log_in {
    my ($sock, $binding) = @_;

    my ($kind, $body) = message($sock);
    my ($code, @mechanisms) = unpack 'N (Z*)*', $body;
    return "no SASL: $kind $code" if $kind ne 'R' || $code != 10;
    return "no PLUS: @mechanisms"
      if !grep { $_ eq 'SCRAM-SHA-256-PLUS' } @mechanisms;
    my $header = 'p=tls-server-end-point,,';
    my $first =
      'n=,r=' . encode_base64(join('', map { chr rand 256 } 1 .. 18), '');
    my $initial = $header . $first;
    send_message($sock, pack 'Z* N/a*', 'SCRAM-SHA-256-PLUS', $initial);
    ($kind, $body) = message($sock);
    return $body if $kind ne 'R';
    my $challenge = substr $body, 4;
    my %told      = map { /^(.)=(.*)$/s } split /,/, $challenge;
    my $salted = pbkdf2('secret', decode_base64($told{s}), $told{i});
    my $key    = hmac_sha256('Client Key', $salted);
    my $last   = 'c=' . encode_base64($header . $binding, '') . ",r=$told{r}";
    my $proof  = $key ^ hmac_sha256("$first,$challenge,$last", sha256($key));
    send_message($sock, "$last,p=" . encode_base64($proof, ''));
    ($kind, $body) = message($sock);
    return $body       if $kind ne 'R';
    return 'logged in' if unpack('N', $body) == 12;
    return "code " . unpack 'N', $body;
}

sub pbkdf2 {
    my ($password, $salt, $count) = @_;

    my $block = my $sum = hmac_sha256($salt . pack('N', 1), $password);
    $sum ^= $block = hmac_sha256($block, $password) for 2 .. $count;
    return $sum;
}

sub message {
    my ($sock) = @_;

    read $sock, my $head, 5 or die "no message: $SSL_ERROR";
    my ($kind, $len) = unpack 'a N', $head;
    read $sock, my $body, $len - 4;
    return ($kind, $body);
}

sub send_message {
    my ($sock, $body) = @_;
    return print {$sock} 'p', pack('N', 4 + length $body), $body;
}
