# openssl s_client fetches from example/https_server.pl, and resumes its
# session.
use strict;
use warnings;

use File::Temp;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;

use ISS::Program;
use ISS::ServerSuite;
use ISS::Test;

my $openssl = ISS::Program->find('openssl');
plan skip_all => 'openssl is not installed' if !$openssl;

server_suite(sub { fetch(@_, more => ['-quiet']) });
resumes();
done_testing;

sub fetch {
    my (%arg) = @_;

    my @command = (
        $openssl, 's_client',
        '-connect'         => "127.0.0.1:$arg{port}",
        '-servername'      => 'localhost',
        '-verify_hostname' => 'localhost',
        '-CAfile'          => $arg{ca},
        '-verify_return_error',
        '-ign_eof',
        '-tls' . $arg{version} =~ tr/./_/r,
        @{ $arg{more} }
    );
    push @command, '-cert' => $arg{cert}, '-key' => $arg{key} if $arg{cert};
    my (undef, $output) =
      ISS::Program->run(\@command, input => "GET / HTTP/1.0\r\n\r\n");
    return $output;
}

sub resumes {
    my %identity = (cert => cert('client'), key => key('client'));

    for my $case (['no certificate'], ['a certificate', '--ca', cert('ca')]) {
        my ($what,   @option) = @$case;
        my ($server, $port)   = start_https_server(@option);

        for my $version ('1.2', '1.3') {
            my $session = File::Temp->new;
            my %arg     = (
                version => $version,
                port    => $port,
                ca      => cert('ca'),
                @option ? %identity : ()
            );
            my $output = fetch(%arg, more => ['-sess_out' => "$session"]);
            like($output, qr/^New, /m, "TLS $version, $what: a new session");
            $output = fetch(%arg, more => ['-sess_in' => "$session"]);
            like($output, qr/^Reused, /m, "TLS $version, $what: resumed");
            like(
                $output,
                qr/^client: .*Test Client/m,
                "TLS $version, $what: the client's certificate is still known"
            ) if @option;
        }
    }
    return;
}
