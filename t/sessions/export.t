# export_session and SSL_session: a session for another program or another time.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Sessions;
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

my $secret = 'a secret of thirty-two bytes ...';

# What a client exports after it has read a line.
sub export {
    my ($server, @args) = @_;
    my $sock = connected($server, @args) or die $SSL_ERROR;
    get_line($sock);
    my $bytes = $sock->export_session($secret);
    close $sock;
    return $bytes;
}

# "resumed", or why not, of a client with these bytes.
sub import_at {
    my ($server, $bytes, @args) = @_;
    my $sock = connected(
        $server,
        SSL_session => [$bytes, $secret],
        @args
    ) or return "$SSL_ERROR";
    my $why     = $sock->tls_info->{session_refused};
    my $resumed = $sock->get_session_reused;
    get_line($sock);
    close $sock;
    return $resumed ? 'resumed' : defined $why ? $why : 'full';
}

each_version(
    sub {
        my ($version) = @_;
        my $single = $version eq 'TLSv1_3';
        my $server = resuming_server(SSL_version => $version);

        my $bytes = export($server);
        ok(length $bytes, 'a session is exported');
        unlike($bytes, qr/localhost/, '... and says nothing');
        my $other = peer(sub { $_[0]->tell(import_at($server, $bytes)) });
        is(($other->hear)[0], 'resumed', '... another process resumes it');

        # A full handshake gives new rules another session.
        for my $case (
            ['other secret', [SSL_session => [$bytes, 'x' x 32]]],
            ['other rules',  [SSL_verifycn_name => 'a.example.test']],
            ['other rules',  [SSL_ca_file => cert('bundle')]],
            ['other rules',  [SSL_hostname => 'a.example.test']],
          )
        {
            my ($why, $args) = @$case;
            is(import_at($server, $bytes, @$args), $why, "$args->[0]: $why");
        }
        my %seen;
        for my $at (0 .. length($bytes) - 1) {
            next if $at > 100 && $at % 37 && $at < length($bytes) - 20;
            my $damaged = $bytes;
            substr $damaged, $at, 1, substr($damaged, $at, 1) ^ "\1";
            $seen{ import_at($server, $damaged) }++;
        }
        is_deeply([sort keys %seen], ['damaged', 'other secret'],
            'each byte counts');
        is(import_at($server, $_), 'damaged', 'no session at all')
          for '', 'x';
        is(import_at($server, substr $bytes, 0, -1),
            'damaged', 'one that is cut off');

        once($version, $server);
        later($version);
        with_caches($version, $server);
    }
);

# How often a session can be exported.
sub once {
    my ($version, $server) = @_;
    my $single = $version eq 'TLSv1_3';
    my $bytes  = export($server);

    my $sock = connected($server, SSL_session => [$bytes, $secret]);
    my @none = $sock->export_session($secret);
    is(scalar @none, $single ? 0 : 1,
        'before a new ticket of TLS 1.3 there is nothing to export');
    is("$SSL_ERROR", 'export_session: no session has come', '... and why')
      if $single;
    get_line($sock);
    ok(length $sock->export_session($secret), 'a new one');
    @none = $sock->export_session($secret);
    is(scalar @none, $single ? 0 : 1, '... of TLS 1.3 is exported once');
    close $sock;
    @none = $sock->export_session($secret);
    is(scalar @none, 0, 'a closed connection has none');
    return;
}

# What has changed since.
sub later {
    my ($version) = @_;
    my $server = resuming_server(
        SSL_version         => $version,
        SSL_session_timeout => 1
    );
    my $bytes = export($server);
    my $until = time + 60;
    my $result;
    1
      while time < $until
      && ($result = import_at($server, $bytes)) ne 'expired';
    is($result, 'expired', 'a session that has expired');

    # The server has another certificate by now, so it is met all the same.
    my $refused = '';
    my @args    = (
        SSL_verifycn_scheme => 'none',
        SSL_verify_callback => sub {
            my ($ok, $names) = @_[0, 2];
            return $ok && (!$refused || $names !~ /$refused/);
        }
    );
    my ($old, $new) =
      map { resuming_server(SSL_version => $version, identity($_)) }
      qw(server2 server);
    $bytes   = export($old, @args);
    $refused = 'server2';
    like(import_at($new, $bytes, @args),
        qr/certificate|refused/, 'a callback is asked, and refuses');
    return;
}

sub with_caches {
    my ($version, $server) = @_;
    my $single = $version eq 'TLSv1_3';
    my $cache  = IO::Socket::SSL::Session_Cache->new(1);
    my $sock   = connected($server, SSL_session_cache => $cache);

    get_line($sock);
    my @got = $sock->export_session($secret);
    is(scalar @got, $single ? 0 : 1,
        'sessions of TLS 1.3 that go to a cache are not exported');
    is("$SSL_ERROR",
        'export_session: the sessions have gone to SSL_session_cache',
        '... and why')
      if $single;
    close $sock;
    is(import_at($server, 'damaged', SSL_session_cache => $cache),
        'resumed', 'a cache helps where SSL_session is refused');
    return;
}

# Who has none.
{
    my ($sock, $peer) = tls_pair(role => 'server');
    my @got = $sock->export_session($secret);
    is("@got$SSL_ERROR", 'export_session: only a client has sessions to export',
        'a server');
    my $plain = IO::Socket::SSL->new(
        PeerAddr           => address(my $listener = listener()),
        SSL_startHandshake => 0
    );
    @got = $plain->export_session($secret);
    is("@got$SSL_ERROR", 'there is no TLS connection on this socket',
        'without TLS');
}

# What dies.
my ($sock, $peer) = tls_pair();
for my $case (
    ['x' x 31, 'the secret must have 32 bytes or more, not 31'],
    ["\x{100}" x 32, 'the secret must be bytes; it has wide characters'],
    [undef,          'the secret must be bytes'],
  )
{
    my ($wrong, $why) = @$case;
    like(died(sub { $sock->export_session($wrong) }),
        qr/^\Q$why\E at \Q$0\E/, $why);
}
for my $case (
    [[SSL_session => 'text'], 'SSL_session must be an array of bytes'],
    [[SSL_session => ['x']],  'SSL_session must be an array of bytes'],
    [
        [SSL_session => ['x', $secret], SSL_server => 1],
        'SSL_session is for clients'
    ],
    [
        [SSL_session => ['x', 'short']],
        'the secret of SSL_session must have 32 bytes or more, not 5'
    ],
    [
        [SSL_session => ["\x{100}", $secret]],
        'SSL_session must be bytes; it has wide characters'
    ],
  )
{
    my ($args, $why) = @$case;
    my $server = resuming_server();
    like(
        died(
            sub {
                IO::Socket::SSL->new(
                    PeerAddr => $server->{address},
                    client_args(@$args)
                );
            }
        ),
        qr/^\Q$why\E.* at \Q$0\E/,
        $why
    );
}
IO::Socket::SSL::set_defaults(SSL_session => ['x', $secret]);
ok(IO::Socket::SSL::SSL_Context->new(server_args()),
    '... which a default does not disturb');
IO::Socket::SSL::set_defaults(SSL_session => undef);

done_testing();
