# make limbo LIMBO=FILE: the test cases of x509-limbo (limbo.json, plain or
# gzipped; it is no part of this distribution) by real handshakes.
#
#   perl -Mblib inc/limbo.pl FILE [all]
#
# Each case is a chain, the CAs, a name and a time, and says whether the chain
# is good.  One process shows the chain, another one verifies it: once as usual
# and once with SSL_verify_strict.  "openssl verify", if there is one, judges
# twice: with its own defaults, and accepting partial chains, as our default
# does and SSL_verify_strict does not.  Printed are the cases in which the strict
# verdict is another than expected (with "all": all cases), then the counts.
#
# Cases without a private key or with a limit for the length of a chain are
# left out.  The time is set by Net::SSLeay; without it the cases that need one
# are left out, too.  ISS_TEST_NET_SSLEAY names its folders.
use strict;
use warnings;

use File::Temp qw(tempdir);
use IO::Socket::SSL;
use IO::Socket::SSL::Utils;
use IO::Uncompress::Gunzip qw(gunzip $GunzipError);
use JSON::PP               ();
use POSIX                  ();
use Socket                 qw(AF_UNIX PF_UNSPEC SOCK_STREAM);
use Time::Local            qw(timegm);

my %MODE = (usual => [], strict => [SSL_verify_strict => 1]);
my $DEADLINE = 60;    # seconds for a handshake
my $ANY      = 'ALL:COMPLEMENTOFALL:!eNULL:!aNULL:@SECLEVEL=0';

my ($file, $all) = @ARGV;
if (!defined $file || !-e $file) {
    print "limbo: skipped, there is no file of test cases: make limbo",
      " LIMBO=limbo.json\n";
    exit;
}
unshift @INC, split /:/, $ENV{ISS_TEST_NET_SSLEAY} || '';
my $knows_time = eval { require Net::SSLeay; 1 };

gunzip($file => \my $json) or die "$file: $GunzipError\n";
my $cases = JSON::PP->new->decode($json)->{testcases};
my (%agree, %wrong, %weaker);
my $refused = 0;
my $folder  = tempdir(CLEANUP => 1);
my $openssl = (grep { -x } map { "$_/openssl" } split /:/, $ENV{PATH})[0];
my ($driven, $left_out) = (0, 0);

for my $case (@$cases) {
    my %verdict;
    $left_out++, next if !can_be_driven($case);
    $driven++;
    my $expected = $case->{expected_result} eq 'SUCCESS' ? 1 : 0;
    for my $mode (sort keys %MODE) {
        my $error = handshake($case, $mode);
        $verdict{$mode} = $error;
        $agree{$mode}++ if !length $error == $expected;
    }
    if ($openssl) {
        $verdict{openssl} = plain_verdict($case);
        $verdict{partial} = plain_verdict($case, '-partial_chain');
        for my $plain (qw(openssl partial)) {
            $agree{$plain}++ if !length $verdict{$plain} == $expected;
        }
        my %ok = map { $_ => length $verdict{$_} ? 0 : 1 } keys %verdict;
        $weaker{usual}  += $ok{usual}  && !$ok{partial};
        $weaker{strict} += $ok{strict} && !$ok{openssl};
        $refused += $expected && $ok{openssl} && !$ok{strict};
    }
    print_case($case, \%verdict)
      if $all || !length $verdict{strict} != $expected;
    $wrong{$_} += $expected && length $verdict{$_} ? 1 : 0
      for keys %verdict;
}
print "driven: $driven, left out: $left_out\n";
printf "%s: %d agree, %d good ones are refused\n", $_, $agree{$_}, $wrong{$_}
  for sort keys %wrong;
if ($openssl) {
    print "accepted as usual, but not by openssl -partial_chain:",
      " $weaker{usual}\n",
      "accepted strictly, but not by openssl: $weaker{strict}\n",
      "good, accepted by openssl, but not strictly: $refused\n";
}

sub can_be_driven {
    my ($case) = @_;

    return 0 if !$case->{peer_certificate_key};
    return 0 if defined $case->{max_chain_depth};
    return $knows_time || !defined $case->{validation_time};
}

sub print_case {
    my ($case, $verdict) = @_;

    print "$case->{id}: \L$case->{expected_result}\E expected\n";
    for my $mode (sort keys %$verdict) {
        my $error = $verdict->{$mode};
        printf "    %-7s %s\n", $mode, length $error ? $error : 'accepted';
    }
}

sub seconds {
    my ($time) = @_;
    my ($y, $m, $d, $H, $M, $S) =
      $time =~ /^(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)/
      or die "unknown time $time\n";
    return timegm($S, $M, $H, $d, $m - 1, $y);
}

