# Resuming a session does not bypass the staple.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::OCSP;
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

my $missing = ISS::OCSP->missing;
plan skip_all => $missing if $missing;

my $world = ISS::OCSP->new;
my $leaf =
  $world->certificate(serial => 0x1001, uri => 'http://127.0.0.1:1/never');
my $good  = $world->response(of => $leaf);
my $ended = $world->response(of => $leaf, next => time - 200);
my @MUST  = (SSL_ocsp_mode => SSL_OCSP_MUST_STAPLE);
my @TRY   = (SSL_ocsp_mode => SSL_OCSP_TRY_STAPLE);

sub context {
    return IO::Socket::SSL::SSL_Context->new(
        client_args(SSL_session_cache_size => 10, @_))
      || die "$SSL_ERROR\n";
}

# A connection after a round trip, so that it has the tickets of TLS 1.3.
sub connected {
    my ($port, @args) = @_;

    my $sock = IO::Socket::SSL->new(
        PeerAddr        => "127.0.0.1:$port",
        SSL_session_key => 'key',
        client_args(@args)
    ) or die "$SSL_ERROR\n";
    print {$sock} "olleh\n";
    die "no echo\n" if $sock->getline ne "hello\n";
    return $sock;
}

sub reused { return connected(@_)->get_session_reused ? 1 : 0 }

each_version(
    sub {
        my ($version) = @_;
        my @version = (SSL_version => $version);

        my ($server, $port) = $world->stapling_server($leaf, $good);
        for my $mode (\@MUST, \@TRY) {
            my @ctx = (SSL_reuse_ctx => context(@version, @$mode));
            is(reused($port, @ctx), 0, "mode $mode->[1]: a first connection");
            for my $time (2, 3) {
                my $sock = connected($port, @ctx);
                ok($sock->get_session_reused, "... resumed, number $time");
                is_deeply([$sock->ocsp_resolver->requests],
                    [], '... and the staple still counts');
            }
        }
        my $ctx = context(@version);
        my @ctx = (SSL_reuse_ctx => $ctx);
        is(reused($port, @ctx, @TRY), 0, 'a session that requires no staple');
        is(reused($port, @ctx, @MUST),
            0, '... is not resumed where one is required');
        is(reused($port, @ctx, @TRY), 1, '... but is where none is');
        undef $server;

        ($server, $port) = $world->stapling_server($leaf, $ended);
        for my $mode (\@MUST, \@TRY) {
            @ctx = (SSL_reuse_ctx => context(@version, @$mode));
            is(reused($port, @ctx),
                0, "mode $mode->[1]: a staple that has just ended");
            is(reused($port, @ctx), 0, '... is requested again');
        }
        undef $server;

        ($server, $port) = $world->stapling_server($leaf);
        @ctx = (SSL_reuse_ctx => context(@version));
        is(reused($port, @ctx), 0, 'a server without a staple');
        my $sock = connected($port, @ctx);
        ok($sock->get_session_reused, '... resumes');
        is_deeply(
            [keys %{ { $sock->ocsp_resolver->requests } }],
            ['http://127.0.0.1:1/never'],
            '... and the responder can be asked'
        );
    }
);

done_testing;
