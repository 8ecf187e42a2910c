# The programs of the manual's SYNOPSIS work: each is extracted from the POD,
# run in a perl of its own, and talks to a peer.
use strict;
use warnings;

use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use ISS::Program;
use IO::Socket::SSL;
use Test::More;

my $POD = "$FindBin::Bin/../../lib/IO/Socket/SSL.pod";

# The verbatim paragraphs between two "use strict" are one program.
sub programs {
    my ($synopsis) = slurp($POD) =~ /^=head1 SYNOPSIS\n(.*?)^=head1/ms
      or return;
    my @lines = grep { /^(?: {4}|$)/ } split /\n/, $synopsis;
    s/^ {4}// for @lines;
    return grep { /\S/ } split /^(?=use strict;$)/m, join "\n", @lines, '';
}

sub slurp {
    my ($file) = @_;
    open my $in, '<', $file or die "$file: $!\n";
    local $/;
    return <$in>;
}

my @programs = programs();
is(scalar @programs, 3, 'a client, a server and STARTTLS');
my $folder = tempdir(CLEANUP => 1);
my @files  = map { "$folder/$_.pl" } qw(client server starttls);
for my $i (0 .. $#files) {
    open my $out, '>', $files[$i] or die "$files[$i]: $!\n";
    print {$out} $programs[$i];
    close $out or die "$files[$i]: $!\n";
}
my ($client, $server, $starttls) = @files;

# The programs trust the default CAs; the environment makes our CA one of
# them.
my %TRUST    = (SSL_CERT_FILE => cert('ca'),       SSL_CERT_DIR => $folder);
my %DISTRUST = (SSL_CERT_FILE => cert('other-ca'), SSL_CERT_DIR => $folder);

sub perl {
    my (@arguments) = @_;
    return [$^X, map({ "-I$_" } grep { !ref } @INC), @arguments];
}

sub run {
    my ($env, @arguments) = @_;
    return ISS::Program->run(perl(@arguments), env => $env);
}

subtest 'client' => sub {
    my ($peer, $address) = tls_server(
        sub {
            my ($sock) = @_;
            my $request = '';
            while (defined(my $line = <$sock>)) {
                $request .= $line;
                last if $line eq "\r\n";
            }
            print {$sock} "HTTP/1.0 200 OK\r\n\r\n$request";
            $sock->close;
        }
    );
    my @address = split /:/, $address;
    my ($status, $said) = run(\%TRUST, $client, @address);
    is($status, 0, 'it exits with 0');
    is(
        $said,
        "HTTP/1.0 200 OK\r\n\r\nGET / HTTP/1.0\r\nHost: $address[0]\r\n\r\n",
        'it prints what the server sent'
    );

    ($status, $said) = run(\%DISTRUST, $client, @address);
    isnt($status, 0, 'it fails with a server of a CA that is not trusted');
    like(
        $said,
        qr/^cannot connect to 127\.0\.0\.1: .*certificate verify failed/,
        '... and says why'
    );
    $peer->kill;
};

subtest 'server' => sub {
    my $program =
      ISS::Program->start(perl($server, 0, cert('server'), key('server')));
    my $port  = $program->wait_for(qr/^listening on port (\d+)$/m);
    my @peer  = (PeerAddr => "127.0.0.1:$port");
    my $plain = IO::Socket::INET->new(@peer) or die "connect: $!\n";
    print {$plain} "no TLS at all\r\n\r\n";
    close $plain;
    ok(
        $program->wait_for(qr/a client was turned away: \S/),
        'a client without TLS is turned away, with a reason'
    );

    for my $text ('hello', 'again') {
        my $sock = IO::Socket::SSL->new(@peer, SSL_ca_file => cert('ca'))
          or die "connect: $SSL_ERROR\n";
        print {$sock} "$text\n";
        is(scalar <$sock>, "you said: $text\n", "it answers $text");
    }
    $program->stop;

    my ($status, $said) =
      run({}, $server, 0, cert('server'), key('server2'));
    isnt($status, 0, 'it does not start with a wrong key');
    like($said, qr/^cannot serve: .*does not match/, '... and says why');
};

# A minimal mail server.
sub smtp_server {
    my ($sock) = @_;

    my %answer = (
        EHLO     => "250-mail.example.com\r\n250 STARTTLS\r\n",
        QUIT     => "221 bye\r\n",
        STARTTLS => "220 go ahead\r\n",
    );
    $sock->autoflush(1);
    print {$sock} "220 welcome\r\n";
    while (defined(my $line = <$sock>)) {
        my ($command) = $line =~ /^(\w+)/;
        print {$sock} $answer{$command} || "500 what?\r\n";
        last if $command eq 'QUIT';
        next if $command ne 'STARTTLS';
        IO::Socket::SSL->start_SSL($sock, server_args()) or last;
    }
    close $sock;
    return;
}

subtest 'STARTTLS' => sub {
    my ($peer, $address) = plain_server(\&smtp_server);
    my @address = split /:/, $address;
    my ($status, $said) = run(\%TRUST, $starttls, @address);
    is($status, 0,                     'it exits with 0');
    is($said,   "now under TLSv1_3\n", 'it goes under TLS');

    ($status, $said) = run(\%DISTRUST, $starttls, @address);
    isnt($status, 0, 'it fails with a server of a CA that is not trusted');
    like(
        $said,
        qr/^no TLS with 127\.0\.0\.1: .*certificate verify failed/,
        '... and says why'
    );
    $peer->kill;
};

done_testing;
