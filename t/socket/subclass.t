# Subclasses: the methods that are called, their order and arguments.
package main;

use strict;
use warnings;

use Errno ();
use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::INET;
use IO::Socket::SSL;
use Test::More;

our @calls;

{

    package My::Traced;
    use Symbol qw(qualify_to_ref);
    our @ISA = ('IO::Socket::SSL');

    for my $method (
        qw(configure configure_SSL connect connect_SSL accept accept_SSL
        close stop_SSL sysread syswrite read write print printf readline getc)
      )
    {
        *{ qualify_to_ref($method) } = sub {
            my ($self, @args) = @_;
            push @main::calls, [$method, @args];
            my $super = "SUPER::$method";
            return $self->$super(@args);
        };
    }
}
{

    package My::Later;
    our @ISA = ('IO::Socket::SSL');
}
{

    package My::Upper;
    our @ISA = ('IO::Socket::SSL');

    sub sysread {
        my $self  = shift;
        my $count = $self->SUPER::sysread(@_);
        $_[0] = uc $_[0] if $count;
        return $count;
    }

    sub syswrite {
        my ($self, $text, @range) = @_;
        return $self->SUPER::syswrite(lc $text, @range);
    }
}

# The names of our methods that $code calls, in order.
sub called {
    my ($code) = @_;
    local @calls;
    $code->();
    return map { $_->[0] } @calls;
}

