# The CAs that are trusted with and without SSL_ca* options.
use strict;
use warnings;

use File::Copy qw(copy);
use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

# The error of a client with these SSL_ca* arguments.
sub trusting {
    my (%args) = @_;

    my ($ours) = handshake_errors(mine => { SSL_ca_file => undef, %args });
    return $ours;
}

my $REFUSED = qr/certificate verify failed/;

subtest 'default_ca with a file' => sub {
    my @set = IO::Socket::SSL::default_ca(cert('ca'));
    is_deeply(
        {@set},
        { SSL_ca_file => cert('ca') },
        'it returns arguments for new'
    );
    is_deeply({ IO::Socket::SSL::default_ca() },
        {@set}, 'and remembers them');
    is(trusting(), '', 'a client without SSL_ca* uses it');
    like(trusting(SSL_ca_file => cert('other-ca')),
        $REFUSED, 'an SSL_ca_file replaces it');
    is(trusting(SSL_ca_file => ''), '', 'an empty SSL_ca_file does not');
};

subtest 'default_ca with a directory' => sub {
    my @set = IO::Socket::SSL::default_ca(cert_file('ca-dir'));
    is_deeply(
        {@set},
        { SSL_ca_path => cert_file('ca-dir') },
        'it returns arguments for new'
    );
    is(trusting(), '', 'a client without SSL_ca* uses it');
};

subtest 'default_ca with other values' => sub {
    my @dirs = (cert_file('ca-dir'), $FindBin::Bin);
    my %set  = IO::Socket::SSL::default_ca(\@dirs);
    is_deeply(\%set, { SSL_ca_path => \@dirs }, 'an array is of folders');
    is(trusting(), '', '... which a client uses');
    like(
        died(sub { IO::Socket::SSL::default_ca(cert('missing')) }),
        qr/missing\.pem: No such file.*default_ca\.t/,
        'a missing path dies'
    );
    local $ENV{SSL_CERT_FILE} = cert('other-ca');
    for my $none ('', 0) {
        IO::Socket::SSL::default_ca(cert('ca'));
        my %found = IO::Socket::SSL::default_ca($none);
        is($found{SSL_ca_file}, cert('other-ca'), "'$none' looks again");
    }
    local $ENV{SSL_CERT_FILE} = cert_file('garbage.txt');
    local $ENV{SSL_CERT_DIR}  = cert_file('ca-dir');
    is_deeply(
        { IO::Socket::SSL::default_ca(undef) },
        { SSL_ca_path => cert_file('ca-dir') },
        'a file without a certificate is passed over'
    );
    is(trusting(), '', '... and the folder is used');
};

subtest 'default_ca with arguments' => sub {
    IO::Socket::SSL::default_ca(SSL_ca_file => cert('other-ca'));
    like(trusting(), $REFUSED, 'another CA is used');
    is(trusting(SSL_ca_file => cert('ca')),
        '', '... unless SSL_ca_file is given');
};

subtest 'the environment' => sub {
    for my $case (
        [SSL_CERT_FILE => cert('ca')],
        [SSL_CERT_DIR  => cert_file('ca-dir')],
      )
    {
        my ($name, $value) = @$case;
        local $ENV{$name} = $value;
        IO::Socket::SSL::default_ca(undef);
        is(trusting(), '', "$name is used");
    }
    local $ENV{SSL_CERT_FILE} = cert('other-ca');
    local $ENV{SSL_CERT_DIR}  = undef;
    IO::Socket::SSL::default_ca(undef);
    like(trusting(), $REFUSED, 'default_ca(undef) reads it again');
};

subtest 'a default that cannot be read and is not needed' => sub {
    local $ENV{SSL_CERT_FILE} = cert_file('garbage.txt');
    IO::Socket::SSL::default_ca(undef);
    my %trusts = (SSL_ca_file => cert('ca'));
    is((handshake_errors(mine => \%trusts))[1], '', 'a server');
    is(trusting(SSL_verify_mode => SSL_VERIFY_NONE),
        '', 'a client that does not verify');
};

subtest 'explicit SSL_ca* options' => sub {
    IO::Socket::SSL::default_ca(cert('ca'));
    for my $case (
        [{ SSL_ca_path => cert_file('ca-dir') }, 1, 'a directory'],
        [
            { SSL_ca_path => [$FindBin::Bin, cert_file('ca-dir')] },
            1, 'a list of directories'
        ],
        [
            { SSL_ca_path => "$FindBin::Bin:" . cert_file('ca-dir') },
            1, 'directories with colons'
        ],
        [
            { SSL_ca_path => $FindBin::Bin },
            0,
            'a directory without certificates'
        ],
        [
            { SSL_ca_file => cert_file('bundle.pem') },
            1,
            'a file with several certificates'
        ],
        [{ SSL_ca_file => cert_file('namesakes.pem') }, 1, 'namesakes'],
        [
            { SSL_ca_file => cert_file('trusted-server.pem') },
            1, 'a TRUSTED CERTIFICATE'
        ],
        [
            { SSL_ca_file => cert_file('trusted-not-server.pem') },
            0,
            'a TRUSTED CERTIFICATE, not for servers'
        ],
        [
            {
                SSL_ca_file => cert('other-ca'),
                SSL_ca_path => cert_file('ca-dir')
            },
            1,
            'a file and a directory'
        ],
        [{ SSL_ca_file => \undef, SSL_ca_path => \undef }, 0, '\undef'],
      )
    {
        my ($args, $accepted, $claim) = @$case;
        my $error = trusting(%$args);
        $accepted
          ? is($error, '', "$claim: accepted")
          : like($error, $REFUSED, "$claim: refused");
    }
};

