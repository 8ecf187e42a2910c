# SSL_tlsa: one of the TLSA records must match the chain (RFC 6698, 7671);
# SSL_dane_ee_name.
use strict;
use warnings;

use Digest::SHA qw(sha256 sha512);
use File::Temp  qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";
use MIME::Base64 qw(decode_base64);
use ISS::Sessions;
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

plan skip_all => 'there is no openssl command'
  if eval { openssl('version') } !~ /^OpenSSL/;

sub openssl {
    my @words = @_;
    open(my $out, '-|', 'openssl', @words) or return '';
    local $/;
    return scalar <$out>;
}

# Puts the parts into a file: texts, or the contents of files by reference.
sub put {
    my ($file, @parts) = @_;
    open my $out, '>', $file or die "$file: $!";
    for my $part (@parts) {
        my $text = $part;
        if (ref $part) {
            open my $in, '<', $$part or die "$$part: $!";
            $text = do { local $/; <$in> };
        }
        print {$out} $text;
    }
    close $out or die "$file: $!";
    return $file;
}

# The bytes of the first PEM block that openssl prints.
sub der {
    my ($pem) = openssl(@_) =~ /-----BEGIN [^\n]*\n(.*?)-----END/s
      or die "openssl @_";
    return decode_base64($pem);
}

# What a record selects of a certificate: the whole, or its key.
my @SELECTED = (
    sub { der('x509', '-in', cert($_[0])) },
    sub { der('x509', '-in', cert($_[0]), '-noout', '-pubkey') },
);
my @DIGEST = (sub { $_[0] }, \&sha256, \&sha512);

sub record {
    my ($usage, $selector, $type, $name) = @_;
    my $data = $DIGEST[$type]->($SELECTED[$selector]->($name));
    return [$usage, $selector, $type, $data];
}

sub as_text {
    my ($record) = @_;
    my @fields = @$record;
    return join ' ', @fields[0 .. 2], unpack 'H*', $fields[3];
}

# ($SSL_ERROR or '', the record in tls_info) of a client, with a server that
# shows this certificate.
sub outcome {
    my ($how, %mine) = @_;
    my ($sock) = failing_pair(
        ($how->{version} ? (version => $how->{version}) : ()),
        mine   => \%mine,
        theirs => {
            identity($how->{server} || 'server'),
            $how->{chain} ? (SSL_cert_file => $how->{chain}) : ()
        }
    );
    return $sock ? ('', $sock->tls_info->{dane}) : ("$SSL_ERROR", undef);
}

# A server that sends its CA, too: with a digest of usage 2 it must.
my $dir = tempdir(CLEANUP => 1);

sub with_ca {
    my ($name) = @_;
    my $file = put("$dir/$name.pem", \cert($name), \cert('ca'));
    return (server => $name, chain => $file);
}

my @NO_CA   = (SSL_ca_file => cert('other-ca'));
my @CHAINED = (server => 'server-sub', chain => cert('server-sub-chain'));
my $WRONG   = [3, 1, 1, 'x' x 32];

