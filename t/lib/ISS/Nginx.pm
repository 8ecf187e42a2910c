# A private nginx for one test: with its own folder and configuration, in the
# foreground, on loopback only.  The test binds the ports and passes them on
# in the way nginx itself does during an upgrade (environment variable NGINX),
# so that no other program can take a port in between.
package ISS::Nginx;

use strict;
use warnings;

use Carp qw(croak);
use Digest::SHA;
use File::Temp;
use IO::Select;
use IO::Socket::INET;
use ISS::Program;

my $MAIN = <<'CONF';
daemon off;
<user>
worker_processes 1;
pid <dir>/nginx.pid;
error_log <dir>/error.log info;
events { worker_connections 64; }
http {
	access_log off;
	root <dir>/www;
	default_type application/octet-stream;
	client_max_body_size 64m;
	keepalive_requests 1000;
	client_body_temp_path <dir>/body;
	proxy_temp_path <dir>/proxy;
	fastcgi_temp_path <dir>/fastcgi;
	uwsgi_temp_path <dir>/uwsgi;
	scgi_temp_path <dir>/scgi;
	server {
		listen 127.0.0.1:<plain>;
		location /store/ { dav_methods PUT; }
	}
<sites>
}
CONF

# A TLS site has files, a redirect, and a POST that is passed on to the plain
# server as a PUT, so that the body is stored in a file.
my $SITE = <<'CONF';
	server {
		listen 127.0.0.1:<port> ssl;
		ssl_certificate <cert>;
		ssl_certificate_key <key>;
		ssl_protocols <protocols>;
		<more>
		add_header X-Protocol $ssl_protocol always;
		add_header X-Connection $connection always;
		add_header X-Request-Count $connection_requests always;
		location = /old { return 301 /page; }
		location /store/ {
			proxy_method PUT;
			proxy_pass http://127.0.0.1:<plain>;
		}
	}
CONF

# Why nginx cannot be used here, or undef.
sub missing {
    return ISS::Program->find('nginx') ? undef : 'nginx is not installed';
}

# ISS::Nginx->start(NAME => { cert => FILE, key => FILE, protocols =>
# 'TLSv1.3',
#     more => 'ssl_verify_client on;' }, ...)
sub start {
    my ($class, %site) = @_;

    my $dir      = File::Temp->newdir;
    my %listener = map { $_ => _listen() } 'plain', keys %site;
    my %port     = map { $_ => $listener{$_}->sockport } keys %listener;
    my $self     = bless { dir => $dir, port => \%port }, $class;

    mkdir "$dir/$_" or croak "$dir/$_: $!" for qw(www www/store);
    $self->_write('nginx.conf', _configuration($dir, \%port, \%site));
    $self->_write('www/ready',  "ready\n");
    $self->{program} = ISS::Program->start(
        [
            ISS::Program->find('nginx'),
            '-p' => "$dir/",
            '-c' => "$dir/nginx.conf",
        ],
        env =>
          { NGINX => join '', map { fileno($_) . ';' } values %listener },
        inherit => [values %listener]
    );
    undef %listener;    # when nginx dies, so shall its ports
    $self->_wait_until_ready;
    return $self;
}

sub port { $_[0]{port}{ $_[1] } }

# The file behind a path of its sites.
sub file { "$_[0]{dir}/www$_[1]" }

# Publish a page.
sub publish {
    my ($self, $path, $content) = @_;
    return $self->_write("www$path", $content);
}

# Publish a large file whose parts all differ; returns its SHA-256.
sub publish_large {
    my ($self, $path, $megabytes) = @_;

    my $sha   = Digest::SHA->new(256);
    my $noise = join '', map { Digest::SHA::sha512($_) } 1 .. 16384;
    open my $fh, '>:raw', $self->file($path) or croak "$path: $!";
    for my $n (1 .. $megabytes) {
        my $part = substr($noise, $n) . substr $noise, 0, $n;
        $sha->add($part);
        print {$fh} $part or croak "$path: $!";
    }
    close $fh or croak "$path: $!";
    return $sha->hexdigest;
}

# The log so far, for diag.
sub log {
    my ($self) = @_;
    open my $fh, '<', "$self->{dir}/error.log" or return '';
    return join '', <$fh>;
}

sub stop {
    my ($self) = @_;
    return $self->{program}->stop;
}

sub _listen {
    return IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 64)
      || croak "cannot listen on 127.0.0.1: $@";
}

sub _configuration {
    my ($dir, $port, $site) = @_;

    my $sites = join '', map {
        _fill(
            $SITE,
            more      => '',
            protocols => 'TLSv1.2 TLSv1.3',
            %{ $site->{$_} }, port => $port->{$_}
        )
    } sort keys %$site;

    # As root, workers would run as a user who cannot read our files.
    my $user =
      $> == 0
      ? sprintf 'user %s %s;', scalar getpwuid 0, scalar getgrgid 0
      : '';
    return _fill($MAIN, sites => $sites, user => $user, dir => $dir) =~
      s/<plain>/$port->{plain}/gr;
}

sub _fill {
    my ($template, %value) = @_;
    $template =~ s/<(\w+)>/defined $value{$1} ? $value{$1} : "<$1>"/ge;
    return $template;
}

sub _write {
    my ($self, $name, $content) = @_;

    open my $fh, '>:raw', "$self->{dir}/$name" or croak "$name: $!";
    print {$fh} $content or croak "$name: $!";
    close $fh            or croak "$name: $!";
    return;
}

# The ports accept at once, so nginx is ready only when it answers.
sub _wait_until_ready {
    my ($self) = @_;

    my $peer = IO::Socket::INET->new(
        PeerAddr => '127.0.0.1',
        PeerPort => $self->port('plain'),
        Timeout  => $ISS::Program::DEADLINE
    );
    print {$peer} "GET /ready HTTP/1.0\r\n\r\n" if $peer;
    my $select = IO::Select->new($peer ? $peer : ());
    my $answer = $select->can_read($ISS::Program::DEADLINE) && <$peer>;
    return if $answer && $answer =~ m{^HTTP/1\.1 200 };

    my ($status, $output) = $self->{program}->stop;
    croak "nginx did not start (status $status): $output", $self->log;
}

1;
