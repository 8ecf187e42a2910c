# A private Apache with mod_perl for one test: in its own folder, in the
# foreground, on a free loopback port, with a given multi-processing module.
package ISS::Apache;

use strict;
use warnings;

use Carp qw(croak);
use File::Temp;
use IO::Socket::INET;
use ISS::Program;

# mod_perl may be unpacked in a separate folder, because installing its
# package would install another IO::Socket::SSL.
my $UNPACKED = $ENV{ISS_TEST_MOD_PERL} || '';

my @MODULE_DIRS = (
    $UNPACKED ? "$UNPACKED/apache2/modules" : (),
    '/usr/lib/apache2/modules', '/usr/lib64/httpd/modules',
    '/usr/lib/httpd/modules',
);

# The log goes through cat(1), since not every machine has a /dev/stderr.
my $CONF = <<'CONF';
ServerRoot <dir>
ServerName localhost
PidFile <dir>/pid
ErrorLog "|<cat>"
LogLevel warn
DefaultRuntimeDir <dir>
Mutex file:<dir>
Listen 127.0.0.1:<port>
<user>
<modules>
StartServers 2
<threads>
PerlSwitches -I<lib> -I<arch> <unpacked>
PerlPostConfigRequire <dir>/startup.pl
<Location />
	SetHandler perl-script
	PerlResponseHandler My::Handler
	Require all granted
</Location>
CONF

# Room for the clients of a test and for children that are exiting.
my $THREADED = "ThreadsPerChild 8\nMaxRequestWorkers 64\nServerLimit 32\n"
  . "PerlInterpStart 2\nPerlInterpMax 2\nPerlInterpMaxSpare 2";
my %THREADS = (
    prefork => 'MaxRequestWorkers 32',
    worker  => $THREADED,
    event   => $THREADED,
);

sub _program {
    return ISS::Program->find('apache2') || ISS::Program->find('httpd');
}

sub _module {
    my ($name) = @_;

    for my $dir (@MODULE_DIRS) {
        return "$dir/mod_$name.so" if -f "$dir/mod_$name.so";
    }
    return;
}

# Why Apache cannot run here with this MPM, or undef.
sub missing {
    my ($class, $mpm) = @_;

    return 'the sanitizer would have to be in Apache, too'
      if ($ENV{LD_PRELOAD} || '') =~ /[at]san/;
    return 'Apache is not installed' if !_program();
    for my $name ("mpm_$mpm", 'perl', 'authz_core') {
        return "Apache's mod_$name is not installed" if !_module($name);
    }
    return;
}

# mpm => prefork, worker or event; startup => Perl source that is run once and
# defines the handler, My::Handler.
sub start {
    my ($class, %arg) = @_;
    my $self = bless { dir => File::Temp->newdir, %arg }, $class;

    chmod 0755, "$self->{dir}" or croak "chmod: $!";
    _write("$self->{dir}/startup.pl", "$arg{startup}\n1;\n");
    for my $try (1 .. 5) {    # another program may take the port first
        $self->{port} = _free_port();
        _write("$self->{dir}/conf", $self->_configuration);
        $self->{program} = ISS::Program->start(
            [_program(), '-f', "$self->{dir}/conf", '-DFOREGROUND'],
            own_group => 1);
        return $self if $self->_is_ready;
        $self->{program}->stop;
        last if $self->log !~ /could not bind|Address already in use/;
    }
    croak 'Apache does not start: ', $self->log;
}

sub url { return "http://127.0.0.1:$_[0]{port}/" }

sub graceful { return kill USR1 => $_[0]{program}{pid} }

sub stop { return $_[0]{program}->stop }

# The whole error log, once Apache has ended.
sub log {    ## no critic (ProhibitBuiltinHomonyms)
    my ($self) = @_;
    return $self->{program}->output;
}

sub _free_port {
    my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1)
      or croak "listen: $!";
    return $socket->sockport;
}

sub _configuration {
    my ($self) = @_;
    my $blib = "$INC{'IO/Socket/SSL.pm'}";
    $blib =~ s{/lib/IO/Socket/SSL\.pm\z}{};
    my %value = (
        dir      => "$self->{dir}",
        port     => $self->{port},
        cat      => ISS::Program->find('cat'),
        lib      => "$blib/lib",
        arch     => "$blib/arch",
        unpacked => join(' ',
            map { "-I$_" } $UNPACKED ? glob "$UNPACKED/*/perl5/*" : ()),
        threads => $THREADS{ $self->{mpm} },
        user    => $> == 0 ? "User nobody\nGroup " . _group() : '',
        modules => join "\n",
        map { "LoadModule ${_}_module " . _module($_) } "mpm_$self->{mpm}",
        'authz_core',
        'perl',
    );

    (my $conf = $CONF) =~ s{<([a-z]+)>}{$value{$1}}g;
    return $conf;
}

sub _group { return scalar getgrgid((getpwnam 'nobody')[3]) }

sub _write {
    my ($file, $text) = @_;

    open(my $handle, '>', $file) or croak "$file: $!";
    print {$handle} $text;
    close $handle or croak "$file: $!";
    return chmod 0644, $file;
}

# Its log says when it is ready.
sub _is_ready {
    my ($self) = @_;

    return
      eval { $self->{program}->wait_for(qr/resuming normal operations/) };
}

1;
