# SSL_cert_callback: a client chooses its certificate when a server asks for
# one.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use Config;
use IO::Socket::SSL;
use IO::Socket::SSL::Utils;
use ISS::Test;
use Test::More;

# Our client with this callback, and a server that asks for a certificate: our
# socket or undef, our error, and whom the server sees (or its error).
sub shake_hands {
    my ($callback, %arg) = @_;
    my ($sock, $peer) = failing_pair(
        version => $arg{version},
        mine    => { SSL_cert_callback => $callback, %{ $arg{client} || {} } },
        theirs  => {
            SSL_verify_mode    => SSL_VERIFY_PEER,
            SSL_ca_file        => cert('ca'),
            SSL_client_ca_file => cert('ca'),
            %{ $arg{server} || {} }
        },
        peer => sub {
            my ($own, $me) = @_;
            $me->tell(
                $own
                ? $own->peer_certificate('cn') || 'nobody'
                : "$SSL_ERROR"
            );
        }
    );
    my $error = $sock ? '' : "$SSL_ERROR";
    $sock->pending if $sock;
    return ($sock, $error, $peer->hear);
}

sub text_of {
    my ($file) = @_;
    open my $in, '<', $file or die $!;
    local $/;
    return <$in>;
}

my %client = identity('client');

# The next connection may be somebody else's.
each_version(
    sub {
        my ($version) = @_;
        my $someone   = 1;
        my ($server, $address) = tls_server(
            sub { my ($sock) = @_; print {$sock} "hello\n"; scalar <$sock> },
            SSL_version     => $version,
            SSL_verify_mode => SSL_VERIFY_PEER,
            SSL_ca_file     => cert('ca'),
            SSL_session_id_context => 'x'
        );
        my $context = IO::Socket::SSL::SSL_Context->new(
            client_args(),
            SSL_session_cache_size => 10,
            SSL_cert_callback => sub { $someone ? \%client : undef }
        );
        my @reused;
        for (1 .. 3) {
            my $sock = IO::Socket::SSL->new(
                PeerAddr          => $address,
                SSL_reuse_ctx     => $context,
                SSL_verifycn_name => 'localhost'
            ) or diag $SSL_ERROR;
            scalar <$sock>;
            push @reused, $sock->get_session_reused ? 1 : 0;
            close $sock;
            $someone = 0;
        }
        is("@reused", '0 0 1',
            'a session of its certificate is not kept, others are');
    }
);

each_version(
    sub {
        my ($version) = @_;
        my @v = (version => $version);
        my @asked;
        my ($sock, $error, $seen) =
          shake_hands(sub { @asked = @_; \%client }, @v);
        is($asked[0], $sock, 'it is called with the socket');
        is(join(' ', sort keys %{ $asked[1] }),
            'ca_names sigalgs', '... and what the server wants');
        my $ca = PEM_file2cert(cert('ca'));
        my ($info) = grep { ref } do {
            my ($s) = tls_pair(@v);
            $s->tls_info->{verified_chain}[-1];
        };
        is_deeply($asked[1]{ca_names}, [$info->{subject}], '... its CA');
        ok((grep { $_ == 0x0804 } @{ $asked[1]{sigalgs} }),
            '... rsa_pss_rsae_sha256 among others');
        is($seen, 'Test Client', 'the certificate is shown');
        CERT_free($ca);

        is(
            (
                shake_hands(
                    sub { \%client }, @v,
                    client => { identity('other-client') }
                )
            )[2],
            'Test Client',
            'it wins over a fixed one'
        );
        is(
            (
                shake_hands(
                    sub { \%client }, @v,
                    client => { identity('server-ecdsa') }
                )
            )[2],
            'Test Client',
            '... with another kind of key'
        );
        is(
            (
                shake_hands(
                    sub { undef }, @v, client => { identity('client') }
                )
            )[2],
            'nobody',
            'undef: none, even if there is a fixed one'
        );
        is((shake_hands(sub { return }, @v))[2], 'nobody', '... or nothing');

        # The forms of keys in memory.
        my ($cert, $key) =
          (text_of(cert('client')), text_of(key('client')));
        my ($leaf, $handle) =
          (PEM_file2cert(cert('client')), PEM_file2key(key('client')));
        for my $answer (
            { SSL_cert => $cert, SSL_key => $key },
            { SSL_cert => "$key$cert" },
            { SSL_cert_file => cert('client'), SSL_key => $key },
            { SSL_cert => $cert, SSL_key_file => key('client') },
            { SSL_cert => $leaf, SSL_key => $handle },
            {
                SSL_cert => [$leaf, PEM_file2cert(cert('ca'))],
                SSL_key  => $handle
            },
          )
        {
            my ($sock, $error, $seen) = shake_hands(sub { $answer }, @v);
            is($seen, 'Test Client', 'by ' . join ' ', sort keys %$answer)
              or diag $error;
        }
        CERT_free($leaf);
        KEY_free($handle);
        my $asked = 0;
        ($sock, $error, $seen) = shake_hands(
            sub {
                return {
                    SSL_cert_file => cert('encrypted-both'),
                    SSL_key_file  => cert('encrypted-both')
                };
            },
            @v,
            client => { SSL_passwd_cb => sub { $asked++; 'secret' } },
            server => { SSL_verify_callback => sub { 1 } }
        );
        ok($sock && $asked, 'the password of a key is asked for')
          or diag $error;

        $asked = 0;
        is((
                shake_hands(
                    sub { $asked++; \%client }, @v,
                    client => { SSL_use_cert => 0 }
                )
            )[2],
            'nobody',
            'nothing is shown with SSL_use_cert => 0'
        );
        is($asked, 0, '... nor asked');
        shake_hands(sub { $asked++; \%client }, @v,
            server => { SSL_verify_mode => 0 });
        is($asked, 0, 'nor by a server that wants none');
    }
);

