# Every option with values of all kinds, on both sides, in new and start_SSL.
use strict;
use warnings;

use IO::Select;

use Differential;

# Values that say the same of any option.
my %ANY = (undef => undef, empty => '', zero => 0);

my $FILES = sub {
    my ($good) = @_;
    return (
        good       => $good,
        missing    => file('there-is-none'),
        garbage    => file('garbage.txt'),
        folder     => file('ca-dir'),
        empty_file => file('empty.pem'),
    );
};

# Values by option, for both sides; what needs a handle is made when used.
my %BOTH = (
    SSL_version => {
        sslv23 => 'SSLv23',
        tls12  => 'TLSv1_2',
        tls13  => 'TLSv1_3',
        range  => 'SSLv23:!TLSv1_3',
        lower  => 'tlsv1_2',
        wrong  => 'TLSv9',
        two    => 'TLSv1_2:TLSv1_3',
        ssl3   => 'SSLv3',
        no_all => '!TLSv1_2:!TLSv1_3',
    },
    SSL_cipher_list => {
        good    => 'ECDHE-RSA-AES256-GCM-SHA384',
        list    => 'HIGH:!aNULL',
        wrong   => 'NO-SUCH-CIPHER',
        default => 'DEFAULT',
    },
    SSL_ciphersuites => {
        good  => 'TLS_AES_128_GCM_SHA256',
        wrong => 'TLS_NOTHING',
    },
    SSL_ecdh_curve => {
        good  => 'P-256',
        list  => 'P-384:P-256',
        wrong => 'no-curve',
        auto  => 'auto',
    },
    SSL_honor_cipher_order => { one => 1, text => 'yes' },
    SSL_verify_mode        => {
        none      => 0,
        peer      => 1,
        peer_fail => 3,
        once      => 5,
        two       => 2,
        four      => 4,
        text      => 'yes',
        float     => 1.5,
    },
    SSL_verify_callback => {    # with anything but a sub 2.099 hangs
        sub => sub { $_[0] },
        yes => sub { 1 },
        no  => sub { 0 },
    },
    SSL_ca_file => {
        $FILES->(cert('ca')),
        other => cert('other-ca'),
        list  => [cert('ca'), cert('other-ca')]
    },
    SSL_ca_path => {
        good    => file('ca-dir'),
        missing => file('nowhere'),
        file    => cert('ca'),
        list    => [file('nowhere'), file('ca-dir')],
        colons  => file('nowhere') . ':' . file('ca-dir')
    },
    SSL_ca => {
        good => sub { [IO::Socket::SSL::Utils::PEM_file2cert(cert('ca'))] },
        text => 'x'
    },
    SSL_check_crl      => { one => 1 },
    SSL_crl_file       => { $FILES->(file('crl.pem')) },
    SSL_cert_file      => { $FILES->(cert('client')) },
    SSL_key_file       => { $FILES->(key('client')) },
    SSL_passwd_cb      => { sub => sub { 'secret' }, text => 'secret' },
    SSL_use_cert       => { one => 1 },
    SSL_dh_file        => { $FILES->(file('dh-3072.pem')) },
    SSL_alpn_protocols => {
        good  => ['one', 'two'],
        other => ['three'],
        none  => [],
        text  => 'one'
    },
    SSL_npn_protocols => { good => ['one', 'two'], none => [] },
    SSL_fingerprint   => {
        wrong => 'sha256$' . '00' x 32,
        short => 'sha256$00',
        text  => 'what',
        list  => ['sha256$' . '00' x 32, 'md5$' . '00' x 16],
        none  => [],
    },
    SSL_verifycn_name => {
        right => 'localhost',
        wrong => 'wrong.invalid',
        ip    => '127.0.0.1',
        odd   => 'a b'
    },
    SSL_verifycn_scheme => {
        none    => 'none',
        http    => 'http',
        ldap    => 'ldap',
        wrong   => 'no such',
        hash    => { wildcards_in_alt => 'anywhere' },
        code    => { callback         => sub { 1 } },
        no_code => { callback         => sub { 0 } }
    },
    SSL_verifycn_publicsuffix => { off => '' },
    SSL_hostname              => {
        name  => 'localhost',
        ip    => '127.0.0.1',
        other => 'www.example.test'
    },
    SSL_session_cache_size   => { ten  => 10, text => 'x', minus => -1 },
    SSL_session_key          => { name => 'mine' },
    SSL_session_id_context   => { name => 'mine' },
    SSL_error_trap           => { sub  => sub { return }, text => 'x' },
    SSL_create_ctx_callback  => { sub  => sub { return }, text => 'x' },
    SSL_mode_release_buffers => { one  => 1 },
    SSL_ocsp_mode            => {
        (map { $_ => $_ } 1, 2, 4, 8),
        none => IO::Socket::SSL::SSL_OCSP_NO_STAPLE(),
        try  => IO::Socket::SSL::SSL_OCSP_TRY_STAPLE(),
        must => IO::Socket::SSL::SSL_OCSP_MUST_STAPLE(),
    },
    SSL_startHandshake    => { one  => 1 },
    SSL_keepSocketOnError => { one  => 1 },
    SSL_on_peer_shutdown  => { sub  => sub { return 0 } },
    SSL_reuse_ctx         => { text => 'x', ref => {} },
    Timeout               => { one  => 5,   fraction => 3.5, zeros => '0.0' },
    Blocking              => { one  => 1 },
    SSL_no_such_option    => { one  => 1 },
);

