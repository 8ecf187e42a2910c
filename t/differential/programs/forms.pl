# Every way to make a TLS socket, as a client and as a server.
use strict;
use warnings;

use IO::Socket::INET;
use POSIX  ();
use Socket qw(inet_aton pack_sockaddr_in PF_INET SOCK_STREAM);
use Symbol qw(gensym);

use Differential;

my $CLASS = 'IO::Socket::SSL';
my %TRUST = (SSL_ca_file   => cert('ca'), SSL_verifycn_name => 'localhost');
my %OWN   = (SSL_cert_file => cert('server'), SSL_key_file  => key('server'));
my @LATER = (SSL_startHandshake => 0);
my @BY_NAME =
  qw(connect accept connect_SSL accept_SSL configure configure_SSL);

@Elsewhere::Plain::ISA = ('IO::Socket::INET');
@Elsewhere::TLS::ISA   = ($CLASS);

# Subclasses, each of which overrides a method, says so, and goes on.
for my $method (@BY_NAME) {
    my $class = "Elsewhere::$method";
    no strict 'refs';
    @{"${class}::ISA"}     = ($CLASS);
    *{"${class}::$method"} = sub {
        my $self = shift;
        told("overridden $method");
        my $super = $CLASS->can($method);
        return $self->$super(@_);
    };
}

# Plain sockets that are connected to an address.
my %PLAIN = (
    INET     => sub { IO::Socket::INET->new($_[0]) },
    subclass => sub { Elsewhere::Plain->new($_[0]) },
    glob_ref => sub { my $glob = gensym; _connected($glob, $_[0]); $glob },
    named    => sub { no strict 'refs'; _connected(\*NAMED, $_[0]); \*NAMED },
    glob     => sub { _connected(\*OTHER, $_[0]); *OTHER },
    lexical  => sub { _connected(my $fh, $_[0]); $fh },
);
$PLAIN{IP} = sub { IO::Socket::IP->new(PeerAddr => $_[0]) }
  if eval { require IO::Socket::IP };

sub _connected {
    my ($host, $port) = split /:/, $_[1];

    socket($_[0], PF_INET, SOCK_STREAM, 0) or die "socket: $!";
    connect($_[0], pack_sockaddr_in($port, inet_aton($host)))
      or die "connect: $!";
    return;
}

# Ways to start TLS on a plain socket.
my %STARTS = (
    start_SSL => sub { my ($s, @a) = @_; $CLASS->start_SSL($s, @a) },
    hash      => sub { my ($s, @a) = @_; $CLASS->start_SSL($s, {@a}) },
    subclass  => sub { my ($s, @a) = @_; Elsewhere::TLS->start_SSL($s, @a) },
    timeout   => sub { $CLASS->start_SSL(@_, Timeout => 60) },
    socketToSSL =>
      sub { my ($s, @a) = @_; IO::Socket::SSL::socketToSSL($s, @a) },
    socket_to_SSL =>
      sub { my ($s, @a) = @_; IO::Socket::SSL::socket_to_SSL($s, @a) },
    later => sub {
        my ($s, @args) = @_;
        my $sock =
          seen(later => sub { $CLASS->start_SSL($s, @args, @LATER) });
        told('class:', ref $sock);
        my %args = @args;
        return $args{SSL_server} ? $sock->accept_SSL : $sock->connect_SSL;
    },
    descriptor => sub {
        my ($s, @a) = @_;
        $CLASS->new_from_fd(POSIX::dup(fileno $s), @a);
    },
    handle       => sub { my ($s, @a) = @_; $CLASS->new_from_fd($s, @a) },
    non_blocking => sub {
        my ($s, @args) = @_;
        my $sock = $CLASS->start_SSL($s, @args, @LATER);
        $sock->blocking(0);
        my %args = @args;
        my $done =
          _repeated($sock, $args{SSL_server} ? 'accept_SSL' : 'connect_SSL');
        $sock->blocking(1);
        return $done;
    },
    (
        map {
            my $class = "Elsewhere::$_";
            ("overridden $_" =>
                  sub { my ($s, @a) = @_; $class->start_SSL($s, @a) })
        } @BY_NAME
    ),
);

