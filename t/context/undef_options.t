# Every option of the manual as undef and as '' counts as not given.  For some
# options that means another behaviour, or an error that names the option.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use File::Spec;
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

$ENV{SSL_CERT_FILE} = cert('ca');    # used by default_ca()

# The options that the manual lists.
sub options {
    my $pod =
      File::Spec->catfile($FindBin::Bin, '..', '..', 'lib', 'IO', 'Socket',
        'SSL.pod');
    open(my $in, '<', $pod) or die "$pod: $!";
    my %of_close =
      map { $_ => 1 } qw(SSL_no_shutdown SSL_fast_shutdown SSL_ctx_free);
    return grep { !$of_close{$_} }
      map { /^=item (SSL_[a-z]\w*)(?: =>.*)?$/ ? $1 : () } <$in>;
}

# Options that a server cannot do without.
my $NO_CERT = qr/no shared cipher|no suitable|certificate|SSL_key_file/;
my %SERVER  = (SSL_cert_file => $NO_CERT, SSL_key_file => $NO_CERT);

# Booleans that would change the course of this test.
my %DECIDES = map { $_ => 1 } qw(SSL_server SSL_usebio SSL_startHandshake);

# '' is not a key.
my %EMPTY = (SSL_psk => qr/SSL_psk: invalid key length 0/);

# '' for success, or the error, returned or thrown, and warnings.
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
        if ($expected) { like($error, $expected, "$claim: an error") }
        else           { is($error, '', "$claim: counts as not given") }

        $error = outcome($role, $option, '');
        $expected ||= $EMPTY{$option};
        $claim = "$option => '', $role";
        if ($expected) { like($error, $expected, "$claim: an error") }
        else           { is($error, '', "$claim: counts as not given") }
    }
}

# A false value instead of a sub, an object, a handle, a file or a name counts as
# not given.
for my $option (
    map { "SSL_$_" }
    qw(ca client_ca cert key dh verifycn_scheme
    verify_callback passwd_cb create_ctx_callback ocsp_staple_callback
    ocsp_cache session_cache ticket_keycb ciphersuites
    alpn_protocols npn_protocols error_trap on_peer_shutdown
    ca_file ca_path client_ca_file crl_file dh_file fingerprint hostname
    verifycn_name acme cert_callback hello_callback keylog_callback
    keylog_file reload_callback session ticket_keys)
  )
{
    is(outcome($_, $option, 0), '', "$option => 0, $_: counts as not given")
      for qw(client server);
}
for my $option (qw(SSL_cert_file SSL_key_file)) {
    is(outcome('client', $option, 0),
        '', "$option => 0, client: counts as not given");
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
    "SSL_verifycn_scheme => '' does not turn the check off"
);

# Options for which undef or '' has a meaning.
is(outcome('client', SSL_server => undef),
    '', 'SSL_server => undef: a client');
is(outcome('client', SSL_server => ''), '', "SSL_server => '': a client");
for my $false ('', 0) {
    my ($tcp) = raw_pair(sub { });
    IO::Socket::SSL->start_SSL($tcp, SSL_startHandshake => $false);
    is(scalar($tcp->is_SSL),
        undef, "SSL_startHandshake => '$false': no handshake");
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
    is($server->opened, 1, "SSL_dh => $shown: ciphers without DHE work");
}

done_testing();
