# Channel bindings and exported keys, as other implementations see them:
# s_client and s_server, gnutls-cli, and a PostgreSQL that demands
# SCRAM-SHA-256-PLUS (RFC 5802, 7677).
use strict;
use warnings;

use Digest::SHA qw(sha256 hmac_sha256);
use File::Temp  qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";
use MIME::Base64 qw(encode_base64 decode_base64);
use Test::More;

use IO::Socket::SSL;
use ISS::OpenSSL;
use ISS::Program;
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
    my $server = start_postgres() or return;
    each_version(
        sub {
            my ($version) = @_;
            my $sock    = connect_postgres($server, SSL_version => $version);
            my ($bytes) = $sock->channel_binding('tls-server-end-point');
            is(log_in($sock, $bytes),
                'logged in', 'SCRAM-SHA-256-PLUS with our channel binding');
            $sock = connect_postgres($server, SSL_version => $version);
            like(
                log_in($sock, 'x' x length $bytes),
                qr/channel binding|authentication failed/i,
                '... and with another one it refuses'
            );
        }
    );
};

done_testing;

# PostgreSQL in a folder of its own, listening on a free port; undef, with the
# test skipped, where there is none.
sub start_postgres {
    my $unpacked = $ENV{ISS_TEST_SERVERS} || '';
    my ($bin)    = grep { -x "$_/initdb" }
      map { glob "'$_'/usr/lib/postgresql/*/bin" } grep { length } $unpacked;
    ($bin) = grep { -x "$_/initdb" } glob '/usr/lib/postgresql/*/bin'
      if !$bin;
    if (!$bin) {
        plan skip_all => 'there is no PostgreSQL';
        return;
    }
    my (undef, %env) = ISS::Program->unpacked("$bin/initdb");
    my $dir = tempdir('iss-pg-XXXXXX', TMPDIR => 1, CLEANUP => 1);
    my @as  = as_another_user($dir);
    my $run = sub {
        my ($name, @args) = @_;
        my ($status, $said) =
          ISS::Program->run([@as, "$bin/$name", @args], env => \%env);
        die "$name: $said" if $status;
    };
    write_file("$dir/password", 'secret');
    $run->(
        'initdb',
        '-D' => "$dir/data",
        '-U' => 'me',
        '-A' => 'scram-sha-256',
        '--no-sync', '--no-locale', '--pwfile' => "$dir/password"
    );
    my $port = address(listener()) =~ /:(\d+)/ ? $1 : 0;
    write_file("$dir/server.$_->[0]", slurp($_->[1]))
      for [pem => cert('server')], [key => key('server')];
    write_file("$dir/hba", "hostssl all all 127.0.0.1/32 scram-sha-256\n");
    write_file(
        "$dir/data/postgresql.conf",
        map { "$_\n" } "hba_file='$dir/hba'",
        "listen_addresses='127.0.0.1'",
        "port=$port",
        "unix_socket_directories=''",
        'ssl=on',
        "ssl_cert_file='$dir/server.pem'",
        "ssl_key_file='$dir/server.key'",
        'fsync=off'
    );
    my $server =
      ISS::Program->start([@as, "$bin/postgres", '-D' => "$dir/data"],
        env => \%env);
    $server->wait_for(qr/ready to accept connections/);
    return { program => $server, port => $port };
}

# PostgreSQL does not run as root: the words that begin such a command.
my @owner;

sub as_another_user {
    my ($dir) = @_;

    return () if $>;
    my (undef, undef, $uid, $gid) = getpwnam 'nobody' or die 'no nobody';
    @owner = ($uid, $gid);
    own($dir);
    return ('setpriv', "--reuid=$uid", "--regid=$gid", '--clear-groups');
}

sub own {
    my (@files) = @_;
    return if !@owner;
    chown @owner, @files or die "chown: $!";
    return;
}

sub write_file {
    my ($file, @text) = @_;
    open my $out, '>', $file or die "$file: $!";
    print {$out} @text;
    close $out or die "$file: $!";
    chmod 0600, $file;
    own($file);
    return;
}

sub slurp {
    my ($file) = @_;
    open my $in, '<', $file or die "$file: $!";
    return join '', <$in>;
}

# STARTTLS as PostgreSQL has it, then the name of the user.
sub connect_postgres {
    my ($server, %args) = @_;

    my $sock = IO::Socket::INET->new("127.0.0.1:$server->{port}")
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
