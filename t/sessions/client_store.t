# IO::Socket::SSL::Session_Store: clients of several processes share sessions.
use strict;
use warnings;

use File::Copy qw(copy);
use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::FileStore;
use ISS::OCSP;
use ISS::Sessions;
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

my $dir = tempdir('iss-client-store-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $secret = 'the secret of all the machines!!';

sub folder { return ISS::FileStore::folder($dir) }

# Arguments of a client with a store in this folder.
sub with_store {
    my ($folder, %args) = @_;
    return (
        SSL_session_cache => ISS::FileStore::store(
            $folder,
            secret => $secret,
            %args
        ),
        SSL_session_key => 'key',
    );
}

# What the code returns in a process of its own.
sub elsewhere {
    my ($code) = @_;
    my $process = peer(sub { $_[0]->tell($code->()) });
    return ($process->hear)[0];
}

sub file_of {
    my ($name, $content) = @_;
    open my $out, '>:raw', "$dir/$name" or die $!;
    print {$out} $content;
    close $out;
    return "$dir/$name";
}

each_version(
    sub {
        my ($version) = @_;
        my $single = $version eq 'TLSv1_3';
        my $server = resuming_server(SSL_version => $version);

        my $folder = folder();
        my @store  = with_store($folder);
        my $visit  = sub { resumed($server, @_ ? @_ : @store) };
        is(elsewhere($visit), 0, 'a process begins');
        is($visit->(),        1, '... another one goes on');
        is(elsewhere($visit), 1, '... and a third');
        my @values = ISS::FileStore::values_in($folder);
        is(scalar @values, 1, '... with one value');
        like(pack('H*', $values[0] =~ m{/([0-9a-f]+)\z}),
            qr/\Aiss:[\w-]{43}\z/, '... under a key that says nothing');
        is(resumed($server, @store, SSL_session_key => 'other'),
            0, 'another key');

        for my $case (
            ['another secret', [with_store($folder, secret => 'x' x 32)], 0],
            ['another prefix', [with_store($folder, prefix => 'x')],      0],
            [
                'an older secret reads',
                [with_store($folder, secret => ['x' x 32, $secret])], 1
            ],
            ['another name', [@store, SSL_verifycn_name => 'a.example.test']],
            ['another CA file', [@store, SSL_ca_file => cert('bundle')]],
            [
                'the same CA in another file',
                [@store, SSL_ca_file => scalar copied(cert('ca'))], 1
            ],
            [
                'a CRL', [@store, SSL_check_crl => 1, SSL_crl_file => cert('crl')]
            ],
            ['no verification', [@store, SSL_verify_mode => 0]],
            ['a client certificate', [@store, identity('client')]],
          )
        {
            my ($what, $args, $expected) = @$case;
            $visit->();
            is($visit->(@$args), $expected || 0, $what);
        }

        is(
            join('',
                map { resumed($server, with_store(folder())) } 1 .. 2),
            '00',
            'another store'
        );
        for my $case (
            [[loses       => 1], $single ? '00' : '01'],
            [[cannot_tell => 1], '01']
          )
        {
            my ($how, $expected) = @$case;
            my @args = with_store(folder(), @$how);
            is(join('', map { $visit->(@args) } 1 .. 2),
                $expected, "a store where delete $how->[0]");
        }
        taken_once($version);
        damaged($version, $server);
        broken($version, $server);
        changed($version);
    }
);

sub copied {
    my ($file) = @_;
    copy($file, "$dir/copy.pem") or die $!;
    return "$dir/copy.pem";
}

# Two connections with one session.
sub taken_once {
    my ($version) = @_;
    my $server = resuming_server(SSL_version => $version, hold => 1);
    my @store  = with_store(folder());

    get_line(connected($server, @store));
    my $first = connected($server, @store);
    my $second =
      elsewhere(sub { connected($server, @store)->get_session_reused });
    is(
        $first->get_session_reused . $second,
        $version eq 'TLSv1_3' ? '10' : '11',
        'a session of TLS 1.3 is taken, one of TLS 1.2 stays'
    );
    return;
}

sub damaged {
    my ($version, $server) = @_;
    my $folder = folder();
    my @store  = with_store($folder);
    my $wrong  = 0;

    for my $at (0, 1, 32, 33, 60, -17, -16, -1) {
        unlink ISS::FileStore::values_in($folder);
        resumed($server, @store);
        my ($file) = ISS::FileStore::values_in($folder);
        open my $both, '+<:raw', $file or die $!;
        my $place = $at < 0 ? $at + -s $both : $at;
        seek $both, $place, 0;
        read $both, my $byte, 1;
        seek $both, $place, 0;
        print {$both} $byte ^ "\1";
        close $both;
        $wrong++ if resumed($server, @store) ne '0';
    }
    is($wrong, 0, 'a damaged value is a miss');
    return;
}

sub broken {
    my ($version, $server) = @_;
    my $folder = folder();
    my @told;
    my @store =
      with_store($folder, on_error => sub { push @told, join ' ', @_ });

    my $fares = join '', map { resumed($server, @store) } 1 .. 2;
    file_of(substr("$folder/broken", length "$dir/"), '');
    $fares .= join '', map { resumed($server, @store) } 1 .. 2;
    unlink "$folder/broken";
    $fares .= join '', map { resumed($server, @store) } 1 .. 2;
    is($fares, '010011',
        'a store that dies means full handshakes, no failure')
      or diag "$fares";
    like("@told", qr/get the store is broken/, '... which on_error hears of');
    return;
}

# What is true of a certificate when it is resumed.
sub changed {
    my ($version) = @_;
    my $server = resuming_server(SSL_version => $version, identity('revoked'));
    my $chain  = resuming_server(
        SSL_version   => $version,
        SSL_cert_file => cert('server-sub-chain'),
        SSL_key_file  => key('server-sub')
    );
    my $crl = "$dir/crl.pem";

    copy(cert('crl-none-revoked'), $crl) or die $!;
    my @args = (
        with_store(folder()),
        SSL_check_crl       => 1,
        SSL_crl_file        => $crl,
        SSL_verifycn_scheme => 'none'
    );
    is(join('', map { resumed($server, @args) } 1 .. 2),
        '01', 'a good certificate');
    copy(cert('crl'), $crl) or die $!;
    like(resumed($server, @args),
        qr/revoked/, '... is refused once the CRL revokes it');

    my (@asked, @sent);
    @args = (
        with_store(folder()),
        SSL_verifycn_scheme => 'none',
        SSL_verify_callback => sub { push @asked, $_[5]; return $_[0] }
    );
    for my $time (1 .. 3) {
        my $sock = connected($chain, @args);
        get_line($sock);
        push @sent, scalar $sock->peer_certificates;
        is($sock->get_session_reused, $time > 1 ? 1 : 0,
            "a chain with an intermediate, visit $time");
        is(scalar(grep { $_ == 2 } splice @asked),
            1, '... the callback is asked about all of it');
        close $sock;
    }
    is("@sent", '2 2 2', '... and the session remembers the chain');
    return;
}

# The staple of the full handshake counts.
SKIP: {
    my $missing = ISS::OCSP->missing;
    skip $missing, 2 if $missing;
    my $world = ISS::OCSP->new;
    my $leaf  = $world->certificate(
        serial => 0x1001,
        uri    => 'http://127.0.0.1:1/never'
    );
    for my $case (
        [[],                    '011', 'a required staple'],
        [[next => time - 200],  '000', 'a staple that has just ended']
      )
    {
        my ($how, $expected, $what) = @$case;
        my ($server, $port) =
          $world->stapling_server($leaf,
            $world->response(of => $leaf, @$how));
        my @args = (
            with_store(folder()),
            SSL_ocsp_mode => SSL_OCSP_MUST_STAPLE,
            PeerAddr      => "127.0.0.1:$port"
        );
        my $fares = join '', map {
            my $sock = IO::Socket::SSL->new(client_args(@args))
              or die $SSL_ERROR;
            print {$sock} "olleh\n";
            $sock->getline;
            my $is = $sock->get_session_reused ? 1 : 0;
            close $sock;
            $is;
        } 1 .. 3;
        is($fares, $expected, $what);
    }
}

# Contexts and defaults.
{
    my $server = resuming_server();
    my $folder = folder();
    my %with   = with_store($folder);
    my $ctx    = client_context(%with);
    ok($ctx->has_session_cache, 'a context with a store has a cache');
    my @args = (SSL_reuse_ctx => $ctx);
    resumed($server, @args);
    ok($ctx->reload, '... which is reloaded');
    is(resumed($server, @args), 1, '... with its store');
    IO::Socket::SSL::set_default_session_cache($with{SSL_session_cache});
    is(resumed($server, SSL_session_key => 'key'),
        1, 'a store as the default session cache');
    IO::Socket::SSL::set_default_session_cache(undef);
    is(resumed($server, SSL_session_key => 'key'), 0, '... no longer');
}

done_testing();
