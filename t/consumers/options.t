# Options that go beyond IO::Socket::SSL 2.099 reach us through the SSL_*
# options of LWP, HTTP::Tiny and Mojolicious.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;

use ISS::Consumer qw(LWP::UserAgent HTTP::Tiny Mojo::UserAgent);
use IO::Socket::SSL;
use ISS::Test;

# It wants a certificate, tells whose it got, and whether it resumed.
my ($server, $address) = tls_server(
    sub {
        my ($sock) = @_;
        while (my $line = <$sock>) { last if $line =~ /^\r?\n\z/ }
        my $text = join ' ', $sock->peer_certificate('cn'),
          $sock->get_session_reused ? 'resumed' : 'new';
        print $sock join "\r\n", 'HTTP/1.1 200 OK', 'Connection: close',
          'Content-Length: ' . length $text, '', $text;
        close $sock;
    },
    SSL_verify_mode => SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
    SSL_ca_file     => cert('ca'),
    SSL_version     => 'TLSv1_3'
);

# What the program of the sub gets from there with these options, or why not.
my %GET = (
    'LWP::UserAgent' => sub {
        my $answer = LWP::UserAgent->new(ssl_opts => {@_}, timeout => 60)
          ->get("https://$address/");
        return $answer->is_success
          ? $answer->decoded_content
          : $answer->status_line;
    },
    'HTTP::Tiny' => sub {
        return HTTP::Tiny->new(
            verify_SSL  => 1,
            timeout     => 60,
            SSL_options => {@_}
        )->get("https://$address/")->{content};
    },
    'Mojo::UserAgent' => sub {
        my $agent = Mojo::UserAgent->new(tls_options => {@_});
        my $tx = $agent->get("https://$address/");
        return $tx->res->body || $tx->error->{message};
    },
);

# A store in the memory of this process.
{

    package Backend::In::Memory;    ## no critic (ProhibitMultiplePackages)
    sub new    { return bless {}, shift }
    sub get    { return $_[0]{ $_[1] } }
    sub set    { $_[0]{ $_[1] } = $_[2]; return 1 }
    sub delete { return !!delete $_[0]{ $_[1] } }
}

delete $GET{'Mojo::UserAgent'}    # is too old
  if !Mojo::UserAgent->can('tls_options');
for my $agent (sort keys %GET) {
    my ($get, %called) = ($GET{$agent});
    my @args = (
        SSL_ca_file       => cert('ca'),
        SSL_cert_callback => sub {
            $called{certificate}++;
            return { identity('client') };
        },
        SSL_keylog_callback   => sub { $called{'key log'}++ },
        SSL_handshake_report  => 1,
        SSL_handshake_timeout => 100,
        SSL_deadline          => 100,
        SSL_session_cache     => IO::Socket::SSL::Session_Store->new(
            backend => Backend::In::Memory->new,
            secret  => 's' x 32
        ),
        SSL_session_key => 'key'
    );
    is($get->(@args), 'Test Client new', "$agent: SSL_cert_callback");
    is(
        join(',', sort keys %called),
        'certificate,key log',
        '... SSL_keylog_callback'
    );

    # The session of a certificate that a callback has chosen is not kept.
    my @stored = (@args, SSL_cert_callback => undef, identity('client'));
    is($get->(@stored), 'Test Client new',     '... a Session_Store');
    is($get->(@stored), 'Test Client resumed', '... resumes');
    like(
        $get->(@args, SSL_ca_file => cert('other-ca')),
        qr/certificate verify failed/,
        '... a handshake that fails'
    );
    like(
        IO::Socket::SSL->handshake_report,
        qr/alert fatal "unknown CA"/,
        '... SSL_handshake_report'
    );
    isnt(
        $get->(@stored, SSL_deadline => 0.000_001),
        'Test Client resumed',
        '... SSL_deadline'
    );
    is(IO::Socket::SSL->ssl_error_info->{kind}, 'timeout', '... is over');
}

# One that must be refused, as everywhere.
like(
    $GET{'HTTP::Tiny'}->(SSL_ca_file => cert('ca'), SSL_num_tickets => 1),
    qr/SSL_num_tickets is for servers/,
    'an option of servers is an error'
);
consumer_done();
