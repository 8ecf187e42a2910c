# What is true of all that goes beyond IO::Socket::SSL 2.099: options of the
# other side, methods of subclasses, secrets, and nothing in the background.
use strict;
use warnings;

use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::SSL;
use ISS::FileStore;
use ISS::Test;
use Test::More;

my $dir    = tempdir('iss-rules-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $secret = 'a secret that nobody may be told!';

sub file_of {
    my ($name, $content) = @_;
    open my $out, '>:raw', "$dir/$name" or die $!;
    print {$out} $content;
    close $out;
    chmod 0600, "$dir/$name";
    return "$dir/$name";
}
my $ticket_key = file_of('ticket.key', join '', map { chr } 1 .. 80);

sub context { return IO::Socket::SSL::SSL_Context->new(@_) }

# --- options of one side ----------------------------------------------------

my %ONLY_FOR = (
    servers => {
        SSL_acme           => {},
        SSL_hello_callback => sub { },
        SSL_num_tickets    => 1,
        SSL_ticket_keys    => $ticket_key,
    },
    clients => {
        SSL_cert_callback => sub { },
        SSL_session       => ['a session', 's' x 32],
    },
);
for my $side (sort keys %ONLY_FOR) {
    my @other = $side eq 'clients' ? server_args() : client_args();
    for my $option (sort keys %{ $ONLY_FOR{$side} }) {
        my $value = $ONLY_FOR{$side}{$option};
        my ($tcp) = raw_pair(sub { });
        like(
            died(
                sub {
                    IO::Socket::SSL->start_SSL($tcp, @other,
                        $option => $value);
                }
            ),
            qr/^$option is for $side at \Q$0\E/,
            "$option is for $side"
        );
        IO::Socket::SSL::set_defaults($option => $value);
        ok(context(@other), '... a default of it does not count elsewhere')
          or diag $SSL_ERROR;
        IO::Socket::SSL::set_defaults($option => undef);
    }
}

# --- a subclass may have methods of its own by the new names -----------------

my @METHODS = qw(answer can_do channel_binding channel_bindings deadline
  export_keying_material export_session handshake_report new_ticket reload
  ssl_error_info stats tls_info verified_chain want_answer);
{

    package Of::Its::Own;    ## no critic (ProhibitMultiplePackages)
    our @ISA = ('IO::Socket::SSL');
    our @called;
    for my $name (@METHODS) {
        no strict 'refs';
        *$name = sub { push @called, $name; die "$name of a subclass\n" };
    }
}

# Nearly every new option at once.
sub everything {
    my ($role, %args) = @_;
    my $folder = ISS::FileStore::folder($dir);
    return {
        SSL_deadline          => 250,
        SSL_handshake_report  => 1,
        SSL_handshake_timeout => 250,
        SSL_keylog_callback   => sub { },
        SSL_reload            => 0.000_001,
        SSL_session_cache     => ISS::FileStore::store(
            $folder,
            secret   => $secret,
            on_error => sub { }
        ),
        SSL_session_timeout => 100,
        $role eq 'client'
        ? (SSL_cert_callback => sub { return })
        : (SSL_hello_callback => sub { return }, SSL_num_tickets => 1),
        %args
    };
}

each_setting(
    sub {
        my %setting = @_;
        my @pair    = (
            %setting,
            class => 'Of::Its::Own',
            mine  => everything($setting{role})
        );
        my ($sock, $peer) = tls_pair(
            @pair,
            peer => sub {
                my ($sock) = @_;
                print $sock "a line\nanother\n";
                readline $sock;
            }
        );
        is(scalar <$sock>,              "a line\n", 'a whole life: a line');
        is(sysread($sock, my $text, 3), 3,          '... some bytes');
        ok(print({$sock} "an answer\n"), '... an answer');
        ok($sock->close,                 '... its end');
        ($sock) =
          failing_pair(@pair, mine => { SSL_ca_file => cert('other-ca') })
          if $setting{role} eq 'client';
        is_deeply(\@Of::Its::Own::called,
            [], 'no method of the subclass is called by us');
    }
);

# --- secrets ----------------------------------------------------------------

# All that a program can be told of a connection with secrets in its options.
my %SECRET = (
    'the secret of a store'    => $secret,
    'a pre-shared key'         => 'PSK-PSK-PSK-PSK-PSK-PSK-PSK-PSK!',
    'the secret of an export'  => 'exports exports exports exports!',
    'the data of a connection' => 'these bytes are between us alone',
);

sub all_that_is_told {
    my (%arg) = @_;
    my (@told, $sock, $peer);

    open my $saved, '>&', \*STDERR or die $!;
    open my $file,  '+>', undef    or die $!;
    open STDERR,    '>&', $file    or die $!;
    {
        local $IO::Socket::SSL::DEBUG = 3;
        local $SIG{__WARN__} = sub { push @told, @_ };
        my $died = died(sub { ($sock, $peer) = failing_pair(%arg) });
        push @told, $died, "$SSL_ERROR";
        if ($sock) {
            print {$sock} $SECRET{'the data of a connection'}, "\n";
            readline $sock;
            $sock->export_session($SECRET{'the secret of an export'});
            push @told, texts_in($sock->tls_info), $sock->handshake_report;
            push @told, texts_in($sock->ssl_error_info);
        }
        else {
            push @told, IO::Socket::SSL->handshake_report,
              texts_in(IO::Socket::SSL->ssl_error_info);
        }
    }
    open STDERR, '>&', $saved or die $!;
    seek $file, 0, 0;
    return join "\n", grep { defined } @told, do { local $/; <$file> };
}

sub texts_in {
    my ($value) = @_;
    return
      map { texts_in($_) } ref $value eq 'HASH' ? values %$value : @$value
      if ref $value;
    return $value;
}

my $peer = sub {
    my ($sock) = @_;
    print {$sock} scalar <$sock> if $sock;
};
my %with_secrets = (
    SSL_cert_file => cert('server'),
    SSL_key_file  => key('encrypted'),
    SSL_passwd_cb => sub { 'secret' },
);
for my $case (
    ['a connection', {}, qr/TLSv1_3 handshake Finished/],
    [
        'a handshake that fails',
        { SSL_ca_file => cert('other-ca') },
        qr/certificate verify failed/
    ],
    [
        'a wrong password',
        { SSL_passwd_cb => sub { 'wrong-password' } },
        qr/SSL_key_file/
    ],
    [
        'a context that cannot be made',
        { SSL_cipher_list => 'NO-SUCH' },
        qr/SSL_cipher_list/
    ],
    [
        'a session that is refused',
        {
            SSL_session => ['no session', $SECRET{'the secret of an export'}]
        },
        qr/damaged/
    ],
    [
        'a pre-shared key',
        {
            SSL_psk => ['somebody', $SECRET{'a pre-shared key'}]
        },
        qr/handshake/
    ],
  )
{
    my ($what, $more, $is_told) = @$case;
    my %everything = %{ everything('client', %with_secrets, %$more) };
    delete $everything{SSL_cert_callback};
    my $told = all_that_is_told(mine => \%everything, peer => $peer);
    like($told, $is_told, "$what is told of");
    my @found = grep { index($told, $SECRET{$_}) >= 0 } sort keys %SECRET;
    is_deeply(\@found, [], '... but no secret');
    unlike($told, qr/\bsecret\b|wrong-password/, '... nor a password');
}

# --- nothing in the background ----------------------------------------------

SKIP: {
    skip 'there is no /proc/self/task', 1 if !-d '/proc/self/task';
    my $program = file_of('program.pl', <<'END');
use strict;
use warnings;
use Time::HiRes qw(getitimer ITIMER_REAL ITIMER_VIRTUAL ITIMER_PROF);
use Socket;

# Threads, timers, and signals that are caught, ignored or blocked.
sub background {
    open my $in, '<', '/proc/self/status' or die $!;
    my @signals = grep { /^Sig(?:Blk|Ign|Cgt):/ } <$in>;
    my @threads = glob '/proc/self/task/*';
    my @timers = map { scalar getitimer($_) }
      ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF;
    return join ' ', scalar @threads, @timers, alarm 0, @signals;
}
my $before = background();
require IO::Socket::SSL;
my ($address, @args) = @ARGV;
my $ctx = IO::Socket::SSL::SSL_Context->new(
    @args,
    SSL_reload          => 0.000_001,
    SSL_keylog_callback => sub { },
    SSL_session_cache   => IO::Socket::SSL::Session_Store->new(
        backend  => sub { die "gone\n" },
        secret   => 's' x 32,
        on_error => sub { }
    )
) or die;
my $sock = IO::Socket::SSL->new(
    PeerAddr              => $address,
    SSL_reuse_ctx         => $ctx,
    SSL_deadline          => 200,
    SSL_handshake_timeout => 200,
    SSL_startHandshake    => 'lazy'
) or die;
readline $sock;
my $within = background();
close $sock;
print $before eq $within && $before eq background()
  ? "nothing\n"
  : "before: $before\nthen: $within\n";
END
    my ($server, $address) = tls_server(
        sub {
            my ($sock) = @_;
            print $sock "hello\n";
            readline $sock;
        }
    );
    is(perl_says($program, $address, client_args()),
        "nothing\n", 'no thread, timer or signal runs in the background');
}

done_testing();