sub first_call {
    my ($method, $code) = @_;
    local @calls;
    $code->();
    my ($call) = grep { $_->[0] eq $method } @calls;
    return $call ? @$call[1 .. $#$call] : ();
}

sub serve {
    my ($sock, $me) = @_;
    print $sock "line one\nline two\nrest";
    $me->tell(scalar eval { read_all($sock) });
    return;
}

subtest 'new of a client' => sub {
    my ($server, $address) = tls_server(\&serve);
    my ($sock, @order);
    @order = called(
        sub {
            $sock = My::Traced->new(
                PeerAddr => $address,
                client_args()
            ) or die $SSL_ERROR;
        }
    );
    is(ref $sock, 'My::Traced', 'the object is of the class');
    is_deeply(
        [grep { /^con/ } @order],
        [qw(configure configure_SSL connect connect_SSL)],
        'configure, configure_SSL, connect, connect_SSL'
    );

    my %by = (
        'print'    => [sub { print $sock 'a' },         'print'],
        'printf'   => [sub { printf $sock '%s', 'b' },  'printf'],
        'syswrite' => [sub { syswrite $sock, 'c' },     'syswrite'],
        'readline' => [sub { my $line = <$sock> },      'readline'],
        'sysread'  => [sub { sysread $sock, my $x, 1 }, 'sysread'],
        'getc'     => [sub { getc $sock },              'getc'],
    );
    for my $builtin (sort keys %by) {
        my ($code, $method) = @{ $by{$builtin} };
        is((called($code))[0], $method, "the builtin $builtin calls $method");
    }
    is_deeply([called(sub { close $sock })],
        [qw(close stop_SSL)],
        'the builtin close calls close, and that stop_SSL');
    is_deeply([$server->hear], ['abc'], 'and SUPER does the work');
};

subtest 'arguments' => sub {
    my ($server, $address) = tls_server(\&serve);
    my ($sock, $arguments);
    ($arguments) = first_call(
        'configure_SSL',
        sub {
            $sock = My::Traced->new(
                PeerAddr => $address,
                client_args(SSL_alpn_protocols => ['x'])
            ) or die $SSL_ERROR;
        }
    );
    is(ref $arguments, 'HASH', 'configure_SSL is given the argument hash');
    is_deeply($arguments->{SSL_alpn_protocols},
        ['x'], '... with our arguments');
    my %stop = first_call('stop_SSL', sub { $sock->close });
    ok($stop{SSL_fast_shutdown}, 'close asks stop_SSL to be fast');
    %stop = first_call(
        'stop_SSL',
        sub {
            my ($other) = tls_pair(class => 'My::Traced');
            $other->close(SSL_no_shutdown => 1);
        }
    );
    ok($stop{SSL_no_shutdown}, 'and passes its own arguments on');
};

subtest 'a listener' => sub {
    my $listener;
    my @order = called(
        sub {
            $listener = My::Traced->new(
                LocalAddr => '127.0.0.1',
                Listen    => 5,
                server_args()
            ) or die $SSL_ERROR;
        }
    );
    is_deeply(
        \@order,
        [qw(configure configure_SSL)],
        'new: configure, configure_SSL'
    );

    my $client = peer(
        sub {
            IO::Socket::SSL->new(
                PeerAddr => address($listener),
                client_args()
            ) or die "connect: $SSL_ERROR\n";
        }
    );
    my $accepted;
    @order = called(sub { $accepted = $listener->accept('My::Traced') });
    is_deeply(
        [grep { /^accept/ } @order],
        [qw(accept accept_SSL)],
        'accept calls accept_SSL'
    );
    is(ref $accepted, 'My::Traced', 'the accepted socket is of that class');
};

subtest 'start_SSL' => sub {
    my ($server, $address) = tls_server(\&serve);
    my $plain = IO::Socket::INET->new($address) or die $!;
    my @order =
      called(sub { My::Traced->start_SSL($plain, client_args()) });
    is_deeply(
        [grep { /_SSL/ } @order],
        [qw(configure_SSL connect_SSL)],
        'configure_SSL, connect_SSL'
    );
    is(ref $plain, 'My::Traced', 'the socket is of the class');
    @order = called(sub { $plain->stop_SSL });
    is(ref $plain, 'IO::Socket::INET', 'stop_SSL restores its class');
};

subtest 'overridden sysread and syswrite' => sub {
    my ($server, $address) = tls_server(\&serve);
    my $sock = My::Upper->new(
        PeerAddr => $address,
        client_args()
    ) or die $SSL_ERROR;
    is(sysread($sock, my $buffer, 8), 8, 'sysread');
    is($buffer, 'LINE ONE',
        '... returns the data as the subclass changes it');
    is(read($sock, $buffer, 5), 5,        'so does read');
    is($buffer,                 "\nLINE", '... the same');
    syswrite $sock, 'ABC';
    close $sock;
    is_deeply([$server->hear], ['abc'],
        'and the peer gets the data as the subclass changes it');
};

# The peer reverses the case of each letter, and so does this class again.
{

    package My::Swapped;
    our @ISA = ('IO::Socket::SSL');

    sub swap { return $_[0] =~ tr/a-zA-Z/A-Za-z/r }

    sub write {
        my ($self, $text, @range) = @_;
        return $self->SUPER::write(swap($text), @range);
    }

    for my $method (qw(sysread read peek)) {
        *{ Symbol::qualify_to_ref($method) } = sub {
            my $self   = shift;
            my $offset = $_[2] || 0;
            my $super  = "SUPER::$method";
            my $count  = $self->$super(@_);
            substr($_[0], $offset) = swap(substr $_[0], $offset) if $count;
            return $count;
        };
    }
}

subtest 'print, readline and getc call overridden methods' => sub {
    my ($sock, $peer) = tls_pair(
        class => 'My::Swapped',
        peer  => sub {
            my ($sock, $me) = @_;
            print $sock "ONE\nTWO\nTHREEFOUR\n\n\nFIVE\nSIX\n\nREST\nEND";
            $sock->stop_SSL(SSL_fast_shutdown => 1);
            tell_all($sock, $me);
        }
    );
    is(scalar <$sock>, "one\n", 'a line comes by peek and sysread');
    is($sock->getline, "two\n", '... getline, too');
    is(getc $sock,     't',     'getc comes by read');
    is($sock->getc,    'h',     '... the method, too');
    is(do { local $/ = \3; scalar <$sock> }, 'ree', 'a record of a size');
    is(do { local $/ = 'ur'; scalar <$sock> }, 'four',
        'a line by another $/');
    is(do { local $/ = ''; scalar <$sock> }, "five\nsix\n\n", 'a paragraph');
    is_deeply([<$sock>], ["rest\n", 'end'], 'lines in a list');
    ok(print({$sock} 'a', 'b'),   'print calls write');
    ok(printf({$sock} '%s', 'C'), '... printf');
    ok($sock->print('d'),         '... ->print');
    ok($sock->say('e'),           '... ->say');
    is(print({$sock} ''), '0', '... with nothing, too');
    ok(syswrite($sock, 'x'), 'syswrite does not');
    close $sock;
    is_deeply(
        [$peer->hear],
        ["ABcDE\nx", 'close_notify'],
        'the peer gets what write made of it'
    );

    ($sock) = tls_pair(
        class => 'My::Swapped',
        peer  => sub { print { $_[0] } "A\nB"; close $_[0] }
    );
    is(do { local $/; scalar <$sock> }, "a\nb", 'the slurped rest');
    is(scalar <$sock>,                  undef,  'then the end');
    is(getc $sock,                      undef,  '... for getc as well');
    is(print({$sock} 'x'),              undef, 'print fails when write does');
};

subtest 'a method that gives up' => sub {

    package My::Tired;
    our @ISA = ('IO::Socket::SSL');
    sub peek { return }
    sub read { return }    ## no critic (ProhibitBuiltinHomonyms)

    package main;
    my ($sock) = tls_pair(class => 'My::Tired', peer => \&tell_all);
    for my $name (qw(readline getc)) {
        local $! = Errno::EINTR();
        is(scalar $sock->$name, undef,
            "$name is over, although \$! is EINTR from before");
    }
};

subtest 'a method that is overridden later' => sub {
    my ($sock, $peer) = tls_pair(
        class => 'My::Later',
        peer  => \&tell_all
    );
    print $sock 'a';
    no warnings 'once';
    local *My::Later::write =
      sub { $_[0]->IO::Socket::SSL::write("b") };
    print $sock 'x';
    close $sock;
    is_deeply([$peer->hear], ['ab', 'close_notify'],
        'is called from then on');
};

subtest 'a class without new SSL arguments' => sub {

    package My::Configured;
    our @ISA = ('IO::Socket::SSL');

    sub configure {
        my ($self, $args) = @_;
        $args = { %$args, ISS::Test::client_args() };
        return $self->SUPER::configure($args);
    }

    package main;
    my ($server, $address) = tls_server(\&serve);
    my $sock = My::Configured->new(PeerAddr => $address);
    isa_ok($sock, 'My::Configured', 'configure may add arguments')
      or diag $SSL_ERROR;
};

subtest 'a handshake method that returns nothing' => sub {

    package My::Refusing;
    our @ISA = ('IO::Socket::SSL');
    sub connect_SSL { return }
    sub accept_SSL  { return }

    package main;
    my ($server, $address) = tls_server(\&serve);
    is_deeply([
            My::Refusing->new(PeerAddr => $address, ISS::Test::client_args())
        ],
        [], 'connect_SSL: new returns an empty list');
    is($! + 0, 0, '... and leaves no errno of opening a handle in $!');
    my $listener = My::Refusing->new(
        LocalAddr => '127.0.0.1',
        Listen    => 1,
        ISS::Test::server_args()
    );
    my $client = IO::Socket::INET->new(address($listener)) or die $!;
    is_deeply([$listener->accept], [], 'accept_SSL: so does accept');
    is($! + 0, 0, '... and leaves none, either');
};

subtest 'a DESTROY that calls that of the base class' => sub {
    my %make = (
        'IO::Socket::SSL'              => sub { $_[0]->new },
        'IO::Socket::SSL::SSL_Context' =>
          sub { $_[0]->new(ISS::Test::client_args()) },
        'IO::Socket::SSL::Session_Cache' => sub { $_[0]->new(1) },
    );
    for my $base (sort keys %make) {
        my $class = $base =~ s/.*::/My::Destroyed::/r;
        my $calls = 0;
        no strict 'refs';
        @{"${class}::ISA"}     = ($base);
        *{"${class}::DESTROY"} = sub {
            my ($self) = @_;
            &{"${base}::DESTROY"}($self);
            $calls++;
        };
        is_deeply([warnings_of(sub { $make{$base}->($class) })],
            [], "$base: nothing fails in it");
        is($calls, 1, '... and it is called once');
    }
};

done_testing;
