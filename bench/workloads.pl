#!/usr/bin/perl
# One workload in a process of its own, with the IO::Socket::SSL of @INC.
#
#   workloads.pl                      lists the workloads: name, unit, repetitions
#   workloads.pl NAME COUNT PEER      repeats the workload COUNT times; PEER is
#                                     the program made of peer.c
#
# Prints the CPU seconds of the repetitions (without load, set-up and peer), and
# what was transferred or done, for the caller to check.
use strict;
use warnings;

use FindBin;
use IO::Socket::INET;
use IO::Socket::SSL;    # before our own code is compiled, as programs do
use Time::HiRes qw(clock_gettime CLOCK_PROCESS_CPUTIME_ID);

use constant { RECORD => 16_384, LINE => 80, BIG => 1 << 20, OFFSET => 1000 };

my $CERTS = "$FindBin::Bin/../t/certs";
my ($name, $count, $peer);
my (%children, $port);    # pid => its output

# name, repetitions, prepare (returns the state), run (state, count) -> done
my @WORKLOADS = (

    # writing
    [
        'syswrite 16 KiB of 1 MiB',
        4000,
        sub { (talk('sink'), 'x' x BIG) },
        sub {
            my ($s, $big, $n) = @_;
            my $sum = 0;
            $sum += syswrite $s, $big, RECORD, OFFSET for 1 .. $n;
            return $sum / RECORD;
        }
    ],
    [
        'syswrite 64 B of 1 MiB',
        40_000,
        sub { (talk('sink'), 'x' x BIG) },
        sub {
            my ($s, $big, $n) = @_;
            my $sum = 0;
            $sum += syswrite $s, $big, 64, OFFSET for 1 .. $n;
            return $sum / 64;
        }
    ],
    ['print 64 B', 40_000, sub { (talk('sink'), 'x' x 64) }, \&print_one],
    [
        'print utf8 64 B',
        40_000,
        sub {
            my $text = 'x' x 64;
            utf8::upgrade($text);
            return (talk('sink'), $text);
        },
        \&print_one
    ],
    [
        'print list of 16',
        40_000,
        sub { (talk('sink'), ['word '] x 16) },
        sub {
            my $n    = pop;
            my $s    = shift;
            my @list = ('word ') x 16;
            my $done = 0;
            for (1 .. $n) { $done++ if print $s @list }
            return $done;
        }
    ],
    [
        'printf', 40_000,
        sub { talk('sink') },
        sub {
            my ($s, $n) = @_;
            my $done = 0;
            for (1 .. $n) { $done++ if printf $s "%05d %s\n", $_, 'word' }
            return $done;
        }
    ],

    # reading
    (
        map {
            my $size = $_;
            [
                "sysread $size B",
                $size > 1024 ? 4000 : 40_000,
                sub {
                    talk(sprintf 'source %d %d', RECORD, $count * $size);
                },
                sub {
                    my ($s,   $n)   = @_;
                    my ($sum, $buf) = (0);
                    $sum += sysread $s, $buf, $size for 1 .. $n;
                    return $sum / $size;
                }
            ]
        } 1,
        64, 1024,
        RECORD
    ),
    [
        'method sysread 1 B',
        40_000,
        sub { talk(sprintf 'source %d %d', RECORD, $count) },
        sub {
            my ($s,   $n)   = @_;
            my ($sum, $buf) = (0);
            $sum += $s->sysread($buf, 1) for 1 .. $n;
            return $sum;
        }
    ],
    [
        'getc', 40_000,
        sub { talk(sprintf 'source %d %d', RECORD, $count) },
        sub {
            my ($s, $n) = @_;
            my $sum = 0;
            for (1 .. $n) { $sum += length getc $s }
            return $sum;
        }
    ],
    [
        'lines of 80 B, full records',
        40_000, sub { talk(sprintf 'source %d %d', RECORD, $count * LINE) },
        \&read_lines
    ],
    [
        'lines of 80 B, one a record',
        20_000, sub { talk(sprintf 'source %d %d', LINE, $count * LINE) },
        \&read_lines
    ],
    [
        'list of lines',
        40_000,
        sub { talk(sprintf 'source %d %d', RECORD, $count * LINE) },
        sub {
            my ($s, $n) = @_;
            my @lines = <$s>;
            return scalar @lines;
        }
    ],
    [
        'slurp, per 16 KiB',
        2000,
        sub { talk(sprintf 'source %d %d', RECORD, $count * RECORD) },
        sub {
            my ($s, $n) = @_;
            local $/;
            return length(<$s>) / RECORD;
        }
    ],
    [
        'records of 80 B',
        40_000,
        sub { talk(sprintf 'source %d %d', RECORD, $count * LINE) },
        sub {
            local $/ = \LINE;
            read_lines(@_);
        }
    ],

    # both
    [
        'ping-pong 64 B, sysread',
        10_000,
        sub { (talk('echo'), 'x' x 64) },
        sub {
            my ($s, $text, $n) = @_;
            my ($sum, $buf) = (0);
            for (1 .. $n) {
                syswrite $s, $text;
                $sum += sysread $s, $buf, 1024;
            }
            return $sum / 64;
        }
    ],
    [
        'ping-pong 64 B, lines',
        10_000,
        sub { (talk('echo'), 'x' x 63 . "\n") },
        sub {
            my ($s, $text, $n) = @_;
            my $sum = 0;
            for (1 .. $n) {
                print $s $text;
                $sum += length scalar <$s>;
            }
            return $sum / 64;
        }
    ],
    ['select loop, 200 clients', 2000, \&many, \&select_loop],

    # small methods
    (
        map {
            my $method = $_;
            [
                $method, 100_000,
                sub { talk('sink') },
                sub {
                    my ($s, $n) = @_;
                    $s->$method for 1 .. $n;
                    return $n;
                }
            ]
        } qw(pending get_cipher is_SSL fileno opened blocking)
    ),
    [
        "peer_certificate('cn')",
        20_000,
        sub { talk('sink') },
        sub {
            my ($s, $n) = @_;
            my $done = 0;
            for (1 .. $n) {
                $done++ if $s->peer_certificate('cn') eq 'localhost';
            }
            return $done;
        }
    ],
    [
        'verify_hostname', 10_000, sub { (talk('sink'), 'localhost') },
        \&verify
    ],
    [
        'verify_hostname, 100 names',                              5000,
        sub { (talk('sink', hundred_names()), 'name99.example') }, \&verify
    ],

    # contexts
    [
        'context, no CA',
        300, sub { }, sub { contexts(SSL_verify_mode => 0, @_) }
    ],
    ['context, default CA', 30, sub { }, sub { contexts(@_) }],
    [
        'context, one CA file',
        300, sub { }, sub { contexts(SSL_ca_file => "$CERTS/ca.pem", @_) }
    ],
    ['context, server', 300, sub { }, sub { contexts(identity(), @_) }],

    # handshakes
    [
        'start_SSL as server, own context',
        200,
        sub { listener('TLSv1_3') },
        sub { serve(own_context => 1, @_) }
    ],
    ['handshake 1.3, server', 300, sub { listener('TLSv1_3') }, \&serve],
    ['handshake 1.2, server', 300, sub { listener('TLSv1_2') }, \&serve],
    ['handshake 1.3, client', 300, sub { context('TLSv1_3') },  \&visit],
    ['handshake 1.2, client', 300, sub { context('TLSv1_2') },  \&visit],
    [
        'resumed 1.2, client',
        600,
        sub {
            my $context = context('TLSv1_2', SSL_session_cache_size => 10);
            visit($context, 1);
            return $context;
        },
        sub { visit(@_, 1) }
    ],
);

