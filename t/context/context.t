# Contexts: reused, as default, adjusted by a callback.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

subtest 'IO::Socket::SSL::SSL_Context' => sub {
    my $context = IO::Socket::SSL::SSL_Context->new(client_args());
    isa_ok($context, 'IO::Socket::SSL::SSL_Context', 'new');
    like($context->{context}, qr/^[1-9]\d*\z/, 'it holds a handle');
    my ($sock) = tls_pair(mine => { SSL_reuse_ctx => $context });
    is($sock->opened, 1, 'SSL_reuse_ctx takes it');
    ($sock) = tls_pair(mine => { SSL_reuse_ctx => $context });
    is($sock->opened, 1, '... more than once');
    is(
        (
            handshake_errors(
                mine => {
                    SSL_reuse_ctx => $context,
                    SSL_ca_file   => cert('other-ca')
                }
            )
        )[0],
        '',
        'its CA counts, not the one given beside it'
    );
};

subtest 'a context that trusts another CA' => sub {
    my $context =
      IO::Socket::SSL::SSL_Context->new(SSL_ca_file => cert('other-ca'));
    like(
        (handshake_errors(mine => { SSL_reuse_ctx => $context }))[0],
        qr/certificate verify failed/,
        'it is the one that counts'
    );
};

subtest 'the context of a socket' => sub {
    my ($first) = tls_pair();
    my ($second) =
      tls_pair(mine => { SSL_reuse_ctx => $first, SSL_ca_file => undef });
    is($second->opened,         1, 'SSL_reuse_ctx takes a socket');
    is($first->_get_ctx_object, $second->_get_ctx_object, 'it is the same');
    close $first;
    my ($third) = tls_pair(mine => { SSL_reuse_ctx => $second });
    is($third->opened, 1, 'it outlives the socket that made it');
};

subtest 'a server\'s context' => sub {
    for my $wrong (['text'], [[]], [SSL_server => 1, 'text']) {
        like(
            died(sub { IO::Socket::SSL::SSL_Context->new(@$wrong) }),
            qr/^the options must be a hash or a list of names and values at/,
            "no options: @$wrong"
        );
    }
    my $context = IO::Socket::SSL::SSL_Context->new(server_args());
    for my $time (1 .. 2) {
        my ($sock) = tls_pair(
            role => 'server',
            mine => {
                SSL_reuse_ctx => $context,
                SSL_cert_file => undef,
                SSL_key_file  => undef
            }
        );
        is($sock->opened, 1, "connection $time");
    }
};

# Connections that share a context have their own names.
subtest 'names belong to the connection' => sub {
    my $context = IO::Socket::SSL::SSL_Context->new(client_args());
    my %mine    = (SSL_reuse_ctx => $context, SSL_verifycn_scheme => 'http');
    for my $time (1 .. 2) {
        is(
            (
                handshake_errors(
                    mine => { %mine, SSL_verifycn_name => 'localhost' }
                )
            )[0],
            '',
            'the right name is accepted'
        );
        like(
            (
                handshake_errors(
                    mine => { %mine, SSL_verifycn_name => 'other.test' }
                )
            )[0],
            qr/hostname verification failed/,
            'a wrong one is refused on the same context'
        );
    }
};

each_version(
    sub {
        my ($version) = @_;

        my $context = IO::Socket::SSL::SSL_Context->new(
            client_args(SSL_version => $version));
        my %right     = (SSL_reuse_ctx             => $context);
        my %wrong     = (%right, SSL_verifycn_name => 'other.test');
        my @under_way = map { upgraded($version, $_) } \%right, \%wrong,
          \%right, \%wrong;
        $_->[0]->connect_SSL for @under_way;
        $_->[1]->tell('go')  for @under_way;
        my @errors = map {
            my ($sock) = @$_;
            complete($sock, sub { scalar $sock->connect_SSL })
              ? ''
              : "$SSL_ERROR"
        } @under_way;
        is_deeply([@errors[0, 2]],
            ['', ''],
            'simultaneous handshakes: the right names are accepted');
        like(
            $_,
            qr/hostname verification failed/,
            '... and the wrong ones refused'
        ) for @errors[1, 3];
    }
);

