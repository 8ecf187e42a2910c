# Records the bytes that we send, so that a test can look for plaintext on the
# wire.  Either a relay between two ends of a TLS connection records:
#
#   my ($sock, $peer, $record) = recorded_pair(
#       version => 'TLSv1_3', mine => { SSL_... }, peer => sub { ... });
#   ...
#   close $sock;                    # the relay ends with our side
#   my $bytes = $record->();
#   is(data_records($bytes), 3, ...);
#
# or a peer that does not speak TLS at all, for handshakes that do not
# succeed:
#
#   my ($tcp, $recorder) = raw_recorder();
#   ...
#   $recorder->tell("no TLS at all\r\n");    # it sends that
#   $recorder->tell('end');
#   close $tcp;
#   my ($bytes) = $recorder->hear;
package ISS::Recorder;

use strict;
use warnings;

use Exporter qw(import);
use IO::Select;
use IO::Socket::INET;
use IO::Socket::SSL;
use ISS::Test;

our @EXPORT = qw(recorded_pair raw_recorder data_records);

# We are the client; the peer's sub is as for tls_pair.
sub recorded_pair {
    my %arg  = @_;
    my %both = $arg{version} ? (SSL_version => $arg{version}) : ();

    my ($peer, $inner) = tls_server(
        sub {
            my ($sock, $me) = @_;
            $arg{peer}->($sock, $me) if $arg{peer};
            $me->hear;
        },
        %both
    );
    my ($tcp, $relay) = raw_pair(
        sub {
            my ($tcp, $me) = @_;
            my $onward = IO::Socket::INET->new($inner)
              or die "connect: $!";
            $me->tell(_relay($tcp, $onward));
        }
    );
    my $sock =
      IO::Socket::SSL->start_SSL($tcp,
        client_args(%both, %{ $arg{mine} || {} }))
      or die "our handshake failed: $SSL_ERROR";
    return ($sock, $peer, sub { ($relay->hear)[0] });
}

# A TCP connection to the peer described above.
sub raw_recorder {
    return raw_pair(
        sub {
            my ($tcp, $me) = @_;
            while (my ($bytes) = $me->hear) {
                last if $bytes eq 'end';
                syswrite $tcp, $bytes;
            }
            my $record = '';
            while (sysread $tcp, my $part, 10_000) {    # or until a reset
                $record .= $part;
            }
            $me->tell($record);
        }
    );
}

# Pass bytes on until our side ends; return what it sent.
sub _relay {
    my ($ours, $theirs) = @_;

    local $SIG{PIPE} = 'IGNORE';
    my $select = IO::Select->new($ours, $theirs);
    my $record = '';
    while (my @ready = $select->can_read) {
        for my $from (@ready) {
            my $to = $from == $ours ? $theirs : $ours;
            if (!sysread $from, my $bytes, 100_000) {
                shutdown $to, 1;
                return $record if $from == $ours;
                $select->remove($from);
            }
            else {
                $record .= $bytes if $from == $ours;
                print {$to} $bytes;
                $to->flush;
            }
        }
    }
    return $record;
}

# The number of records of application data in a recording.  In TLS 1.3 the
# Finished message of the handshake and alerts look like application data,
# too.
sub data_records {
    my ($bytes) = @_;

    my $count = 0;
    while (length $bytes >= 5) {
        my ($type, $length) = unpack 'C x2 n', $bytes;
        $count++ if $type == 23;
        substr $bytes, 0, 5 + $length, '';
    }
    return $count;
}

1;
