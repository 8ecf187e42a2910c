# Net::SMTP and Net::POP3 (core) with TLS from the start, after STARTTLS, and
# back in the clear after stop_SSL.
use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;

use ISS::Test;
use IO::Socket::SSL;
use Net::POP3;
use Net::SMTP;

# Lines of all lengths, one that starts with a dot; more than one TLS record.
my @MAIL = map { ($_ % 7 ? '' : '.') . ('x' x ($_ % 800)) . "$_\n" } 1 .. 500;

my %SMTP = (
    GREETING => sub { say_to($_[0], '220 ready') },
    EHLO     => sub {
        my ($sock) = @_;
        my $upgrade = is_tls($sock) ? '' : "250-STARTTLS\r\n";
        say_to($sock, "250-localhost\r\n${upgrade}250 HELP");
    },
    STARTTLS => sub { upgrade($_[0], '220 go ahead') },
    XPLAIN   => sub { downgrade($_[0], '220 so be it') },
    MAIL     => sub { say_to($_[0], '250 ok') },
    RCPT     => sub { say_to($_[0], '250 ok') },
    DATA     => sub {
        my ($sock) = @_;
        say_to($sock, '354 go on');
        my $mail = '';
        while (defined(my $line = <$sock>)) {
            last if $line eq ".\r\n";
            $line =~ s/^\.//;
            $line =~ s/\r\n\z/\n/;
            $mail .= $line;
        }
        say_to($sock, '250 ' . sha256_hex($mail));
    },
    HELP => sub { say_to($_[0], '214 help yourself') },
    QUIT => sub { say_to($_[0], '221 bye') },
);

my %POP3 = (
    GREETING => sub { say_to($_[0], '+OK ready') },
    STLS     => sub { upgrade($_[0], '+OK go ahead') },
    XPLAIN   => sub { downgrade($_[0], '+OK so be it') },
    USER     => sub { say_to($_[0], '+OK') },
    PASS     => sub { say_to($_[0], '+OK') },
    STAT     => sub { say_to($_[0], '+OK 1 ' . length join '', @MAIL) },
    RETR     => sub {
        my ($sock) = @_;
        my $mail   = join '', map { s/^\./../r =~ s/\n\z/\r\n/r } @MAIL;
        say_to($sock, "+OK\r\n$mail.");
    },
    QUIT => sub { say_to($_[0], '+OK bye') },
);

each_version(
    sub {
        my ($version) = @_;
        my @tls = (SSL_version => $version, SSL_ca_file => cert('ca'));

        subtest 'SMTP, STARTTLS'    => sub { smtp_starttls(@tls) };
        subtest 'SMTP, TLS at once' => sub { smtp_at_once(@tls) };
        subtest 'SMTP, wrong name'  => sub { smtp_wrong_name(@tls) };
        subtest 'POP3, STLS'        => sub { pop3_starttls(@tls) };
        subtest 'POP3, TLS at once' => sub { pop3_at_once(@tls) };
    }
);
done_testing;

# --- the clients ------------------------------------------------------------

sub smtp_starttls {
    my (@tls) = @_;
    my $version = {@tls}->{SSL_version};

    my ($port, $server) = start_server(\%SMTP);
    my $smtp = Net::SMTP->new('127.0.0.1', Port => $port, Timeout => 20);
    ok(Net::SMTP->can_ssl,                  'Net::SMTP accepts our version');
    ok(defined $smtp->supports('STARTTLS'), 'offered in the clear');
    ok($smtp->starttls(@tls),               'upgraded') or diag $@;
    isa_ok($smtp, 'IO::Socket::SSL', 'the connection');
    is($smtp->get_sslversion, $version, 'with the requested version');
    ok(!defined $smtp->supports('STARTTLS'), 'not offered again');
    is(
        send_mail($smtp),
        sha256_hex(join '', @MAIL),
        'a mail arrives complete'
    );

    ok($smtp->command('XPLAIN')->response, 'the server agrees to end TLS');
    ok($smtp->stop_SSL,                    'stop_SSL');
    is(ref $smtp, 'Net::SMTP', '... restores the class');
    like($smtp->help, qr/help yourself/,
        'the session continues in the clear');

    ok($smtp->starttls(@tls), 'upgraded a second time') or diag $@;
    is(
        send_mail($smtp),
        sha256_hex(join '', @MAIL),
        'a mail arrives complete'
    );
    ok($smtp->quit, 'quit');

    my @mail = map { "$_ $version" } qw(MAIL RCPT DATA);
    is_deeply(
        [$server->hear],
        [
            'EHLO plain',
            'STARTTLS plain',
            "EHLO $version",
            @mail,
            "XPLAIN $version",
            'HELP plain',
            'STARTTLS plain',
            "EHLO $version",
            @mail,
            "QUIT $version"
        ],
        'the server saw each command as it should'
    );
    $server->done;
    return;
}

sub smtp_at_once {
    my (@tls) = @_;

    my ($port, $server) = start_server(\%SMTP, @tls);
    my $smtp = Net::SMTP->new(
        '127.0.0.1',
        Port    => $port,
        Timeout => 20,
        SSL     => 1,
        @tls
    );
    isa_ok($smtp, 'IO::Socket::SSL', 'the connection') or diag $@;
    is(
        send_mail($smtp),
        sha256_hex(join '', @MAIL),
        'a mail arrives complete'
    );
    ok($smtp->quit, 'quit');
    $server->hear;
    $server->done;
    return;
}

