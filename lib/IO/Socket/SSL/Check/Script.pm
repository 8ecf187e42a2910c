# The command iossl-check: its arguments, its progress and its output.
package IO::Socket::SSL::Check::Script;

use strict;
use warnings;

use Getopt::Long ();

use IO::Socket::SSL::Check;
use IO::Socket::SSL::Check::Report;
use IO::Socket::SSL::Check::StartTLS;

my $UNKNOWN = 3;    # exit code of mistakes in the call, as monitors expect it
my $DAYS    = 21;

# How our options are called in messages of the module.
my %OURS = (
    SSL_ca_file   => '--ca',
    SSL_ca_path   => '--capath',
    SSL_cert_file => '--cert',
    SSL_key_file  => '--key',
);
my @OPTIONS = qw(starttls=s json monitor=i ocsp dane full ca=s capath=s cert=s
  key=s name=s timeout=f help|h version);

# Returns the exit code.
sub run {
    my (@arguments) = @_;
    my ($option, $wrong) = _options(\@arguments);

    ## no critic (ProhibitInteractiveTest)
    return _help()    if $option->{help};
    return _version() if $option->{version};
    $wrong = 'which host?'   if !length $wrong && @arguments < 1;
    $wrong = 'one host only' if !length $wrong && @arguments > 1;
    my ($host, $port) = length $wrong ? () : _place($arguments[0]);
    $wrong = "'$arguments[0]' is not host:port"
      if !length $wrong && !defined $host;
    return _mistake($wrong) if length $wrong;

    my $progress = -t STDERR && !$option->{json} ? 1 : 0;
    my $result   = eval {
        IO::Socket::SSL::Check::check(
            host     => $host,
            port     => $port,
            name     => _text($option->{name}),
            starttls => $option->{starttls},
            days  => defined $option->{monitor} ? $option->{monitor} : $DAYS,
            quick => defined $option->{monitor} && !$option->{full} ? 1 : 0,
            ca_file   => $option->{ca},
            ca_path   => $option->{capath},
            cert_file => $option->{cert},
            key_file  => defined $option->{key}
            ? $option->{key}
            : $option->{cert},
            timeout  => $option->{timeout},
            progress => $progress ? \&_progress : undef,
            map { $_ => $option->{$_} ? 1 : 0 } qw(ocsp dane full)
        );
    };
    my $died = $@;
    print STDERR "\r\e[K" if $progress;
    return _mistake(_readable($died))
      if !$result;
    return _print($result, $option);
}

# A message of the module, for somebody who has called the command.
sub _readable {
    my ($text) = @_;

    $text =~ s/^check: //;
    $text =~ s/ at \S+ line \d+\.?\n//;
    $text =~ s/\b(SSL_\w+)/$OURS{$1} || $1/ge;
    return $text;
}

sub _options {
    my ($arguments) = @_;
    my %option;
    my $wrong  = '';
    my $parser = Getopt::Long::Parser->new(
        config => [qw(no_ignore_case no_auto_abbrev)]);

    local $SIG{__WARN__} = sub { $wrong ||= $_[0] =~ s/\n//r };
    $parser->getoptionsfromarray($arguments, \%option, @OPTIONS);
    $wrong ||= '--monitor: days must not be negative'
      if defined $option{monitor} && $option{monitor} < 0;
    $wrong ||= '--timeout must be more than 0'
      if defined $option{timeout} && $option{timeout} <= 0;
    return (\%option, $wrong);
}

# Arguments are bytes.
sub _text {
    my ($bytes) = @_;

    utf8::decode($bytes) if defined $bytes;
    return $bytes;
}

# host, host:port, [address]:port, an address, or an https URL.
sub _place {
    my $text = _text($_[0]);

    $text =~ s{^https://([^/?#]+).*}{$1}is;
    return ($1, $2) if $text =~ /^\[([^\[\]]+)\](?::([0-9]+))?\z/;
    return ($text)  if $text =~ /^[0-9a-f:.]*:[0-9a-f:.]*:[0-9a-z:.%]*\z/i;
    return ($1, $2) if $text =~ /^([^\s:\[\]\/]+)(?::([0-9]+))?\z/;
    return;
}

sub _mistake {
    my ($text) = @_;

    print STDERR "iossl-check: $text\n",
      "usage: iossl-check [options] host[:port]    (iossl-check --help)\n";
    return $UNKNOWN;
}

sub _help {
    require Pod::Usage;
    Pod::Usage::pod2usage(
        -verbose   => 2,
        -noperldoc => 1,
        -exitval   => 'NOEXIT',
        -output    => \*STDOUT
    );
    return 0;
}

sub _version {
    print "iossl-check $IO::Socket::SSL::VERSION\n";
    return 0;
}

sub _progress {
    my ($what, $address) = @_;

    print STDERR "\r\e[K$address: $what ...";
    return;
}

sub _print {
    my ($result, $option) = @_;
    ## no critic (ProhibitInteractiveTest)
    my %how = (
        utf8 => join(' ',
            map { defined && length ? $_ : () }
              @ENV{qw(LC_ALL LC_CTYPE LANG)}) =~ /^\S*utf-?8/i ? 1 : 0,
        colour => -t STDOUT
          && !length($ENV{NO_COLOR} || '')
          && ($ENV{TERM} || 'dumb') ne 'dumb' ? 1 : 0,
    );

    print $option->{json} ? _json($result)
      : defined $option->{monitor}
      ? IO::Socket::SSL::Check::Report::monitor($result, $option->{monitor},
        %how)
      : IO::Socket::SSL::Check::Report::text($result, %how);
    return $result->{exit};
}

sub _json {
    my ($result) = @_;

    require JSON::PP;
    return JSON::PP->new->ascii->canonical->pretty->encode($result);
}

1;