if (!@ARGV) {
    print "$$_[0]\t$$_[1]\n" for @WORKLOADS;
    exit;
}
($name, $count, $peer) = @ARGV;
my ($workload) = grep { $$_[0] eq $name } @WORKLOADS;
die "no workload '$name'\n" if !$workload;

my @state = $workload->[2]->();
my $begin = clock_gettime(CLOCK_PROCESS_CPUTIME_ID);
my $done  = $workload->[3]->(@state, $count);
my $cpu   = clock_gettime(CLOCK_PROCESS_CPUTIME_ID) - $begin;
die "$name: $done of $count\n" if $done != $count;
printf "%.6f %s %s\n", $cpu, $IO::Socket::SSL::VERSION,
  $INC{'IO/Socket/SSL.pm'};

END { kill TERM => keys %children if %children }

# Starts the peer; returns what it prints on its first line, if it does.
sub start_peer {
    my ($prints, @args) = @_;

    my $pid = open my $out, '-|', $peer, @args
      or die "cannot start $peer: $!\n";
    $children{$pid} = $out;
    return if !$prints;
    chomp(my $line = readline $out);
    return $line;
}

sub start_server {
    my @pair = @_ ? @_ : ("$CERTS/server.pem", "$CERTS/server.key");

    return $port = start_peer(1, 'server', @pair);
}

sub identity {
    return (
        SSL_server    => 1,
        SSL_cert_file => "$CERTS/server.pem",
        SSL_key_file  => "$CERTS/server.key"
    );
}