sub _repeated {
    my ($sock, $method) = @_;

    for (1 .. 1000) {
        my $done = $sock->$method;
        return $done if $done || !$!{EWOULDBLOCK};
        my $wait = '';
        vec($wait, fileno $sock, 1) = 1;
        $IO::Socket::SSL::SSL_ERROR == IO::Socket::SSL::SSL_WANT_READ()
          ? select $wait, undef, undef, 60
          : select undef, $wait, undef, 60;
    }
    return;
}

# Ways of new to connect to an address.
my %NEWS = (
    PeerAddr => sub { $CLASS->new(PeerAddr => $_[0], %TRUST) },
    PeerHost => sub {
        my ($host, $port) = split /:/, $_[0];
        $CLASS->new(PeerHost => $host, PeerPort => $port, %TRUST);
    },
    'Peer port as text' => sub {
        my ($host, $port) = split /:/, $_[0];
        $CLASS->new(PeerAddr => $host, PeerPort => "none($port)", %TRUST);
    },
    'a string' => sub {
        IO::Socket::SSL::set_client_defaults(%TRUST);
        $CLASS->new($_[0]);
    },
    Timeout => sub { $CLASS->new(PeerAddr => $_[0], %TRUST, Timeout => 60) },
    Proto   => sub { $CLASS->new(PeerAddr => $_[0], %TRUST, Proto => 'tcp') },
    LocalAddr => sub {
        $CLASS->new(PeerAddr => $_[0], %TRUST, LocalAddr => '127.0.0.1');
    },
    Domain =>
      sub { $CLASS->new(PeerAddr => $_[0], %TRUST, Domain => PF_INET) },
    Family =>
      sub { $CLASS->new(PeerAddr => $_[0], %TRUST, Family => PF_INET) },
    MultiHomed =>
      sub { $CLASS->new(PeerAddr => $_[0], %TRUST, MultiHomed => 1) },
    inet4 => sub {
        IO::Socket::SSL->import('inet4');
        $CLASS->new(PeerAddr => $_[0], %TRUST);
    },
    subclass => sub { Elsewhere::TLS->new(PeerAddr => $_[0], %TRUST) },
    object   =>
      sub { my $s = $CLASS->new; ref($s)->new(PeerAddr => $_[0], %TRUST) },
    context => sub {
        my $ctx = IO::Socket::SSL::SSL_Context->new(%TRUST);
        $CLASS->new(
            PeerAddr          => $_[0],
            SSL_reuse_ctx     => $ctx,
            SSL_verifycn_name => 'localhost'
        );
    },
    later => sub {
        my $sock = $CLASS->new(PeerAddr => $_[0], %TRUST, @LATER);
        told('class:', ref $sock);
        $sock->connect_SSL;
    },
    'connect later' => sub {
        my ($host, $port) = split /:/, $_[0];
        my $sock = seen(
            empty => sub {
                $CLASS->new(
                    Domain => PF_INET,
                    Type   => SOCK_STREAM,
                    Proto  => 'tcp',
                    %TRUST
                );
            }
        ) or return;
        $sock->connect(pack_sockaddr_in($port, inet_aton($host)));
    },
    'not blocking' => sub {
        my $sock = $CLASS->new(PeerAddr => $_[0], %TRUST, Blocking => 0);
        $sock = _repeated($sock, 'connect_SSL') if $sock;
        $sock->blocking(1) if $sock;
        return $sock;
    },
    (
        map {
            my $class = "Elsewhere::$_";
            ("overridden $_" => sub { $class->new(PeerAddr => $_[0], %TRUST) }
            )
        } @BY_NAME
    ),
);

