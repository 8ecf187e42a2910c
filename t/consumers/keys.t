# Keys and certificates in memory go through the options of LWP and Mojolicious.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use MIME::Base64 qw(decode_base64);
use Test::More;

use ISS::Consumer qw(LWP::UserAgent Mojo::UserAgent);
use IO::Socket::SSL;
use ISS::Test;

sub slurp {
    my ($file) = @_;
    open(my $in, '<:raw', $file) or die "$file: $!";
    return do { local $/; <$in> };
}

sub der {
    my ($body) = slurp(@_) =~ /-----BEGIN [^\n]+-----\n(.*?)-----END/s;
    return decode_base64($body);
}

# It wants a certificate, and tells whose it got.
my ($server, $address) = tls_server(
    sub {
        my ($sock) = @_;
        while (my $line = <$sock>) { last if $line =~ /^\r?\n\z/ }
        my $name = $sock->peer_certificate('cn');
        print $sock "HTTP/1.0 200 OK\r\nContent-Length: ", length $name,
          "\r\n\r\n$name";
        close $sock;
    },
    SSL_verify_mode => SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
    SSL_ca          => slurp(cert('ca'))
);
my ($expected) = PEM_name(cert('client'));

sub PEM_name {
    my ($file) = @_;
    require IO::Socket::SSL::Utils;
    my $cert = IO::Socket::SSL::Utils::PEM_file2cert($file);
    return IO::Socket::SSL::Utils::CERT_asHash($cert)->{subject}{commonName};
}

my %FORM = (
    PEM => {
        SSL_cert => slurp(cert('client')),
        SSL_key  => slurp(key('client')),
        SSL_ca   => slurp(cert('ca'))
    },
    DER => {
        SSL_cert => der(cert('client')),
        SSL_key  => der(key('client')),
        SSL_ca   => der(cert('ca'))
    },
    URI => {
        SSL_cert => 'file:' . cert('client'),
        SSL_key  => 'file:' . key('client'),
        SSL_ca   => 'file:' . cert('ca')
    },
);
for my $form (sort keys %FORM) {
  SKIP: {
        skip 'this Mojo::UserAgent has no tls_options', 1
          if !Mojo::UserAgent->can('tls_options');
        my $ua = Mojo::UserAgent->new(tls_options => { %{ $FORM{$form} } });
        my $tx = $ua->get("https://$address/");
        is($tx->res->body, $expected, "Mojo::UserAgent: $form in tls_options")
          or diag explain $tx->error;
    }

    my $lwp = LWP::UserAgent->new(ssl_opts => { %{ $FORM{$form} } });
    my $answer = $lwp->get("https://$address/");
    is($answer->decoded_content, $expected,
        "LWP::UserAgent: $form in ssl_opts")
      or diag $answer->status_line;
}
consumer_done();
