# IO::Async::SSL knows nothing of SSL_LATER: it waits, until an answer comes.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;

use ISS::Consumer qw(IO::Async::SSL IO::Async::Loop IO::Async::Stream
  IO::Async::Listener);
use ISS::Test;
use IO::Socket::SSL qw(:DEFAULT SSL_LATER);

my $CLIENTS = 10;
my $loop    = IO::Async::Loop->new;
my $context = IO::Socket::SSL::SSL_Context->new(
    SSL_server => 1,
    identity('server2')
);

# Answer after a while, as if a database had been asked.
sub answer_soon {
    my ($sock, $value, $asked) = @_;

    $$asked++;
    $loop->watch_time(
        after => 0.05,
        code  => sub {
            $sock->answer($value) if $sock->want_answer;
            return;
        }
    );
    return SSL_LATER;
}

for my $version (versions()) {
    my ($asked_server, $asked_client) = (0, 0);
    my $ready = $loop->SSL_listen(
        host               => '127.0.0.1',
        service            => 0,
        socktype           => 'stream',
        SSL_cert_file      => cert('server'),
        SSL_key_file       => key('server'),
        SSL_ca_file        => cert('ca'),
        SSL_version        => $version,
        SSL_hello_callback =>
          sub { answer_soon($_[0], $context, \$asked_server) },
        on_stream => sub {
            my ($stream) = @_;
            $stream->configure(
                on_read => sub {
                    my ($self, $buffer, $eof) = @_;
                    return 0 if $$buffer !~ s/^(\w+)\n//;
                    $self->write("hello, $1\n");
                    return 0;
                },
                on_read_error => sub { }
            );
            $loop->add($stream);
        },
        on_ssl_error     => sub { diag "server: @_" },
        on_resolve_error => sub { die "resolve: @_" },
        on_listen_error  => sub { die "listen: @_" },
    );
    my $port    = $ready->get->read_handle->sockport;
    my @answers = map {
        my $name = "client$_";
        $loop->SSL_connect(
            host    => '127.0.0.1',
            service => $port,
            client_args(
                SSL_verifycn_scheme => 'none',
                SSL_version         => $version
            )
        )->then(
            sub {
                my ($stream) = @_;
                my $answer = $loop->new_future;
                $stream->configure(
                    on_read => sub {
                        my ($self, $buffer) = @_;
                        return 0 if $$buffer !~ s/^(.*)\n//;
                        $answer->done($1 . ' by '
                              . $self->read_handle->peer_certificate('cn'))
                          if !$answer->is_ready;
                        return 0;
                    }
                );
                $loop->add($stream);
                $stream->write("$name\n");
                return $answer;
            }
        )
    } 1 .. $CLIENTS;
    is_deeply(
        [map { $_->get } @answers],
        [map { "hello, client$_ by server2.test" } 1 .. $CLIENTS],
        "$version: a server that answers later"
    );
    is($asked_server, $CLIENTS, '... once for each client');

    # A client whose certificate comes later.
    my %client = identity('client');
    my ($server, $address) = tls_server(
        sub {
            my ($sock) = @_;
            my $line = <$sock>;
            print {$sock} $sock->peer_certificate('cn') || 'nobody', "\n";
        },
        SSL_version     => $version,
        SSL_verify_mode => SSL_VERIFY_PEER,
        SSL_ca_file     => cert('ca')
    );
    my $stream = $loop->SSL_connect(
        host    => '127.0.0.1',
        service => $address =~ s/.*://r,
        client_args(
            SSL_version       => $version,
            SSL_cert_callback =>
              sub { answer_soon($_[0], \%client, \$asked_client) }
        )
    )->get;
    my $said = $loop->new_future;
    $stream->configure(
        on_read => sub {
            my ($self, $buffer, $eof) = @_;
            $said->done($$buffer) if $eof && !$said->is_ready;
            return 0;
        }
    );
    $loop->add($stream);
    $stream->write("who am I\n");
    is($said->get, "Test Client\n", "$version: a client that answers later");
    is($asked_client, 1, '... once');
}
consumer_done();
