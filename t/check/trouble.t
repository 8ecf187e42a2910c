# check: why there was no connection, or no handshake.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::SSL;
use ISS::Check;
use ISS::Test;
use Test::More;

# The result of a server that does this with a TCP connection.
sub plain {
    my ($code, %args)    = @_;
    my ($peer, $address) = plain_server($code);

    return check_at($address, timeout => 5, %args);
}

sub says_then_reads {
    my ($bytes) = @_;

    return sub {
        my ($tcp) = @_;
        $tcp->autoflush(1);
        print {$tcp} $bytes;
        1 while sysread $tcp, my $rest, 1000;
    };
}

# --- not reached

{
    my $closed = address(listener());
    my $result = check_at($closed);
    ids_are($result, ['refused'], 'nobody listens');
    says(
        $result, 'refused',
        qr/^127\.0\.0\.1 port \d+ refuses connections/,
        qr/Start the server/
    );
    is($result->{exit},       3,           '... not reached');
    is($result->{status},     'unreached', '... in a word');
    is($result->{handshakes}, 0,           '... no handshake was tried');
}
{
    my $result = IO::Socket::SSL::Check::check(host => 'none.invalid');
    ids_are($result, ['lookup'], 'no such name');
    says(
        $result, 'lookup',
        qr/^The name none\.invalid cannot be looked up: /,
        qr/Check the spelling/
    );
    is($result->{exit}, 3,   '... not reached');
    is($result->{port}, 443, '... the default port');
}

# --- no TLS

{
    my $result = plain(
        sub {
            my ($tcp) = @_;
            sysread $tcp, my $hello, 1000;
            print {$tcp} "HTTP/1.1 400 Bad Request\r\n\r\n";
        }
    );
    ids_are($result, ['not_tls'], 'plain HTTP');
    says(
        $result,
        'not_tls',
qr{does not speak TLS on port \d+; it said: "HTTP/1\.1 400 Bad Request"},
        qr/This port speaks plain HTTP/
    );
    is($result->{exit},                  2, '... which is bad');
    is($result->{handshakes},            1, '... after one try');
    is($result->{addresses}[0]{reached}, 1, '... it is there');
    is($result->{addresses}[0]{tls},     0, '... but no TLS');
    is($result->{addresses}[0]{error}{looks_like}, 'http',
        '... its language');
    is(
        $result->{addresses}[0]{error}{said},
        'HTTP/1.1 400 Bad Request',
        '... ssl_error_info has what it said'
    );
}
for my $case (
    [smtp => "220 mail ESMTP\r\n"],
    [imap => "* OK ready\r\n"],
    [pop3 => "+OK ready\r\n"],
    [ftp  => "220 files\r\n"],
  )
{
    my ($kind, $greeting) = @$case;
    my $result = plain(says_then_reads($greeting));
    says(
        $result, 'not_tls',
        qr/does not speak TLS/,
        qr/iossl-check --starttls $kind 127\.0\.0\.1:\d+/
    );
}
says(
    plain(says_then_reads("SSH-2.0-OpenSSH\r\n")),
    'not_tls', qr/it said: "SSH-2\.0-OpenSSH"/,
    qr/SSH server/
);
{
    my $result = plain(sub { sysread $_[0], my $hello, 1; return });
    ids_are($result, ['closed'], 'the server hangs up');
    says($result, 'closed', qr/closed the connection during the handshake/);
}
{
    my $result = plain(says_then_reads(''), timeout => 0.3);
    ids_are($result, ['handshake_timeout'], 'a silent server');
    says($result, 'handshake_timeout', qr/not done within 0\.3 seconds/);
    cmp_ok($result->{seconds}, '<', 3, '... is not waited for');
}

# --- alerts

sub alert {
    my ($number) = @_;

    return plain(
        sub {
            my ($tcp) = @_;
            $tcp->autoflush(1);
            sysread $tcp, my $hello, 5000;
            print {$tcp} pack 'C3nCC', 21, 3, 3, 2, 2, $number;
            sysread $tcp, my $rest, 1;
        }
    );
}

for my $case (
    [40,  'no_shared_cipher',  qr/alert "handshake failure"/],
    [70,  'no_shared_version', qr/no version of TLS in common/],
    [80,  'internal_error',    qr/The server failed/],
    [112, 'unknown_name',      qr/does not know the name 127\.0\.0\.1/],
    [49,  'alert',             qr/alert "access denied"/],
  )
{
    my ($number, $id, $text) = @$case;
    my $result = alert($number);
    ids_are($result, [$id], "alert $number");
    says($result, $id, $text);
}

# --- clients' certificates

each_version(
    sub {
        my ($version) = @_;
        my %server    = (SSL_version => $version, SSL_ca_file => cert('ca'));
        my $wants     = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;

        my $result = check_tls({ %server, SSL_verify_mode => $wants });
        is($result->{findings}[0]{id},
            'client_certificate', 'the server wants a certificate');
        says(
            $result, 'client_certificate',
            qr/ends the connection without/,
            qr/--cert FILE --key FILE/
        );
        is($result->{addresses}[0]{versions}{$version},
            1, '... and speaks this version all the same');

        $result = check_tls(
            { %server, SSL_verify_mode => $wants },
            cert_file => cert('client'),
            key_file  => key('client')
        );
        is($result->{exit}, 0, '... and gets one')
          || diag(explain($result->{findings}));

        $result = check_tls({ %server, SSL_verify_mode => SSL_VERIFY_PEER });
        is($result->{exit}, 0, 'the server only asks for one');
        ok(finding($result, 'client_certificate_asked')->{text},
            '... a note');
        is($result->{addresses}[0]{client_certificate},
            'asked', '... which is told');
    }
);

# --- mistakes in the call

for my $case (
    [{}, qr/host is missing/],
    [{ host => 'a', hots     => 1 },       qr/unknown argument hots/],
    [{ host => 'a', port     => 70_000 },  qr/'70000' is not a port/],
    [{ host => 'a', starttls => 'x' },     qr/unknown starttls 'x'/],
    [{ host => 'a', timeout  => 'x' },     qr/timeout must be a number/],
    [{ host => 'a', ca_file  => '/none' }, qr{/none: No such file}],
  )
{
    my ($args, $message) = @$case;
    like(died(sub { IO::Socket::SSL::Check::check(%$args) }),
        $message, "it dies: $message");
}
done_testing();
