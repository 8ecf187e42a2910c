# Shared by the tests of sessions: a server that resumes sessions, and a
# client that reports whether it did.
#
#   my $server = resuming_server(SSL_version => 'TLSv1_3');
#   is(resumed($server, SSL_reuse_ctx => $context), 0, 'the first is new');
package ISS::Sessions;

use strict;
use warnings;

use Exporter qw(import);
use IO::Socket::SSL;
use ISS::Test;

our @EXPORT = qw(
  resuming_server resumed resumed_until_end connected get_line client_context
  keeps_session
);
our @EXPORT_OK = qw(fares fares_here);

# Greets each client with a line that says whether its session was resumed,
# and waits for its end; with hold it serves the next one at once.  With
# ends => 'close' it ends the connection itself, and with ends => 'cut' without
# close_notify.  Other arguments are those of tls_server.
sub resuming_server {
    my %args = @_;

    my $hold = delete $args{hold};
    my $ends = delete $args{ends} || '';
    my @held;
    my ($peer, $address) = tls_server(
        sub {
            my ($sock) = @_;
            print {$sock} $sock->get_session_reused, "\n";
            push @held, $sock;
            return         if $hold;
            readline $sock if !$ends;
            (pop @held)->close(SSL_no_shutdown => $ends eq 'cut');
        },
        %args
    );
    return { address => $address, peer => $peer };
}

sub client_context {
    return IO::Socket::SSL::SSL_Context->new(client_args(@_))
      || die $SSL_ERROR;
}

# A connection to the server, whose line is still unread; undef on failure.
sub connected {
    my ($server, @args) = @_;

    return IO::Socket::SSL->new(
        PeerAddr => $server->{address},
        client_args(@args)
    );
}

sub get_line {
    my ($sock) = @_;

    my $line = readline $sock;
    chomp $line if defined $line;
    return $line;
}

# A whole connection: 1 if it was resumed, 0 if not, as both sides agree;
# otherwise an error text.
sub resumed {
    my ($server, @args) = @_;

    my $sock = connected($server, @args) or return "$SSL_ERROR";
    return _close_resumed($sock, get_line($sock));
}

# Arguments of a client that keeps a session for the next connection.
sub keeps_session {
    return (
        SSL_session_cache => IO::Socket::SSL::Session_Cache->new(1),
        SSL_session_key   => 'key'
    );
}

# Whether such a client resumes at these servers, one after the other: a text
# like 011.
sub fares {
    my (@servers) = @_;
    my @args = keeps_session();
    return join '', map { resumed($_, @args) } @servers;
}

# Whether a client, which is a child, resumes at a server of this context in this
# process: a text like 01.
sub fares_here {
    my ($ctx, @client) = @_;

    my $listener = listener();
    my $child    = peer(
        sub {
            my $server = { address => address($listener) };
            $_[0]->tell(map { resumed($server, @client) } 1 .. 2);
        }
    );
    for (1 .. 2) {
        my $sock = IO::Socket::SSL->start_SSL(
            scalar $listener->accept,
            SSL_server    => 1,
            SSL_reuse_ctx => $ctx
        ) or die $SSL_ERROR;
        print {$sock} $sock->get_session_reused, "\n";
        readline $sock;
    }
    return join '', $child->hear;
}

# The same as resumed for a server that ends the connection itself.
sub resumed_until_end {
    my ($server, @args) = @_;

    my $sock = connected($server, @args) or return "$SSL_ERROR";
    my $line = read_all($sock);
    return _close_resumed($sock, $line =~ /^(\d)\n\z/ ? $1 : undef);
}

sub _close_resumed {
    my ($sock, $theirs) = @_;

    return "no line: $SSL_ERROR" if !defined $theirs;
    my $ours = $sock->get_session_reused;
    return "no session: $SSL_ERROR" if !defined $ours;
    close $sock;
    return "we say $ours, the server $theirs" if $ours != $theirs;
    return $ours;
}

1;
