# What changes at a server between two connections of a client: a session
# escapes no check that a full handshake would make now.
use strict;
use warnings;

use File::Copy qw(copy);
use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::NetSSLeay ();
use ISS::Sessions;
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

my $REFUSED = qr/alert|no line|handshake/;

# What three connections of a client to a context in this process come to, of
# which the second follows the first, and the third a change.
sub three {
    my ($ctx, $change, @client) = @_;

    my $listener = listener();
    my $child    = peer(
        sub {
            my $server = { address => address($listener) };
            my @args   = (keeps_session(), @client);
            $_[0]->tell(map { resumed($server, @args) } 1 .. 3);
        }
    );
    for my $n (1 .. 3) {
        $change->() if $n == 3;
        my $sock = IO::Socket::SSL->start_SSL(
            scalar $listener->accept,
            SSL_server    => 1,
            SSL_reuse_ctx => $ctx
        ) or next;
        print {$sock} $sock->get_session_reused, "\n";
        readline $sock;
    }
    return $child->hear;
}

sub context {
    return IO::Socket::SSL::SSL_Context->new(SSL_server => 1, @_)
      || die $SSL_ERROR;
}

opendir my $ca_dir, cert_file('ca-dir') or die "ca-dir: $!";
my ($hash) = map { /^(\w{8})\.r0$/ } readdir $ca_dir;
closedir $ca_dir;

# OpenSSL looks into a folder for newer lists.  The sub makes the context.
sub revoked_later {
    my ($version, $made) = @_;

    my $dir = tempdir('iss-crl-XXXXXX', TMPDIR => 1, CLEANUP => 1);
    copy(cert('ca'),               "$dir/$hash.0")  or die $!;
    copy(cert('crl-none-revoked'), "$dir/$hash.r0") or die $!;
    my @server = server_args(
        SSL_version     => $version,
        SSL_verify_mode => SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
        SSL_ca_path     => $dir,
        SSL_check_crl   => 1
    );
    return three($made->(@server),
        sub { copy(cert('crl'), "$dir/$hash.r1") or die $! },
        identity('revoked'));
}

each_version(
    sub {
        my ($version) = @_;

        my @came = revoked_later($version, \&context);
        is("@came[0, 1]", '0 1', 'a client that is not revoked resumes');
        like($came[2], $REFUSED, '... and is refused once it is');
    }
);

SKIP: {
    skip(scalar(ISS::NetSSLeay->missing), 3)
      if ISS::NetSSLeay->missing;
    my @no_tickets = (
        SSL_create_ctx_callback => sub {
            Net::SSLeay::CTX_set_options($_[0], Net::SSLeay::OP_NO_TICKET());
        }
    );
    my @came = revoked_later('TLSv1_2', sub { context(@_, @no_tickets) });
    like($came[2], $REFUSED, 'so is one that gets no tickets');
    @came = revoked_later(
        'TLSv1_2',
        sub {
            my $chosen = context(@_);
            return context(server_args(@no_tickets),
                SSL_hello_callback => sub { $chosen });
        }
    );
    like($came[2], $REFUSED, '... whose ClientHello chooses the context');
    @came = revoked_later(
        'TLSv1_2',
        sub {
            my %all = @_;
            my %one = map { $_ => { localhost => $all{$_} } }
              qw(SSL_ca_path SSL_check_crl SSL_cert_file SSL_key_file);
            $one{$_}{''} = $all{$_} for qw(SSL_cert_file SSL_key_file);
            return context(
                %all, %one,
                @no_tickets,
                SSL_verify_mode => {
                    ''        => SSL_VERIFY_NONE,
                    localhost => $all{SSL_verify_mode}
                }
            );
        }
    );
    like($came[2], $REFUSED, '... whose name does');
}

# Options of servers that share their tickets.
sub shared_tickets {
    my $keys =
      tempdir('iss-keys-XXXXXX', TMPDIR => 1, CLEANUP => 1) . '/keys';
    umask 077;
    open my $out, '>', $keys or die "$keys: $!";
    print {$out} 'k' x 80;
    close $out or die "$keys: $!";
    return (SSL_ticket_keys => $keys, SSL_session_id_context => 'shop');
}

# OpenSSL does not ask whether a server still has the cipher of a session.
my ($OLD, $NEW) = qw(ECDHE-RSA-AES128-GCM-SHA256 ECDHE-RSA-AES256-GCM-SHA384);
my @ANY = (SSL_version => 'TLSv1_2', SSL_cipher_list => "$OLD:$NEW");
{
    my $ctx  = context(server_args(@ANY));
    my @came = three(
        $ctx,
        sub { $ctx->reload(SSL_cipher_list => $NEW) },
        SSL_cipher_list => "$OLD:$NEW"
    );
    is("@came", '0 1 0', 'a cipher that a reload takes away');
    my @shared = shared_tickets();
    my ($both, $new) =
      map { resuming_server(@shared, SSL_version => 'TLSv1_2', @$_) }
      [SSL_cipher_list => "$OLD:$NEW"], [SSL_cipher_list => $NEW];
    my @client = (keeps_session(), SSL_cipher_list => "$OLD:$NEW");
    is(join(q{ }, map { resumed($_, @client) } $both, $both, $new),
        '0 1 0', '... that another server does not have');
}
done_testing();
