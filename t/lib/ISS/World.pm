# The world in which programs of the manual run: a folder with certificates,
# the peers that they talk to, and perls for which all hosts are here (see
# ISS::Elsewhere).
package ISS::World;

use strict;
use warnings;

use Carp       qw(croak);
use File::Copy qw(copy);
use File::Temp ();
use IO::Select;
use IO::Socket::INET;
use IO::Socket::SSL;
use IO::Socket::SSL::Utils;
use ISS::Pod qw(slurp);
use ISS::Program;
use ISS::Test qw(cert key plain_server tls_server server_args);

# Certificates: file => arguments of CERT_create.  Our CA signs all but those
# of LAB and CLIENTS.
my $LATER = time + 365 * 86_400;
my %CERTS = (
    server => _for('www.example.com', 'example.com'),
    org    => _for('www.example.org', 'example.org'),
    mail   => _for('mail.example.com'),
    lab    => { %{ _for('lab.example.com') }, issuer => undef },
);

sub _for {
    my ($name, @others) = @_;
    return {
        subject         => { commonName => $name },
        subjectAltNames => [map { [DNS => $_] } $name, @others],
        purpose         => 'server',
        not_after       => $LATER,
    };
}

my %made;    # file => text, made once

sub new {
    my ($class) = @_;

    _make_certificates() if !%made;
    my $self = bless { dir => File::Temp->newdir, ports => {}, live => [] },
      $class;
    chmod 0755, $self->{dir} or croak "chmod: $!";
    $self->put($_ => $made{$_})             for keys %made;
    $self->put($_ => substr $_ x 80, 0, 80) for qw(ticket.key old-ticket.key);
    return $self;
}

# The path of a file, after writing this text to it, if any.
sub put {
    my ($self, $name, $text) = @_;

    my $file = "$self->{dir}/$name";
    return $file if !defined $text;
    open my $out, '>', $file or croak "$file: $!";
    print {$out} $text;
    close $out or croak "$file: $!";
    chmod 0600, $file if $name =~ /key\z/;
    return $file;
}

sub _make_certificates {
    my $ca     = PEM_file2cert(cert('ca'));
    my $ca_key = PEM_file2key(key('ca'));
    $made{'ca.pem'} = PEM_cert2string($ca);
    $made{'ca.key'} = PEM_key2string($ca_key);
    for my $name (sort keys %CERTS) {
        my ($cert, $key) = CERT_create(
            issuer => [$ca, $ca_key],
            %{ $CERTS{$name} }
        );
        $made{"$name.pem"} = PEM_cert2string($cert);
        $made{"$name.key"} = PEM_key2string($key);
        CERT_free($cert);
        KEY_free($key);
    }
    for my $name (qw(client other-client crl)) {
        $made{"$name.pem"} = slurp(cert($name));
        $made{"$name.key"} = slurp(key($name)) if -e key($name);
    }
    CERT_free($ca);
    KEY_free($ca_key);
    return;
}

# Arguments of a server with one of these certificates.
sub identity {
    my ($self, $name) = @_;
    return (
        SSL_cert_file => $self->put("$name.pem"),
        SSL_key_file  => $self->put("$name.key")
    );
}

# Start a peer of this kind, which the programs reach by this port.
sub peer {
    my ($self, $kind, $port) = @_;

    my $start = $self->can("_peer_$kind") or croak "no peer is called $kind";
    my ($peer, $address) = $self->$start;
    push @{ $self->{live} }, $peer;
    ($self->{ports}{$port}) = $address =~ /:(\d+)\z/;
    return;
}

# A perl for this program, as arguments of ISS::Program.
sub _perl {
    my ($self, $name, $text, @arguments) = @_;

    $self->put("$name.pl", "#line 1 $name\n$text");
    return (
        [
            $^X,
            (
                map { "-I$_" }
                map { File::Spec->rel2abs($_) } grep { !ref } @INC
            ),
            '-MISS::Elsewhere',
            '-e',
            'chdir shift; do "./" . shift; die $@ if $@',
            "$self->{dir}",
            "$name.pl",
            @arguments
        ],
        env => { $self->environment }
    );
}

sub environment {
    my ($self) = @_;

    my $ports = $self->{ports};
    return (
        ISS_PORTS     => join(' ', map { "$_=$ports->{$_}" } keys %$ports),
        SSL_CERT_FILE => $self->put('ca.pem'),
        SSL_CERT_DIR  => "$self->{dir}/nowhere",
    );
}

