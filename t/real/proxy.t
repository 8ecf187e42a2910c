# LWP and HTTP::Tiny reach nginx through a proxy: they send CONNECT in the
# clear and then pass the socket to start_SSL.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;

use IO::Select;
use ISS::Nginx;
use ISS::Test;
use ISS::WebSuite;

plan skip_all => ISS::Nginx->missing if ISS::Nginx->missing;

my $PAGE  = "a page behind a proxy\n" x 10000;
my $nginx = ISS::Nginx->start(
    good  => { cert => cert('server'),     key => key('server') },
    wrong => { cert => cert('wrong-name'), key => key('wrong-name') }
);
$nginx->publish('/page', $PAGE);

my %NEEDS = (
    'HTTP::Tiny' => ['HTTP::Tiny'],
    'LWP'        => ['LWP::UserAgent', 'LWP::Protocol::https']
);

my %CLIENT = (
    'HTTP::Tiny' => sub {
        my ($proxy, $url, %ssl) = @_;
        my $answer = HTTP::Tiny->new(
            https_proxy => "http://$proxy",
            verify_SSL  => 1,
            timeout     => 20,
            SSL_options => \%ssl
        )->get($url);
        return $answer->{content};
    },
    'LWP' => sub {
        my ($proxy, $url, %ssl) = @_;
        my $lwp = LWP::UserAgent->new(
            timeout  => 20,
            ssl_opts => { verify_hostname => 1, %ssl }
        );
        $lwp->proxy(https => "http://$proxy");
        return $lwp->get($url)->content;
    }
);

for my $name (sort keys %CLIENT) {
    subtest $name => sub {
        my $missing = missing_module(@{ $NEEDS{$name} });
        plan skip_all => $missing if $missing;
        goes_through_a_proxy($CLIENT{$name});
    };
}
done_testing;

sub goes_through_a_proxy {
    my ($get) = @_;

    for my $version (versions()) {
        my %ssl = (SSL_version => $version, SSL_ca_file => cert('ca'));

        my ($peer, $proxy) = start_proxy();
        my $url = '127.0.0.1:' . $nginx->port('good');
        is($get->($proxy, "https://$url/page", %ssl),
            $PAGE, "$version: a page arrives");
        is_deeply([$peer->hear], [$url, 0],
            "$version: the proxy connected, and could not read the page");

        ($peer, $proxy) = start_proxy();
        $url = '127.0.0.1:' . $nginx->port('wrong');
        like($get->($proxy, "https://$url/page", %ssl),
            qr/wrong\.invalid/, "$version: the wrong name is refused");
    }
    return;
}

# Serves CONNECT requests, and tells the target and whether it saw the page.
sub start_proxy {
    return plain_server(
        sub {
            my ($client, $me)     = @_;
            my ($target, $header) = ('', '');
            $header .= <$client> // die "no header\n"
              while $header !~ /\r\n\r\n\z/;
            ($target) = $header =~ m{^CONNECT (\S+) HTTP/1};
            my $server = IO::Socket::INET->new($target) or die "$target: $!";
            syswrite $client, "HTTP/1.1 200 Connected\r\n\r\n";
            my $seen = shuttle($client, $server);
            $me->tell($target, $seen =~ /a page behind/ ? 1 : 0);
        }
    );
}

# Pass bytes both ways until one side ends; returns all of them.
sub shuttle {
    my ($client, $server) = @_;

    my %other  = ($client => $server, $server => $client);
    my $select = IO::Select->new($client, $server);
    my $seen   = '';
    while (1) {
        for my $from ($select->can_read) {
            my $bytes = '';
            sysread $from, $bytes, 65536 or return $seen;
            print { $other{$from} } $bytes;
            $seen .= $bytes;
        }
    }
}