# What it must not return.
for my $case (
    ['text',       qr/^SSL connect attempt failed: SSL_cert_callback: it must return a hash of SSL_cert, SSL_key, SSL_cert_file and SSL_key_file, or undef$/],
    [[],           qr/it must return a hash/],
    [{},           qr/SSL_cert_callback: there is no certificate$/],
    [\'client',    qr/it must return a hash/],
    [{ SSL_cert_file => undef }, qr/there is no certificate$/],
    [{ SSL_cert_file => cert('client') }, qr/SSL_cert_callback: .*no private key/],
    [{ SSL_cert_file => '/no/such' }, qr/SSL_cert_callback: SSL_cert_file: .*No such file/],
    [{ SSL_cert_file => cert('client'), SSL_key_file => key('server') },
        qr/SSL_cert_callback: .*does not match/],
  )
{
    my ($answer, $wanted) = @$case;
    my ($sock, $error, $seen) = shake_hands(sub { $answer },
        client => { identity('client') });
    my $what = ref $answer eq 'HASH'
      ? join ' ', map { defined ? $_ : 'undef' } %$answer
      : $answer;
    ok(!$sock, 'the handshake fails: ' . (defined $what ? $what : 'undef'));
    like($error, $wanted, '... says why');
    isnt($seen, 'Test Client', '... and shows nobody');
}
for my $case (
    [{ %client, SSL_hostname => 'x' },
        qr/^SSL_cert_callback: unknown key SSL_hostname/],
    [{ SSL_cert => 'no PEM' }, qr/^SSL_cert must be a handle, PEM, DER/],
    [{ SSL_cert_file => [] }, qr/^SSL_cert_file must be/],
  )
{
    my ($answer, $wanted) = @$case;
    my $died = died(sub { shake_hands(sub { $answer }) });
    like(defined $died ? $died : '', $wanted, 'it dies: a mistake');
}
is(died(sub { shake_hands(sub { die "not now\n" }) }),
    "not now\n", 'an exception of the callback is thrown');

# After the handshake.
{
    my $asked = 0;
    my ($sock, $peer) = tls_pair(
        version => 'TLSv1_3',
        mine    => { SSL_cert_callback => sub { $asked++; \%client } },
        theirs  => {
            SSL_ca_file     => cert('ca'),
            SSL_verify_mode => 0
        },
        peer => sub {
            my ($own, $me) = @_;
            $me->hear;
        }
    );
    is($asked, 0, 'nobody asks in the handshake');
}
SKIP: {
    skip 'this Perl has no threads', 1 if !$Config{useithreads};
    require threads;
    my $thread = threads->create(
        sub { return (shake_hands(sub { \%client }))[2] || '' });
    is($thread->join, 'Test Client', 'in a new thread');
}
for my $case (
    ['closes it',      sub { close $_[0] }],
    ['stops TLS',      sub { $_[0]->stop_SSL(SSL_no_shutdown => 1) }],
    ['starts again',   sub { $_[0]->connect_SSL }],
    ['drops its hash', sub { %{ *{ $_[0] } } = () }],
  )
{
    my ($name, $code) = @$case;
    my $called = 0;
    eval {
        local $SIG{__WARN__} = sub { };
        shake_hands(sub { $called++; $code->(@_); \%client });
    };
    is($called, 1, "a callback that $name: no crash");
}

# Mistakes.
like(
    died(sub { IO::Socket::SSL::SSL_Context->new(SSL_cert_callback => 5) }),
    qr/^SSL_cert_callback must be a code reference at/,
    'a wrong value'
);
like(
    died(
        sub {
            IO::Socket::SSL::SSL_Context->new(
                server_args(SSL_cert_callback => sub { }));
        }
    ),
    qr/^SSL_cert_callback is for clients at/,
    'a server'
);
IO::Socket::SSL::set_defaults(SSL_cert_callback => sub { });
ok(IO::Socket::SSL::SSL_Context->new(server_args()),
    '... a default of it is ignored');
IO::Socket::SSL::set_defaults(SSL_cert_callback => undef);

done_testing();
