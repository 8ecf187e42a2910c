# CERT_create croaks on arguments that it does not understand.
use strict;
use warnings;
use utf8;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::Test;
use IO::Socket::SSL::Utils;
use Test::More;

my @WRONG = (
    [[1], qr/^CERT_create needs name => value pairs/],
    [[foo    => 1],           qr/^unknown arguments: foo at/],
    [[foo    => 1, bar => 2], qr/^unknown arguments: bar foo at/],
    [[key    => 'x'],         qr/^key: the value is not a handle/],
    [[key    => []],          qr/^key: the value is not a handle/],
    [[issuer => [1]], qr/^issuer must be an array of certificate and key/],
    [[issuer => {}],  qr/^issuer must be an array of certificate and key/],
    [[issuer_cert => 'x'],     qr/^issuer_cert: 'x' is not a handle/],
    [[issuer_key  => 'x'],     qr/^issuer_key: the value is not a handle/],
    [[subject     => '/CN=x'], qr/^subject must be a hash or a list/],
    [[subject     => ['CN']],  qr/^subject must be a hash or a list/],
    [[subject => [['CN']]],    qr/^subject must consist of names and values/],
    [[subject => { foo => 1 }], qr/^subject: unknown field 'foo' in a name/],
    [[subjectAltNames => 'a'],       qr/^subjectAltNames must be a list of/],
    [[subjectAltNames => ['a']],     qr/^subjectAltNames must be a list of/],
    [[subjectAltNames => [['DNS']]], qr/^subjectAltNames must be a list of/],
    [
        [subjectAltNames => [[DNS => undef]]],
        qr/^subjectAltNames must be a list of/
    ],
    [[subjectAltNames => [[DNS => []]]], qr/^subjectAltNames: DNS must be/],
    [
        [subjectAltNames => [[FOO => 'a']]],
        qr/^subjectAltNames: FOO: unknown type of name/
    ],
    [
        [subjectAltNames => [[IP => 'a']]],
        qr/^subjectAltNames: IP: 'a' is not an IP address/
    ],
    [
        [subjectAltNames => [[IP => '010.0.0.1']]],
        qr/^subjectAltNames: IP: '010\.0\.0\.1' is not an IP address/
    ],
    [[subjectAltNames => [[RID => 'a']]], qr/^subjectAltNames: RID: 'a'/],
    [
        [subjectAltNames => [[EMAIL => "\x{263a}\@b"]]],
        qr/^subjectAltNames: EMAIL: '.*' is not ASCII/
    ],
    [
        [subjectAltNames => [[X400 => 'a']]],
        qr/^subjectAltNames: X400: it is not a name of this type in DER/
    ],
    [[subjectAltNames => [[OTHERNAME => 'a']]], qr/OTHERNAME: 'a'/],
    [[subjectAltNames => [[DIRNAME   => 'a']]], qr/^DIRNAME: 'a'/],
    [
        [subjectAltNames => [[DIRNAME => { foo => 'a' }]]],
        qr/^subjectAltNames: DIRNAME: unknown field 'foo' in a name/
    ],
    [[serial  => 'x'],        qr/^serial: invalid serial number 'x'/],
    [[serial  => '1.5'],      qr/^serial: invalid serial number '1\.5'/],
    [[serial  => '--5'],      qr/^serial: invalid serial number '--5'/],
    [[serial  => '9' x 1000], qr/^serial: invalid serial number '9+'/],
    [[version => 3],          qr/^version: invalid version 3 \(/],
    [[version => 'x'],        qr/^version: invalid version -1 \(/],
    [[version => 0, CA => 1], qr/^CA: only certificates of version 2/],
    [
        [version => 1, subjectAltNames => [[DNS => 'a']]],
        qr/^subjectAltNames: only certificates of version 2/
    ],
    [
        [not_before => 'now'],
        qr/^not_before: 'now' is not a time \(must be seconds/
    ],
    [
        [not_after => 'inf'],
        qr/^not_after: 'inf' is not a time \(must be seconds/
    ],
    [
        [not_after => 253_402_300_800],
        qr/^validity: invalid time .* in the years 0-9999/
    ],
    [
        [not_before => -1e14],
        qr/^validity: invalid time .* in the years 0-9999/
    ],
    [[purpose => 'foo'],              qr/^purpose: unknown purpose foo/],
    [[purpose => ['client', '-foo']], qr/^purpose: unknown purpose foo/],
    [[purpose => sub { }], qr/^purpose must be a string, an array or a hash/],
    [[ext     => {}],      qr/^ext must be a list of hashes/],
    [[ext     => ['a']],   qr/^ext must be a list of hashes/],
    [
        [ext => [{ data => 'a' }]],
        qr/^ext: each extension must have sn, oid or nid/
    ],
    [[ext => [{ sn => 'nsComment' }]], qr/^extension nsComment has no data/],
    [
        [ext => [{ sn => 'foo', data => 'a' }]],
        qr/^ext: unknown extension 'foo'/
    ],
    [
        [ext => [{ nid => 1_000_000, data => 'a' }]],
        qr/^ext: unknown extension '1000000'/
    ],
    [
        [ext => [{ oid => '1.2.3.4', data => 'a' }]],
        qr/^ext: extension 1\.2\.3\.4: 'a': /
    ],
    [
        [ext => [{ sn => 'keyUsage', data => 'a' }]],
        qr/^ext: extension keyUsage: 'a': /
    ],
    [
        [ext => [{ sn => 'subjectAltName', data => '@section' }]],
        qr/^ext: extension subjectAltName: '\@section': /
    ],
    [
        [digest => 'foo'],
        qr/^signature: digest algorithm foo is not available/
    ],
);

for my $case (@WRONG) {
    my ($args, $text) = @$case;
    my $line  = quotemeta __FILE__;
    my $error = died(sub { CERT_create(@$args) });
    my $what  = join ' ', map { ref $_ ? 'REF' : substr $_, 0, 30 } @$args;
    like($error, $text,                      "$what croaks");
    like($error, qr/ at $line line \d+\.$/m, '... at the line of the caller');
}

done_testing;
