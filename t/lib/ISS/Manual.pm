# Shared by the tests of the manual's claims about defaults and names.
package ISS::Manual;

use strict;
use warnings;

use Cwd        qw(getcwd);
use Exporter   qw(import);
use File::Copy qw(copy);
use File::Temp;
use IO::Socket::SSL;
use IO::Socket::SSL::Utils;
use ISS::Test;

our @EXPORT = qw(in_folder_with our_error cipher_order named_pair);

# Run the code in a new folder that has the subfolders certs/ and ca/ and
# these files: name => file of t/certs.
sub in_folder_with {
    my ($files, $code) = @_;

    my $home   = getcwd();
    my $folder = File::Temp->newdir;
    chdir $folder or die "chdir: $!";
    mkdir $_      or die "mkdir: $!" for qw(certs ca);
    for my $name (keys %$files) {
        copy(cert_file($files->{$name}), $name) or die "copy: $!";
    }
    $code->();
    chdir $home or die "chdir: $!";
    return;
}

# $SSL_ERROR on our side after a handshake; '' for success.
sub our_error {
    my (%arg) = @_;
    return (handshake_errors(%arg))[0];
}

# Whose order of ciphers counts for a server of ours with these arguments:
# 'server' or 'client'.
sub cipher_order {
    my (%server) = @_;

    my @suites = qw(ECDHE-RSA-AES128-GCM-SHA256 ECDHE-RSA-AES256-GCM-SHA384);
    my ($sock) = tls_pair(
        version => 'TLSv1_2',
        role    => 'server',
        mine    => { %server, SSL_cipher_list => join ':', @suites },
        theirs  => { SSL_cipher_list => join ':', reverse @suites },
    );
    return $sock->get_cipher eq $suites[0] ? 'server' : 'client';
}

# A connection to a server whose certificate has this common name and these
# DNS names, not verified: (socket, peer).
sub named_pair {
    my ($cn,   @alternative) = @_;
    my ($cert, $key)         = CERT_create(
        subject => { commonName => $cn },
        @alternative
        ? (subjectAltNames => [map { [DNS => $_] } @alternative])
        : (),
        purpose => 'server',
    );
    my @pair = tls_pair(
        mine   => { SSL_verify_mode => SSL_VERIFY_NONE },
        theirs => {
            SSL_cert_file => undef,
            SSL_key_file  => undef,
            SSL_cert      => $cert,
            SSL_key       => $key
        }
    );
    CERT_free($cert);
    KEY_free($key);
    return @pair;
}

1;
