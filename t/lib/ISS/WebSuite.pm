# Tests that every HTTPS client on top of IO::Socket::SSL must pass with
# nginx.  A test supplies a sub that makes its client.
package ISS::WebSuite;

use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use Exporter    qw(import);
use ISS::Nginx;
use ISS::Test;
use Socket qw(inet_aton);
use Test::More;

our @EXPORT = qw(web_suite tiny_client missing_module);

# A minimal system may have no /etc/hosts.
my $HOST = inet_aton('localhost') ? 'localhost' : '127.0.0.1';

my $PAGE      = "a page\n" x 100;
my $MEGABYTES = 50;

# The protocols under test: our name => nginx's.
my %PROTOCOL = (TLSv1_2 => 'TLSv1.2', TLSv1_3 => 'TLSv1.3');

# The certificates that must be refused, and the errors.
my %BAD = (
    'expired'      => ['an expired certificate', qr/has expired/],
    'other-server' => ['an unknown CA', qr/unable to get (?:local )?issuer/],
    'self-signed'  => ['a self-signed certificate', qr/self.signed/],
    'wrong-name'   => [
        'the wrong name, with that wanted and that offered',
        qr/(?=.*\b\Q$HOST\E\b)(?=.*\bwrong\.invalid\b)/s
    ],
);

# Load modules that are not core; returns the missing one, or undef.  LWP's
# https part may be unpacked in a separate folder, because installing its
# package would install another IO::Socket::SSL.
sub missing_module {
    my (@modules) = @_;

    push @INC, split /:/, $ENV{ISS_TEST_LWP_HTTPS} || '';
    for my $module (@modules) {
        my $file = ($module =~ s{::}{/}gr) . '.pm';
        return "$module is not installed" if !eval { require $file };
    }
    return;
}

# web_suite(sub { my %ssl_option = @_; ...; return $client });
#
# $client->($method, $url, $body, $sink) makes a request, follows redirects,
# keeps connections alive, passes the content in pieces to $sink if there is
# one, and returns
#   { status => 200, header => { 'lower-case' => 'value' }, content => '...' }
# with error => TEXT if there is no answer.
sub web_suite {
    my ($make_client) = @_;

    my $nginx = ISS::Nginx->start(_sites());
    $nginx->publish('/page', $PAGE);
    my $digest = $nginx->publish_large('/large', $MEGABYTES);

    for my $version (sort keys %PROTOCOL) {
        my %ssl = (SSL_version => $version, SSL_ca_file => cert('ca'));
        my $url = _url($nginx, $version);

        my $client = $make_client->(%ssl);
        _gets_a_page($client, $url, $version);
        _follows_a_redirect($client, $url, $version);
        _gets_a_large_file($client, $url, $version, $digest);
        _posts($client, $url, $version, $nginx);
        _keeps_a_connection($make_client->(%ssl), $url, $version);
        _refuses($make_client, $nginx, $version, %ssl);
    }
    return;
}

# A client for web_suite that uses the HTTP::Tiny that is loaded.
sub tiny_client {
    my (%ssl) = @_;

    require HTTP::Tiny;
    my $tiny = HTTP::Tiny->new(
        verify_SSL  => 1,
        timeout     => 20,
        keep_alive  => 1,
        SSL_options => \%ssl
    );
    return sub {
        my ($method, $url, $body, $sink) = @_;

        my %option;
        $option{content}       = $body if defined $body;
        $option{data_callback} = $sink if $sink;
        my $answer = $tiny->request($method, $url, \%option);
        return {
            status  => $answer->{status},
            header  => $answer->{headers},
            content => $answer->{content},
            error   => $answer->{status} == 599 ? $answer->{content} : ''
        };
    };
}

sub _sites {
    my %site = map {
        my $name = $_;
        $name => { cert => cert($name), key => key($name) }
    } keys %BAD;
    for my $version (keys %PROTOCOL) {
        $site{$version} = {
            cert      => cert('server'),
            key       => key('server'),
            protocols => $PROTOCOL{$version},
        };
    }
    return %site;
}

sub _url { "https://$HOST:" . $_[0]->port($_[1]) }

sub _gets_a_page {
    my ($client, $url, $version) = @_;

    my $answer = $client->(GET => "$url/page");
    is($answer->{status}, 200, "$version: a page is found")
      or diag $answer->{error};
    is($answer->{content}, $PAGE, "$version: a page arrives unchanged");
    is($answer->{header}{'x-protocol'},
        $PROTOCOL{$version}, "$version: is what nginx saw");
    $answer = $client->(GET => "$url/nothing");
    is($answer->{status}, 404, "$version: a missing page is missing");
    return;
}

sub _follows_a_redirect {
    my ($client, $url, $version) = @_;

    my $answer = $client->(GET => "$url/old");
    is($answer->{content}, $PAGE, "$version: a redirect leads to the page");
    return;
}

sub _gets_a_large_file {
    my ($client, $url, $version, $digest) = @_;

    my $sha = Digest::SHA->new(256);
    my $answer =
      $client->(GET => "$url/large", undef, sub { $sha->add($_[0]) });
    is($answer->{status}, 200,     "$version: $MEGABYTES MB are delivered");
    is($sha->hexdigest,   $digest, "$version: not a bit of them is wrong");
    return;
}

sub _posts {
    my ($client, $url, $version, $nginx) = @_;

    my $body = join '', map { pack 'N', $_ * 2654435761 % 2**32 } 1 .. 2**18;
    my $path   = "/store/$version";
    my $answer = $client->(POST => "$url$path", $body);
    is($answer->{status}, 201, "$version: a POST of 1 MB is taken")
      or diag $answer->{error};

    my $stored = '';
    if (open my $fh, '<:raw', $nginx->file($path)) {
        local $/;
        $stored = <$fh>;
    }
    is(sha256_hex($stored), sha256_hex($body), "$version: it arrived whole");
    return;
}

sub _keeps_a_connection {
    my ($client, $url, $version) = @_;

    my @header = map { $client->(GET => "$url/page")->{header} } 1 .. 3;
    is_deeply(
        [map { $_->{'x-request-count'} } @header],
        [1 .. 3],
        "$version: three requests count up"
    );
    my %connection = map { $_ => 1 }
      grep { defined } map { $_->{'x-connection'} } @header;
    is(keys %connection, 1, "$version: they share one connection");
    return;
}

sub _refuses {
    my ($make_client, $nginx, $version, %ssl) = @_;

    for my $site (sort keys %BAD) {
        my ($what, $reason) = @{ $BAD{$site} };

        my $answer =
          $make_client->(%ssl)->(GET => _url($nginx, $site) . '/page');
        like($answer->{error}, $reason, "$version: refuses $what");
        unlike($answer->{content} || '',
            qr/\Q$PAGE\E/, "$version: ... and gets nothing");
    }
    return;
}

1;
