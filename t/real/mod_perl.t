# Under mod_perl: handlers make verified TLS connections, with contexts made
# at start-up and in the handler, across graceful restarts.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use File::Copy qw(copy);
use File::Temp ();
use HTTP::Tiny;
use ISS::Apache;
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

my $REQUESTS = 512;
my $CLIENTS  = 8;
my $RESTARTS = 3;

# Log lines of Apache about its own children, which are harmless.
my $OWN_AFFAIR = qr/consider[ ]raising[ ]the[ ]MaxRequestWorkers[ ]setting
  | AH00546:[ ]no[ ]record[ ]of[ ]generation/x;

# The TLS server that the handlers talk to.
sub greet {
    my ($sock) = @_;
    print $sock 'hello ', scalar <$sock>;
    close $sock;
    return;
}

# Root's Apache runs its children as nobody, who cannot read this folder.
my $readable = File::Temp->newdir;
chmod 0755, $readable or die "$readable: $!\n";

sub for_nobody {
    my ($name) = @_;
    my $copy = "$readable/$name.pem";
    copy(cert($name), $copy) && chmod 0644, $copy or die "$copy: $!\n";
    return $copy;
}

my $STARTUP = <<'PERL';
package My::Handler;
use strict;
use warnings;
use Apache2::RequestRec ();
use Apache2::RequestIO ();
use IO::Socket::SSL;

my $called = 0;
my $context = IO::Socket::SSL::SSL_Context->new(
    SSL_ca_file         => '<ca>',
    SSL_verify_callback => sub { $called++; return $_[0] },
) or die $SSL_ERROR;

sub talk {
    my ($word, @args) = @_;
    my $sock = IO::Socket::SSL->new(
        PeerAddr          => '<address>',
        SSL_hostname      => 'localhost',
        SSL_verifycn_name => 'localhost',
        @args
    ) or return "failed: $SSL_ERROR";
    print $sock "$word\n";
    my $line = <$sock>;
    close $sock;
    return $line;
}

sub memory {
    open my $status, '<', '/proc/self/status' or return 0;
    return (map { /^VmRSS:\s+(\d+)/ } <$status>)[0];
}

sub handler {
    my ($r) = @_;
    my $before = $called;
    my $shared = talk('shared', SSL_reuse_ctx => $context);
    my $fresh  = talk('fresh', SSL_ca_file => '<ca>');
    my $wrong  = talk('wrong', SSL_ca_file => '<other>');
    chomp($shared, $fresh);
    $r->content_type('text/plain');
    $r->print(join "|", $$, memory(), $shared, $fresh,
        $called > $before ? 'called' : 'not called',
        $wrong =~ /certificate verify failed/ ? 'refused' : $wrong);
    return 0;
}
PERL

# The answers to so many requests, made by several processes.
sub answers {
    my ($url, $count) = @_;
    my @peers = map {
        peer(
            sub {
                my ($me) = @_;
                my $http = HTTP::Tiny->new(timeout => 20);
                for (1 .. $count / $CLIENTS) {
                    my $response = $http->get($url);
                    $me->tell(
                          $response->{success}
                        ? $response->{content}
                        : "$response->{status} $response->{content}"
                    );
                }
            }
        )
    } 1 .. $CLIENTS;

    return map {
        my $peer = $_;
        map { ($peer->hear)[0] } 1 .. $count / $CLIENTS
    } @peers;
}

for my $mpm (qw(prefork worker event)) {
  SKIP: {
        my $missing = ISS::Apache->missing($mpm);
        skip "$mpm: $missing", 4 if $missing;

        my ($server, $address) = tls_server(\&greet);
        my %value = (
            address => $address,
            ca      => for_nobody('ca'),
            other   => for_nobody('other-ca'),
        );
        (my $startup = $STARTUP) =~ s/<(address|ca|other)>/$value{$1}/g;
        my $apache = ISS::Apache->start(mpm => $mpm, startup => $startup);

        my (%memory, %wrong);
        for my $round (0 .. $RESTARTS) {
            for
              my $answer (answers($apache->url, $REQUESTS / ($RESTARTS + 1)))
            {
                my ($pid, $memory, @said) = split /\|/, $answer, 6;
                push @{ $memory{$pid} }, $memory;
                $wrong{$answer}++
                  if "@said" ne 'hello shared hello fresh called refused';
            }
            $apache->graceful if $round < $RESTARTS;
        }
        is_deeply(\%wrong, {}, "$mpm: $REQUESTS requests are answered");
        cmp_ok(scalar keys %memory,
            '>', $RESTARTS, "$mpm: by new processes after each restart");

        # After the first dozen requests a process has allocated what it
        # needs.
        my @grown = grep { $_ > 4096 }
          map { my @m = @$_; @m > 24 ? $m[-1] - $m[12] : 0 } values %memory;
        is_deeply(\@grown, [], "$mpm: no process grows by megabytes");
        $apache->stop;
        my $log = join '',
          grep { !/:notice\]|$OWN_AFFAIR/ } split /^/, $apache->log;
        is($log, '', "$mpm: the error log is empty");
    }
}

done_testing();
