# Values of the wrong kind for every option, and wrong handles for start_SSL:
# the call dies with the line of the caller or fails; nothing crashes or
# warns.
use strict;
use warnings;

use Errno qw(ETIMEDOUT);
use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Handle;
use IO::Socket::SSL;
use Math::BigInt;
use Socket qw(AF_UNIX PF_UNSPEC SOCK_STREAM);
use Symbol qw(gensym);
use Test::More;

{

    package Text;
    use overload '""' => sub { 'text' }, fallback => 1;
}

# Options with a type; those in @TRUE take any value as true or false.
my @OPTIONS = map { "SSL_$_" } qw(
  version cipher_list ciphersuites ecdh_curve alpn_protocols npn_protocols
  cert_file key_file cert key dh dh_file passwd_cb psk
  verify_mode verify_callback verifycn_name verifycn_scheme
  verifycn_publicsuffix ca ca_file ca_path crl_file fingerprint
  client_ca client_ca_file session_id_context session_cache
  session_cache_size session_key ticket_keycb ocsp_mode ocsp_cache
  ocsp_staple_callback hostname io_timeout handshake_timeout reuse_ctx create_ctx_callback
  error_trap on_peer_shutdown
);
my @TRUE = map { "SSL_$_" } qw(
  honor_cipher_order mode_release_buffers key_cache check_crl strict_eof
  force_fingerprint use_cert keepSocketOnError nodelay
);

my %VALUE = (
    'a sub'              => sub { return },
    'a hash'             => {},
    'an array'           => [],
    'undef in an array'  => [undef],
    'arrays in an array' => [[1]],
    'a scalar'           => \'x',
    'an undef'           => \undef,
    'a glob'             => *STDIN,
    'its reference'      => \*STDIN,
    'an object'          => bless({}, 'Some::Class'),
    'a text object'      => bless([], 'Text'),
    'not a number'       => 9**9**9 / 9**9**9,
    'infinity'           => 9**9**9,
    'a NUL'              => "a\0b",
    'wide characters'    => "\x{263a}",
    'the empty text'     => '',
    'a long text'        => 'x' x 100_000,
    'a pattern'          => qr/x/,
    'a version'          => v1.2,
);

# A handshake with a peer that has already gone.
sub attempt {
    my (@args) = @_;

    socketpair(my $ours, my $theirs, AF_UNIX, SOCK_STREAM, PF_UNSPEC)
      or die $!;
    close $theirs;
    my $died = died(
        sub { IO::Socket::SSL->start_SSL($ours, @args) and die 'it worked' });
    return $died;
}

for my $option (sort @OPTIONS, @TRUE) {
    my @trouble;
    for my $name (sort keys %VALUE) {
        for my $args ([client_args()], [server_args()]) {
            my $died;
            my @warnings = warnings_of(
                sub { $died = attempt(@$args, $option => $VALUE{$name}) });
            @warnings = grep { !/^SSL_crl_file is not used/ } @warnings;
            push @trouble, "$name warns: @warnings" if @warnings;
            push @trouble, "$name dies: $died"
              if defined $died && $died !~ /wrong_arguments\.t/;
        }
    }
    is_deeply(\@trouble, [], "$option of any kind");
}

# Things that are not a connected socket.
pipe(my $pipe, my $other_end)        or die $!;
open(my $memory, '<', \'text')       or die $!;
open(my $file, '<', __FILE__)        or die $!;
open(my $closed, '<', __FILE__)      or die $!;
opendir(my $folder, "$FindBin::Bin") or die $!;
close $closed;
my %HANDLE = (
    'a pipe'          => [$pipe,           'ENOTSOCK'],
    'a file'          => [$file,           'ENOTSOCK'],
    'memory'          => [$memory,         'EBADF'],
    'a closed handle' => [$closed,         'EBADF'],
    'a folder'        => [$folder,         'EBADF'],
    'a new symbol'    => [gensym(),        'EBADF'],
    'a new handle'    => [IO::Handle->new, 'EBADF'],
    'an IO'           => [*STDIN{IO},      'EBADF'],
    'undef'           => [undef,           'EBADF'],
    'a name'          => ['STDIN',         'EBADF'],
    'a number'        => [0,               'EBADF'],
    map { $_ => [$VALUE{$_}, 'EBADF'] } 'a sub', 'a hash',    'an array',
    'a scalar',                                  'an object', 'a pattern'
);

for my $name (sort keys %HANDLE) {
    my ($handle, $errno) = @{ $HANDLE{$name} };
    my $is = ref $handle;
    for my $args ([client_args()], [server_args()]) {
        my @result;
        is(
            died(
                sub { @result = IO::Socket::SSL->start_SSL($handle, @$args) }
            ),
            undef,
            "start_SSL of $name does not die"
        );
        is_deeply(\@result, [], '... but fails');
        ok($!{$errno}, "... with $errno") or diag "$!, $SSL_ERROR";
        like($SSL_ERROR, qr/\w/, '... and an error text');
        is(ref $handle, $is, '... and leaves the handle unchanged');
    }
}

