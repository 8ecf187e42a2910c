# iossl-check: arguments, exit codes, words, JSON, monitoring.
use strict;
use warnings;

use File::Spec;
use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::SSL;
use IO::Socket::SSL::Check::Report;
use ISS::Check;
use ISS::Program;
use ISS::Test;
use JSON::PP;
use Test::More;

my ($good, $address) = tls_server(
    sub {
        eval { read_all($_[0]) };
        return;
    }
);
my ($bad, $expired) = tls_server(
    sub {
        eval { read_all($_[0]) };
        return;
    },
    identity('expired')
);
my $closed  = address(listener());
my @trust   = ('--ca' => cert('ca'), '--name' => 'localhost');
my ($port)  = $address =~ /:(\d+)/;
my $VERSION = $IO::Socket::SSL::VERSION;

# --- the report

{
    my ($code, $said, $errors) = script(@trust, $address);
    is($code, 0, 'a good server');
    like(
        $said,
        qr/^127\.0\.0\.1:\d+ as localhost: GOOD, /,
        '... is called so'
    );
    like(
        $said,
        qr/^  TLS +TLS 1\.3, TLS_AES_256_GCM_SHA384/m,
        '... with facts'
    );
    like(
        $said,
        qr{^    1  /C=DE/O=IO-Socket-SSL/CN=localhost$}m,
        '... the chain'
    );
    unlike($said, qr/\e/, 'no colours in a pipe');
    is($errors, '', '... and no progress');
}
{
    my ($code, $said) = script(@trust, '--timeout', 5, $expired);
    is($code, 2, 'a bad server');
    like(
        $said,
        qr/^BAD    The certificate expired \d+ days ago.*?^     > Renew it/ms,
        '... with what to do'
    );
    my @long = grep { length > 78 } split /\n/, $said;
    is("@long", '', '... in lines of 78 columns');
}
{
    my ($server, $plain) = plain_server(
        sub {
            sysread $_[0], my $hello, 1000;
            print { $_[0] } "HTTP/1.1 400 Bad Request\r\n\r\n";
        }
    );
    my ($code, $said) = script($plain);
    is($code, 2, 'a port of plain HTTP');
    like($said, qr/^BAD    The server does not speak TLS on port \d+/m,
        '... is bad');
    like(
        $said,
        qr/^  times +look-up [\d.]+ ms, connect [\d.]+ ms$/m,
        '... no time of a handshake that was not done'
    );
    like($said, qr/^  TLS +no connection$/m, '... and no facts about TLS');
}
{
    my ($code, $said) = script($closed);
    is($code, 3, 'a server that is not there');
    like($said, qr/^FAILED 127\.0\.0\.1 port \d+ refuses/m, '... in words');
}
is((script(@trust, "https://127.0.0.1:$port/page?x"))[0], 0, 'a URL');
is((script('[::1]:1'))[0], 3, 'an address in brackets');

# --- monitoring

{
    my ($code, $said) = script(@trust, '--monitor', 21, $address);
    is($code, 0, 'monitoring: a good server');
    like(
        $said,
qr/\ATLS OK: 127\.0\.0\.1:\d+ as localhost: the certificate expires in \d+ days, on 2120-01-01 00:00 UTC \| days_left=\d+;21:;0: handshake=0\.\d+s\n\z/,
        '... one line'
    );
    ($code, $said) = script(@trust, '--monitor', 100_000, $address);
    is($code, 1, 'it ends within the days');
    like($said, qr/\ATLS WARNING: .*expires in \d+ days/, '... a warning');
    ($code, $said) = script(@trust, '--monitor', 21, $expired);
    is($code, 2, 'it has expired');
    like($said,
        qr/\ATLS CRITICAL: .*expired \d+ days ago.*\| days_left=-\d+;/,
        '... critical');
    ($code, $said) = script('--monitor', 21, $closed);
    is($code, 3, 'it is not there');
    like(
        $said,
        qr/\ATLS UNKNOWN: .* refuses connections\.\n\z/,
        '... unknown, without numbers'
    );
}

# --- JSON