# The error of the side that verifies; '' if it accepts the chain.
sub handshake {
    my ($case, $mode) = @_;

    socketpair(my $mine, my $theirs, AF_UNIX, SOCK_STREAM, PF_UNSPEC)
      or die "socketpair: $!\n";
    defined(my $pid = fork) or die "fork: $!\n";
    if (!$pid) {
        close $mine;
        alarm $DEADLINE;
        my $shown = eval { show($case, $theirs) };
        $shown->sysread(my $byte, 1) if $shown;
        POSIX::_exit(0);
    }
    close $theirs;
    alarm $DEADLINE;
    my $error = eval { verify($case, $mode, $mine) };
    $error = "$@" if !defined $error;
    close $mine;
    kill 'KILL', $pid;
    waitpid $pid, 0;
    alarm 0;
    $error =~ s/\s+/ /g;
    return $error;
}

sub certs { return map { PEM_string2cert($_) } @{ $_[0] } }

# Either side may be the server.
sub role {
    my ($case, $verifies) = @_;
    return ($case->{validation_kind} eq 'CLIENT') == $verifies;
}

sub show {
    my ($case, $socket) = @_;
    return IO::Socket::SSL->start_SSL(
        $socket,
        SSL_server      => role($case, 0),
        SSL_verify_mode => SSL_VERIFY_NONE,
        SSL_cipher_list => $ANY,
        SSL_key         => PEM_string2key($case->{peer_certificate_key}),
        SSL_cert        => [
            certs([$case->{peer_certificate}]),
            certs($case->{untrusted_intermediates})
        ],
    );
}

sub verify {
    my ($case, $mode, $socket) = @_;
    my %arg    = @{ $MODE{$mode} };
    my $server = role($case, 1);

    if (my $name = $case->{expected_peer_name}) {
        $arg{SSL_verifycn_name}   = $name->{value};
        $arg{SSL_verifycn_scheme} = 'http';
    } else {
        $arg{SSL_verifycn_scheme} = 'none';
    }
    if ($server) {
        %arg = (
            %arg,
            SSL_verifycn_scheme => 'none',
            SSL_cert_file       => 't/certs/server.pem',
            SSL_key_file        => 't/certs/server.key',
        );
    }
    if (my $crls = $case->{crls}) {
        $arg{SSL_check_crl} = 1                          if @$crls;
        $arg{SSL_crl_file}  = file_of('crls.pem', @$crls) if @$crls;
    }
    if (defined(my $time = $case->{validation_time})) {
        $arg{SSL_create_ctx_callback} = sub {
            Net::SSLeay::X509_VERIFY_PARAM_set_time(
                Net::SSLeay::CTX_get0_param($_[0]),
                seconds($time));
        };
    }
    my $sock = IO::Socket::SSL->start_SSL(
        $socket,
        SSL_server      => $server,
        SSL_verify_mode => SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
        SSL_ca          => [certs($case->{trusted_certs})],
        %arg
    ) or return "$SSL_ERROR";
    return '';
}

sub file_of {
    my ($name, @texts) = @_;
    open my $out, '>', "$folder/$name" or die "$name: $!\n";
    print {$out} @texts;
    close $out or die "$name: $!\n";
    return "$folder/$name";
}

# What OpenSSL alone says; '' if it accepts the chain.
sub plain_verdict {
    my ($case, @flags) = @_;
    my @command = (
        $openssl,      'verify',
        @flags,
        '-auth_level', 2,
        '-purpose',    role($case, 1) ? 'sslclient' : 'sslserver',
        '-no-CApath',  '-no-CAstore',
        '-CAfile',     file_of('ca.pem', @{ $case->{trusted_certs} })
    );
    my $chain = $case->{untrusted_intermediates};
    my $crls  = $case->{crls} || [];
    my $name  = role($case, 1) ? undef : $case->{expected_peer_name};

    push @command, '-untrusted', file_of('chain.pem', @$chain) if @$chain;
    push @command, '-crl_check', '-CRLfile', file_of('crl.pem', @$crls)
      if @$crls;
    push @command, '-attime', seconds($case->{validation_time})
      if defined $case->{validation_time};
    push @command,
      $name->{kind} eq 'IP' ? '-verify_ip' : '-verify_hostname',
      $name->{value}
      if $name;
    push @command, file_of('leaf.pem', $case->{peer_certificate});
    open(my $said, '-|', 'sh', '-c', 'exec "$@" 2>&1', 'sh', @command)
      or die "$openssl: $!\n";
    my $text = join ' ', <$said>;
    return '' if close $said;
    $text =~ s/\s+/ /g;
    return $text =~ /(error \d+ at \d+ depth[^:]*: ?.*?)(?: error .*)?\z/
      ? $1
      : "openssl: $text";
}
