# Revocation lists from all sources.  A certificate that is on the list, or
# whose list is missing or old, is refused with a message that says which.
use strict;
use warnings;

use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::SSL;
use ISS::Test;
use Test::More;

my $WANTED = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;

# The error of the side that verifies; '' if it accepts the certificate.
sub verdict {
    my ($setting, $identity, @args) = @_;

    my ($ours) = handshake_errors(
        %$setting,
        mine => {
            SSL_verify_mode     => $WANTED,
            SSL_ca_file         => cert('ca'),
            SSL_verifycn_scheme => 'none',
            SSL_check_crl       => 1,
            @args
        },
        theirs => {@$identity}
    );
    return $ours;
}

# A directory with hashed names of these files.
sub hashed_dir {
    my (%file) = @_;

    my $dir = tempdir(CLEANUP => 1);
    for my $name (keys %file) {
        open my $in,  '<', cert_file($file{$name}) or die "$file{$name}: $!";
        open my $out, '>', "$dir/$name"            or die "$name: $!";
        print {$out} readline $in;
        close $out or die "$name: $!";
    }
    return $dir;
}

# The name that openssl-rehash has given to the root's list.
opendir my $ca_dir, cert_file('ca-dir') or die "ca-dir: $!";
my ($hash) = map { /^(\w{8})\.r0$/ } readdir $ca_dir;
closedir $ca_dir;

# Sources of the root's list.
my %SOURCE = (
    'SSL_crl_file'         => [SSL_crl_file => cert('crl')],
    'SSL_crl_file, DER'    => [SSL_crl_file => cert_file('crl.der')],
    'SSL_crl_file, two'    => [SSL_crl_file => cert('crls')],
    'several SSL_crl_file' =>
      [SSL_crl_file => [cert('crl'), cert('crl-none-revoked')]],
    'SSL_ca_file'             => [SSL_ca_file => cert('ca-with-crl')],
    'SSL_ca_path'             => [SSL_ca_path => cert_file('ca-dir')],
    'SSL_ca_path, list alone' =>
      [SSL_ca_path => hashed_dir("$hash.r0" => 'crl.pem')],
    'the last of several SSL_ca_path' =>
      [SSL_ca_path => [tempdir(CLEANUP => 1), cert_file('ca-dir')]],
);

each_setting(
    sub {
        my $setting = {@_};

        for my $source (sort keys %SOURCE) {
            my @list = @{ $SOURCE{$source} };
            is(
                verdict($setting, [identity('server')], @list),
                '',
                "$source: a certificate that is not on the list is accepted"
            );
            my $error = verdict($setting, [identity('revoked')], @list);
            like(
                $error,
                qr/certificate verify failed: certificate revoked/,
                '... one on the list is refused'
            );
            like(
                $error,
                qr{depth 0, subject \S+CN=localhost},
                '... with the subject'
            );
        }

        my $error = verdict($setting, [identity('server')]);
        like(
            $error,
            qr/unable to get certificate CRL/,
            'refused without a list'
        );
        $error = verdict(
            $setting,
            [identity('server')],
            SSL_crl_file => cert('crl-expired')
        );
        like($error, qr/CRL has expired/, 'refused with an old list');
        $error = verdict(
            $setting,
            [identity('revoked')],
            SSL_crl_file => cert('crl-expired')
        );
        like(
            $error,
            qr/CRL has expired|revoked/,
            '... also if the certificate is on it'
        );
        $error = verdict(
            $setting,
            [identity('server')],
            SSL_ca_path => hashed_dir("$hash.r0" => 'crl-expired.pem')
        );
        like($error, qr/CRL has expired/, '... found in SSL_ca_path');
        is(
            verdict(
                $setting,
                [identity('revoked')],
                SSL_check_crl => 0,
                SSL_crl_file  => cert('crl')
            ),
            '',
            'the list is ignored without SSL_check_crl'
        );
        is(
            verdict(
                $setting,
                [identity('revoked')],
                SSL_crl_file => cert('crl-none-revoked')
            ),
            '',
            'a list from before the revocation'
        );
    }
);

subtest 'below an intermediate' => sub {
    each_version(
        sub {
            my $setting = { version => $_[0] };
            my @good    = (
                SSL_cert_file => cert('server-sub-chain'),
                SSL_key_file  => key('server-sub')
            );
            is(verdict($setting, \@good, SSL_crl_file => cert('crls')),
                '', 'the list of the intermediate is used');
            like(
                verdict($setting, \@good, SSL_crl_file => cert('crl')),
                qr/unable to get certificate CRL/,
                '... and missed'
            );
            my @revoked = (
                identity('revoked-sub'),
                SSL_cert_file => chain('revoked-sub', 'sub-ca')
            );
            like(
                verdict($setting, \@revoked, SSL_crl_file => cert('crls')),
                qr/certificate revoked/,
                'who is on it is refused'
            );
        }
    );
};

