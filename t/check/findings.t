# check: findings from facts, also from those that no server on loopback causes;
# and the texts.
use strict;
use warnings;

use Errno qw(EACCES EHOSTUNREACH ENETUNREACH ETIMEDOUT);
use FindBin;
use lib "$FindBin::Bin/../lib";
use File::Spec;
use IO::Socket::SSL::Check::Findings;
use IO::Socket::SSL::Check::Texts;
use IO::Socket::SSL::Check::Words qw(listed period);
use ISS::Check;
use ISS::Test;
use Test::More;

my %PLAN = (
    host    => 'www.test',
    name    => 'www.test',
    port    => 443,
    days    => 21,
    timeout => 10
);

# The result for these records of addresses.
sub judged {
    my (@records) = @_;
    my $n         = 0;
    my %result    = (
        %PLAN,
        clock     => time,
        starttls  => undef,
        error     => undef,
        addresses => [
            map {
                {
                    address            => '192.0.2.' . ++$n,
                    family             => 'IPv4',
                    port               => 443,
                    reached            => 0,
                    tls                => 0,
                    client_certificate => 'none',
                    error              => undef,
                    %$_
                }
            } @records
        ],
    );
    IO::Socket::SSL::Check::Findings::judge(\%result, \%PLAN);
    return \%result;
}

sub not_connected {
    my ($errno, %more) = @_;
    local $! = $errno;

    return {
        error => { stage => 'connect', errno => $errno, text => "$!" },
        %more
    };
}

sub good {
    my ($fingerprint) = @_;
    my $cert = {
        subject     => '/CN=www.test',
        issuer      => '/CN=CA',
        names       => [[DNS => 'www.test']],
        not_before  => 0,
        not_after   => time + 100 * 86_400 + 3600,
        fingerprint => $fingerprint,
        ca_issuers  => [],
        self_issued => 0,
    };

    return {
        reached      => 1,
        tls          => 1,
        verified     => 1,
        name_matches => 1,
        connection   => {
            version => 'TLSv1_3',
            cipher  => 'TLS_AES_128_GCM_SHA256',
            stapled => 0
        },
        chain => {
            sent     => [$cert],
            verified => [$cert],
            missing  => [],
            extra    => [],
        },
    };
}

for my $case (
    [ETIMEDOUT,    'no_answer', qr/no connection within 10 seconds/],
    [ENETUNREACH,  'no_route',  qr/has no route to 192\.0\.2\.1 port 443/],
    [EHOSTUNREACH, 'no_route',  qr/has no route to/],
    [EACCES,       'connect',   qr/cannot be reached: /],
  )
{
    my ($errno, $id, $text) = @$case;
    my $result = judged(not_connected($errno));
    ids_are($result, [$id], "an error of connect: $id");
    says($result, $id, $text);
    is($result->{exit}, 3, '... not reached');
}
{
    my $result = judged(
        good('a'),
        not_connected(
            ENETUNREACH,
            address => '2001:db8::1',
            family  => 'IPv6'
        )
    );
    ids_are($result, ['no_route'], 'no IPv6 here');
    says(
        $result, 'no_route',
        qr/no route to 2001:db8::1/,
        qr/seems to have no IPv6/
    );
    is($result->{exit}, 0, '... is no fault of the server');
    $result = judged(good('a'), not_connected(ETIMEDOUT));
    ids_are($result, ['no_answer'], 'one of two addresses is silent');
    is($result->{exit}, 2, '... which is bad');
    is_deeply($result->{findings}[0]{addresses},
        ['192.0.2.2'], '... and told of that one');
}
{
    my $result = judged(good('a'), good('b'));
    ids_are(
        $result,
        ['different_certificates'],
        'addresses with different certificates'
    );
    is($result->{exit},      0,   '... is a note');
    is($result->{days_left}, 100, '... days that are left');
    ids_are(judged(good('a'), good('a')), [], 'the same certificate');
}
{
    my $record = good('a');
    @$record{qw(verified error)} = (
        0,
        {
            stage       => 'tls',
            kind        => 'verify',
            verify_name => 'X509_V_ERR_PATH_LENGTH_EXCEEDED',
            text        => 'path length constraint exceeded',
            hint        => ''
        }
    );
    my $result = judged($record);
    ids_are($result, ['verify'], 'an error without words of its own');
    says($result, 'verify',
        qr/^path length .*exceeded \(X509_V_ERR_PATH_LENGTH_EXCEEDED\)\.$/);
    ids_are(
        judged(
            {
                reached => 1,
                error   => {
                    stage => 'context',
                    kind  => 'config',
                    text  => 'SSL_version: x',
                    hint  => ''
                }
            }
        ),
        ['config'],
        'an option that this OpenSSL does not have'
    );
    ids_are(judged({ error => { stage => 'budget' } }, good('a')),
        ['nothing_tried'], 'an address that was left out');
}