{
    my ($code, $said) = script(@trust, '--json', $expired);
    my $result = eval { decode_json($said) } || {};
    is($code,                      2,           'JSON: the same exit codes');
    is($result->{exit},            2,           '... which it has as well');
    is($result->{status},          'bad',       '... the status');
    is($result->{name},            'localhost', '... the name');
    is($result->{findings}[0]{id}, 'expired',   '... the findings');
    is_deeply(
        [sort keys %{ $result->{findings}[0] }],
        [qw(action addresses id severity text)],
        '... with their keys'
    );
    my @keys =
      qw(addresses clock days_left error exit findings handshakes host
      lookup_ms name not_after openssl port seconds starttls status version);
    is_deeply([sort keys %$result], \@keys, '... the keys of a result');
    my @of_address = qw(address alpn chain client_certificate connection error
      family faults groups name_matches not_after port reached resumption times
      tls verified versions without_sni);
    is_deeply([sort keys %{ $result->{addresses}[0] }],
        \@of_address, '... and of an address');
    unlike($said, qr/[^\n -~]/, '... in ASCII');
}

# --- mistakes, help

for my $case (
    [[],                       qr/which host\?/],
    [['a', 'b'],               qr/one host only/],
    [['--bad', 'a'],           qr/Unknown option: bad/],
    [['--monitor', 'x', 'a'],  qr/Value "x" invalid for option monitor/],
    [['--monitor', '-1', 'a'], qr/--monitor: days must not be negative/],
    [['--timeout', '0', 'a'],  qr/--timeout must be more than 0/],
    [['--starttls', 'x', 'a'], qr/unknown starttls 'x', there are ftp/],
    [['a:b:c/'],               qr/'a:b:c\/' is not host:port/],
    [['a:70000'],              qr/'70000' is not a port/],
    [['--ca', '/none/there', $closed], qr{--ca: /none/there: No such file}],
    [
        ['--cert', '/none/there', $closed],
        qr{--cert: /none/there: No such file}
    ],
  )
{
    my ($arguments, $message) = @$case;
    my ($code, $said, $errors) = script(@$arguments);
    is($code, 3,  "@$arguments: exit code 3");
    is($said, '', '... no report');
    like($errors, qr/^iossl-check: $message.*\nusage: /, '... why');
}
{
    my ($code, $said) = script('--help');
    is($code, 0, '--help');
    like($said, qr/SYNOPSIS.*--starttls smtp/s, '... is the manual');
    is_deeply([(script('--version'))[0, 1]],
        [0, "iossl-check $VERSION\n"], '--version');
}

# --- terminals

{
    my $result = check_at($expired, quick => 1, name => 'localhost');
    my $text =
      IO::Socket::SSL::Check::Report::text($result, colour => 1, utf8 => 1);
    like(
        $text,
        qr/^\e\[31mBAD\e\[0m    The/m,
        'colours, where they are wanted'
    );
    $result->{findings}[0]{text} = "M\x{fc}ller \e[31m\x{202e}\x07";
    $text =
      IO::Socket::SSL::Check::Report::text($result, colour => 1, utf8 => 1);
    like(
        $text,
        qr/M\xc3\xbcller \\x\{1b\}\[31m\\x\{202e\}\\x\{7\}/,
        '... but none of the servers'
    );
    $text = IO::Socket::SSL::Check::Report::text($result);
    like($text, qr/M\\x\{fc\}ller/, 'letters that a terminal cannot show');
}

# On a real terminal, which script(1) of util-linux makes.
sub on_terminal {
    my (%env)   = @_;
    my @include = map { "-I$_" } map { File::Spec->rel2abs($_) }
      grep { !ref } @INC;
    my $command = join ' ', map { "'$_'" } $^X, @include,
      File::Spec->catfile($FindBin::Bin, '..', '..', 'bin', 'iossl-check'),
      @trust, $expired;

    my ($status, $said) = ISS::Program->run(
        ['script', '-qec', $command, '/dev/null'],
        env => { TERM => 'xterm', NO_COLOR => '', %env }
    );
    return ($status >> 8, $said);
}

SKIP: {
    my ($status, $version) = ISS::Program->run(['script', '--version']);
    skip 'no script(1) of util-linux', 5 if $version !~ /util-linux/;
    my ($code, $said) = on_terminal();
    skip "script(1) has no terminal here: $said", 5
      if $said =~ /failed to create pseudo-terminal/;
    is($code, 2, 'on a terminal: the same exit code');
    like($said, qr/\e\[31mBAD\e\[0m/,                     '... colours');
    like($said, qr/\r\e\[K127\.0\.0\.1: TLS 1\.2 \.\.\./, '... progress');
    unlike((on_terminal(NO_COLOR => 1))[1], qr/\e\[\d+m/, '... NO_COLOR');
    unlike((on_terminal(TERM     => 'dumb'))[1],
        qr/\e\[\d+m/, '... a terminal without colours');
}
done_testing();
