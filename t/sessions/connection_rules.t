# A server's connections may have their own rules on a shared context.  A
# client cannot evade them with a session from another connection.
use strict;
use warnings;

use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::SSL;
use ISS::FileStore;
use ISS::OpenSSL;
use ISS::Test;
use Test::More;

plan skip_all => 'there is no openssl command' if !find_openssl();

my @ASKS = (
    SSL_verify_mode => SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
    SSL_ca_file     => cert('ca')
);
my %BY_NAME = identities('' => 'server', 'server2.test' => 'server2');

# The result of s_client's handshake: new, reused or an error.
sub meet {
    my ($ctx, $s_client, @rules) = @_;

    my ($sock, $client) = accept_s_client(
        [
            '-cert' => cert('client'),
            '-key'  => key('client'),
            '-ign_eof', @$s_client
        ],
        SSL_server    => 1,
        SSL_reuse_ctx => $ctx,
        @rules
    );
    my $result = "$SSL_ERROR";
    if ($sock) {
        $result = $sock->get_session_reused ? 'reused' : 'new';
        print $sock "hello\n";
        $sock->close;
    }
    $client->finish;
    return $result;
}

sub fingerprint_of_client {
    my ($sock, $peer) = tls_pair(
        role   => 'server',
        mine   => {@ASKS},
        theirs => { identity('client') }
    );
    return $sock->get_fingerprint;
}

my $right = fingerprint_of_client();
my @right = (SSL_fingerprint => $right, SSL_force_fingerprint => 1);
my @wrong =
  (SSL_fingerprint => 'sha256$' . '00' x 32, SSL_force_fingerprint => 1);
my @name = (
    SSL_verifycn_scheme => 'default',
    SSL_verifycn_name   => 'nobody.test'
);
my @sub = (
    SSL_verifycn_name   => 'nobody.test',
    SSL_verifycn_scheme => { callback => sub { 0 } },
);

for my $version (qw(tls1_2 tls1_3)) {
    for my $named (undef, 'mine') {
        my $ctx = IO::Socket::SSL::SSL_Context->new(
            server_args(@ASKS, SSL_session_id_context => $named));
        my $file  = File::Temp->new;
        my @save  = ("-$version", '-sess_out', "$file");
        my @offer = ("-$version", '-sess_in',  "$file");
        my $how   = $version . ($named ? ', a named context' : '');

        is(meet($ctx, \@save),  'new',    "$how: without rules");
        is(meet($ctx, \@offer), 'reused', '... resumed');
        like(
            meet($ctx, \@offer, @wrong),
            qr/does not match SSL_fingerprint/,
            'not under a forced fingerprint'
        );
        like(
            meet($ctx, \@offer, @name),
            qr/hostname verification failed/,
            'nor where a name is wanted'
        );
        like(
            meet($ctx, \@offer, @sub),
            qr/hostname verification failed/,
            'nor past a scheme that is a sub'
        );
        is(meet($ctx, \@offer, @right),
            'new', 'a full handshake follows the rules');

        is(meet($ctx, \@save,  @right), 'new', "$how: with rules");
        is(meet($ctx, \@offer, @right),
            'reused', '... resumed under the same rules');
        is(meet($ctx, \@offer), 'new', '... but under no others');
    }
    my $ctx = IO::Socket::SSL::SSL_Context->new(
        SSL_server             => 1,
        SSL_session_id_context => 'mine',
        @ASKS, %BY_NAME
    );
    my $file  = File::Temp->new;
    my @save  = ("-$version",   '-sess_out', "$file");
    my @offer = ("-$version",   '-sess_in',  "$file");
    my @one   = ('-servername', 'server2.test');
    my @other = ('-servername', 'else.test');
    is(meet($ctx, [@save,  @one],   @right), 'new', "$version, by name: new");
    is(meet($ctx, [@offer, @one],   @right), 'reused', '... resumed');
    is(meet($ctx, [@offer, @other], @right),
        'new', '... not resumed under another name');
    like(
        meet($ctx, [@offer, @one], @wrong),
        qr/does not match SSL_fingerprint/,
        '... nor under other rules'
    );
}

# A session of a host that verifies nobody does not get past a host that does
# (CVE-2025-23419), whatever sessions are shared by.
{
    my $dir = tempdir('iss-hosts-XXXXXX', TMPDIR => 1, CLEANUP => 1);
    open my $out, '>:raw', "$dir/key" or die $!;
    print {$out} map { chr int rand 256 } 1 .. 80;
    close $out;
    chmod 0600, "$dir/key";
    my $secret  = 's' x 32;
    my $backend = sub { ISS::FileStore->new(dir => $dir) };
    my %shared  = (
        'a file of ticket keys' => [SSL_ticket_keys => "$dir/key"],
        'shared ticket keys'    => [
            SSL_ticket_keys => IO::Socket::SSL::Ticket_Keys->new(
                backend => $backend,
                secret  => $secret
            )
        ],
        'a store' => [
            SSL_session_cache =>
              ISS::FileStore::store($dir, secret => $secret)
        ],
    );
    for my $version (qw(tls1_2 tls1_3)) {
        for my $how (sort keys %shared) {
            my $ctx = IO::Socket::SSL::SSL_Context->new(
                @{ $shared{$how} },
                %BY_NAME, @ASKS,
                SSL_verify_mode => { '' => 0, 'server2.test' => $ASKS[1] }
            ) or die $SSL_ERROR;
            my $file  = "$dir/session";
            my @save  = ("-$version", '-sess_out', $file);
            my @offer = ("-$version", '-sess_in',  $file);
            my @strict = ('-servername', 'server2.test');

            is(meet($ctx, \@save), 'new', "$version, $how: a host for all");
            is(meet($ctx, [@offer, @strict]),
                'new', '... its session is nothing to one that verifies');
            is(meet($ctx, \@save),  'new',    '... another one');
            is(meet($ctx, \@offer), 'reused', '... is resumed at home');
        }
    }
}

done_testing;
