# check: TLS that begins within another protocol, with scripted servers.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::SSL;
use IO::Socket::SSL::Check::StartTLS;
use ISS::Check;
use ISS::Test;
use Test::More;

my $TLS = \'start TLS';    # a step of a script

# A server that follows a script: it waits for what matches a pattern, sends a
# text, or starts TLS.  A pattern that is not met is told to the test.
sub scripted {
    my (@script) = @_;

    return sub {
        my ($tcp, $me) = @_;
        $tcp->autoflush(1);
        for my $step (@script) {
            if (ref $step eq 'Regexp') {
                my $got = '';
                while ($got !~ $step) {
                    my $count = sysread $tcp, $got, 1, length $got;
                    last if !$count;
                }
                $me->tell($got =~ $step ? 'met' : "not met: $got");
                return if $got !~ $step;
            }
            elsif (ref $step) {
                my $sock = IO::Socket::SSL->start_SSL($tcp, server_args())
                  || return;
                eval { read_all($sock) };
            }
            else {
                syswrite $tcp, $step;
            }
        }
    };
}

# The result of a check by this kind, and what the server was told.
sub check_script {
    my ($kind, $script, %args) = @_;
    my ($peer, $address) = plain_server(scripted(@$script));
    my $result = check_at(
        $address,
        starttls => $kind,
        quick    => 1,
        name     => 'localhost',
        timeout  => 5,
        %args
    );

    return ($result, $peer);
}

my $LDAP = pack 'H*', '301d02010177188016' . unpack 'H*',
  '1.3.6.1.4.1.1466.20037';
my $FEATURES = '<features xmlns="x"><starttls xmlns="y"/></features>';

my %GOOD = (
    smtp => [
        "220-mail.test\r\n220 ESMTP\r\n",
        qr/^EHLO \[127\.0\.0\.1\]\r\n\z/,
        "250-mail.test\r\n250-SIZE 10\r\n250-STARTTLS\r\n250 HELP\r\n",
        qr/^STARTTLS\r\n\z/,
        "220 go ahead\r\n",
        $TLS
    ],
    ftp => [
        "220-files\r\n  of the test\r\n220 ready\r\n",
        qr/^AUTH TLS\r\n\z/,
        "234 go ahead\r\n", $TLS
    ],
    nntp => ["201 news\r\n", qr/^STARTTLS\r\n\z/, "382 go ahead\r\n", $TLS],
    imap => [
        "* OK IMAP4rev1\r\n",
        qr/^a1 STARTTLS\r\n\z/,
        "* NOTE\r\na1 OK go ahead\r\n",
        $TLS
    ],
    pop3  => ["+OK post\r\n", qr/^STLS\r\n\z/, "+OK go ahead\r\n", $TLS],
    sieve => [
        qq("IMPLEMENTATION" "test"\r\n"STARTTLS"\r\nOK "ready"\r\n),
        qr/^STARTTLS\r\n\z/, qq(OK "go ahead"\r\n), $TLS
    ],
    xmpp => [
        qr{<stream:stream to='localhost' xmlns='jabber:client'[^>]*>\z},
        "<?xml version='1.0'?><stream:stream from='localhost'>$FEATURES",
        qr{^<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>\z},
        "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
        $TLS
    ],
    ldap =>
      [qr/^\Q$LDAP\E\z/, pack('H*', '300c02010178070a010004000400'), $TLS],
    postgres => [qr/^\x00\x00\x00\x08\x04\xd2\x16\x2f\z/s, 'S', $TLS],
);

is_deeply(
    [sort keys %GOOD],
    [IO::Socket::SSL::Check::StartTLS::kinds()],
    'each kind has a test'
);
for my $kind (sort keys %GOOD) {
    my ($result, $peer) = check_script($kind, $GOOD{$kind});
    ids_are($result, [], "$kind: TLS begins");
    my @asked = grep { ref eq 'Regexp' } @{ $GOOD{$kind} };
    is_deeply(
        [map { $peer->hear } @asked],
        [('met') x @asked],
        '... after these words'
    );
    ok(defined $result->{addresses}[0]{times}{starttls_ms}, '... in a time');
}

# --- refusals

sub refused_with {
    my ($kind, $script, $id, $text, %args) = @_;
    my ($result) = check_script($kind, $script, %args);

    ids_are($result, [$id], "$kind: $id");
    says($result, $id, $text);
    is($result->{exit},       2, '... which is bad');
    is($result->{handshakes}, 0, '... before any handshake');
    return;
}

my @ehlo = ("220 mail\r\n", qr/^EHLO .*\n\z/, "250 STARTTLS\r\n");

refused_with(
    smtp => ["220 mail\r\n", qr/^EHLO .*\n\z/, "250-x\r\n250 SIZE\r\n"],
    'starttls_not_offered',
    qr/SMTP: the server does not offer STARTTLS; it said: "250-x 250 SIZE"/
);
refused_with(
    smtp => [@ehlo, qr/^STARTTLS\r\n\z/, "454 no certificate\r\n"],
    'starttls_refused',
    qr/does not begin TLS; it said: "454 no certificate"/
);
refused_with(
    smtp => ["554 go away\r\n"],
    'starttls_refused', qr/it said: "554 go away"/
);
refused_with(
    ftp => ["220 x\r\n", qr/^AUTH TLS\r\n\z/, "500 what?\r\n"],
    'starttls_refused', qr/it said: "500 what\?"/
);
refused_with(
    imap => ["* OK\r\n", qr/^a1 .*\n\z/, "a1 BAD no\r\n"],
    'starttls_refused', qr/it said: "a1 BAD no"/
);
refused_with(
    xmpp => [qr/<stream:stream/, "<s:stream><features></features>"],
    'starttls_not_offered', qr/does not offer STARTTLS/
);
refused_with(
    ldap => [qr/20037\z/, pack('H*', '300c02010178070a010204000400')],
    'starttls_refused', qr/it said: "2"/
);
refused_with(
    postgres => [qr/\x2f\z/, 'N'],
    'starttls_refused', qr/it said: "N"/
);
refused_with(
    smtp => ["SSH-2.0-x\r\n"],
    'starttls_refused', qr/it said: "SSH-2\.0-x"/
);
refused_with(smtp => [], 'starttls_closed', qr/closed the connection/);
refused_with(
    smtp => [qr/never/],
    'starttls_silent', qr/did not answer in time/,
    timeout => 0.3
);
refused_with(
    smtp => ['220-' . 'x' x 20_000],
    'starttls_flood', qr/said too much/
);

# --- what follows the answer in the clear

for my $kind (sort keys %GOOD) {
    my @script = @{ $GOOD{$kind} };
    pop @script;
    $script[-1] .= "250 injected\r\n";
    refused_with(
        $kind => [@script, qr/never/],
        'starttls_injected', qr/followed the answer to STARTTLS, unencrypted/
    );
}

# --- the usual ports

is(IO::Socket::SSL::Check::StartTLS::kind_of_port(587),
    'smtp', 'the kind of a port');
is(IO::Socket::SSL::Check::StartTLS::kind_of_port(443),
    undef, '... that has none');
is(
    IO::Socket::SSL::Check::check(
        host     => '127.0.0.1',
        starttls => 'sieve',
        timeout  => 1
    )->{port},
    4190,
    'the default port'
);
done_testing();
