# Two "machines" of pre-forked workers: two ports, four processes each, of which
# any may take the next connection.
#
#   my $fleet = fleet(sub { (SSL_ticket_keys => $file) });
#   my $line  = visit($fleet, $n, SSL_reuse_ctx => $client);
#
# A worker calls the sub for the arguments of its own context, and answers each
# request of HTTP with "worker PID resumed 0" or "... 1".
package ISS::Fleet;

use strict;
use warnings;

use Exporter qw(import);
use IO::Socket::SSL;
use ISS::Test;

our @EXPORT = qw(fleet port_of visit share);

use constant WORKERS => 4;

sub fleet {
    my ($args) = @_;

    my @listeners = map { listener(Blocking => 0) } 1 .. 2;
    my @workers   = map {
        my $listener = $_;
        map {
            peer(sub { _work($_[0], $listener, $args) })
        } 1 .. WORKERS
    } @listeners;
    return {
        ports   => [map { $_->sockport } @listeners],
        workers => \@workers
    };
}

# The port of the machine for the nth visit.
sub port_of {
    my ($fleet, $n) = @_;
    return $fleet->{ports}[$n % 2];
}

sub _work {
    my ($me, $listener, $args) = @_;

    my $ctx = IO::Socket::SSL::SSL_Context->new(server_args($args->()))
      or die "the worker's context: $SSL_ERROR\n";
    while ($me->waits_for_client($listener)) {
        my $tcp = $listener->accept or next;
        $tcp->blocking(1);
        my $sock = IO::Socket::SSL->start_SSL(
            $tcp,
            SSL_server    => 1,
            SSL_reuse_ctx => $ctx,
            Timeout       => 20
        ) or next;
        while (my $line = <$sock>) {
            last if $line !~ /\S/;
        }
        my $says = "worker $$ resumed " . $sock->get_session_reused . "\n";
        print {$sock} "HTTP/1.0 200 OK\r\nContent-Length: ", length $says,
          "\r\n\r\n", $says;
        $sock->close(SSL_fast_shutdown => 0, Timeout => 5);
    }
    return;
}

# One request: (the worker's process, whether the session was resumed), or the
# error.
sub visit {
    my ($fleet, $n, @args) = @_;

    my $sock = IO::Socket::SSL->new(
        PeerAddr => '127.0.0.1:' . port_of($fleet, $n),
        client_args(@args)
    ) or return "$SSL_ERROR";
    print {$sock} "GET / HTTP/1.0\r\n\r\n";
    my $answer = read_all($sock);
    close $sock;
    return $answer =~ /^worker (\d+) resumed (\d)/m;
}

# So many visits: (how many of the others than the first were resumed, in
# percent; how many workers served; the first error).
sub share {
    my ($fleet, $visits, @args) = @_;

    my ($resumed, $error, %workers) = (0);
    for my $n (1 .. $visits) {
        my ($worker, $is) = visit($fleet, $n, @args);
        if (!defined $is) {
            $error = $worker || 'no answer' if !defined $error;
            next;
        }
        $workers{$worker}++;
        $resumed += $is;
    }
    return (100 * $resumed / ($visits - 1), scalar keys %workers, $error);
}

1;
