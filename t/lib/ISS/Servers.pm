# Servers of other protocols for one test, on loopback and with files of their
# own: PostgreSQL, slapd, postfix, dovecot.  Each sub returns the program, to be
# kept in a variable, and its ports by name; or undef and the reason why it
# cannot be used here.  cert and key are files; with password, PostgreSQL wants
# that of the user "me", by SCRAM-SHA-256.
package ISS::Servers;

use strict;
use warnings;

use File::Temp qw(tempdir);
use ISS::Program;
use ISS::Test;

# Free a moment ago: none of these servers prints its port or takes a socket.
sub _ports {
    my ($count) = @_;
    my @probes = map { listener() } 1 .. $count;

    return map { $_->sockport } @probes;
}

sub _write {
    my ($file, $text, @owner) = @_;

    open my $out, '>', $file or die "$file: $!\n";
    print {$out} $text;
    close $out or die "$file: $!\n";
    chmod 0600, $file;
    chown @owner, $file if @owner;
    return $file;
}

sub _slurp {
    my ($file) = @_;

    open my $in, '<', $file or die "$file: $!\n";
    local $/;
    return scalar <$in>;
}

sub _folder { return tempdir('iss-XXXXXX', TMPDIR => 1, CLEANUP => 1) }

# --- slapd -------------------------------------------------------------------

sub slapd {
    my (%file) = @_;
    my $slapd = ISS::Program->find('slapd') || return (undef, 'no slapd');
    my ($root, %env) = ISS::Program->unpacked($slapd);
    my $dir = _folder();
    my %port;
    @port{qw(ldap ldaps)} = _ports(2);

    _write("$dir/conf", <<"CONF");
pidfile $dir/pid
argsfile $dir/args
TLSCertificateFile $file{cert}
TLSCertificateKeyFile $file{key}
CONF
    my $server = ISS::Program->start(
        [
            $slapd, '-f', "$dir/conf", '-d', 'stats', '-h',
            "ldap://127.0.0.1:$port{ldap} ldaps://127.0.0.1:$port{ldaps}"
        ],
        env => \%env
    );
    $server->wait_for(qr/slapd starting/);
    $server->wait_for_port($_) for values %port;
    return ($server, %port);
}

# --- PostgreSQL, which does not run as root -----------------------------------

sub postgres {
    my (%file)   = @_;
    my $unpacked = $ENV{ISS_TEST_SERVERS} || '';
    my ($bin)    = grep { -x "$_/initdb" } (
        map({ glob "'$_'/usr/lib/postgresql/*/bin" }
            grep { length } $unpacked),
        glob '/usr/lib/postgresql/*/bin'
    );
    return (undef, 'no PostgreSQL') if !$bin;
    my (undef, %env) = ISS::Program->unpacked("$bin/initdb");
    my $dir   = _folder();
    my @owner = $> ? () : (getpwnam 'nobody')[2, 3];
    my @as =
      @owner
      ? (
        'setpriv',           "--reuid=$owner[0]",
        "--regid=$owner[1]", '--clear-groups'
      )
      : ();
    my ($port) = _ports(1);

    chown @owner, $dir if @owner;
    my @auth = ('-A' => 'reject');
    if (defined $file{password}) {
        _write("$dir/password", $file{password}, @owner);
        @auth = ('-A' => 'scram-sha-256', '--pwfile' => "$dir/password");
    }
    my ($status, $said) = ISS::Program->run(
        [
            @as, "$bin/initdb",
            '-D' => "$dir/data",
            '-U' => 'me',
            @auth, '--no-sync', '--no-locale'
        ],
        env => \%env
    );
    return (undef, "initdb: $said") if $status;
    _write("$dir/server.$_", _slurp($file{$_}),   @owner) for qw(cert key);
    _write("$dir/data/postgresql.conf", <<"CONF", @owner);
listen_addresses='127.0.0.1'
port=$port
unix_socket_directories=''
ssl=on
ssl_cert_file='$dir/server.cert'
ssl_key_file='$dir/server.key'
fsync=off
CONF
    my $server =
      ISS::Program->start([@as, "$bin/postgres", '-D' => "$dir/data"],
        env => \%env);
    $server->wait_for(qr/ready to accept connections/);
    return ($server, postgres => $port);
}

# --- postfix: its master needs root, and two more users and a group -----------

sub postfix {
    my (%file) = @_;
    my $postconf = ISS::Program->find('postconf')
      || return (undef, 'no postfix');
    return (undef, 'only root can start postfix') if $>;
    my ($root, %env) = ISS::Program->unpacked($postconf);
    my $lib = "$root/usr/lib/postfix";
    return (undef, "no $lib/sbin/master") if !-x "$lib/sbin/master";
    my $dir = _folder();
    my @queues =
      qw(active bounce corrupt defer deferred flush hold incoming private saved
      trace);
    my ($uid, $gid) = (getpwnam 'nobody')[2, 3];
    my %port;
    @port{qw(smtp smtps)} = _ports(2);
    $env{LD_LIBRARY_PATH} = join ':', $lib,
      grep { defined } $env{LD_LIBRARY_PATH};

    chmod 0755, $dir;
    mkdir "$dir/$_" for qw(etc data queue);
    mkdir "$dir/queue/$_" for @queues, qw(maildrop pid public);
    chown $uid, $gid, "$dir/data",
      map { "$dir/queue/$_" } @queues, qw(maildrop public);
    _write("$dir/etc/server.$_", _slurp($file{$_})) for qw(cert key);
    _write("$dir/etc/main.cf",
        _postfix_conf($dir, $root, $lib, $env{LD_LIBRARY_PATH}));
    _write("$dir/etc/master.cf", <<"CONF");
127.0.0.1:$port{smtp} inet n - n - - smtpd
127.0.0.1:$port{smtps} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
tlsmgr unix - - n 1000? 1 tlsmgr
anvil unix - - n - 1 anvil
rewrite unix - - n - - trivial-rewrite
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
CONF
    chmod 0644, "$dir/etc/main.cf", "$dir/etc/master.cf";
    my $server = ISS::Program->start(
        ["$lib/sbin/master", '-c' => "$dir/etc", '-s'],
        env => { %env, MAIL_CONFIG => "$dir/etc" }
    );
    $server->wait_for_port($_) for values %port;
    return ($server, %port);
}

