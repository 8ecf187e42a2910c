# Short reads and lines are served from a look ahead at the record.  Whatever
# else is done in between, every byte comes once and in order.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::NetSSLeay;
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

my ($RECORD, $RECORDS, $WALKS) = (100, 20, 20);

# A stream in records; each line of it is different.
my $STREAM = join '',
  map { sprintf "%05d%s\n", $_, 'x' x ($_ % 17) } 1 .. 150;
$STREAM = substr $STREAM, 0, $RECORD * $RECORDS;

sub source {
    my (@setting) = @_;

    return tls_pair(
        @setting,
        peer => sub {
            my ($sock) = @_;
            syswrite $sock, substr $STREAM, $_ * $RECORD, $RECORD
              for 0 .. $RECORDS - 1;
            shutdown $sock, 1;    # the last line ends there
            1 while sysread $sock, my ($got), 1000;
        }
    );
}

# What can be done to a socket: each returns what it consumed.  $at is how much
# of the stream was consumed before.
sub sysread_some {
    my ($sock, $at, $n) = @_;
    sysread $sock, my ($buf), $n;
    return $buf;
}

my %STEP = (
    sysread          => \&sysread_some,
    'method sysread' => sub { $_[0]->sysread(my $buf, $_[2]); $buf },
    'into the same'  => do {
        my $buf = '';
        sub { sysread $_[0], $buf, $_[2]; $buf }
    },
    'to an offset' => sub {
        my $buf = 'ab';
        sysread $_[0], $buf, $_[2], 2;
        substr $buf, 2;
    },
    'method read'              => sub { $_[0]->read(my $buf, $_[2]); $buf },
    getc                       => sub { getc $_[0] },
    readline                   => sub { readline $_[0] },
    'readline into a variable' => sub { my $line = readline $_[0]; $line },
    'records'                  => sub { local $/ = \$_[2]; readline $_[0] },
    'paragraphs of x'          => sub { local $/ = 'xx';   readline $_[0] },
    peek                       => sub {
        my ($sock, $at, $n) = @_;
        my $got = $sock->peek(my $buf, $n);
        is($buf, substr($STREAM, $at, $got), 'peek sees what comes next')
          if $buf ne substr $STREAM, $at, $got;
        return '';
    },
    pending => sub {
        my ($sock, $at) = @_;
        my $left = $sock->pending;
        is($left, $RECORD - $at % $RECORD, 'pending: the rest of the record')
          if $left && $left != $RECORD - $at % $RECORD;
        return '';
    },
    eof   => sub { ok(!eof $_[0], 'not at the end') if eof $_[0]; return '' },
    write => sub { syswrite $_[0], 'something'; return '' },
    'blocking twice' => sub { $_[0]->blocking($_) for 0, 1; return '' },
);

sub walk {
    my ($seed, @setting) = @_;
    my ($sock) = source(@setting);
    my ($consumed, @did) = ('');

    srand $seed;
    my @names = sort keys %STEP;
    while (length $consumed < length $STREAM) {
        my $name = $names[rand @names];
        my $got  = $STEP{$name}->($sock, length $consumed, 1 + int rand 40);
        push @did, $name;
        last if !defined $got;
        $consumed .= $got;
        last if $consumed ne substr $STREAM, 0, length $consumed;
    }
    my $right = $consumed eq $STREAM;
    ok($right, "walk $seed: every byte once, in order")
      or diag("after @did[-5 .. -1]");
    return;
}

each_setting(
    sub {
        my @setting = @_;

        walk($_, @setting) for 1 .. $WALKS;

        my ($sock) = source(@setting);
        is(sysread_some($sock, 0, 10), substr($STREAM, 0,  10), 'ten bytes');
        is(sysread_some($sock, 0, 10), substr($STREAM, 10, 10), 'ten more');
        is($sock->pending, $RECORD - 20, 'the rest is pending');
        my ($in_child) = perl_of_child($sock);
        is($in_child, substr($STREAM, 20, 10), 'a child reads on from there');
        is(
            sysread_some($sock, 0, 10),
            substr($STREAM, 20, 10),
            '... and so does the parent'
        );

        for my $how ('_get_ssl_object', '_SSL_object of the hash') {
          SKIP: {
                skip(ISS::NetSSLeay->missing, 4) if ISS::NetSSLeay->missing;
                my ($lent) = source(@setting);
                sysread_some($lent, 0, 10) for 1 .. 2;
                my $ssl =
                    $how eq '_get_ssl_object'
                  ? $lent->_get_ssl_object
                  : ${*$lent}{_SSL_object};
                is(Net::SSLeay::pending($ssl), $RECORD - 20, "$how: settled");
                is(
                    Net::SSLeay::read($ssl, 5),
                    substr($STREAM, 20, 5),
                    '... Net::SSLeay reads on'
                );
                is(
                    sysread_some($lent, 0, 5),
                    substr($STREAM, 25, 5),
                    '... and so do we'
                );
                is(
                    Net::SSLeay::read($ssl, 5),
                    substr($STREAM, 30, 5),
                    '... in turns'
                );
            }
        }

        ($sock) = source(@setting);
        sysread_some($sock, 0, 10) for 1 .. 2;
        ok($sock->stop_SSL(SSL_fast_shutdown => 1), 'stop_SSL in a record');
    }
);

# The next ten bytes as a forked child reads them.
sub perl_of_child {
    my ($sock) = @_;

    pipe my $out, my $in or die "pipe: $!";
    defined(my $pid = fork) or die "fork: $!";
    if (!$pid) {
        print $in sysread_some($sock, 0, 10);
        close $in;
        require POSIX;
        POSIX::_exit(0);
    }
    close $in;
    my $got = do { local $/; <$out> };
    waitpid $pid, 0;
    return $got;
}

done_testing;
