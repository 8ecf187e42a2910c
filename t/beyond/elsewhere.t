# Objects that were made before a fork or a thread are good in every child and
# thread: stores, ticket keys, contexts with callbacks.
use strict;
use warnings;

use Config;
use File::Copy qw(copy);
use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::SSL;
use ISS::FileStore;
use ISS::Sessions qw(:DEFAULT fares_here);
use ISS::Test;
use Test::More;

my $dir    = tempdir('iss-elsewhere-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $secret = 'the secret of all the machines!!';

require threads if $Config{useithreads};

# Where the code may run, and what it returned there.
my %PLACE = (
    'a child' => sub {
        my ($code) = @_;
        my $process = peer(sub { $_[0]->tell($code->()) });
        return ($process->hear)[0];
    },
    $Config{useithreads}
    ? ('a thread' => sub { return threads->create({ scalar => 1 }, @_)->join }
      )
    : ()
);

# A backend that notes who makes a client of it.
sub backend_in {
    my ($folder) = @_;
    return sub {
        open my $out, '>>', "$folder.made" or die $!;
        print {$out} "$$ ", $INC{'threads.pm'} ? threads->tid : 0, "\n";
        return ISS::FileStore->new(dir => $folder);
    };
}

sub makers_of {
    my ($folder) = @_;
    open my $in, '<', "$folder.made" or die $!;
    return <$in>;
}

sub made_once {
    my ($folder, $count) = @_;
    my @makers = makers_of($folder);
    my %seen   = map { $_ => 1 } @makers;
    is(scalar @makers, $count, '... a backend for each')
      or diag @makers;
    is(scalar keys %seen, $count, '... and only one');
    return;
}

# A client's store.
each_version(
    sub {
        my ($version) = @_;
        my $folder    = ISS::FileStore::folder($dir);
        my $server    = resuming_server(SSL_version => $version);
        my $ctx       = client_context(
            SSL_session_cache => IO::Socket::SSL::Session_Store->new(
                backend => backend_in($folder),
                secret  => $secret
            )
        );
        my $visits = sub {
            return join '',
              map { resumed($server, SSL_reuse_ctx => $ctx) } 1 .. 3;
        };
        is($visits->(), '011', 'a client with a store');
        for my $place (sort keys %PLACE) {
            is($PLACE{$place}->($visits), '111', "... goes on in $place");
        }
        is($visits->(), '111', '... and here');
        made_once($folder, 1 + keys %PLACE);
    }
);

# Servers: a context with all that calls the program.  The client is a child,
# and tells how often it resumed and the names that it met.
my %SERVER = (
    'a store' => sub {
        return SSL_session_cache => IO::Socket::SSL::Session_Store->new(
            backend => $_[0],
            secret  => $secret
        );
    },
    'ticket keys' => sub {
        return SSL_ticket_keys => IO::Socket::SSL::Ticket_Keys->new(
            backend => $_[0],
            secret  => $secret
        );
    },
);

our @called;
for my $kind (sort keys %SERVER) {
    my $folder = ISS::FileStore::folder($dir);
    my @client = keeps_session();
    my $file   = "$folder.pem";
    copy(cert('server'), $file) or die $!;
    my $ctx = IO::Socket::SSL::SSL_Context->new(
        server_args(
            $SERVER{$kind}->(backend_in($folder)),
            SSL_cert_file       => $file,
            SSL_reload          => 0.000_001,
            SSL_hello_callback  => sub { push @called, 'hello'; return },
            SSL_keylog_callback => sub { push @called, 'key log' },
            SSL_reload_callback => sub { push @called, 'reload' },
        )
    ) or die $SSL_ERROR;
    my $serve = sub {
        copy(cert('server'), $file) or die $!;
        my $resumed = fares_here($ctx, @client);
        my %names   = map { $_ => 1 } splice @called;
        return join ' ', $resumed, sort keys %names;
    };
    my $all = 'hello key log reload';
    is($serve->(), "01 $all", "a server with $kind");
    for my $place (sort keys %PLACE) {
        is($PLACE{$place}->($serve),
            "01 $all", "... and its callbacks, in $place");
    }
    is($serve->(), "01 $all", '... and here again');

    # Ticket keys that are known go with the context.
    made_once($folder, $kind eq 'a store' ? 1 + keys %PLACE : 1);
}

# The callbacks of a client, and of a challenge of ACME.
{
    my $asking = context_that_asks();
    my $client = client_context(
        SSL_cert_callback => sub {
            push @called, 'certificate';
            return { identity('client') };
        },
        SSL_keylog_callback    => sub { push @called, 'key log' },
        SSL_verify_callback    => sub { push @called, 'verify'; $_[0] },
        SSL_session_cache_size => 2
    );
    my $connect = sub {
        my ($sock, $peer) = tls_pair(
            mine   => { SSL_reuse_ctx => $client },
            theirs => { SSL_reuse_ctx => $asking },
            peer   => sub { $_[1]->tell($_[0]->peer_certificate('cn')) }
        );
        my ($met) = $peer->hear;
        my %names = map { $_ => 1 } splice @called;
        return join ' ', $met, sort keys %names;
    };
    my $all = 'Test Client certificate key log verify';
    is($connect->(),           $all, "a client's callbacks");
    is($PLACE{$_}->($connect), $all, "... in $_") for sort keys %PLACE;

    my $acme = IO::Socket::SSL::SSL_Context->new(
        server_args(SSL_acme => sub { push @called, $_[1]; return 'a.b' }));
    my $challenge = sub {
        failing_pair(
            role   => 'server',
            mine   => { SSL_reuse_ctx => $acme },
            theirs => {
                SSL_alpn_protocols => ['acme-tls/1'],
                SSL_hostname       => 'new.test',
                SSL_verify_mode    => 0
            }
        );
        my $kind = IO::Socket::SSL->ssl_error_info->{kind};
        return join ' ', $kind, splice @called;
    };
    is($challenge->(),           'acme new.test', 'a challenge');
    is($PLACE{$_}->($challenge), 'acme new.test', "... in $_")
      for sort keys %PLACE;
}

sub context_that_asks {
    return IO::Socket::SSL::SSL_Context->new(
        server_args(
            SSL_verify_mode => SSL_VERIFY_PEER,
            SSL_ca_file     => cert('ca')
        )
    );
}

# What is kept in memory alone is of one process.
{
    my $ctx    = client_context(SSL_session_cache_size => 5);
    my $server = resuming_server();
    my $visit  = sub { resumed($server, SSL_reuse_ctx => $ctx) };
    $PLACE{'a child'}->($visit) for 1 .. 2;
    is($visit->(), 0, 'a cache in memory is not shared by processes');
    is($ctx->stats->{connected}, 1, '... nor are counters');
    my $listening = IO::Socket::SSL::SSL_Context->new(server_args());
    $PLACE{'a child'}
      ->(sub { $listening->reload(identity('server2')); return 1 });
    my ($sock, $peer) = tls_pair(
        role   => 'server',
        mine   => { SSL_reuse_ctx   => $listening },
        theirs => { SSL_verify_mode => 0 },
        peer   => sub { $_[1]->tell($_[0]->peer_certificate('cn')) }
    );
    is(($peer->hear)[0], 'localhost', '... nor is a certificate');
}

done_testing();