sub smtp_wrong_name {
    my (@tls) = @_;

    my ($port, $server) = start_server(\%SMTP);
    my $smtp = Net::SMTP->new('127.0.0.1', Port => $port, Timeout => 20);
    ok(!$smtp->starttls(@tls, SSL_verifycn_name => 'mail.example.com'),
        'not upgraded');
    like($@, qr/mail\.example\.com/, 'the error has the name wanted');
    is(ref $smtp, 'Net::SMTP', 'the class is unchanged');
    ok(defined fileno $smtp, '... and the socket is open');
    close $smtp;
    is_deeply(
        [$server->hear],
        ['EHLO plain', 'STARTTLS plain'],
        'the server got nothing more'
    );
    $server->done;
    return;
}

sub send_mail {
    my ($smtp) = @_;

    $smtp->mail('me@localhost')     or return 'MAIL refused';
    $smtp->to('you@localhost')      or return 'RCPT refused';
    $smtp->data(map { "$_" } @MAIL) or return 'DATA refused';
    return ($smtp->message =~ /(\w+)/) ? $1 : 'no digest';
}

sub pop3_starttls {
    my (@tls) = @_;
    my $version = {@tls}->{SSL_version};

    my ($port, $server) = start_server(\%POP3);
    my $pop3 = Net::POP3->new('127.0.0.1', Port => $port, Timeout => 20);
    ok(Net::POP3->can_ssl,    'Net::POP3 accepts our version');
    ok($pop3->starttls(@tls), 'upgraded') or diag $@;
    is($pop3->get_sslversion,        $version, 'with the requested version');
    is($pop3->login('me', 'secret'), 1,        'one mail waits');
    is_deeply([unix(@{ $pop3->get(1) })], \@MAIL, 'it arrives complete');

    ok($pop3->command('XPLAIN')->response, 'the server agrees to end TLS');
    ok($pop3->stop_SSL,                    'stop_SSL');
    is(ref $pop3, 'Net::POP3', '... restores the class');
    is_deeply([($pop3->popstat)[0]],
        [1], 'the session continues in the clear');
    ok($pop3->quit, 'quit');

    is_deeply(
        [$server->hear],
        [
            'STLS plain',
            (map { "$_ $version" } qw(USER PASS STAT RETR XPLAIN)),
            'STAT plain', 'QUIT plain'
        ],
        'the server saw each command as it should'
    );
    $server->done;
    return;
}

sub pop3_at_once {
    my (@tls) = @_;

    my ($port, $server) = start_server(\%POP3, @tls);
    my $pop3 = Net::POP3->new(
        '127.0.0.1',
        Port    => $port,
        Timeout => 20,
        SSL     => 1,
        @tls
    );
    isa_ok($pop3, 'IO::Socket::SSL', 'the connection') or diag $@;
    is($pop3->login('me', 'secret'), 1, 'one mail waits');
    my ($handle, @mail) = $pop3->getfh(1);
    while (defined(my $line = <$handle>)) {
        $line =~ s/^\.\././;    # left to its reader
        push @mail, unix($line);
    }
    is_deeply(\@mail, \@MAIL, 'it arrives complete through a tied handle');
    ok($pop3->quit, 'quit');
    $server->hear;
    $server->done;
    return;
}

# Without TLS, the getline of Net::Cmd is used, whose lines end in a newline
# only; our getline, which takes precedence, does not change them.
sub unix {
    return map { s/\r\n\z/\n/r } @_;
}

# --- the servers ------------------------------------------------------------

# Serves a client, and at its end tells the commands that it got, each with
# the protocol in use: (port, peer)
sub start_server {
    my ($command, @tls) = @_;

    my ($peer, $address) = plain_server(
        sub {
            my ($sock, $me) = @_;
            $sock->autoflush(1);
            upgrade($sock) if @tls;
            $me->tell(converse($sock, $command));
        }
    );
    my ($port) = $address =~ /:(\d+)\z/;
    return ($port, $peer);
}

sub converse {
    my ($sock, $command) = @_;

    my @seen;
    $command->{GREETING}->($sock);
    while (defined(my $line = <$sock>)) {
        my ($verb) = map { uc } $line =~ /^(\w+)/;
        push @seen, "$verb " . (is_tls($sock) || 'plain');
        my $answer = $command->{$verb};
        $answer ? $answer->($sock) : say_to($sock, '500 what?');
        last if $verb eq 'QUIT';
    }
    close $sock;
    return @seen;
}

sub say_to {
    my ($sock, $text) = @_;
    print {$sock} "$text\r\n";
    return;
}

sub is_tls {
    my ($sock) = @_;
    return $sock->isa('IO::Socket::SSL') && $sock->get_sslversion;
}

sub upgrade {
    my ($sock, $reply) = @_;

    say_to($sock, $reply) if $reply;
    IO::Socket::SSL->start_SSL($sock, server_args());
    return;
}

sub downgrade {
    my ($sock, $reply) = @_;

    say_to($sock, $reply);
    $sock->stop_SSL or die "stop_SSL: $SSL_ERROR";
    return;
}
