#!/usr/bin/perl
# Trusts a server at first sight, as ssh does: remembers its public key, and
# refuses another one later.  For devices with self-signed certificates.
#
#   pinning_client.pl --pins pins.txt host:port
#
# The first visit asks on the terminal (--yes agrees).  Prints the first line
# that the server says.
use strict;
use warnings;

use Getopt::Long qw(GetOptions);
use IO::Socket::SSL;

my %opt;
GetOptions(\%opt, 'pins=s', 'yes') && defined $opt{pins} && @ARGV == 1
  or die "usage: $0 --pins FILE [--yes] host:port\n";
my ($address) = @ARGV;

my $pin = known_pin($address);
if (!defined $pin) {
    $pin = first_sight($address);
    remember($address, $pin);
}

# Only this key counts: neither name, dates nor issuer of the certificate.
my $server = IO::Socket::SSL->new(
    PeerAddr              => $address,
    Timeout               => 20,
    SSL_fingerprint       => $pin,
    SSL_force_fingerprint => 1,
);
if (!$server) {
    my $why = IO::Socket::SSL->ssl_error_info;
    die "cannot connect: $@\n" if !$why || $why->{kind} ne 'pin';
    die
"$address has another key now.  Either it was changed, or somebody is\n",
      "in between.  If you know why, remove its line from $opt{pins}.\n";
}
my $line = <$server>;
print defined $line ? $line : '';
$server->close;

# Each line of the file has an address and a pin.
sub known_pin {
    my ($wanted) = @_;

    open my $file, '<', $opt{pins} or return;
    while (defined(my $line = <$file>)) {
        my ($known, $pin) = split ' ', $line;
        return $pin if $known eq $wanted;
    }
    return;
}

sub remember {
    my (@line) = @_;

    open my $file, '>>', $opt{pins} or die "$opt{pins}: $!\n";
    print {$file} "@line\n";
    close $file or die "$opt{pins}: $!\n";
    return;
}

# Ask the server for its key, without trusting it: nothing is sent to it.
sub first_sight {
    my ($unknown) = @_;

    my $server = IO::Socket::SSL->new(
        PeerAddr        => $unknown,
        Timeout         => 20,
        SSL_verify_mode => SSL_VERIFY_NONE,
    ) or die "cannot connect: $@\n";
    my $pin = $server->get_fingerprint('sha256', undef, 1);
    $server->close;

    print "$unknown is not known.  The digest of its public key is\n$pin\n";
    if (!$opt{yes}) {
        print 'Trust it from now on (yes/no)? ';
        my $answer = <STDIN>;
        die "not trusted\n" if !defined $answer || $answer !~ /^yes$/;
    }
    return $pin;
}