sub _postfix_conf {
    my ($dir, $root, $lib, $libraries) = @_;

    return <<"CONF";
compatibility_level = 3.6
queue_directory = $dir/queue
command_directory = $root/usr/sbin
daemon_directory = $lib/sbin
data_directory = $dir/data
shlib_directory = $lib
meta_directory = $dir/etc
mail_owner = nobody
setgid_group = daemon
default_privs = bin
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = localhost
mydestination =
alias_maps =
alias_database =
local_recipient_maps =
smtpd_relay_restrictions = reject
smtpd_peername_lookup = no
smtpd_tls_security_level = may
smtpd_tls_cert_file = $dir/etc/server.cert
smtpd_tls_key_file = $dir/etc/server.key
smtpd_tls_session_cache_database =
maillog_file = /dev/stdout
import_environment = MAIL_CONFIG=$dir/etc TZ=UTC LD_LIBRARY_PATH=$libraries
CONF
}

# --- dovecot, which finds its modules only where it is installed --------------

# STARTTLS kinds of iossl-check and dovecot's services, which are programs.
my @DOVECOT = (
    [imap  => 'imap-login'],
    [pop3  => 'pop3-login'],
    [sieve => 'managesieve-login']
);

sub dovecot {
    my (%file) = @_;
    my $dovecot = (grep { -x } '/usr/sbin/dovecot')[0]
      || return (undef, 'no dovecot');
    my $version = (ISS::Program->run([$dovecot, '--version']))[1];
    my @kinds   = grep { -x "/usr/lib/dovecot/$_->[1]" } @DOVECOT;
    my $dir     = _folder();
    my %port;
    @port{ 'imaps', map { $_->[0] } @kinds } = _ports(@kinds + 1);

    return (undef, 'no imap of dovecot')
      if !grep { $_->[0] eq 'imap' } @kinds;
    chmod 0755, $dir;
    mkdir "$dir/run";
    my $conf =
      $version =~ /^2\.[0-3]\./
      ? _dovecot_until_2_3($dir, %file)
      : _dovecot_since_2_4($dir, %file);
    my $protocols = join ' ', map { $_->[0] } @kinds;
    _write("$dir/conf",
            $conf
          . "protocols = $protocols\n"
          . _dovecot_services($dir, \%port, @kinds));
    my $server = ISS::Program->start([$dovecot, '-F', '-c' => "$dir/conf"]);
    $server->wait_for(qr/starting up|Fatal|Error/);
    return (undef, 'dovecot: ' . $server->output)
      if $server->output =~ /Fatal|Error/;
    $server->wait_for_port($_) for values %port;
    return ($server, %port);
}

sub _dovecot_until_2_3 {
    my ($dir, %file) = @_;

    return <<"CONF";
ssl_cert = <$file{cert}
ssl_key = <$file{key}
mail_location = maildir:$dir/mail
passdb {
  driver = static
  args = password=x
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=$dir
}
CONF
}

# The file must begin with the versions.
sub _dovecot_since_2_4 {
    my ($dir, %file) = @_;

    return <<"CONF";
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
ssl_server_cert_file = $file{cert}
ssl_server_key_file = $file{key}
mail_driver = maildir
mail_path = $dir/mail
passdb static {
  password = x
}
userdb static {
  fields {
    uid = nobody
    gid = nogroup
    home = $dir
  }
}
CONF
}

# What all versions understand.
sub _dovecot_services {
    my ($dir, $port, @kinds) = @_;
    my $me   = scalar getpwuid $>;
    my $text = <<"CONF";
base_dir = $dir/run
state_dir = $dir/run
log_path = /dev/stderr
info_log_path = /dev/stderr
listen = 127.0.0.1
ssl = required
service anvil {
  chroot =
}
service stats {
  chroot =
}
CONF
    $text .= "default_internal_user = $me\ndefault_login_user = $me\n" if $>;
    for (@kinds) {
        my ($kind, $service) = @$_;
        my $tls =
          $kind eq 'imap'
          ? "  inet_listener imaps {\n    port = $port->{imaps}\n    ssl = yes\n  }\n"
          : $kind eq 'pop3' ? "  inet_listener pop3s {\n    port = 0\n  }\n"
          :                   '';
        $text .=
            "service $service {\n  chroot =\n"
          . "  inet_listener $kind {\n    port = $port->{$kind}\n  }\n$tls}\n";
    }
    return $text;
}

1;
