# tshark decrypts recorded traffic with the key log of either side.
use strict;
use warnings;

use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Select;
use Test::More;

use IO::Socket::SSL;
use ISS::Program;
use ISS::Test;

my $tshark = ISS::Program->find('tshark');
plan skip_all => 'there is no tshark' if !$tshark;
my ($root, %env) = ISS::Program->unpacked($tshark);
plan skip_all => "tshark needs its own files in /usr/share"
  if length $root && !-d '/usr/share/wireshark';
my $dir = tempdir('iss-tshark-XXXXXX', TMPDIR => 1, CLEANUP => 1);

each_setting(
    sub {
        my %setting = @_;
        my $logs    = $setting{role};
        unlink "$dir/keys";
        my ($server, $address) = tls_server(
            sub {
                my ($sock) = @_;
                print {$sock} 'answer to ' . <$sock>;
            },
            SSL_version => $setting{version},
            ($logs eq 'server' ? (SSL_keylog_file => "$dir/keys") : ())
        );
        my ($relay, $via) = recording_relay($address);
        my $sock = IO::Socket::SSL->new(
            PeerAddr => $via,
            client_args(
                SSL_version => $setting{version},
                ($logs eq 'client' ? (SSL_keylog_file => "$dir/keys") : ())
            )
        ) or BAIL_OUT("no handshake: $SSL_ERROR");
        print {$sock} "the question\n";
        is(scalar <$sock>, "answer to the question\n", 'data went through');
        close $sock;
        write_pcap("$dir/pcap", $relay->hear);

        my $decrypted = tshark(-o => "tls.keylog_file:$dir/keys");
        like(
            $decrypted,
            qr/the question.*answer to the question/s,
            'tshark decrypts both directions'
        );
        unlike(tshark(), qr/question/, '... and without the log none');
    }
);

done_testing;

sub tshark {
    my (@options) = @_;

    my (undef, $said) = ISS::Program->run(
        [
            $tshark,
            '-r' => "$dir/pcap",
            '-d' => 'tcp.port==4433,tls',
            @options,
            '-q', '-z' => 'follow,tls,ascii,0'
        ],
        env => { %env, HOME => $dir }
    );
    return $said;
}

# A relay between one client and the server: (its process, which tells the
# parts as pairs of direction and bytes; its address).
sub recording_relay {
    my ($address) = @_;

    my $listener = listener();
    my $relay    = peer(
        sub {
            my ($me)   = @_;
            my $client = $listener->accept               or die "accept: $!";
            my $server = IO::Socket::INET->new($address) or die "connect: $!";
            my @parts;
            my $select = IO::Select->new($client, $server);
            while (my @ready = $select->can_read) {
                for my $from (@ready) {
                    my $to = $from == $client ? $server : $client;
                    if (sysread $from, my $bytes, 1000) {
                        push @parts, $from == $client ? 1 : 0, $bytes;
                        syswrite $to, $bytes;
                    }
                    else {
                        shutdown $to, 1;
                        $select->remove($from);
                    }
                }
            }
            $me->tell(@parts);
        }
    );
    return ($relay, address($listener));
}

# The recorded parts as packets of TCP over IPv4, without checksums, in the
# format of pcap(5).
sub write_pcap {
    my ($file, @parts) = @_;

    open my $out, '>:raw', $file or die "$file: $!";
    print {$out} pack 'LSSlLLL', 0xa1b2c3d4, 2, 4, 0, 0, 65_535, 101;
    my @seq  = (1, 1);    # of the server, of the client
    my $time = 1;
    my $add  = sub {
        my ($from, $flags, $bytes) = @_;
        my @ports  = $from ? (50_000, 4433) : (4433, 50_000);
        my $packet = pack 'C2n3C2nN2 n2N2C2n3 a*',
          0x45, 0, 40 + length $bytes, 0, 0, 64, 6, 0,
          $from ? (0x7f000001, 0x7f000002) : (0x7f000002, 0x7f000001), @ports,
          $seq[$from], $seq[!$from], 0x50, $flags, 65_535, 0, 0, $bytes;
        print {$out} pack('L4', $time++, 0, (length $packet) x 2), $packet;
        $seq[$from] += length($bytes) + ($flags & 2 ? 1 : 0);
    };
    $add->(1, 2,    '');
    $add->(0, 0x12, '');
    while (my ($from, $bytes) = splice @parts, 0, 2) {
        $add->($from, 0x18, $bytes);
    }
    close $out or die "$file: $!";
    return;
}