each_version(
    sub {
        my ($version) = @_;
        my %how       = (version => $version, @CHAINED);
        my %of        = (
            0 => 'sub-ca',
            1 => 'server-sub',
            2 => 'sub-ca',
            3 => 'server-sub'
        );

        for my $usage (0 .. 3) {
            for my $selector (0, 1) {
                for my $type (0 .. 2) {
                    my $fields = "$usage $selector $type";
                    my $record =
                      record($usage, $selector, $type, $of{$usage});
                    is_deeply(
                        [outcome(\%how, SSL_tlsa => [$record])],
                        ['', $fields],
                        "$fields matches"
                    );
                    my $other =
                      record($usage, $selector, $type, 'other-server');
                    like(
                        (outcome(\%how, SSL_tlsa => [$other]))[0],
                        qr/record \(\Q$fields\E\) does not match the chain/,
                        '... and not another certificate'
                    );
                }
            }
        }
        for my $usage (0, 1) {
            like(
                (
                    outcome(
                        \%how, @NO_CA,
                        SSL_tlsa => [record($usage, 1, 1, $of{$usage})]
                    )
                )[0],
                qr/verify failed/,
                "usage $usage needs the CAs as well"
            );
        }
        for my $usage (2, 3) {
            is(
                (
                    outcome(
                        \%how, @NO_CA,
                        SSL_tlsa => [record($usage, 1, 1, $of{$usage})]
                    )
                )[0],
                '',
                "usage $usage does without them"
            );
        }
        is(
            (
                outcome(
                    { version => $version, server => 'expired' },
                    SSL_tlsa => [record(3, 1, 1, 'expired')]
                )
            )[0],
            '',
            'usage 3 accepts an expired certificate'
        );
        like(
            (
                outcome(
                    { version => $version, with_ca('expired') },
                    SSL_tlsa => [record(2, 1, 1, 'ca')]
                )
            )[0],
            qr/certificate has expired/,
            '... and usage 2 does not'
        );
        is(
            (
                outcome(
                    { version => $version, server => 'self-signed' },
                    SSL_tlsa         => [record(3, 0, 1, 'self-signed')],
                    SSL_dane_ee_name => 0
                )
            )[0],
            '',
            'usage 3 accepts what signed itself'
        );
    }
);

subtest 'rollover' => sub {
    my @both = map { record(3, 1, 1, $_) } qw(server server-ecdsa);
    for my $name (qw(server server-ecdsa)) {
        is_deeply(
            [outcome({ server => $name }, SSL_tlsa => \@both)],
            ['', '3 1 1'],
            "$name: one of two records"
        );
    }
    like(
        (outcome({}, SSL_tlsa => [$WRONG, record(2, 1, 1, 'other-ca')]))[0],
        qr/none of 2 usable TLSA records \(3 1 1, 2 1 1\) matches the chain/,
        'none of two'
    );
};

subtest 'forms' => sub {
    my $good = record(3, 1, 1, 'server');
    my $text = as_text($good);
    my %form = (
        'fields, bytes'                 => $good,
        'fields, digits'                => [3, 1, 1, unpack 'H*', $good->[3]],
        'a text'                        => $text,
        'capitals'                      => uc $text,
        'blanks'                        => $text =~ s/(\w{10})/$1 /gr,
        'numbers as texts'              => ['3', '1', '1', $good->[3]],
        'a whole certificate in digits' =>
          [3, 0, 0, unpack 'H*', record(3, 0, 0, 'server')->[3]],
    );
    for my $form (sort keys %form) {
        is((outcome({}, SSL_tlsa => [$form{$form}]))[0], '', $form);
    }
    for my $nothing (undef, '') {
        is_deeply(
            [outcome({}, SSL_tlsa => $nothing)],
            ['', undef],
            'not given'
        );
    }
};

subtest 'unusable records' => sub {
    my @unusable = (
        [4, 1, 1, 'x' x 32],
        [3, 2, 1, 'x' x 32],
        [3, 1, 9, 'x' x 32],
        [3, 1, 1, 'x' x 31],
        [3, 0, 0, 'no certificate'],
        [3, 1, 0, 'no key'],
    );
    is(
        (outcome({}, SSL_tlsa => [@unusable, record(3, 1, 1, 'server')]))[0],
        '',
        'they are passed over'
    );
    like(
        (outcome({}, SSL_tlsa => \@unusable))[0],
        qr/^SSL_tlsa: none of the TLSA records \(6\) can be used$/,
        'nothing else is left'
    );
    is(IO::Socket::SSL->ssl_error_info->{kind}, 'dane', '... the kind');
    like(
        (outcome({}, SSL_tlsa => [@unusable, $WRONG]))[0],
        qr/usable TLSA record \(3 1 1\)/,
        'they are not counted'
    );
};

