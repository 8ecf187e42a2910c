# An encrypted key without SSL_passwd_cb: OpenSSL asks on the terminal and
# nowhere else.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use Fcntl qw(O_NOCTTY O_RDWR);
use ISS::Program;
use ISS::Test;
use IO::Socket::SSL;
use POSIX ();
use Test::More;

# From asm-generic/ioctls.h of Linux; other systems differ.
my ($UNLOCK, $NUMBER) = (0x40045431, 0x80045430);

my $TELL = <<'PERL';
my $context = IO::Socket::SSL::SSL_Context->new(
    SSL_server    => 1,
    SSL_cert_file => $ARGV[0],
    SSL_key_file  => $ARGV[1],
);
print $context ? 'it is loaded' : "refused: $SSL_ERROR", "\n";
PERL

my @PROGRAM = (
    $^X, (map { "-I$_" } grep { !ref } @INC),
    '-MIO::Socket::SSL', '-we',
    $TELL, cert('server'), cert_file('encrypted.key')
);

# Reading a key that is already in memory.
my $READ = <<'PERL';
use IO::Socket::SSL::Intercept;
use IO::Socket::SSL::Utils;
my ($cert, $key) = map {
    open(my $in, '<', $_) or die "$_: $!"; local $/; readline $in
} @ARGV;
alarm 60;    # a prompt would wait for ever
my @calls = (
    sub { PEM_string2key($key) },
    sub {
        my $frozen = pack '(N/a*)*', 3, $cert, $key, '', '';
        IO::Socket::SSL::Intercept->unserialize($frozen);
    },
);
print eval { $_->(); 1 } ? 'it is loaded' : "refused: $@" for @calls;
PERL

my @READER = (@PROGRAM[0 .. $#PROGRAM - 3], $READ, @PROGRAM[-2, -1]);

# A new pseudo-terminal: (master, path of the slave), or (undef, why not).
sub terminal {
    return (undef, "this test cannot make a terminal on $^O")
      if $^O ne 'linux';
    sysopen(my $master, '/dev/ptmx', O_RDWR | O_NOCTTY)
      or return (undef, "/dev/ptmx: $!");
    my ($zero, $number) = (pack('i', 0), pack('i', 0));
    ioctl($master, $UNLOCK, $zero) && ioctl($master, $NUMBER, $number)
      or return (undef, "no terminal: $!");
    my $path = '/dev/pts/' . unpack 'i', $number;
    -c $path or return (undef, "$path does not exist");
    return ($master, $path);
}

# Runs the program in a new session, with that terminal or with none.
sub in_session {
    my ($path, @program) = @_;
    return peer(
        sub {
            my ($me) = @_;
            POSIX::setsid() or die "setsid: $!\n";
            my $terminal;
            if ($path) {
                open($terminal, '+<', $path) or die "$path: $!\n";
            }
            my ($status, $said) =
              ISS::Program->run(\@program, input => "secret\n");
            $me->tell($said);
        }
    );
}

# Reads the output on the terminal until it matches.
sub wait_for_prompt {
    my ($master) = @_;

    my $shown = '';
    while ($shown !~ /pass ?phrase.*:/i) {
        readable($master) && sysread $master, $shown, 1000, length $shown
          or return "$shown: $!";
    }
    return $shown;
}

# A terminal ends with its session, so each answer needs a new one.
for my $answer (['secret', qr/^it is loaded/],
    ['wrong', qr/^refused: .*encrypted\.key/])
{
    my ($text, $expected) = @$answer;
  SKIP: {
        my ($master, $path) = terminal();
        skip $path, 2 if !$master;
        my $program = in_session($path, @PROGRAM);
        like(
            wait_for_prompt($master),
            qr/pass ?phrase/i,
            'the terminal asks for the pass phrase'
        );
        syswrite $master, "$text\n";
        like(($program->hear)[0], $expected, "... which may be $text");
    }
}

like(
    (in_session(undef, @PROGRAM)->hear)[0],
    qr/^refused: .*encrypted\.key.*encrypted and no password was given/,
    'no terminal: standard input is not read for one'
);

SKIP: {
    my ($master, $path) = terminal();
    skip $path, 2 if !$master;
    my ($said) = in_session($path, @READER)->hear;
    like(
        $said,
        qr/^refused: .*no password was given/,
        'PEM_string2key does not ask on a terminal'
    );
    like(
        $said,
        qr/refused: .*refused: .*no password was given/s,
        '... nor does unserialize'
    );
}

done_testing();
