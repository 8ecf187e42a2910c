# The connection belongs to the handle itself: it outlives a change of class,
# an alias, and the loss of the tie.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Handle;
use IO::Socket::SSL;
use Test::More;

sub echoing {
    return tls_pair(
        peer => sub {
            my ($sock) = @_;
            while (my $line = <$sock>) {
                print $sock "echo $line";
            }
        }
    );
}

for my $class (qw(IO::Handle IO::Socket IO::Socket::INET No::Handle::AtAll)) {
    my ($sock, $peer) = echoing();
    bless $sock, $class;
    ok((print {$sock} "one\n"), "blessed into $class: print");
    is(scalar <$sock>, "echo one\n", '... readline');
    ok(syswrite($sock, "two\n"), '... syswrite');
    is(sysread($sock, my $buffer, 100), 9,            '... sysread');
    is($buffer,                         "echo two\n", '... all under TLS');
    if ($sock->isa('IO::Handle')) {
        ok($sock->print("three\n"), '... its method print');
        is($sock->getline, "echo three\n", '... its method getline');
        like($sock->fileno, qr/^\d+\z/, '... its method fileno');
        ok($sock->close, '... its method close');
    }
    else {
        ok(close $sock, '... close');
    }
    is(fileno $sock, undef, '... and it is closed');
}

subtest 'an alias' => sub {
    my ($sock, $peer) = echoing();
    *main::ALIAS = *$sock;
    print ALIAS "one\n";
    is(scalar <ALIAS>, "echo one\n", 'is the same connection');
    *main::ALIAS = *STDIN;
    print $sock "two\n";
    is(scalar <$sock>, "echo two\n", 'the socket outlives the alias');
};

subtest 'untie' => sub {
    my ($sock, $peer) = echoing();
    { no warnings 'untie'; untie *$sock }
    ok($sock->syswrite("one\n"),        'the method syswrite');
    ok($sock->sysread(my $buffer, 100), 'the method sysread');
    is($buffer,       "echo one\n", '... are still under TLS');
    is($sock->is_SSL, 'rw',         'is_SSL says so');
    ok($sock->close, 'it closes');
};

subtest 'another name for the handle' => sub {
    my ($sock, $peer) = echoing();
    my $io = *$sock{IO};
    print $io "one\n";
    is(scalar <$io>, "echo one\n", 'its IO is under TLS, too');
};

done_testing;
