# Net::FTP (core) with TLS against vsftpd: uploads, each of which ends with
# close, maybe before the server has sent its session tickets.
use strict;
use warnings;

use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;

use ISS::Program;
use ISS::Test;
use IO::Socket::SSL;
use Net::FTP;

my $vsftpd = ISS::Program->find('vsftpd');
plan skip_all => 'there is no vsftpd' if !$vsftpd;
my ($root, %needs) = ISS::Program->unpacked($vsftpd);
plan skip_all => 'this Net::FTP knows no TLS'
  if !eval { Net::FTP->VERSION('3.00'); Net::FTP->can_ssl };

# A separate folder, owned by the user that the server runs as.
my $dir   = tempdir('iss-vsftpd-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my @entry = grep { -d $_->[7] }
  map { [$> ? getpwuid $> : getpwnam $_] } qw(daemon bin games);
plan skip_all => 'there is no user with a home' if !@entry;
my ($user, $uid, $gid) = @{ $entry[0] }[0, 2, 3];
mkdir "$dir/$_" or die "$_: $!" for qw(empty home home/in);
chown $uid, $gid, "$dir/home/in" or die "home: $!";
chmod 0755, $dir, "$dir/home", "$dir/empty";

my $conf = "$dir/conf";
open my $out, '>', $conf or die "$conf: $!";
print {$out} map { "$_\n" } (
    'listen=NO',
    'listen_ipv6=NO',
    'anonymous_enable=YES',
    'local_enable=NO',
    'write_enable=YES',
    'anon_upload_enable=YES',
    'no_anon_password=YES',
    'anon_umask=022',
    "anon_root=$dir/home",
    "ftp_username=$user",
    "nopriv_user=$user",
    "secure_chroot_dir=$dir/empty",
    ($> ? 'run_as_launching_user=YES' : ()),
    'seccomp_sandbox=NO',
    'isolate=NO',
    'isolate_network=NO',
    'ssl_enable=YES',
    'allow_anon_ssl=YES',
    'force_anon_data_ssl=YES',
    'force_anon_logins_ssl=YES',
    'require_ssl_reuse=NO',
    'strict_ssl_read_eof=YES',
    'ssl_ciphers=HIGH',
    'rsa_cert_file=' . cert('server'),
    'rsa_private_key_file=' . key('server'),
    "vsftpd_log_file=$dir/log",
    'xferlog_enable=YES',
    'debug_ssl=YES',
);
close $out or die "$conf: $!";

my $listener = listener();
my $server   = peer(
    sub {
        my $tcp = $listener->accept or die "accept: $!";
        open STDIN,  '<&', $tcp          or die "STDIN: $!";
        open STDOUT, '>&', $tcp          or die "STDOUT: $!";
        open STDERR, '>',  "$dir/errors" or die "STDERR: $!";
        @ENV{ keys %needs } = values %needs;
        exec $vsftpd, $conf or die "exec: $!";
    }
);
my $ftp = Net::FTP->new(
    'localhost',
    Port        => $listener->sockport,
    Passive     => 1,
    SSL_ca_file => cert('ca')
);
ok($ftp, 'connected') or diag $@;
ok($ftp && $ftp->starttls && $ftp->login('anonymous', 'me'), 'logged in')
  or die 'vsftpd: ', $ftp ? $ftp->message : $@, "\n";
ok($ftp->cwd('in') && $ftp->binary, 'ready');

is($ftp->get_sslversion, 'TLSv1_3', 'TLS 1.3');

# Uploads of so many bytes that did not arrive.
sub lost {
    my ($count, $length) = @_;

    my @lost;
    for my $number (1 .. $count) {
        my ($name, $text) = ("$length-$number", 'x' x $length);
        open my $in, '<', \$text or die $!;
        $ftp->put($in, $name) or push @lost, "$number: " . $ftp->message;
        my $size = -s "$dir/home/in/$name" || 0;
        push @lost, "$number: $size bytes" if $size != $length;
        unlink "$dir/home/in/$name";
    }
    return \@lost;
}

is_deeply(lost(100, 10),        [], 'a hundred small uploads arrive');
is_deeply(lost(30,  1_500_000), [], 'large ones, too');
ok($ftp->quit, 'quit');

done_testing;
