# SSL_provider: loaded before the key that needs it.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use File::Temp qw(tempdir);
use IO::Socket::SSL;
use ISS::Program;
use ISS::Test;
use Test::More;

sub context {
    return IO::Socket::SSL::SSL_Context->new(SSL_server => 1, @_);
}

if (!IO::Socket::SSL->can_do('provider')) {
    is_deeply([context(server_args(SSL_provider => 'legacy'))],
        [], 'an OpenSSL without providers');
    like($SSL_ERROR, qr/^SSL_provider needs OpenSSL 3\.0, this is /,
        '... the error says so');
    done_testing;
    exit;
}

is_deeply([context(server_args(SSL_provider => 'none-such'))],
    [], 'a provider that does not exist');
like($SSL_ERROR, qr/^SSL_provider "none-such": /, '... the error names it');
is(IO::Socket::SSL->ssl_error_info->{option},
    'SSL_provider', '... and so do the facts');
is_deeply([context(server_args(SSL_provider => ['base', 'none-such']))],
    [], 'one of several');
for my $nothing (undef, '', []) {
    ok(context(server_args(SSL_provider => $nothing)),
        'not given: ' . (defined $nothing ? "'$nothing'" : 'undef'));
}
for my $wrong ({}, [undef], [[]]) {
    eval { context(server_args(SSL_provider => $wrong)) };
    like($@, qr/^SSL_provider must be a name or an array of names at /,
        'what is not a name');
}
ok(context(server_args(SSL_provider => ['base', 'default'])),
    'those that are built in');
like(
    perl_says(
        '-T',
        "-I$FindBin::Bin/../../blib/lib",
        "-I$FindBin::Bin/../../blib/arch",
        '-e',
        'use IO::Socket::SSL; my ($name) = ("base" . substr $^X, 0, 0);'
          . 'eval { IO::Socket::SSL::SSL_Context->new(SSL_provider => $name) };'
          . 'print $@'
    ),
    qr/^SSL_provider: the name is tainted at /,
    'a tainted name dies'
);

SKIP: {
    my $openssl = ISS::Program->find('openssl');
    skip 'there is no openssl command', 3 if !$openssl;
    my $key  = tempdir(CLEANUP => 1) . '/des.key';
    my $said = join ' ',
      map { qx($openssl rsa $_ -in @{[key('server')]} -out $key 2>&1) }
      '-provider legacy -provider default -des -traditional'
      . ' -passout pass:secret';
    skip "it has no legacy provider: $said", 3
      if !-s $key;
    my @args = server_args(
        SSL_key_file  => $key,
        SSL_passwd_cb => sub { 'secret' }
    );
    ok(!context(@args), 'a key that only the legacy provider can read');
    ok(context(@args, SSL_provider => 'legacy'), '... which is loaded')
      or diag $SSL_ERROR;
    ok(context(@args), '... and stays');
}
done_testing;
