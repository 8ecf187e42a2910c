# Certificates and keys from files are remembered, unless SSL_key_cache is off.
use strict;
use warnings;

use Config;
use File::Copy qw(copy);
use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use IO::Socket::SSL::Utils;
use Test::More;

# Who remembers the files keeps one certificate for all contexts, whose handle
# is then the same.
sub handles {
    my ($count, @args) = @_;

    my @socks = map { (tls_pair(role => 'server', mine => {@args}))[0] }
      1 .. $count;
    return map { $_->sock_certificate } @socks;
}

sub is_shared {
    my ($one, $two) = handles(2, @_);

    return $one == $two;
}

# Files that changed in the last seconds are not remembered, such as those of a
# fresh checkout.
my $shared;
for (1 .. 100) {
    $shared = is_shared() and last;
    select undef, undef, undef, .05;
}
ok $shared, 'contexts with the same files share them';
ok !is_shared(SSL_key_cache => 0), '... but not with SSL_key_cache => 0';
ok is_shared(), '... which holds for those contexts alone';

IO::Socket::SSL::set_defaults(SSL_key_cache => 0);
ok !is_shared(), 'set_defaults turns it off for the process';
IO::Socket::SSL::set_defaults(SSL_key_cache => 1);

subtest 'names of one server' => sub {
    my %names = identities(map { ("h$_.test" => 'server') } 1 .. 40);
    my ($one) = handles(1);
    my ($sock) = tls_pair(
        role   => 'server',
        mine   => {%names},
        theirs => { SSL_hostname => 'h7.test' }
    );
    is $sock->get_servername, 'h7.test', 'a client asked for one of them';
    is $sock->sock_certificate, $one, 'all share the files';
};

subtest 'handles beside files that are remembered' => sub {
    ok is_shared(), 'the files are remembered';
    my %cert = (SSL_cert => PEM_file2cert(cert('server2')));
    my %key  = (SSL_key  => PEM_file2key(key('server2')));
    my ($sock) =
      tls_pair(role => 'server', mine => { %cert, %key }, theirs => no_check());
    is $sock->sock_certificate('cn'), 'server2.test', 'handles are shown';
    for my $given (\%cert, \%key) {
        my ($option) = keys %$given;
        ok !IO::Socket::SSL::SSL_Context->new(server_args(%$given)),
          "$option does not fit the file";
        like $SSL_ERROR, qr/do not match|does not match|mismatch/,
          '... and the error says so';
    }
};

subtest 'a pass phrase' => sub {
    my $asked = 0;
    my %args  = (
        SSL_key_file  => key('encrypted'),
        SSL_passwd_cb => sub { $asked++; 'secret' }
    );
    ok !is_shared(%args), 'a key with one is not remembered';
    is $asked, 2, '... and each context asks for it';
    ok !IO::Socket::SSL::SSL_Context->new(
        server_args(%args, SSL_passwd_cb => sub { 'wrong' })
      ),
      '... so that a wrong one never works';
};

subtest 'files that are replaced' => sub {
    my $dir  = tempdir(CLEANUP => 1);
    my @file = map { "$dir/server.$_" } qw(pem key);
    my %args = (SSL_cert_file => $file[0], SSL_key_file => $file[1]);
    my $put  = sub {
        my ($name) = @_;
        copy(cert($name), "$dir/new") && rename "$dir/new", $file[0]
          or die "cannot replace $file[0]: $!";
        copy(key($name), "$dir/new") && rename "$dir/new", $file[1]
          or die "cannot replace $file[1]: $!";
    };
    my %cn = (server => 'localhost', server2 => 'server2.test');
    for my $name (qw(server server2 server)) {
        $put->($name);
        my ($sock) =
          tls_pair(role => 'server', mine => {%args}, theirs => no_check());
        is $sock->sock_certificate('cn'), $cn{$name},
          "the next context shows $name";
    }
    copy(key('server2'), $file[1]) or die "cannot copy: $!";
    ok !IO::Socket::SSL::SSL_Context->new(server_args(%args)),
      'a key that does not belong to it fails';
    like $SSL_ERROR, qr/does not match/, '... with the reason';
    $put->('server');
    ok(IO::Socket::SSL::SSL_Context->new(server_args(%args)),
        '... and is not remembered');
};

SKIP: {
    skip 'perl without threads', 1 if !$Config{useithreads};
    require threads;
    my @threads = map {
        threads->create(
            sub {
                grep { IO::Socket::SSL::SSL_Context->new(server_args()) }
                  1 .. 20;
            }
        )
    } 1 .. 4;
    is_deeply [map { scalar $_->join } @threads], [(20) x 4],
      'threads share them';
}

done_testing;

sub no_check { return { SSL_verify_mode => 0 } }