# A non-blocking client whose handshake has not started: [socket, peer].
sub upgraded {
    my ($version, $args) = @_;

    my ($tcp, $peer) = raw_pair(
        sub {
            my ($tcp, $me) = @_;
            $me->hear;
            IO::Socket::SSL->start_SSL($tcp,
                server_args(SSL_version => $version));
            $me->hear;
        }
    );
    $tcp->blocking(0);
    my $sock = IO::Socket::SSL->start_SSL($tcp,
        client_args(%$args, SSL_startHandshake => 0));
    return [$sock, $peer];
}

subtest 'SSL_create_ctx_callback' => sub {
    my @seen;
    my $callback = sub { push @seen, @_ };
    my $context  = IO::Socket::SSL::SSL_Context->new(
        client_args(SSL_create_ctx_callback => $callback));
    is_deeply(\@seen, [$context->{context}], 'gets the handle, once');

    @seen = ();
    my ($sock) = tls_pair(mine => { SSL_create_ctx_callback => $callback });
    is(scalar @seen, 1, 'also for the context of a socket');
    ($sock) = tls_pair(
        mine => {
            SSL_create_ctx_callback => $callback,
            SSL_reuse_ctx           => $context
        }
    );
    is(scalar @seen, 1, 'not for a context that is reused');
    is(
        died(
            sub {
                IO::Socket::SSL::SSL_Context->new(
                    client_args(
                        SSL_create_ctx_callback => sub { die "not today\n" }
                    )
                );
            }
        ),
        "not today\n",
        'a die arrives as it was thrown'
    );
};

subtest 'set_default_context' => sub {
    my $context = IO::Socket::SSL::SSL_Context->new(server_args());
    my %server  = (theirs => { SSL_reuse_ctx => $context });
    my $own     = IO::Socket::SSL::SSL_Context->new(client_args());
    IO::Socket::SSL::set_default_context(
        IO::Socket::SSL::SSL_Context->new(SSL_ca_file => cert('other-ca')));
    like(
        (handshake_errors(%server))[0],
        qr/certificate verify failed/,
        'it is used where no other is given'
    );
    is((handshake_errors(%server, mine => { SSL_reuse_ctx => $own }))[0],
        '', 'SSL_reuse_ctx takes precedence over it');
    IO::Socket::SSL::set_default_context(undef);
    is((handshake_errors())[0], '', 'undef unsets it');
};

subtest 'junk' => sub {
    for my $junk ('abc', {}, [], \1, bless({}, 'Some::Class')) {
        my $error = died(
            sub {
                IO::Socket::SSL::SSL_Context->new(SSL_reuse_ctx => $junk)
                  or die "$SSL_ERROR";
            }
        );
        ok($error,
            'is refused as SSL_reuse_ctx: '
              . (defined $error ? substr($error, 0, 60) : 'not at all'));
    }
};

# --- defaults ---------------------------------------------------------------

subtest 'defaults of the process' => sub {
    my $refused = qr/certificate verify failed/;
    my %no_ca   = (mine => { SSL_ca_file => undef });

    IO::Socket::SSL::set_defaults(SSL_ca_file => cert('other-ca'));
    like((handshake_errors(%no_ca))[0], $refused, 'set_defaults is used');
    is((handshake_errors())[0], '', 'arguments take precedence over it');

    IO::Socket::SSL::set_client_defaults(ca_file => cert('ca'));
    is((handshake_errors(%no_ca))[0],
        '',
        'set_client_defaults takes precedence over it, also without SSL_');

    IO::Socket::SSL::set_client_defaults({ mode => SSL_VERIFY_NONE });
    is((handshake_errors(%no_ca))[0],
        '', 'a hash reference, and the short key mode');

    IO::Socket::SSL::set_server_defaults(identity('expired'));
    my ($sock) = tls_pair(
        mine   => { SSL_verify_mode => SSL_VERIFY_NONE },
        theirs => { SSL_cert_file   => undef, SSL_key_file => undef }
    );
    is($sock->opened, 1, 'set_server_defaults can give a certificate');
    $_->()
      for \&IO::Socket::SSL::set_defaults,
      \&IO::Socket::SSL::set_client_defaults,
      \&IO::Socket::SSL::set_server_defaults;
    is((handshake_errors())[0], '', '... and all can be unset');
};

done_testing;