subtest 'the whole chain' => sub {
    my @chain = (
        SSL_cert_file => cert('server-sub-chain'),
        SSL_key_file  => key('server-sub')
    );
    my @both = (SSL_crl_file => cert('crls'));
    each_setting(
        sub {
            my $setting = {@_};
            like(
                verdict(
                    $setting, \@chain,
                    SSL_crl_file => cert('crls-sub-ca-revoked')
                ),
                qr{certificate revoked \(depth 1, .*CN=Test Intermediate},
                'an intermediate that is on the list of its issuer is refused'
            );
            like(
                verdict(
                    $setting, \@chain,
                    SSL_ca_file  => cert('sub-ca'),
                    SSL_crl_file => cert('crls-sub-ca-revoked')
                ),
                qr{certificate revoked \(depth 1, },
                '... also if it is trusted itself, and its issuer is not'
            );
            is(
                verdict($setting, \@chain, SSL_crl_file => sub_list()),
                '', 'the list of the root may be missing'
            );
            like(
                verdict(
                    $setting, \@chain,
                    SSL_crl_file      => sub_list(),
                    SSL_crl_check_all => 1
                ),
                qr/unable to get certificate CRL \(depth [12]/,
                '... but not with SSL_crl_check_all'
            );
            is(verdict($setting, \@chain, @both, SSL_crl_check_all => 1),
                '', '... which all lists satisfy');
            like(
                verdict(
                    $setting, \@chain,
                    SSL_check_crl     => 0,
                    SSL_crl_check_all => 1
                ),
                qr/unable to get certificate CRL/,
                '... and which needs no SSL_check_crl'
            );
            is(
                verdict(
                    $setting, \@chain, @both,
                    SSL_check_crl     => 0,
                    SSL_crl_check_all => 1
                ),
                '',
                '... but the lists'
            );
            like(
                verdict(
                    $setting, \@chain,
                    SSL_crl_file => [sub_list(), cert('crl-expired')]
                ),
                qr/CRL has expired \(depth 1/,
                'a list of the root that is loaded must be current'
            );
        }
    );
};

# The list of the intermediate alone.
sub sub_list {
    open my $in, '<', cert('crls') or die "crls: $!";
    my (undef, $list) =
      do { local $/; <$in> } =~ /(-----BEGIN.*?-----END[^\n]*\n)/gs;
    my $dir = tempdir(CLEANUP => 1);
    open my $out, '>', "$dir/list.pem" or die "list.pem: $!";
    print {$out} $list;
    close $out or die "list.pem: $!";
    return "$dir/list.pem";
}

# A file with these certificates.
sub chain {
    my $dir = tempdir(CLEANUP => 1);

    open my $out, '>', "$dir/chain.pem" or die "chain.pem: $!";
    for my $name (@_) {
        open my $in, '<', cert($name) or die "$name: $!";
        print {$out} readline $in;
    }
    close $out or die "chain.pem: $!";
    return "$dir/chain.pem";
}

subtest "a user's callback" => sub {
    my @seen;
    is(
        verdict(
            {},
            [identity('revoked')],
            SSL_crl_file        => cert('crl'),
            SSL_verify_callback => sub { push @seen, $_[3] if !$_[0]; 1 }
        ),
        '',
        'may accept a revoked certificate'
    );
    is_deeply(\@seen, ['certificate revoked'], '... and gets the error');
    @seen = ();
    verdict(
        {},
        [identity('server')],
        SSL_verify_callback => sub { push @seen, $_[3] if !$_[0]; 0 }
    );
    is_deeply(
        \@seen,
        ['unable to get certificate CRL'],
        'it gets the error of a missing list'
    );
    @seen = ();
    is(
        verdict(
            {},
            [
                SSL_cert_file => cert('server-sub-chain'),
                SSL_key_file  => key('server-sub')
            ],
            SSL_crl_file        => cert('crls-sub-ca-revoked'),
            SSL_verify_callback =>
              sub { push @seen, "$_[3], depth $_[5]" if !$_[0]; 1 }
        ),
        '',
        'it may accept a revoked intermediate'
    );
    is_deeply(
        \@seen,
        ['certificate revoked, depth 1'],
        '... and gets that error'
    );
};

subtest 'unusable files' => sub {
    my %bad = (
        'no-such.pem' => qr/No such file/,
        'empty.pem'   => qr/empty/,
        'garbage.txt' => qr/PEM|DER/,
        'ca.pem'      => qr/no (?:certificate )?revocation list|no CRL/i,
        'cut-off.pem' => qr/./,
    );
    for my $name (sort keys %bad) {
        my $error = refused(
            sub {
                IO::Socket::SSL::SSL_Context->new(
                    SSL_check_crl => 1,
                    SSL_ca_file   => cert('ca'),
                    SSL_crl_file  => cert_file($name)
                );
            }
        );
        like($error, qr/^SSL_crl_file: .*\Q$name\E: /, "$name is refused");
        like($error, $bad{$name},                      '... with the reason');
    }
};

subtest 'SSL_crl_file without SSL_check_crl' => sub {
    no warnings qw(once);
    local $IO::Socket::SSL::Defaults::TOLD_OF_CRL_FILE = 0;
    my $said = sub {
        my @args = @_;
        return join '', warnings_of(
            sub {
                IO::Socket::SSL::SSL_Context->new(
                    SSL_ca_file  => cert('ca'),
                    SSL_crl_file => cert('crl'),
                    @args
                ) or die $SSL_ERROR;
            }
        );
    };
    is($said->(SSL_check_crl     => 1), '', 'the lists are used');
    is($said->(SSL_crl_check_all => 1), '', '... also by SSL_crl_check_all');
    is($said->(SSL_verify_mode => 0), '', 'nobody is verified: no warning');
    like(
        $said->(),
        qr/^SSL_crl_file is not used: .* SSL_check_crl => 1 at .*crl\.t/,
        'a warning that they are not used'
    );
    is($said->(), '', '... comes once');
};

subtest 'files that do not matter' => sub {
    for my $case (
        ['without SSL_check_crl' => ()],
        [
            'without verification' => SSL_check_crl => 1,
            SSL_verify_mode        => SSL_VERIFY_NONE
        ],
      )
    {
        my ($claim, @args) = @$case;
        my ($error) = handshake_errors(
            mine => { SSL_crl_file => cert_file('no-such.pem'), @args });
        is($error, '', "SSL_crl_file is not read $claim");
    }
};

done_testing;
