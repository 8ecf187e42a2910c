# Two machines of four pre-forked workers share sessions, each worker with a
# context of its own: our client, s_client and curl come back to any of them.
use strict;
use warnings;

use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;

use IO::Socket::SSL;
use ISS::Fleet;
use ISS::Program;
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

each_version(
    sub {
        my ($version) = @_;
        subtest 'SSL_ticket_keys' => sub {
            my @files = map { key_file("$_.key") } qw(new old);
            my $fleet = check_fleet($version, SSL_ticket_keys => \@files);

            # Below TLS 1.3 curl wants no tickets.
            check_curl($fleet) if $version eq 'TLSv1_3';
        };
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

sub check_s_client {
    my ($fleet, $version) = @_;

  SKIP: {
        skip 'there is no openssl command', 1 if !$openssl;
        my @resumed = map { s_client($fleet, $version, $_) } 1 .. 10;
        is("@resumed", '0' . ' 1' x 9, 's_client resumes from its file');
    }
    return;
}

# Whether s_client resumed the session of its visit before.
sub s_client {
    my ($fleet, $version, $n) = @_;

    my $file = "$dir/session-$version";
    unlink $file if $n == 1;
    my $client = ISS::Program->start(
        [
            $openssl, 's_client',
            '-connect'  => '127.0.0.1:' . port_of($fleet, $n),
            '-CAfile'   => cert('ca'),
            '-sess_out' => $file,
            ($n > 1 ? ('-sess_in' => $file) : ()),
            '-ign_eof'
        ]
    );
    $client->send("GET / HTTP/1.0\r\n\r\n");
    return $client->wait_for(qr/resumed (\d)/);
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