# A connection to a server that was told what to do.
sub talk {
    my ($order, @pair) = @_;

    start_server(@pair);
    my $socket = IO::Socket::SSL->new(
        PeerAddr        => '127.0.0.1',
        PeerPort        => $port,
        SSL_verify_mode => 0
    ) or die "cannot connect: $IO::Socket::SSL::SSL_ERROR\n";
    syswrite $socket, "$order\n";
    return $socket;
}

sub print_one {
    my ($s, $text, $n) = @_;

    my $done = 0;
    for (1 .. $n) { $done++ if print $s $text }
    return $done;
}

sub read_lines {
    my ($s, $n) = @_;

    my $sum = 0;
    for (1 .. $n) { $sum += length scalar <$s> }
    return $sum / LINE;
}

sub verify {
    my ($s, $host, $n) = @_;

    my $done = 0;
    for (1 .. $n) { $done++ if $s->verify_hostname($host, 'http') }
    return $done;
}

sub contexts {
    my $n    = pop;
    my @args = @_;

    my $done = 0;
    for (1 .. $n) {
        $done++ if IO::Socket::SSL::SSL_Context->new(@args);
    }
    return $done;
}

sub context {
    my ($version, @more) = @_;

    start_server();
    return IO::Socket::SSL::SSL_Context->new(
        SSL_version => $version,
        SSL_ca_file => "$CERTS/ca.pem",
        @more
    );
}

sub visit {
    my ($context, $n, $resumes) = @_;

    my $done = 0;
    for (1 .. $n) {
        my $s = IO::Socket::SSL->new(
            PeerAddr            => '127.0.0.1',
            PeerPort            => $port,
            SSL_reuse_ctx       => $context,
            SSL_hostname        => 'localhost',
            SSL_verifycn_name   => 'localhost',
            SSL_verifycn_scheme => 'http'
        ) or die "cannot connect: $IO::Socket::SSL::SSL_ERROR\n";
        $done++ if !$resumes || $s->get_session_reused;
        close $s;
    }
    return $done;
}

sub listener {
    my ($version) = @_;

    my $listener = IO::Socket::INET->new(
        LocalAddr => '127.0.0.1',
        Listen    => 100
    ) or die "cannot listen: $@\n";
    start_peer(0, 'client', $listener->sockport, $version, $count);
    return (
        $listener,
        IO::Socket::SSL::SSL_Context->new(
            identity(), SSL_version => $version
        )
    );
}

sub serve {
    my $n = pop;
    my ($listener, $context) = splice @_, -2;
    my %how = @_;

    my $done = 0;
    for (1 .. $n) {
        my $plain = $listener->accept or die "accept: $!\n";
        my $s     = IO::Socket::SSL->start_SSL(
            $plain,
            SSL_server => 1,
            $how{own_context} ? identity() : (SSL_reuse_ctx => $context)
        ) or die "start_SSL: $IO::Socket::SSL::SSL_ERROR\n";
        $done++;
        close $s;
    }
    return $done;
}

# 200 connections to an echo, and an IO::Select of all.
sub many {
    require IO::Select;
    my $first = talk('echo');
    my @all   = ($first);
    while (@all < 200) {
        my $s = IO::Socket::SSL->new(
            PeerAddr        => '127.0.0.1',
            PeerPort        => $port,
            SSL_verify_mode => 0
        ) or die "cannot connect: $IO::Socket::SSL::SSL_ERROR\n";
        syswrite $s, "echo\n";
        push @all, $s;
    }
    $_->blocking(0) for @all;
    return (\@all, IO::Select->new(@all));
}

sub select_loop {
    my ($all, $select, $n) = @_;

    my ($done, $buf) = (0);
    for my $i (1 .. $n) {
        syswrite $all->[$i % @$all], 'x' x 64;
        while ($done < $i * 64) {
            for my $s ($select->can_read(10)) {
                $done += sysread($s, $buf, 1024) || 0;
            }
        }
    }
    return $done / 64;
}

# A certificate for 100 names, made once.
sub hundred_names {
    require IO::Socket::SSL::Utils;
    my ($cert, $key) = IO::Socket::SSL::Utils::CERT_create(
        key     => IO::Socket::SSL::Utils::KEY_create_ec(),    # takes no time
        subject => { commonName => 'names.example' },
        subjectAltNames => [map { [DNS => "name$_.example"] } 0 .. 99]
    );
    require File::Temp;
    my @files = map { File::Temp->new->filename } 1, 2;
    IO::Socket::SSL::Utils::PEM_cert2file($cert, $files[0]);
    IO::Socket::SSL::Utils::PEM_key2file($key, $files[1]);
    return @files;
}
