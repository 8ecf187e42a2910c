# Net::FTP (core) with TLS against ProFTPD, which requires every data
# connection to resume the session of the control connection.
use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use File::Temp  qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;

use ISS::Program;
use ISS::Test;
use IO::Socket::SSL;
use Net::FTP;

my $proftpd = ISS::Program->find('proftpd');
plan skip_all => 'there is no proftpd' if !$proftpd;
my ($root, %needs) = ISS::Program->unpacked($proftpd);
plan skip_all => 'this Net::FTP knows no TLS'
  if !eval { Net::FTP->VERSION('3.00'); Net::FTP->can_ssl };

# A separate folder, owned by the user that the server runs as.
my $dir = tempdir('iss-ftps-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my ($uid, $gid) = $> ? ($>, $) + 0) : (getpwnam 'nobody')[2, 3];
my $home = "$dir/home";
mkdir $home or die "$home: $!";
chown $uid, $gid, $home or die "$home: $!";
chmod 0755, $dir, $home;

sub write_file {
    my ($name, $text, $mode) = @_;
    open my $out, '>', "$dir/$name" or die "$name: $!";
    print {$out} $text;
    close $out or die "$name: $!";
    chmod $mode, "$dir/$name";
    return "$dir/$name";
}

sub read_file {
    my ($name) = @_;
    open my $in, '<', $name or die "$name: $!";
    local $/;
    return scalar <$in>;
}

write_file('key', read_file(key('server')), 0600);
write_file(
    'passwd',
    join(':',
        'user', crypt('secret', '$6$salt$'),
        $uid,   $gid, '', $home, '/bin/sh')
      . "\n",
    0600
);

# One process for each connection, as inetd starts it.
sub configuration {
    my ($version) = @_;

    my ($user, $group) = (scalar getpwuid $uid, scalar getgrgid $gid);
    my $protocol = $version =~ s/_/./r;
    my $cert     = cert('server');
    my $modules  = length $root ? "ModulePath $root/usr/lib/proftpd" : '';
    return write_file("conf-$version", <<"CONF", 0600);
$modules
LoadModule mod_tls.c
<IfModule !mod_xfer.c>
LoadModule mod_xfer.c
</IfModule>
<IfModule !mod_ls.c>
LoadModule mod_ls.c
</IfModule>
ServerType inetd
ServerName test
DefaultAddress 127.0.0.1
User $user
Group $group
UseReverseDNS off
UseIPv6 off
WtmpLog off
SystemLog $dir/log
TLSLog $dir/tls-log
ScoreboardFile none
RequireValidShell off
AuthOrder mod_auth_file.c
AuthUserFile $dir/passwd
<IfModule mod_delay.c>
DelayEngine off
</IfModule>
TLSEngine on
TLSProtocol $protocol
TLSRequired on
TLSRSACertificateFile $cert
TLSRSACertificateKeyFile $dir/key
CONF
}

# The server for one control connection, and a client on it.
sub logged_in {
    my ($version) = @_;

    my $listener = listener();
    my $conf     = configuration($version);
    my $server   = peer(
        sub {
            my $tcp = $listener->accept or die "accept: $!";
            open STDIN,  '<&', $tcp          or die "STDIN: $!";
            open STDOUT, '>&', $tcp          or die "STDOUT: $!";
            open STDERR, '>',  "$dir/errors" or die "STDERR: $!";
            @ENV{ keys %needs } = values %needs;
            exec $proftpd, '-c', $conf or die "exec: $!";
        }
    );
    my $ftp = Net::FTP->new(
        'localhost',
        Port        => $listener->sockport,
        Passive     => 1,
        SSL_ca_file => cert('ca'),
        SSL_version => $version
    ) or return (undef, $server);
    $ftp->starttls                or return (undef, $server);
    $ftp->login('user', 'secret') or return (undef, $server);
    $ftp->binary;
    return ($ftp, $server);
}

sub stored {
    my ($ftp, $name, $text) = @_;
    open my $in, '<', \$text or die $!;
    return $ftp->put($in, $name);
}

sub fetched {
    my ($ftp, $name) = @_;
    open my $out, '>', \my $text or die $!;
    $ftp->get($name, $out) or return;
    return $text;
}

each_version(
    sub {
        my ($version) = @_;

        plan skip_all => 'Net::FTP keeps one session, of whichever connection'
          if $version eq 'TLSv1_3'
          && Net::FTP::_SSL_SingleSessionCache->can('new');
        my ($ftp, $server) = logged_in($version);
        ok($ftp, 'starttls and login')
          or diag("$@ $SSL_ERROR\n", map { read_file($_) } glob "$dir/*log");
        return if !$ftp;

        # More transfers than the server sends tickets at first.
        for my $number (1 .. 8) {
            is(stored($ftp, "short-$number", "text $number"),
                "short-$number", "short upload $number")
              or diag $ftp->message;
        }
        is_deeply(
            [sort $ftp->ls],
            [map { "short-$_" } 1 .. 8],
            'they are listed'
        );
        is(fetched($ftp, "short-$_"), "text $_", "download $_") for 1 .. 3;

        my $large = join '', map { "$_\n" } 1 .. 500_000;
        ok(stored($ftp, 'large', $large), 'a large upload');
        is(sha256_hex(fetched($ftp, 'large')),
            sha256_hex($large),
            '... arrives complete, and can be downloaded');
        unlink glob "$home/*";
        ok($ftp->quit, 'quit');
    }
);

my $log = read_file("$dir/tls-log");
like(
    $log,
    qr/client reused .*session for data connection/i,
    'the server has seen sessions resumed'
);
unlike($log, qr/did not reuse/, '... and no data connection without it');

done_testing;