subtest 'handles' => sub {
    my ($sock) = tls_pair(
        theirs => {
            SSL_cert_file => cert_file('server-sub-chain.pem'),
            SSL_key_file  => key('server-sub')
        }
    );
    my ($leaf, @above) = $sock->peer_certificates;
    my ($error) = handshake_errors(
        mine   => { SSL_ca_file => undef, SSL_ca => [@above] },
        theirs => {
            SSL_cert_file => cert_file('server-sub.pem'),
            SSL_key_file  => key('server-sub')
        }
    );
    is($error, '', 'SSL_ca takes a list of handles');
    like(trusting(SSL_ca => [$leaf]),
        $REFUSED, '... and replaces the default');
};

subtest 'unusable files' => sub {
    for my $case (
        ['SSL_ca_file', cert_file('no-such-file.pem'), qr/No such file/],
        ['SSL_ca_path', cert_file('no-such-dir'), qr/exist|No such file/],
        ['SSL_ca_file', cert_file('garbage.txt'), qr/certificate|PEM/i],
        ['SSL_ca_file', cert_file('empty.pem'),   qr/certificate|PEM/i],
      )
    {
        my ($option, $value, $reason) = @$case;
        my $error = died(
            sub {
                IO::Socket::SSL::SSL_Context->new($option => $value)
                  or die "$SSL_ERROR";
            }
        );
        like($error, qr/\Q$option\E/, "$option $value: the option is named");
        like($error, qr/\Q$value\E/,  '... and the file');
        like($error, $reason,         '... and the reason');
        ok(
            IO::Socket::SSL::SSL_Context->new(
                $option         => $value,
                SSL_verify_mode => SSL_VERIFY_NONE
            ),
            '... without verification it is ignored'
        );
        ok(
            IO::Socket::SSL::SSL_Context->new(server_args($option => $value)),
            '... also by a server, which could send what is in it'
        );
    }
    like(
        refused(
            sub {
                IO::Socket::SSL::SSL_Context->new(
                    SSL_ca_file => cert_file('garbage.txt'));
            }
        ),
        qr/garbage\.txt/,
        'a file without a certificate makes the call return an empty list'
    );
};

subtest 'folders of SSL_ca_path' => sub {
    my ($missing, $folder) = map { cert_file($_) } qw(no-such-dir ca-dir);
    is(trusting(SSL_ca_path => $_),
        '', 'one that exists is enough: ' . (ref $_ ? 'array' : 'text'))
      for [$missing, $folder], "$folder:$missing", "$missing:$folder";
    like(
        died(
            sub {
                IO::Socket::SSL::SSL_Context->new(
                    SSL_ca_path => [$missing, cert('ca')]);
            }
        ),
        qr/^SSL_ca_path: \Q$missing\E: No such file/,
        'without any the call dies'
    );
};

subtest '0 for a file or a folder' => sub {
    IO::Socket::SSL::default_ca(cert('ca'));
    for my $option (qw(SSL_ca_file SSL_ca_path)) {
        is(trusting($option => 0), '', "$option => 0 counts as not given");
    }
};

subtest 'CAs that come later' => sub {
    my $dir = tempdir(CLEANUP => 1);
    local @ENV{qw(SSL_CERT_FILE SSL_CERT_DIR)} = ("$dir/ca.pem", "$dir/none");
    local @INC = (sub { die "no $_[1]\n" if $_[1] eq 'Mozilla/CA.pm' }, @INC);
    my $caught = 0;
    local $SIG{__DIE__} = sub { $caught++ };
    IO::Socket::SSL::default_ca(undef);
    is_deeply({ IO::Socket::SSL::default_ca() }, {}, 'none is there');
    is($caught, 0, '... of which no handler of the program learns');
    copy(cert('ca'), "$dir/ca.pem") or BAIL_OUT("copy: $!");
    is_deeply(
        { IO::Socket::SSL::default_ca() },
        { SSL_ca_file => "$dir/ca.pem" },
        '... now it is'
    );
    IO::Socket::SSL::default_ca(undef);
};

done_testing;