# Run a program to its end: (wait status, output).
sub run {
    my ($self, @program) = @_;
    return ISS::Program->run($self->_perl(@program));
}

# Start a program that listens: returns it, and the programs that run later
# reach its port.
sub serve {
    my ($self, @program) = @_;

    my $server = ISS::Program->start($self->_perl(@program), own_group => 1);
    my ($port, $here) = $server->wait_for(qr/^listens (\d+)=(\d+)$/m);
    $self->{ports}{$port} = $here;
    push @{ $self->{live} }, $server;
    return ($server, $here);
}

# --- peers ------------------------------------------------------------------

sub _peer_https {
    my ($self) = @_;
    return tls_server(\&_answer_http, $self->identity('server'));
}

sub _peer_http { return plain_server(\&_answer_http) }

sub _answer_http {
    my ($sock) = @_;

    my ($request, $line) = '';
    $request .= $line while defined($line = <$sock>) && $line =~ /\S/;
    my $body = "you asked:\n$request";
    print {$sock} "HTTP/1.1 200 OK\r\nContent-Length: ", length $body,
      "\r\nConnection: close\r\n\r\n", $body;
    $sock->close;
    return;
}

# Demands a certificate.
sub _peer_clients {
    my ($self) = @_;
    return tls_server(
        sub {
            my ($sock) = @_;
            print {$sock} 'hello ', $sock->peer_certificate('cn'), "\n";
            $sock->close;
        },
        $self->identity('server'),
        SSL_ca_file        => $self->put('ca.pem'),
        SSL_client_ca_file => $self->put('ca.pem'),
        SSL_verify_mode => SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT
    );
}

sub _peer_mail {
    my ($self) = @_;
    return tls_server(sub { print { $_[0] } "hello\n"; $_[0]->close },
        $self->identity('mail'));
}

# Sends a byte now and then, without end.
sub _peer_drip {
    my ($self) = @_;
    return tls_server(
        sub {
            my ($sock, $me) = @_;
            1 while syswrite($sock, 'x') && $me->quiet_for(0.1);
        },
        $self->identity('server')
    );
}

# Signed by itself.
sub _peer_lab {
    my ($self) = @_;
    return tls_server(sub { print { $_[0] } "hello\n"; $_[0]->close },
        $self->identity('lab'));
}

# Counts what it gets.
sub _peer_sink {
    my ($self) = @_;
    return tls_server(
        sub {
            my ($sock) = @_;
            local $/;
            my $all = <$sock>;
            print {$sock} 'they got ', length $all, "\n";
            $sock->close;
        },
        $self->identity('server')
    );
}

# The proxy finds hosts as the programs do.
sub _peer_proxy {
    my ($self) = @_;

    my $ports = $self->{ports};
    return plain_server(
        sub {
            my ($client) = @_;
            my ($port)   = <$client> =~ /^CONNECT \S+:(\d+) / or return;
            1 while <$client> =~ /\S/;
            my $there = IO::Socket::INET->new("127.0.0.1:$ports->{$port}")
              or die "connect: $!";
            syswrite $client, "HTTP/1.1 200 go ahead\r\n\r\n";
            _relay($client, $there);
        }
    );
}

sub _relay {
    my @ends   = @_;
    my $select = IO::Select->new(@ends);

    while (1) {
        for my $end ($select->can_read) {
            my ($other) = grep { $_ != $end } @ends;
            my $got     = sysread $end, my $data, 65_536;
            return if !$got;
            syswrite $other, $data;
        }
    }
}

sub _peer_smtp {
    my ($self) = @_;

    my %answer = (
        EHLO     => "250-mail.example.com\r\n250 STARTTLS\r\n",
        QUIT     => "221 bye\r\n",
        STARTTLS => "220 go ahead\r\n",
    );
    return plain_server(
        sub {
            my ($sock) = @_;
            $sock->autoflush(1);
            print {$sock} "220 welcome\r\n";
            while (defined(my $line = <$sock>)) {
                my ($command) = $line =~ /^(\w+)/;
                print {$sock} $answer{$command} || "500 what?\r\n";
                last if $command eq 'QUIT';
                next if $command ne 'STARTTLS';
                IO::Socket::SSL->start_SSL($sock,
                    server_args($self->identity('mail')))
                  or last;
            }
            close $sock;
        }
    );
}

1;