sub _is_maker { return ref $_[0] eq 'CODE' && $_[1] eq 'SSL_ca' }

for my $option (sort keys %BOTH) {
    my %values = (%ANY, %{ $BOTH{$option} });
    for my $kind (sort keys %values) {
        _programs_of($option, $kind, $values{$kind});
    }
}

sub _programs_of {
    my ($option, $kind, $given) = @_;
    my $value =
      sub { return _is_maker($given, $option) ? $given->() : $given };

    for my $form (qw(new start_SSL)) {
        for my $mode (qw(verify trust)) {
            program("client $form $mode, $option $kind",
                sub { _client($form, $mode, $option => $value->()) });
        }
        program("server $form, $option $kind",
            sub { _server($form, $option => $value->()) });
    }
    return;
}

sub _client {
    my ($form, $mode, $option, $value) = @_;
    my $peer = serve({ SSL_alpn_protocols => ['two', 'one'] },
        'hs', 'line', "write:reply\n", 'notify', 'end');
    my %args = (
        $mode eq 'verify'
        ? (SSL_ca_file => cert('ca'), SSL_verifycn_name => 'localhost')
        : (SSL_verify_mode => 0),
        $option => $value
    );
    my $sock = $form eq 'new'
      ? seen(
        new => sub {
            IO::Socket::SSL->new(
                PeerAddr => '127.0.0.1:' . $peer->port,
                %args
            );
        }
      )
      : seen(
        start_SSL => sub { IO::Socket::SSL->start_SSL(tcp_to($peer), %args) }
      );
    if ($sock) {
        _look_at($sock);
        seen(connect_SSL => sub { $sock->connect_SSL })
          if !defined $sock->is_SSL;
        $sock->blocking(1) if $option eq 'Blocking';
        seen(print    => sub { print {$sock} "hello\n" });
        seen(readline => sub { readline $sock });
        seen(end      => sub { readline $sock })
          if $option ne 'SSL_on_peer_shutdown';    # plain data may follow
        seen(close => sub { $sock->close });
    }
    my $refused = !$sock;
    undef $sock;
    ended($peer, $refused);
    return;
}

sub _look_at {
    my ($sock) = @_;

    seen(is_SSL   => sub { $sock->is_SSL });
    seen(opened   => sub { $sock->opened });
    seen(version  => sub { $sock->get_sslversion });
    seen(alpn     => sub { $sock->alpn_selected });
    seen(sni      => sub { scalar $sock->get_servername });
    seen(cn       => sub { $sock->peer_certificate('cn') });
    seen(own      => sub { $sock->sock_certificate('cn') });
    seen(blocking => sub { $sock->blocking ? 1 : 0 });
    return;
}

sub _server {
    my ($form, $option, $value) = @_;
    my %args = (
        SSL_cert_file => cert('server'),
        SSL_key_file  => key('server'),
        $option       => $value
    );
    my %theirs = (
        SSL_cert_file      => cert('client'),
        SSL_key_file       => key('client'),
        SSL_use_cert       => 1,
        SSL_alpn_protocols => ['two', 'one'],
        $option =~ /SSL_(?:cert|key)_file/ ? (SSL_verify_mode => 0) : (),
    );
    my @steps = ('hs', "write:hello\n", 'line', 'notify', 'end');
    if ($form eq 'new') {
        my $listener = seen(
            listen => sub {
                IO::Socket::SSL->new(
                    LocalAddr => '127.0.0.1',
                    Listen    => 3,
                    %args
                );
            }
        ) or return;
        my $peer = connecting($listener->sockport, \%theirs, @steps);
        IO::Select->new($listener)->can_read(60);
        my $sock = seen('scalar accept' => sub { $listener->accept });
        undef $listener;
        _serve($sock, $peer);
        return;
    }
    my $listener =
      IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 3)
      or die $!;
    my $peer = connecting($listener->sockport, \%theirs, @steps);
    my $tcp  = $listener->accept or die $!;
    my $sock = seen(
        start_SSL => sub {
            IO::Socket::SSL->start_SSL($tcp, SSL_server => 1, %args);
        }
    );
    undef $tcp;
    _serve($sock, $peer);
    return;
}

sub _serve {
    my ($sock, $peer) = @_;

    my $refused = !$sock;
    if ($sock) {
        _look_at($sock);
        seen(accept_SSL => sub { $sock->accept_SSL })
          if !defined $sock->is_SSL;
        seen(readline => sub { scalar readline $sock });
        seen(print    => sub { print {$sock} "reply\n" });
        seen(close    => sub { $sock->close });
    }
    undef $sock;
    ended($peer, $refused);
    return;
}

1;