subtest 'malformed records' => sub {
    my %bad = (
        'no array'         => '3 1 1 00',
        'a hash'           => {},
        'no records'       => [],
        'undef'            => [undef],
        'a sub'            => [sub { }],
        'three fields'     => [[3,   1,   1]],
        'five fields'      => [[3,   1,   1,   'x', 1]],
        'no number'        => [['x', 1,   1,   'x']],
        'a large number'   => [[3,   256, 1,   'x']],
        'negative'         => [[3,   -1,  1,   'x']],
        'a fraction'       => [[3,   1,   1.5, 'x']],
        'no data'          => [[3,   1,   1,   '']],
        'undef as data'    => [[3,   1,   1,   undef]],
        'data in an array' => [[3,   1,   1,   []]],
        'an empty text'    => [''],
        'no digits'        => ['3 1 1'],
        'digits alone'     => ['abcdef'],
        'an odd digit'     => ['3 1 1 abc'],
        'a letter'         => ['3 1 1 xy'],
        'large in text'    => ['3 1 999 ab'],
        'a count of none'  => 0,
    );
    for my $what (sort keys %bad) {
        my $said = died(sub { outcome({}, SSL_tlsa => $bad{$what}) });
        like($said, qr/^SSL_tlsa(?: must be|:)/, $what);
    }
    like(
        died(
            sub {
                IO::Socket::SSL->new(
                    Listen    => 1,
                    LocalAddr => '127.0.0.1',
                    server_args(SSL_tlsa => [$WRONG])
                );
            }
        ),
        qr/SSL_tlsa/,
        'a server'
    );
};

subtest 'a context takes no records' => sub {
    like(
        died(sub { IO::Socket::SSL::SSL_Context->new(SSL_tlsa => [$WRONG]) }),
        qr/^SSL_tlsa is for a connection, not for a context at \Q$0\E /,
        'it dies'
    );
};

subtest 'the name' => sub {
    my %other   = with_ca('wrong-name');
    my @ee      = (SSL_tlsa => [record(3, 1, 1, 'wrong-name')]);
    my @ta      = (SSL_tlsa => [record(2, 1, 1, 'ca')]);
    my $refused = qr/hostname verification failed/;

    like((outcome(\%other, @ee))[0], $refused, 'usage 3 checks it');
    like((outcome(\%other, @ta))[0], $refused, 'so does usage 2');
    is((outcome(\%other, @ee, SSL_dane_ee_name => 0))[0],
        '', 'SSL_dane_ee_name turns that off');
    like((outcome(\%other, @ta, SSL_dane_ee_name => 0))[0],
        $refused, '... for usage 3 alone');
    for my $scheme (qw(smtp xmpp)) {
        my @scheme = (SSL_verifycn_scheme => $scheme);
        is((outcome(\%other, @ee, @scheme))[0],
            '', "$scheme does not check it");
        like((outcome(\%other, @ta, @scheme))[0],
            $refused, '... with usage 3 alone');
        like((outcome(\%other, @ee, @scheme, SSL_dane_ee_name => 1))[0],
            $refused, '... unless told to');
    }
    like((outcome(\%other, @ee, SSL_verify_mode => SSL_VERIFY_NONE))[0],
        $refused, 'it is checked under SSL_VERIFY_NONE');
    is(
        (
            outcome(
                { with_ca('server') },
                @ta, SSL_verify_mode => SSL_VERIFY_NONE
            )
        )[0],
        '',
        '... and may be right'
    );
    like(
        (
            outcome(
                \%other, @ee,
                SSL_verifycn_scheme => { callback => sub { 0 } }
            )
        )[0],
        $refused,
        'a sub of the program is asked'
    );
};