# Whatever the error is, and whatever certificates were seen.
{
    my @errors = (
        (
            map { { kind => $_ } }
              qw(name revoked staple pin refused dane later)
        ),
        map { { kind => 'verify', verify_name => "X509_V_ERR_$_" } }
          qw(CERT_HAS_EXPIRED CERT_NOT_YET_VALID EE_KEY_TOO_SMALL
          CA_KEY_TOO_SMALL CA_MD_TOO_WEAK DEPTH_ZERO_SELF_SIGNED_CERT)
    );
    my (@good, @silent);
    for my $error (undef, @errors) {
        my $is = $error ? join ' ', values %$error : 'no error';
        for my $seen ({}, good('a')) {
            my $result = judged(
                {
                    %$seen,
                    reached  => 1,
                    verified => 0,
                    error    => $error
                      && { stage => 'tls', text => 'x', hint => '', %$error }
                }
            );
            push @good, $is if $result->{exit} != 2;
            push @silent, $is
              if !grep { $_->{severity} eq 'bad' } @{ $result->{findings} };
        }
    }
    is("@good",   '', 'an address that was not verified is bad');
    is("@silent", '', '... with a finding that says so');
    is(judged(good('a'), { reached => 1 })->{exit},
        2, '... also if another one is good');
}

# --- words

for my $case (
    [0,            'a moment'],
    [1,            '1 second'],
    [119,          '1 minute'],
    [120,          '2 minutes'],
    [7199,         '119 minutes'],
    [7200,         '2 hours'],
    [100_000,      '27 hours'],
    [172_800,      '2 days'],
    [-86_400 * 30, '30 days'],
  )
{
    my ($seconds, $words) = @$case;
    is(period($seconds), $words, "$seconds seconds");
}
is(listed(1 .. 8),  '1, 2, 3, 4, 5, 6, 7, 8',            'a list');
is(listed(1 .. 10), '1, 2, 3, 4, 5, 6, 7, 8 and 2 more', 'a long list');

# --- the texts

my @ids  = IO::Socket::SSL::Check::Texts::ids();
my $root = File::Spec->catdir($FindBin::Bin, '..', '..');

sub slurp {
    my ($file) = @_;

    open my $in, '<', File::Spec->catfile($root, split m{/}, $file)
      or die "$file: $!\n";
    local $/;
    return scalar <$in>;
}

my ($listed) = slurp('lib/IO/Socket/SSL/Check.pod') =~
  /^=head2 The ids of findings\n(.*?)^=head2/ms;
my %severity;
for my $part (split /\n\n+/, $listed =~ s{^\n+}{}r) {
    my ($severity, $list) = $part =~ /^C<(\w+)>[^:]*:(.*)/s or next;
    $severity{$_} = $severity for $list =~ /C<(\w+)>/g;
}
is_deeply([sort keys %severity], \@ids, 'the manual lists each id');
my $tests = join '', map { slurp($_) }
  map { "t/check/$_.t" }
  qw(certificates findings options script setup starttls trouble);
is_deeply([grep { $tests !~ /'$_'|\b$_\b/ } @ids],
    [], 'each id is in a test');
my %any =
  map { $_ => 'x' } slurp('lib/IO/Socket/SSL/Check/Texts.pm') =~ /\{(\w+)\}/g;
delete $any{severity};
is_deeply(
    {
        map {
            $_ => IO::Socket::SSL::Check::Texts::finding($_, %any)->{severity}
        } @ids
    },
    \%severity,
    '... with its severity'
);
like(
    died(sub { IO::Socket::SSL::Check::Texts::finding('none') }),
    qr/no finding 'none'/,
    'an unknown id'
);
like(
    died(sub { IO::Socket::SSL::Check::Texts::finding('expired') }),
    qr/'expired' needs period/,
    'a value is missing'
);
done_testing();
