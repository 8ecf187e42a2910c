# Callbacks that call stop_SSL or close on the socket that they are called for:
# the operation fails and says why, and nobody calls methods of a class that
# the socket no longer has.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Sessions;
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

# What the callback under test does.
our $deed = sub { };
sub deed { return $deed->() }

{

    package Cache;    # a cache of the program's
    sub new         { return bless {}, shift }
    sub get_session { main::deed(); return }

    sub add_session {
        main::deed();
        IO::Socket::SSL::Session_Cache::_free_session($_[2]);
        return 1;
    }
}
{

    package Backend;    # of a Session_Store
    sub new { return bless {}, shift }

    sub set {
        my ($self, $key, $value) = @_;
        $self->{$key} = $value;
        return 1;
    }
    sub get { my ($self, $key) = @_; main::deed(); return $self->{$key} }

    sub take {
        my ($self, $key) = @_;
        main::deed();
        return delete $self->{$key};
    }
    sub add { return 1 }
}

sub store {
    my $backend = Backend->new;
    return IO::Socket::SSL::Session_Store->new(
        backend => sub { $backend },
        secret  => 'the secret of all the machines!!'
    );
}

my %OF_CLIENT = (
    SSL_create_ctx_callback => sub {
        return (SSL_create_ctx_callback => \&deed);
    },
    SSL_verify_callback => sub {
        return (SSL_verify_callback => sub { deed(); return 1 });
    },
    SSL_keylog_callback => sub {
        return (SSL_keylog_callback => sub { deed() });
    },
    'get_session of a cache' => sub {
        return (SSL_session_cache => Cache->new, SSL_session_key => 'key');
    },
    'a store' => sub {
        return (SSL_session_cache => store(), SSL_session_key => 'key');
    },
);
my %OF_SERVER = (
    SSL_verify_callback => sub {
        return (
            SSL_verify_mode     => SSL_VERIFY_PEER,
            SSL_ca_file         => cert('ca'),
            SSL_verify_callback => sub { deed(); return 1 }
        );
    },
    SSL_hello_callback => sub {
        return (SSL_hello_callback => sub { deed(); return });
    },
    SSL_ticket_keycb => sub {
        return (
            SSL_ticket_keycb => sub { deed(); return ('k' x 32, 'n' x 16) });
    },
);

# What it may do to its socket, and what this socket is afterwards.
my %DEED = (
    'stop_SSL'    => [sub { $_[0]->stop_SSL }, 'plain'],
    'a fast stop' =>
      [sub { $_[0]->stop_SSL(SSL_fast_shutdown => 1) }, 'plain'],
    'a silent stop' =>
      [sub { $_[0]->stop_SSL(SSL_no_shutdown => 1) }, 'plain'],
    'close'            => [sub { $_[0]->close }, 'closed'],
    'closing'          => [sub { close $_[0] },  'closed'],
    'stop_SSL and die' =>
      [sub { $_[0]->stop_SSL; die "on purpose\n" }, 'plain'],
);

# How the handshake begins.  True if it succeeds.
my %BEGIN = (
    'start_SSL' => sub {
        my ($tcp, @args) = @_;
        return IO::Socket::SSL->start_SSL($tcp, @args);
    },
    'its method' => sub {
        my ($tcp, %args) = @_;
        my $method = $args{SSL_server} ? 'accept_SSL' : 'connect_SSL';
        IO::Socket::SSL->start_SSL($tcp, %args, SSL_startHandshake => 0)
          || return;
        return $tcp->$method;
    },
    'a write' => sub {
        my ($tcp, @args) = @_;
        IO::Socket::SSL->start_SSL($tcp, @args, SSL_startHandshake => 'lazy')
          || return;
        return syswrite $tcp, 'for the peer only';
    },
);

