# make limbo LIMBO=FILE: the test cases of x509-limbo (limbo.json, plain or
# gzipped; it is no part of this distribution) by real handshakes.
#
#   perl -Mblib inc/limbo.pl FILE [all]
#
# Each case is a chain, the CAs, a name and a time, and says whether the chain
# is good.  One process shows the chain, another one verifies it: once as usual
# and once with SSL_verify_strict.  Printed are the cases in which the strict
# verdict is another than expected (with "all": all cases), then the counts.
#
# Cases without a private key or with a limit for the length of a chain are
# left out.  The time is set by Net::SSLeay; without it the cases that need one
# are left out, too.  ISS_TEST_NET_SSLEAY names its folders.
use strict;
use warnings;

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
my (%agree, %wrong);
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
    print_case($case, \%verdict)
      if $all || !length $verdict{strict} != $expected;
    $wrong{$_} += $expected && length $verdict{$_} ? 1 : 0 for keys %MODE;
}
print "driven: $driven, left out: $left_out\n";
printf "%s: %d agree, %d good ones are refused\n", $_, $agree{$_}, $wrong{$_}
  for sort keys %MODE;

sub can_be_driven {
    my ($case) = @_;

    return 0 if !$case->{peer_certificate_key};
    return 0 if defined $case->{max_chain_depth};
    return $knows_time || !defined $case->{validation_time};
}

sub print_case {
    my ($case, $verdict) = @_;

    print "$case->{id}: \L$case->{expected_result}\E expected\n";
    for my $mode (sort keys %MODE) {
        my $error = $verdict->{$mode};
        printf "    %-6s %s\n", $mode, length $error ? $error : 'accepted';
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
        $arg{SSL_check_crl} = 1 if @$crls;
        $arg{SSL_crl_file}  = file_of(@$crls) if @$crls;
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

{
    my $temporary;

    sub file_of {
        my @texts = @_;
        require File::Temp;
        $temporary = File::Temp->new(SUFFIX => '.pem');
        print {$temporary} @texts;
        close $temporary or die "$temporary: $!\n";
        return "$temporary";
    }
}
