# Two machines of four pre-forked workers share sessions, each worker with a
# context of its own: our client, s_client and curl come back to any of them.
use strict;
use warnings;

use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Time::HiRes qw(time);

use ISS::Unpacked 'ISS_TEST_STORES';

use IO::Socket::SSL;
use ISS::Fleet;
use ISS::Program;
use ISS::Sessions;
use ISS::Test;

use constant VISITS => 200;

my $dir = tempdir('iss-fleet-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my ($openssl, $curl) = map { ISS::Program->find($_) } qw(openssl curl);

sub key_file {
    my ($name) = @_;

    my $file = "$dir/$name";
    open my $out, '>:raw', $file or die "$file: $!";
    print {$out} map { chr int rand 256 } 1 .. 80;
    close $out;
    chmod 0600, $file;
    return $file;
}

my %BACKENDS = (
    'memcached with Cache::Memcached::Fast' => {
        program => 'memcached',
        module  => 'Cache::Memcached::Fast',
        options => [qw(-l 127.0.0.1 -U 0 -m 16), $< ? () : qw(-u root), '-p'],
        client  => sub {
            return Cache::Memcached::Fast->new(
                { servers => ["127.0.0.1:$_[0]"], io_timeout => 5 });
        },
    },
    'redis-server with Redis' => {
        program => 'redis-server',
        module  => 'Redis',
        options => [qw(--bind 127.0.0.1 --save), '', '--port'],
        client  => sub { return Redis->new(server => "127.0.0.1:$_[0]") },
    },
    'valkey-server with Redis' => {
        program => 'valkey-server',
        module  => 'Redis',
        options => [qw(--bind 127.0.0.1 --save), '', '--port'],
        client  => sub { return Redis->new(server => "127.0.0.1:$_[0]") },
    },
    'redis-server with Redis::Fast' => {
        program => 'redis-server',
        module  => 'Redis::Fast',
        options => [qw(--bind 127.0.0.1 --save), '', '--port'],
        client  => sub {
            return Redis::Fast->new(server => "127.0.0.1:$_[0]");
        },
    },
);

each_version(
    sub {
        my ($version) = @_;
        subtest 'SSL_ticket_keys' => sub {
            my @files = map { key_file("$_.key") } qw(new old);
            my $fleet = check_fleet($version, SSL_ticket_keys => \@files);

            # Below TLS 1.3 curl wants no tickets.
            check_curl($fleet) if $version eq 'TLSv1_3';
        };
        for my $name (sort keys %BACKENDS) {
            subtest $name => sub { check_store($version, $BACKENDS{$name}) };
        }
        subtest 'CHI with files' => sub { check_chi($version) };
    }
);

done_testing;

sub our_client {
    my ($version) = @_;
    return (
        SSL_version       => $version,
        SSL_session_cache => IO::Socket::SSL::Session_Cache->new(1),
        SSL_session_key   => 'the fleet'
    );
}

sub check_fleet {
    my ($version, @args) = @_;

    my $fleet = fleet(sub { (SSL_version => $version, @args) });
    my ($percent, $workers, $error) =
      share($fleet, VISITS, our_client($version));
    is($error, undef, 'no connection fails');
    cmp_ok($percent, '>=', 95, "... at least 95 % resume ($percent)");
    cmp_ok($workers, '>=', 3,  "... at changing workers ($workers)");
    check_s_client($fleet, $version);
    return $fleet;
}

sub check_store {
    my ($version, $backend) = @_;

    my $program = ISS::Unpacked->find('ISS_TEST_STORES', $backend->{program});
    plan skip_all => "there is no $backend->{program}" if !$program;
    plan skip_all => "there is no $backend->{module}"
      if !eval
      "require $backend->{module}";    ## no critic (ProhibitStringyEval)
    my $port  = free_port();
    my @start = ([$program, @{ $backend->{options} }, $port]);
    my $cache = ISS::Program->start(@start);
    $cache->wait_for_port($port);
    my $store = IO::Socket::SSL::Session_Store->new(
        backend  => sub { $backend->{client}->($port) },
        secret   => 's' x 32,
        on_error => sub { }
    );
    my $fleet = check_fleet($version, SSL_session_cache => $store);
    check_curl($fleet);
    check_second_taker($fleet, $version);
    check_clients($version, $backend, $port, sub { $cache->stop });
    $cache = ISS::Program->start(@start);
    $cache->wait_for_port($port);

    check_rotation($version, sub { $backend->{client}->($port) });

    my @client = our_client($version);
    my $before = share($fleet, 3, @client);
    $cache->stop;
    my ($percent, $workers, $error) = share($fleet, 20, @client);
    is($error,   undef, 'no connection fails while the store is gone');
    is($percent, 0,     '... none resumes');
    $cache = ISS::Program->start(@start);
    $cache->wait_for_port($port);
    ($percent, $workers, $error) = share($fleet, 60, @client);
    is($error, undef, '... nor when it is back');
    cmp_ok($percent, '>=', 50, "... and they resume again ($percent)");
    $cache->stop;
    return;
}

# Files need no server, so nothing can be gone.
sub check_chi {
    my ($version) = @_;

    plan skip_all => 'there is no CHI' if !eval { require CHI; 1 };
    my $client = sub {
        return CHI->new(driver => 'File', root_dir => "$dir/chi-$version");
    };
    my $store = IO::Socket::SSL::Session_Store->new(
        backend => $client,
        secret  => 's' x 32
    );
    ok($client->()->isa('CHI::Driver'), 'it is known by its class');
    my $fleet = check_fleet($version, SSL_session_cache => $store);
    check_curl($fleet);
    check_second_taker($fleet, $version);
    check_rotation($version, $client);

    my $server = resuming_server(SSL_version => $version);
    my @client = (
        SSL_session_cache => $store,
        SSL_session_key   => 'the server'
    );
    is(join('', map { resumed($server, @client) } 0 .. 2),
        '011', 'a client resumes');
    return;
}

# Keys of tickets that the workers make, while they change three times.
sub check_rotation {
    my ($version, $client) = @_;

    my $keys = IO::Socket::SSL::Ticket_Keys->new(
        backend => $client,
        secret  => 't' x 32,
        rotate  => 1
    );
    my $fleet =
      fleet(sub { (SSL_version => $version, SSL_ticket_keys => $keys) });
    my @client = our_client($version);
    my $until  = time + 3.2;
    my ($visits, $resumed, @errors) = (0, 0);

    while ($visits < VISITS || time < $until) {
        my ($worker, $is) = visit($fleet, $visits++, @client);
        defined $is ? $resumed += $is : push @errors, $worker;
    }
    is("@errors", '', 'no connection fails while ticket keys change');
    cmp_ok(100 * $resumed / ($visits - 1),
        '>=', 95, "... and at least 95 % of $visits resume ($resumed)");
    check_s_client($fleet, "$version-rotation");
    return;
}

# Two processes of clients with one store.
sub check_clients {
    my ($version, $backend, $port, $kill) = @_;

    my $server = resuming_server(SSL_version => $version);
    my @client = (
        SSL_session_cache => IO::Socket::SSL::Session_Store->new(
            backend  => sub { $backend->{client}->($port) },
            secret   => 'c' x 32,
            on_error => sub { }
        ),
        SSL_session_key => 'the server'
    );
    my $visit = sub { resumed($server, @client) };
    my $other = peer(
        sub {
            my ($me) = @_;
            while ($me->hear) { $me->tell($visit->()) }
        }
    );
    my $fares = $visit->();
    for (1 .. 3) {
        $other->tell('go');
        $fares .= ($other->hear)[0] . $visit->();
    }
    is($fares, '0111111', 'two processes of clients share sessions');
    $kill->();
    $other->tell('go');
    is(($other->hear)[0] . $visit->(),
        '00', '... and do full handshakes when the store is gone');
    return;
}

sub free_port {
    return listener()->sockport;
}

# Two clients with one session.
sub check_second_taker {
    my ($fleet, $version) = @_;

  SKIP: {
        skip 'there is no openssl command', 1 if !$openssl;
        my $file = "$dir/twice-$version";
        my @says = map {
            s_client(
                $fleet, $_,
                @{
                    (
                        ['-sess_out' => $file],
                        ['-sess_in'  => $file],
                        ['-sess_in'  => $file]
                    )[$_]
                }
            )
        } 0 .. 2;
        is(
            "@says",
            $version eq 'TLSv1_3' ? '0 1 0' : '0 1 1',
            'a session of TLS 1.3 is for one taker'
        );
    }
    return;
}

sub check_s_client {
    my ($fleet, $version) = @_;

  SKIP: {
        skip 'there is no openssl command', 1 if !$openssl;
        my $file    = "$dir/session-$version";
        my @resumed = map {
            s_client(
                $fleet, $_,
                '-sess_out' => $file,
                $_ ? ('-sess_in' => $file) : ()
            )
        } 0 .. 9;
        is("@resumed", '0' . ' 1' x 9, 's_client resumes from its file');
    }
    return;
}

# Whether s_client resumed a session.
sub s_client {
    my ($fleet, $n, @options) = @_;

    my $client = ISS::Program->start(
        [
            $openssl, 's_client',
            '-connect' => '127.0.0.1:' . port_of($fleet, $n),
            '-CAfile'  => cert('ca'),
            '-ign_eof', @options
        ]
    );
    $client->send("GET / HTTP/1.0\r\n\r\n");
    my ($resumed) = $client->wait_for(qr/resumed (\d)/);
    $client->finish;
    return $resumed;
}

# curl keeps sessions as long as it runs, a port each.
sub check_curl {
    my ($fleet) = @_;

  SKIP: {
        skip 'curl is not installed', 1 if !$curl;
        my $port = port_of($fleet, 0);
        my (undef, $output) = ISS::Program->run(
            [
                $curl,
                qw(-q --silent --show-error --noproxy *),
                '--resolve',
                "localhost:$port:127.0.0.1",
                '--cacert',
                cert('ca'),
                map { "https://localhost:$port/$_" } 1 .. 10
            ]
        );
        is(
            join(' ', $output =~ /resumed (\d)/g),
            '0' . ' 1' x 9,
            'curl resumes'
        ) or diag $output;
    }
    return;
}
