# The world in which programs of the manual run: a folder with certificates,
# the peers that they talk to, and perls for which all hosts are here (see
# ISS::Elsewhere).
package ISS::World;

use strict;
use warnings;

use Carp       qw(croak);
use File::Copy qw(copy);
use File::Temp ();
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
    $self->put($_ => $made{$_}) for keys %made;
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
        my ($cert, $key) = CERT_create(issuer => [$ca, $ca_key],
            %{ $CERTS{$name} });
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

    my $file  = $self->put("$name.pl", "#line 1 $name\n$text");
    my $ports = $self->{ports};
    return (
        [
            $^X, (map { "-I$_" } map { File::Spec->rel2abs($_) } grep { !ref }
                @INC),
            '-MISS::Elsewhere', '-e', 'chdir shift; do "./" . shift; die $@ if $@',
            "$self->{dir}", "$name.pl", @arguments
        ],
        env => {
            ISS_PORTS     => join(' ', map { "$_=$ports->{$_}" } keys %$ports),
            SSL_CERT_FILE => $self->put('ca.pem'),
            SSL_CERT_DIR  => "$self->{dir}/nowhere",
        }
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
