# iossl-check --dane by the real Net::DNS and a name server of ours, which
# answers as the first label of the name says.
use strict;
use warnings;

use Digest::SHA qw(sha256);
use File::Temp  qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::INET;
use IO::Socket::SSL;
use IO::Socket::SSL::Check::DER;
use IO::Socket::SSL::Utils;
use ISS::Check;
use ISS::Test;
use JSON::PP qw(decode_json);
use Test::More;

# It may be unpacked where the other modules of the tests are.
push @INC, split /:/, $ENV{ISS_TEST_CONSUMERS} || '';
plan skip_all => 'no Net::DNS' if !eval { require Net::DNS; 1 };

my ($NOERROR, $SERVFAIL, $NXDOMAIN) = (0, 2, 3);
my ($TRUNCATED, $AUTHENTIC) = (0x0200, 0x0020);
my @HOSTS = map { "$_.example.test" }
  qw(secure insecure wrong none empty broken long silent garbage);

my $dir = tempdir(CLEANUP => 1);
my ($cert, $key) = CERT_create(
    subject         => { commonName => $HOSTS[0] },
    subjectAltNames => [map { [DNS => $_] } @HOSTS],
    purpose         => 'server',
    not_after       => time + 365 * 86_400,
);
PEM_cert2file($cert, "$dir/cert.pem");
my $der   = IO::Socket::SSL::Check::DER::of_pem(PEM_cert2string($cert));
my $good  = tlsa(sha256(IO::Socket::SSL::Check::DER::facts($der)->{spki}));
my $wrong = tlsa(sha256('another key'));

# First label => flags, code, records.
my %ANSWERS = (
    secure   => [$AUTHENTIC, $NOERROR, $good, $wrong],
    insecure => [0,          $NOERROR, $good],
    wrong    => [$AUTHENTIC, $NOERROR, $wrong],
    none     => [$AUTHENTIC, $NXDOMAIN],
    empty    => [$AUTHENTIC, $NOERROR],
    broken   => [0,          $SERVFAIL],
    long     => [$AUTHENTIC, $NOERROR, ($wrong) x 40, $good],
);

my ($udp, $tcp) = both_sockets();
my $name_server = peer(\&serve);
my ($server, $address) = tls_server(
    sub {
        eval { read_all($_[0]) }
    },
    SSL_cert => [$cert],
    SSL_key  => $key
);

# The environment variables are Net::DNS's.
$ENV{RES_NAMESERVERS} = '127.0.0.1';
$ENV{RES_OPTIONS}     = 'port:' . $udp->sockport;

for my $case (
    [secure   => [],                'secure'],
    [insecure => ['dane_insecure'], 'insecure'],
    [wrong    => ['dane'],          'secure'],
    [none     => ['dane_none'],     'none'],
    [empty    => ['dane_none'],     'none'],
    [broken   => ['dane_lookup'],   'failed'],
    [long     => [],                'secure'],
    [silent   => ['dane_lookup'],   'failed', timeout => 1],
    [garbage  => ['dane_lookup'],   'failed', timeout => 1],
  )
{
    my ($label, $ids, $status, @args) = @$case;
    my $result = check_at(
        $address,
        ca_file => "$dir/cert.pem",
        name    => "$label.example.test",
        quick   => 1,
        dane    => 1,
        @args
    );
    ids_are($result, $ids, "a name server's answer: $label");
    is($result->{tlsa}{status}, $status, "... $status");
    is(scalar @{ $result->{addresses}[0]{dane}{matching} },
        1, '... a record matches')
      if $status eq 'secure' && !@$ids;
}

my ($code, $said) = script('--ca', "$dir/cert.pem", '--name',
    $HOSTS[0], '--dane', '--json', $address);
is($code, 0, 'the command') or diag($said);
is_deeply(decode_json($said)->{addresses}[0]{dane}{matching},
    ['3 1 1'], '... finds the record that matches');
done_testing;

# The data of a record 3 1 1.
sub tlsa {
    my ($digest) = @_;
    return pack('C3', 3, 1, 1) . $digest;
}

# A UDP and a TCP socket with one port.
sub both_sockets {
    for (1 .. 50) {
        my $tcp = listener();
        my $udp = IO::Socket::INET->new(
            Proto     => 'udp',
            LocalAddr => '127.0.0.1',
            LocalPort => $tcp->sockport
        );
        return ($udp, $tcp) if $udp;
    }
    die "no port is free for both UDP and TCP\n";
}

# Until the test drops it.
sub serve {
    my ($me) = @_;

    while (my $ready = $me->waits_for_client($udp, $tcp)) {
        $ready == $udp ? over_udp() : over_tcp();
    }
    return;
}

sub over_udp {
    my $from   = $udp->recv(my $question, 4096) or return;
    my $answer = answer($question);
    return if !defined $answer;

    # What a datagram cannot hold is asked for by TCP.
    $answer =
        substr($question, 0, 2)
      . pack('n n4', 0x8180 | $TRUNCATED, 1, 0, 0, 0)
      . question_of($question)
      if length $answer > 1232;
    $udp->send($answer, 0, $from);
    return;
}

sub over_tcp {
    my $client = $tcp->accept or return;
    read $client, my $length, 2 or return;
    read $client, my $question, unpack 'n', $length or return;
    my $answer = answer($question);
    print {$client} pack('n', length $answer), $answer
      if defined $answer;
    close $client;
    return;
}

# The first question, as bytes: RFC 1035, 4.1.2.
sub question_of {
    my ($message) = @_;

    my $end = 12;
    while (my $length = ord substr $message, $end, 1) {
        $end += 1 + $length;
    }
    return substr $message, 12, $end + 1 + 4 - 12;
}

sub answer {
    my ($message) = @_;

    my $question = question_of($message);
    my $labels   = join '.', unpack '(C/a)*', substr $question, 0, -5;
    my ($label)  = $labels =~ /^_\d+\._tcp\.(\w+)\.example\.test\z/;
    return                                 if $label eq 'silent';
    return substr($message, 0, 2) . 'junk' if $label eq 'garbage';
    my ($flags, $code, @records) = @{ $ANSWERS{$label} };
    return
        substr($message, 0, 2)
      . pack('n n4', 0x8180 | $flags | $code, 1, scalar @records, 0, 0)
      . $question
      . join '', map { pack 'n n n N n/a', 0xC00C, 52, 1, 60, $_ } @records;
}