# Ways of a listener to accept.
my %ACCEPTS = (
    accept        => sub { scalar $_[0]->accept },
    'list accept' => sub {
        my ($sock, $address) = $_[0]->accept;
        told('address:', defined $address ? length $address : 'undef');
        $sock;
    },
    'class'       => sub { scalar $_[0]->accept('Elsewhere::TLS') },
    'plain class' => sub {
        my $plain = $_[0]->accept('IO::Socket::INET');
        told('class:', ref $plain);
        $CLASS->start_SSL($plain, SSL_server => 1, %OWN);
    },
    'accept_SSL of it' => sub {
        my $plain = $_[0]->accept('IO::Socket::INET');
        $_[0]->accept_SSL($plain);
    },
    'context of it' => sub {
        my $plain = $_[0]->accept('IO::Socket::INET');
        $CLASS->start_SSL($plain, SSL_server => 1, SSL_reuse_ctx => $_[0]);
    },
);

for my $new (sort keys %NEWS) {
    program(
        "form new, $new",
        sub {
            my $peer =
              serve({}, 'hs', "write:hello\n", 'line', 'notify', 'end');
            _use(
                $peer,
                seen(
                    new => sub { $NEWS{$new}->('127.0.0.1:' . $peer->port) }
                )
            );
        }
    );
}
for my $plain (sort keys %PLAIN) {
    for my $start (sort keys %STARTS) {
        program(
            "form start_SSL, $start of $plain",
            sub {
                my $peer =
                  serve({}, 'hs', "write:hello\n", 'line', 'notify', 'end');
                my $was = $PLAIN{$plain}->('127.0.0.1:' . $peer->port);
                my $sock =
                  seen(start_SSL => sub { $STARTS{$start}->($was, %TRUST) });
                told('the same:', ref $was && $sock && $sock == $was ? 1 : 0);
                close $was
                  if !$sock || $start =~ /^(?:descriptor|handle)$/;
                undef $was if ref $was;
                _use($peer, $sock);
            }
        );
    }
}
for my $how (sort keys %ACCEPTS) {
    for my $later (0, 1) {
        program(
            "form accept, $how" . ($later ? ', later' : ''),
            sub { _accepting($ACCEPTS{$how}, $later) }
        );
    }
}
for my $start (sort keys %STARTS) {
    program(
        "form server, $start",
        sub {
            my $listener =
              IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 3)
              or die $!;
            my $peer =
              connecting($listener->sockport, {}, 'hs', "write:hello\n",
                'line', 'notify', 'end');
            my $tcp  = $listener->accept or die $!;
            my $sock = seen(start =>
                  sub { $STARTS{$start}->($tcp, %OWN, SSL_server => 1) });
            undef $tcp;
            _use($peer, $sock);
        }
    );
}

sub _accepting {
    my ($accept, $later) = @_;
    my $listener = $CLASS->new(
        LocalAddr => '127.0.0.1',
        Listen    => 3,
        %OWN,
        $later ? @LATER : ()
    ) or die "no listener\n";
    my $peer =
      connecting($listener->sockport, {}, 'hs', "write:hello\n", 'line',
        'notify', 'end');
    my $sock = seen(accept => sub { $accept->($listener) });
    if ($sock && !eval { defined $sock->is_SSL }) {
        told('class:', ref $sock);
        $sock = seen(accept_SSL => sub { $sock->accept_SSL });
    }
    _use($peer, $sock);
    return;
}

sub _use {
    my ($peer, $sock) = @_;
    my $refused = !$sock;

    if ($sock) {
        for my $getter (qw(is_SSL opened peerhost sockhost get_sslversion)) {
            seen($getter => sub { scalar $sock->$getter });
        }
        seen(blocking => sub { $sock->blocking ? 1 : 0 });
        seen(readline => sub { scalar readline $sock });
        seen(print    => sub { print {$sock} "reply\n" });
        seen(stop     => sub { $sock->stop_SSL ? 1 : 0 });
        told('then:', ref $sock);
        seen(close => sub { close $sock });
    }
    undef $sock;
    ended($peer, $refused);
    return;
}

1;