# A handshake during which a callback does this; $SSL_ERROR if all is as it
# should be afterwards, otherwise what is wrong.
sub stopped {
    my ($way, $what, @args) = @_;
    my %args = @args;
    my @theirs =
      $args{SSL_server} ? client_args(identity('client')) : server_args();
    my ($tcp, $peer) = raw_pair(
        sub {
            IO::Socket::SSL->start_SSL($_[0], @theirs,
                SSL_version => $args{SSL_version});
        }
    );
    my ($act, $after) = @{ $DEED{$what} };
    my $called = 0;
    local $deed = sub { $act->($tcp) if !$called++; return };
    my ($done, @warnings);
    my $died = died(
        sub {
            @warnings =
              warnings_of(sub { $done = $BEGIN{$way}->($tcp, @args) });
        }
    );
    return 'the callback is not called' if !$called;
    return 'the handshake succeeds'     if $done;
    return "it warns: @warnings"        if @warnings;
    return "it dies: $died"
      if defined $died && ($what !~ /die/ || $died ne "on purpose\n");
    return 'it does not die'    if !defined $died && $what =~ /die/;
    return 'the socket is tied' if tied *$tcp;
    return "$SSL_ERROR"         if $after eq 'closed' && !defined fileno $tcp;
    return 'the socket is ' . (defined fileno $tcp ? 'open' : 'closed')
      if $after eq 'closed' || !defined fileno $tcp;
    return 'its class is ' . ref $tcp if ref $tcp ne 'IO::Socket::INET';
    my @keys = grep { /^_SSL_(?!last_err)/ } sort keys %{*$tcp};
    return "keys are left: @keys" if @keys;
    return defined $died ? 'a callback died' : "$SSL_ERROR";
}

my $REASON =
  qr/(?:closed|stopped) .*during|not open|stopped TLS|a callback died/;

each_version(
    sub {
        my ($version) = @_;
        for my $server (0, 1) {
            my $where = $server ? \%OF_SERVER                 : \%OF_CLIENT;
            my @role = $server ? server_args(SSL_server => 1) : client_args();
            for my $callback (sort keys %$where) {
                for my $way (sort keys %BEGIN) {
                    my %says = map {
                        $_ => stopped(
                            $way, $_, @role,
                            $where->{$callback}->(),
                            SSL_version => $version,
                            Timeout     => 300
                        )
                    } grep { !/die/ || $callback ne 'a store' }
                      sort keys %DEED;
                    my @wrong = grep { $says{$_} !~ $REASON } sort keys %says;
                    is_deeply(
                        [map { "$_: $says{$_}" } @wrong],
                        [],
                        ($server ? 'server, ' : 'client, ')
                          . "$way, $callback: the handshake fails cleanly"
                    );
                }
            }
        }
    }
);

# After the handshake: a server's tickets come while the client does this.
my %OPERATION = (
    'a read'     => sub { sysread $_[0], my $buffer, 10 },
    'a readline' => sub { my $sock = $_[0]; scalar <$sock> },
    'stop_SSL'   => sub { $_[0]->stop_SSL },
    'close'      => sub { $_[0]->close },
);
for my $operation (sort keys %OPERATION) {
    for my $what (grep { !/die/ } sort keys %DEED) {
        my ($act, $after) = @{ $DEED{$what} };
        my $called = 0;
        local $deed = sub { };
        my ($sock, $peer) = tls_pair(
            version => 'TLSv1_3',
            mine    => { $OF_CLIENT{'get_session of a cache'}->() },
            peer    => sub { $_[0]->stop_SSL(SSL_fast_shutdown => 1) }
        );
        $deed = sub { $act->($sock) if !$called++; return };
        my $died = died(sub { $OPERATION{$operation}->($sock) });
        is($died, undef,
            "$operation during which add_session does $what: no exception");
        cmp_ok($called, '>=', 1, '... it was called')
          if $operation ne 'close';    # which need not wait for tickets
        my $closed = $after eq 'closed' || $operation eq 'close';
        is(defined fileno $sock, !$closed, '... open or closed as asked');
        is(tied *$sock,          undef,    '... and not under TLS');
    }
}

done_testing;