# Timeout is an argument of the base class, and of methods of ours.
subtest 'Timeout' => sub {
    my $why = qr/^Timeout must be a number of seconds, not 'soon' at \Q$0\E /;
    my $silent = listener();
    my %client = (PeerAddr => address($silent), client_args());
    my ($sock, $peer) = tls_pair(peer => sub { $_[1]->hear });
    my $later = IO::Socket::SSL->start_SSL(
        IO::Socket::INET->new(address($silent)),
        SSL_startHandshake => 0,
        client_args()
    );
    my $plain = IO::Socket::INET->new(address($silent));
    my %dies  = (
        'new' => sub { IO::Socket::SSL->new(%client, Timeout => 'soon') },
        'new with Listen' => sub {
            IO::Socket::SSL->new(
                LocalAddr => '127.0.0.1',
                Listen    => 1,
                Timeout   => 'soon',
                server_args()
            );
        },
        'start_SSL' => sub {
            IO::Socket::SSL->start_SSL($plain, client_args(),
                Timeout => 'soon');
        },
        'connect_SSL' => sub { $later->connect_SSL(Timeout => 'soon') },
        'stop_SSL'    => sub { $sock->stop_SSL(Timeout => 'soon') },
    );
    for my $what (sort keys %dies) {
        like(died($dies{$what}), $why, "$what dies");
    }
    my $nan = 9**9**9 / 9**9**9;
    for my $option (qw(Timeout SSL_handshake_timeout SSL_io_timeout)) {
        like(
            died(sub { IO::Socket::SSL->new(%client, $option => $nan) }),
            qr/^$option must be .*, not '-?nan' at \Q$0\E /i,
            "$option: what is not a number dies"
        );
    }
    is(ref $plain, 'IO::Socket::INET',
        'start_SSL leaves the socket as it was');
    ok($sock->is_SSL,      'stop_SSL, too');
    ok(print({$sock} 'x'), '... and the connection goes on');
    my @warned = warnings_of(
        sub {
            local $SIG{ALRM} = sub { die "no limit\n" };
            alarm 120;
            ok(!$later->connect_SSL(Timeout => '0.1s'),
                'a number with a unit');
            alarm 0;
        }
    );
    is($! + 0,    ETIMEDOUT, '... counts');
    is("@warned", '',        '... without a warning');
};

# What a message must not show: it ends up in logs.
subtest 'secrets' => sub {
    my $pem    = do { local (@ARGV, $/) = key('server'); <> };
    my ($body) = $pem =~ /\n(.{32})/;
    my %wrong  = (
        SSL_key_file       => $pem,
        SSL_cert_file      => $pem,
        SSL_ca_file        => [$pem],
        SSL_ca_path        => $pem,
        SSL_dh_file        => $pem,
        SSL_version        => $pem,
        SSL_cipher_list    => $pem,
        SSL_ciphersuites   => $pem,
        SSL_ecdh_curve     => $pem,
        SSL_fingerprint    => $pem,
        SSL_alpn_protocols => [$pem],
    );
    for my $option (sort keys %wrong) {
        my $error = died(
            sub {
                IO::Socket::SSL::SSL_Context->new(
                    SSL_server      => 1,
                    SSL_verify_mode => 1,
                    identity('server'), $option => $wrong{$option}
                );
            }
        );
        like(
            $error,
            qr/^$option must be .*not PEM text.* at \Q$0\E/s,
            "$option: PEM text"
        );
        unlike($error, qr/\Q$body\E/, '... is not shown');
        my ($takes) = $option =~ /^(SSL_(?:cert|key|ca|client_ca))_file$/
          or next;
        like(
            $error,
            qr/not PEM text, which $takes takes at /,
            '... but what takes it'
        );
    }
    for my $option (
        qw(SSL_version SSL_cipher_list SSL_ciphersuites SSL_ecdh_curve
        SSL_fingerprint SSL_verify_mode)
      )
    {
        my $said = died(
            sub {
                IO::Socket::SSL::SSL_Context->new($option => 'x' x 500);
            }
        ) || "$SSL_ERROR";
        like($said, qr/x{10}/, "$option: a wrong value is shown");
        unlike($said, qr/x{61}/, '... the beginning of it');
    }
    my $secret = 'the secret itself';
    for my $psk ([undef, $secret], [$secret], { me => [$secret] }) {
        my $error =
          died(sub { IO::Socket::SSL::SSL_Context->new(SSL_psk => $psk) });
        like($error, qr/^SSL_psk must be /, 'a key of the wrong kind');
        unlike($error, qr/secret|ARRAY/, '... is not shown');
    }
    like(
        died(
            sub {
                IO::Socket::SSL::SSL_Context->new(
                    SSL_verify_mode => 'x' x 1000);
            }
        ),
        qr/^SSL_verify_mode must be a whole number, not 'x{60}\.\.\.' at /,
        'a long value is cut'
    );
};

subtest 'numbers that are objects' => sub {
    my %number = (
        SSL_session_cache_size => 3,
        SSL_ocsp_mode          => SSL_OCSP_NO_STAPLE,
        SSL_io_timeout         => 300,
        SSL_handshake_timeout  => 300
    );
    for my $option (sort keys %number) {
        my ($sock, $peer) = tls_pair(
            mine => { $option => Math::BigInt->new($number{$option}) });
        ok($sock, "$option takes one");
    }
};

# Lists that are not pairs, and what is no context.
like(
    died(sub { IO::Socket::SSL->start_SSL(\*STDIN, 'SSL_ca_file') }),
    qr/^start_SSL: options come in pairs, or as a hash at \Q$0\E /,
    'an option without a value dies at the caller'
);
my $long = 'x' x 1000;
my $why =
  died(sub { IO::Socket::SSL->new(PeerAddr => 'x', SSL_reuse_ctx => $long) });
like(
    $why,
    qr/^SSL_reuse_ctx: invalid context to reuse at \Q$0\E /,
    'a context that is none: the option is named'
);

done_testing;
