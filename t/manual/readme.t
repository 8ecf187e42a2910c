# What README shows: its programs run, its commands exist, its figures and its
# report are those of bench/README and iossl-check.
use strict;
use warnings;

use File::Spec;
use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::SSL::Utils;
use ISS::Check;
use ISS::Pod;
use ISS::Program;
use ISS::Test;
use ISS::World;
use Test::More;

my $TOP     = File::Spec->catdir($FindBin::Bin, qw(.. ..));
my $README  = slurp("$TOP/README");
my %section = sections($README);

programs();
commands();
packages();
figures();
report();
done_testing;

# Title => its blocks, without their indentation.
sub sections {
    my ($text) = @_;

    my (undef, %text) = split /^(\S.*)\n[-=]+\n/m, $text;
    for my $title (keys %text) {
        my @blocks = $text{$title} =~ /((?:^(?: {4}.*)?\n)+)/mg;
        s/^ {4}//mg, s/\A\n+//, s/\n+\z/\n/ for @blocks;
        $text{$title} = [grep { /\S/ } @blocks];
    }
    return %text;
}

sub programs {
  SKIP: {
        skip 'no IO::Socket::IP', 3 if !eval { require IO::Socket::IP };
        my $world = ISS::World->new;
        $world->peer(https => 443);
        my ($status, $said) =
          $world->run('client', @{ $section{'A client'} });
        is($status, 0, 'the client ends well');
        like($said, qr{^HTTP/1\.1 200 OK.*GET / }s, '... with the page');

        my ($server, $port) =
          $world->serve('server', @{ $section{'and a server'} });
        my $sock = IO::Socket::SSL->new(
            PeerAddr     => "127.0.0.1:$port",
            SSL_hostname => 'www.example.com',
            SSL_ca_file  => $world->put('ca.pem')
        );
        is(
            read_all($sock),
            "Hello over TLS_AES_256_GCM_SHA384\n",
            'the server answers'
        );
    }
    return;
}

# The scripts are here; perldoc's pages, too.
sub commands {
    for my $script (@{ $section{'Quick start'} }[0] =~ /^(\S+)$/mg) {
        ok(-x "$TOP/$script", "$script can be run");
        is((ISS::Program->run(['/bin/sh', '-n', "$TOP/$script"]))[0],
            0, '... and parsed');
    }
    my @pages = map { /^perldoc (\S+)/mg } @{ $section{'The manual'} };
    cmp_ok(scalar @pages, '>', 6, 'pages of perldoc');
    for my $page (@pages) {
        my $path   = join '/', split /::/, $page;
        my ($file) = grep { -e } "$TOP/$page", "$TOP/lib/$path.pod",
          "$TOP/bin/$path";
        like($file && slurp($file), qr/^=head1 NAME/m, "perldoc $page");
    }
    ok(-e "$TOP/$_", "README names $_, which is here")
      for $README =~
      m{(?<![\w/])([a-z]+/[\w.]+|[A-Z]+\.md|DEVELOPING|LICENSE)\b}g;
    return;
}

# The packages are those that quickstart installs.
sub packages {
    my ($list) =
      map { /^apt-get install (.*)/s } @{ $section{'Quick start'} };
    my ($status, $wanted) = ISS::Program->run(
        [
            '/bin/sh',
            '-c',
            'cd "$1" && . inc/common.sh && manager=apt && packages_for build',
            'sh',
            $TOP
        ]
    );
    is(
        join(' ', sort grep { $_ ne '\\' } split ' ', $list),
        join(' ', sort split ' ',                     $wanted),
        'the packages of Debian'
    );
    return;
}

# Each figure is the ratio of a row of bench/README.
sub figures {
    my %row_of = (
        'writing 16 KiB'                 => 'syswrite 16 KiB of 1 MiB',
        'printing 64 bytes'              => 'print 64 B',
        'reading 16 KiB'                 => 'sysread 16384 B',
        'reading lines of 80 bytes'      => 'lines of 80 B, full records',
        'ping-pong of 64 bytes'          => 'ping-pong 64 B, sysread',
        'a context with the default CAs' => 'context, default CA',
        'a full TLS 1.3 handshake'       => 'handshake 1.3, server',
        'loading the module'             => 'load',
    );
    my $bench = slurp("$TOP/bench/README");
    my ($table) = @{ $section{Speed} };
    for my $line (split /\n/, $table) {
        my ($name, $figure) = $line =~ /^(\S.*?) {2,}([\d.]+)$/
          or fail("a line without a figure: $line"), next;
        my $row        = delete $row_of{$name} || 'no row';
        my ($ratio)    = $bench  =~ /^ +\Q$row\E {2,}.*?([\d.]+)$/m;
        my ($decimals) = $figure =~ /\.(\d*)/;
        is(sprintf('%.*f', length $decimals, $ratio || 0),
            $figure, "$name, as in bench/README");
    }
    is_deeply([keys %row_of], [], 'no row is forgotten');
    return;
}

# A server without its intermediate, which is called as that of README is.
sub report {
    my $dir = tempdir(CLEANUP => 1);
    my ($root, $root_key) =
      CERT_create(CA => 1, subject => { commonName => 'Root' });
    my ($middle, $middle_key) = CERT_create(
        CA      => 1,
        subject => { commonName => 'R11' },
        issuer  => [$root, $root_key]
    );
    my ($cert, $key) = CERT_create(
        issuer          => [$middle, $middle_key],
        subject         => { commonName => 'www.example.com' },
        subjectAltNames => [[DNS => 'www.example.com']],
        not_after       => time + 90 * 86_400,
        ext             => [
            {
                sn   => 'authorityInfoAccess',
                data => 'caIssuers;URI:http://r11.i.lencr.org/'
            }
        ]
    );
    PEM_cert2file($root, "$dir/root.pem");
    my ($server, $address) = tls_server(
        sub {
            eval { read_all($_[0]) }
        },
        SSL_cert => [$cert],
        SSL_key  => $key
    );
    my ($code, $said) =
      script('--ca', "$dir/root.pem", '--name', 'www.example.com', $address);
    is($code, 2, 'iossl-check finds it bad');
    $said =~ s/^\S+ as \S+: /www.example.com:443: /;
    my $shown = $section{'When TLS fails'}[1];
    is(substr($said, 0, length $shown),
        $shown, '... and says what README has');
    return;
}
