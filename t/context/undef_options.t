# Every option of the manual as undef and as '': as if it had not been given,
# which for some is a decision, or a failure that names it.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use File::Spec;
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

$ENV{SSL_CERT_FILE} = cert('ca');    # what default_ca() finds

# The options, as our manual lists them.
sub options {
    my $pod = File::Spec->catfile($FindBin::Bin, '..', '..', 'lib', 'IO', 'Socket',
        'SSL.pod');
    open(my $in, '<', $pod) or die "$pod: $!";
    my %of_close =
      map { $_ => 1 } qw(SSL_no_shutdown SSL_fast_shutdown SSL_ctx_free);
    return grep { !$of_close{$_} }
      map { /^=item (SSL_[a-z]\w*) =>/ ? $1 : () } <$in>;
}

# A server cannot do without these, however it is said.
my $NO_CERT = qr/no shared cipher|no suitable|certificate|SSL_key_file/;
my %SERVER  = (SSL_cert_file => $NO_CERT, SSL_key_file => $NO_CERT);

# Booleans that choose another way than these tests go.
my %DECIDES = map { $_ => 1 } qw(SSL_server SSL_usebio SSL_startHandshake);

# '' is no key.
my %EMPTY = (SSL_psk => qr/SSL_psk: a key has 1 to/);

# '' for success, or the error, returned or thrown.
sub outcome {
    my ($role, $option, $value) = @_;

    my $error;
    my @warnings = warnings_of(
        sub {
            my $died = died(
                sub {
                    ($error) = handshake_errors(
                        role => $role,
                        mine => { $option => $value }
                    );
                }
            );
            $error = $died if defined $died;
        }
    );
    return join '', $error, map { "warning: $_" } @warnings;
}

my @options = options();
cmp_ok(scalar @options, '>', 50, 'the manual has options');

for my $option (@options) {
    next if $DECIDES{$option};
    for my $role (qw(client server)) {
        my $expected = $role eq 'server' ? $SERVER{$option} : undef;
        my $error    = outcome($role, $option, undef);
        my $claim    = "$option => undef, $role";
        if ($expected) { like($error, $expected, "$claim: it is missed") }
        else           { is($error, '', "$claim: as if not given") }

        $error = outcome($role, $option, '');
        $expected ||= $EMPTY{$option};
        $claim = "$option => '', $role";
        if ($expected) { like($error, $expected, "$claim: a failure") }
        else           { is($error, '', "$claim: as if not given") }
    }
}

# What is false is no sub, no object, no handle.
for my $option (
    map { "SSL_$_" }
    qw(ca client_ca cert key dh verifycn_scheme
    verify_callback passwd_cb create_ctx_callback ocsp_staple_callback
    ocsp_cache session_cache ticket_keycb ciphersuites
    alpn_protocols npn_protocols error_trap on_peer_shutdown)
  )
{
    is(outcome($_, $option, 0), '', "$option => 0, $_: as if not given")
      for qw(client server);
}
like(
    (
        handshake_errors(
            mine => {
                SSL_verifycn_scheme => '',
                SSL_verifycn_name   => 'nobody.example'
            }
        )
    )[0],
    qr/hostname verification failed/,
    "SSL_verifycn_scheme => '' turns no check off"
);

# Those that decide by undef and '' what is done.
is(outcome('client', SSL_server => undef),
    '', 'SSL_server => undef: a client');
is(outcome('client', SSL_server => ''), '', "SSL_server => '': a client");
for my $false ('', 0) {
    my ($tcp) = raw_pair(sub { });
    IO::Socket::SSL->start_SSL($tcp, SSL_startHandshake => $false);
    is($tcp->is_SSL, undef, "SSL_startHandshake => '$false': none");
}
for my $off (undef, '') {
    my $shown = defined $off ? "''" : 'undef';
    my ($server) = tls_pair(
        role    => 'server',
        version => 'TLSv1_2',
        mine    => {
            SSL_cipher_list => 'ECDHE-RSA-AES256-GCM-SHA384',
            SSL_dh          => $off
        }
    );
    is($server->opened, 1, "SSL_dh => $shown: others than DHE work");
}

done_testing();
