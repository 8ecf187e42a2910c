# Every getter in every state of a socket.
use strict;
use warnings;

use Differential;

my %TRUST = (
    SSL_ca_file       => cert('ca'),
    SSL_verifycn_name => 'localhost',
    SSL_hostname      => 'localhost'
);

my %GETTERS = (
    (
        map {
            my $name = $_;
            ($name => sub { $_[0]->$name })
          } qw(
          is_SSL opened opening blocking get_sslversion get_sslversion_int
          get_servername alpn_selected next_proto_negotiated pending
          get_session_reused want_read want_write sockhost peerhost
          sock_certificate peer_certificate get_peer_certificate
          issuer_name subject_name connected timeout)
    ),
    get_cipher        => sub { defined $_[0]->get_cipher            ? 1 : 0 },
    fileno            => sub { defined $_[0]->fileno                ? 1 : 0 },
    'fileno()'        => sub { defined fileno $_[0]                 ? 1 : 0 },
    errstr            => sub { $_[0]->errstr                        ? 1 : 0 },
    dump              => sub { defined $_[0]->dump_peer_certificate ? 1 : 0 },
    '_get_ssl_object' => sub { $_[0]->_get_ssl_object               ? 1 : 0 },
    '_get_ctx_object' => sub { $_[0]->_get_ctx_object               ? 1 : 0 },
    (
        map {
            my $field = $_;
            ("certificate $field" => sub { $_[0]->peer_certificate($field) })
        } qw(authority issuer owner subject commonName cn subjectAltNames),
        '0',
        ''
    ),
    'certificate wrong' => sub { $_[0]->peer_certificate('nonsense') },
    peer_certificates   => sub { scalar(my @all = $_[0]->peer_certificates) },
    'scalar peer_certificates' => sub { $_[0]->peer_certificates },
    get_fingerprint            => sub { $_[0]->get_fingerprint },
    'fingerprint sha1'         => sub { $_[0]->get_fingerprint('sha1') },
    'fingerprint pub' => sub { $_[0]->get_fingerprint('sha256', undef, 1) },
    verify_hostname   =>
      sub { $_[0]->verify_hostname('localhost', 'http') ? 1 : 0 },
    'verify_hostname other' =>
      sub { $_[0]->verify_hostname('x.invalid', 'http') ? 1 : 0 },
    hash_keys => sub {
        my $hash = *{ $_[0] }{HASH};
        return map {
            "$_="
              . (
                defined $hash->{$_}
                ? ref $hash->{$_}
                  || ($hash->{$_} =~ /^\d{6,}$/ ? 'HANDLE' : $hash->{$_})
                : 'undef'
              )
          }
          grep { exists $hash->{$_} }
          qw(_SSL_opened _SSL_opening _SSL_read_closed _SSL_write_closed _SSL_ioclass_upgraded);
    },
    has_object => sub { ${ *{ $_[0] } }{_SSL_object} ? 1 : 0 },
    has_ctx    => sub { ref ${ *{ $_[0] } }{_SSL_ctx} },
    arguments  => sub {
        sort grep { /^SSL_(?:verify_mode|ca_file|hostname|verifycn_name)$/ }
          keys %{ ${ *{ $_[0] } }{_SSL_arguments} || {} };
    },
    binmode   => sub { binmode $_[0] },
    tell      => sub { tell $_[0] },
    can_read  => sub { IO::Select->new($_[0])->count },
    autoflush => sub { $_[0]->autoflush(1)           ? 1         : 0 },
    stop      => sub { $_[0]->stop_SSL               ? ref $_[0] : '' },
    isa       => sub { $_[0]->isa('IO::Socket::SSL') ? 1         : 0 },
);

sub _new {
    my ($peer, @more) = @_;
    return IO::Socket::SSL->new(
        PeerAddr => '127.0.0.1:' . $peer->port,
        %TRUST,
        @more
    ) || die "no connection\n";
}

# From a state's name to what leads there and what the peer does.
my %STATES = (
    'not started' => [sub { _new($_[0], SSL_startHandshake => 0) }, 'hs'],
    'open'        => [sub { _new($_[0]) }, 'hs', 'end'],
    'upgraded'    => [
        sub { IO::Socket::SSL->start_SSL(tcp_to($_[0]), %TRUST) }, 'hs',
        'end'
    ],
    'read' => [
        sub { my $s = _new($_[0]); readline $s; $s }, 'hs',
        "write:x\ny\n",                               'end'
    ],
    'peer closed, sysread' => [
        sub { my $s = _new($_[0]); sysread $s, my $b, 1; $s }, 'hs',
        'notify',                                              'end'
    ],
    'peer closed, readline' =>
      [sub { my $s = _new($_[0]); readline $s; $s }, 'hs', 'notify', 'end'],
    'cut off' =>
      [sub { my $s = _new($_[0]); sysread $s, my $b, 1; $s }, 'hs', 'fin'],
    'stopped' =>
      [sub { my $s = _new($_[0]); $s->stop_SSL; $s }, 'hs', 'stop'],
    'stopped fast' => [
        sub { my $s = _new($_[0]); $s->stop_SSL(SSL_fast_shutdown => 1); $s },
        'hs',
        'end'
    ],
    'stopped quietly' => [
        sub { my $s = _new($_[0]); $s->stop_SSL(SSL_no_shutdown => 1); $s },
        'hs'
    ],
    'closed' => [sub { my $s = _new($_[0]); $s->close; $s }, 'hs', 'end'],
    'failed, kept' => [
        sub {
            my $s = tcp_to($_[0]);
            IO::Socket::SSL->start_SSL($s, %TRUST,
                SSL_verifycn_name => 'other.invalid');
            bless $s, 'IO::Socket::SSL';
        },
        'hs'
    ],
);

for my $state (sort keys %STATES) {
    for my $getter (sort keys %GETTERS) {
        program("$getter, $state", sub { _get($STATES{$state}, $getter) });
    }
}

sub _get {
    my ($state, $getter) = @_;
    my ($make, @steps)   = @$state;
    my $peer = serve({ SSL_alpn_protocols => ['one'] }, @steps);
    my $sock = $make->($peer);
    seen($getter          => sub { $GETTERS{$getter}->($sock) });
    seen("again, $getter" => sub { $GETTERS{$getter}->($sock) });
    return;
}

1;