subtest 'nothing turns it off' => sub {
    my @wrong = (SSL_tlsa => [$WRONG]);
    for my $usage (0 .. 3) {
        my $record = record($usage, 1, 1, 'other-server');
        for my $server (qw(server self-signed expired)) {
            isnt(
                (
                    outcome(
                        { server => $server },
                        SSL_tlsa            => [$record],
                        SSL_verify_callback => sub { 1 }
                    )
                )[0],
                '',
                "usage $usage, a callback that says yes, $server"
            );
            isnt(
                (
                    outcome(
                        { server => $server },
                        SSL_tlsa        => [$record],
                        SSL_verify_mode => SSL_VERIFY_NONE
                    )
                )[0],
                '',
                "... SSL_VERIFY_NONE"
            );
        }
    }
    my $ctx =
      IO::Socket::SSL::SSL_Context->new(SSL_verify_mode => SSL_VERIFY_NONE);
    isnt((outcome({}, @wrong, SSL_reuse_ctx => $ctx))[0],
        '', 'a context that verifies nobody');
    is(
        (
            outcome(
                {},
                SSL_tlsa      => [record(3, 1, 1, 'server')],
                SSL_reuse_ctx => $ctx
            )
        )[0],
        '',
        '... lets a match through'
    );
};

subtest 'SSL_fingerprint goes before' => sub {
    my ($sock) = tls_pair();
    my $pin = $sock->get_fingerprint('sha256');
    is((outcome({}, SSL_tlsa => [$WRONG], SSL_fingerprint => $pin))[0],
        '', 'one that matches is enough');
    my @other = (
        SSL_fingerprint => 'sha256$' . '00' x 32,
        SSL_tlsa        => [record(3, 1, 1, 'server')]
    );
    is((outcome({}, @other))[0], '',
        'one that does not leaves it to records');
    like(
        (outcome({}, @other, SSL_force_fingerprint => 1))[0],
        qr/does not match SSL_fingerprint/,
        '... unless it is forced'
    );
};

subtest 'strict rules and revocation lists' => sub {
    my %mine = (
        SSL_tlsa          => [record(3, 1, 1, 'revoked')],
        SSL_verify_strict => 1,
        SSL_check_crl     => 1,
        SSL_crl_file      => cert_file('crl.pem')
    );
    is((outcome({ server => 'revoked' }, %mine))[0],
        '', 'usage 3 does without them');
    $mine{SSL_tlsa} = [record(1, 1, 1, 'revoked')];
    isnt((outcome({ server => 'revoked' }, %mine))[0],
        '', '... and usage 1 does not');
};

subtest 'what is told' => sub {
    my ($said) = outcome({}, SSL_tlsa => [$WRONG]);
    my $info = IO::Socket::SSL->ssl_error_info;
    like($said, qr/certificate verify failed: the usable TLSA/, 'the text');
    is($info->{kind},  'dane', 'the kind');
    is($info->{depth}, 0,      '... the depth');
    like($info->{cert}{subject}, qr/CN=localhost/, '... the certificate');
    like($info->{hint}, qr/^the server shows another certificate/,
        '... a hint');
    ok(IO::Socket::SSL->can_do($_), "can_do: $_") for qw(tlsa dane_ee_name);
};

each_version(
    sub {
        my ($version) = @_;
        my $server = resuming_server(SSL_version => $version);
        my @cache =
          (SSL_session_cache => IO::Socket::SSL::Session_Cache->new(4));
        my $record  = record(3, 1, 1, 'server');
        my @records = (SSL_tlsa => [$record, $WRONG]);

        is(resumed($server, @cache, @records), 0, 'the first is new');
        is(resumed($server, @cache, @records), 1, '... and resumed');
        is(resumed($server, @cache, SSL_tlsa => [$record]),
            0, 'other records: it is not resumed');
        is(resumed($server, @cache), 0, '... nor without records');
        is(resumed($server, @cache, @records, SSL_dane_ee_name => 0),
            0, '... nor under another rule for names');
        like(
            resumed($server, @cache, SSL_tlsa => [$WRONG]),
            qr/does not match the chain/,
            '... nor under wrong ones'
        );
    }
);

done_testing();
