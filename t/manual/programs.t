# The programs of the manual run: each in a perl of its own and in a folder
# with certificates, see ISS::World.  A paragraph before the program says how:
#
#   =for test run name=NAME after=NAME,NAME with=NAME before="CODE" peers=KIND:PORT,...
#       needs=MODULE,... given="ARGUMENTS" prints=REGEX serves=CLIENT answer=REGEX
#       ends=STATUS frame=FRAME
#
#   name     what others call this program
#   with     a block with subs that belong to it
#   before   a line that it needs
#   given    its arguments
#   after    programs to run first, in the same folder; a server goes on
#   peers    peers to start, see _peer_KIND in ISS::World
#   needs    modules; without them the program is skipped
#   prints   what it must print; it must end, with status 0
#   ends     another status
#   serves   it is a server: the client to run against it, below
#   answer   what that client must get
#   frame    instead of all this, a sub below that runs it
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use IO::Socket::SSL;
use ISS::Pod;
use ISS::Program;
use ISS::Test;
use ISS::World;
use Test::More;

plan skip_all => 'no IO::Socket::IP' if !eval { require IO::Socket::IP };

# The programs that a module needs come from here, too; see ISS::Consumer.
my @folders = split /:/, $ENV{ISS_TEST_CONSUMERS} || '';

my %CLIENTS = (
    lines       => \&lines,
    starttls    => \&starttls,
    certificate => \&certificate,
    names       => \&names,
    echo        => \&echo,
    prefork     => \&prefork,
    elsewhere   => \&elsewhere,
    renewed     => \&renewed,
    copied      => \&copied,
    silent      => \&silent,
    twice       => \&twice,
);
my %FRAMES = (mod_perl => \&mod_perl, ocsp => \&ocsp);

for my $pod (sort keys %{ pods() }) {
    my @blocks   = blocks_of(pods()->{$pod});
    my @programs = grep { $_->{kind} eq 'run' } @blocks or next;
    for my $i (grep { $blocks[$_]{kind} eq 'output' } 1 .. $#blocks) {
        $blocks[$i - 1]{output} = $blocks[$i]{text};
    }
    my %named = map { ($_->{name} || '') => $_ } @blocks;
    for my $program (@programs) {
        $program->{text} = $named{$_}{text} . $program->{text}
          for $program->{with} || ();
        subtest "$pod, line $program->{line}" =>
          sub { try($program, \%named) };
    }
}
done_testing;

sub try {
    my ($program, $named) = @_;

    my @first = map { $named->{$_} || die "no program $_" } split /,/,
      $program->{after} || '';
    my @modules = map { split /,/, $_->{needs} || '' } @first, $program;
    local @INC = (@INC, @modules ? @folders : ());
    for my $module (@modules) {
        plan skip_all => "no $module"
          if ISS::Program->run([perl(), "-M$module", '-e1']);
    }

    my $world = ISS::World->new;
    for (map { split /,/, $_->{peers} || '' } @first, $program) {
        my ($kind, $port) = /^(\w+):(\d+)$/ or die "peers: $_\n";
        $world->peer($kind, $port);
    }
    prepare($world, $_) for @first;
    return $FRAMES{ $program->{frame} }->($world, $program)
      if $program->{frame};
    $program->{serves} ? serves($world, $program) : runs($world, $program);
    return;
}

sub perl {
    return $^X, map { "-I$_" } grep { !ref } @INC;
}

sub text_of {
    my ($program) = @_;
    my $before = $program->{before} || '';
    return "use strict; use warnings; use IO::Socket::SSL; $before\n#line "
      . "$program->{line}\n$program->{text}";
}

# An earlier program.
sub prepare {
    my ($world, $program) = @_;

    return $world->serve($program->{name}, text_of($program))
      if $program->{serves};
    my ($status, $said) = $world->run($program->{name}, text_of($program));
    is($status, 0, "$program->{name} ends well") or diag $said;
    return;
}

sub runs {
    my ($world, $program) = @_;

    my ($status, $said) = $world->run('program', text_of($program),
        split / /, $program->{given} || '');
    is($status >> 8, $program->{ends} || 0, 'its status');
    like($said, qr/$program->{prints}/ms, 'its output')
      if defined $program->{prints};
    is_like($said, $program->{output}) if defined $program->{output};
    return;
}

# Is this text in what it said?  Line breaks are blanks, and "..." is anything.
sub is_like {
    my ($said, $text) = @_;

    s/\s+/ /g for $said, $text;
    my $wanted = join '.*', map { quotemeta } split /\.\.\./, $text;
    like($said, qr/$wanted/, 'its output is as the manual has it');
    return;
}

sub serves {
    my ($world, $program) = @_;

    my $client = $CLIENTS{ $program->{serves} }
      || die "no client is called $program->{serves}\n";
    my ($server, $port) = $world->serve('program', text_of($program));
    my $said = eval { $client->($world, $port, $program, $server) } || $@;
    like($said, qr/$program->{answer}/ms, 'its answer')
      or diag(($server->stop)[1]);
    return;
}

# --- clients: from the world and the port, what they got ---------------------

sub tls {
    my ($world, $port, @args) = @_;

    return IO::Socket::SSL->new(
        PeerAddr            => "127.0.0.1:$port",
        SSL_ca_file         => $world->put('ca.pem'),
        SSL_verifycn_scheme => 'none',
        @args
    ) || die "cannot connect: $SSL_ERROR\n";
}

sub lines {
    my ($world, $port, $program, $server, @args) = @_;

    my $sock = tls($world, $port, @args);
    print {$sock} "hello\n";
    my $line = <$sock>;
    return $line;
}

sub starttls {
    my ($world, $port) = @_;

    my $sock = IO::Socket::INET->new("127.0.0.1:$port") or die "connect: $!";
    print {$sock} "STARTTLS\r\n";
    my $said = <$sock>;
    IO::Socket::SSL->start_SSL(
        $sock,
        SSL_hostname => 'localhost',
        SSL_ca_file  => $world->put('ca.pem')
    ) or die "no TLS: $SSL_ERROR\n";
    return $said . <$sock>;
}

sub certificate {
    my ($world, $port) = @_;

    my $without = tls($world, $port);
    my $line    = <$without>;
    return 'served without a certificate' if defined $line;
    return read_all(
        tls(
            $world, $port,
            SSL_cert_file => $world->put('client.pem'),
            SSL_key_file  => $world->put('client.key')
        )
    );
}

sub names {
    my ($world, $port) = @_;

    return join '', map {
        read_all(
            tls(
                $world, $port,
                SSL_hostname        => $_,
                SSL_verifycn_scheme => 'http'
            )
        )
    } qw(www.example.com www.example.org);
}

# More than fits into the buffers between the two, while others are idle.
sub echo {
    my ($world, $port) = @_;

    my @idle = map { tls($world, $port) } 1 .. 3;
    my $sock = tls($world, $port, Blocking => 0);
    my ($out, $in) = ('hello' x 100_000, '');
    my $wanted = length $out;
    while (length $in < $wanted) {
        my $sent = length $out ? syswrite $sock, $out : undef;
        substr $out, 0, $sent, '' if $sent;
        my $got = sysread $sock, $in, 16_384, length $in;
        next                       if $sent || $got;
        die "it fails: $SSL_ERROR" if !$!{EWOULDBLOCK};
        readable($sock);
    }
    return $in;
}

sub resuming {
    my ($world) = @_;
    return IO::Socket::SSL::SSL_Context->new(
        SSL_ca_file            => $world->put('ca.pem'),
        SSL_verifycn_scheme    => 'none',
        SSL_session_cache_size => 10,
    ) || die "context: $SSL_ERROR\n";
}

# Until another worker answers; each connection resumes.
sub prefork {
    my ($world, $port, $program) = @_;

    my @args = (SSL_reuse_ctx => resuming($world), SSL_session_key => 'one');
    lines($world, $port, $program, undef, @args);
    my ($resumed, %workers) = (1);
    while (keys %workers < 2) {
        my ($worker, $is) =
          lines($world, $port, $program, undef, @args) =~
          /^worker (\d+).*(\d)$/;
        $workers{$worker} = 1;
        $resumed &= $is;
    }
    return "resumed: $resumed";
}

# From one server to another.
sub elsewhere {
    my ($world, $port, $program) = @_;

    my @args = (SSL_reuse_ctx => resuming($world), SSL_session_key => 'one');
    my (undef, $other) = $world->serve('other', text_of($program));
    lines($world, $port, $program, undef, @args);
    return lines($world, $other, $program, undef, @args);
}

# Behind clients that say nothing.
sub silent {
    my ($world, $port) = @_;

    my @silent = map { IO::Socket::INET->new("127.0.0.1:$port") } 1 .. 10;
    return lines(@_);
}

# Two connections, the second with the session of the first.
sub twice {
    my ($world, $port) = @_;

    my $ctx = resuming($world);
    return join '', map {
        read_all(
            tls($world, $port, SSL_reuse_ctx => $ctx, SSL_session_key => 'one'))
    } 1 .. 2;
}

# Who issued the certificate that a proxy shows.
sub copied {
    my ($world, $port) = @_;
    return tls(
        $world, $port,
        SSL_ca_file         => $world->put('proxy-ca.pem'),
        SSL_hostname        => 'www.example.com',
        SSL_verifycn_scheme => 'http'
    )->peer_certificate('issuer');
}

# Replace the files and send HUP, and connect until the new one is shown.
sub renewed {
    my ($world, $port, $program, $server) = @_;

    my ($old, $new) = (tls($world, $port)->peer_certificate('cn'));
    $world->put("server.$_", slurp($world->put("org.$_"))) for qw(pem key);
    kill HUP => $server->{pid};
    do { $new = tls($world, $port)->peer_certificate('cn') }
      while $new eq $old;
    return "$old $new";
}

# --- frames -----------------------------------------------------------------

sub mod_perl {
    my ($world, $program) = @_;

    require ISS::Apache;
    my $why = ISS::Apache->missing('prefork');
    plan skip_all => $why if $why;
    my %env    = $world->environment;
    my $apache = ISS::Apache->start(
        mpm     => 'prefork',
        startup => join "\n",
        (map { "BEGIN { \$ENV{$_} = '$env{$_}' }" } sort keys %env),
        "use lib '$FindBin::Bin/../lib'; use ISS::Elsewhere;",
        $program->{text}
    );
    require HTTP::Tiny;
    my $answer = HTTP::Tiny->new->get($apache->url);
    like($answer->{content}, qr/$program->{answer}/m, 'its answer');
    my (undef, $said) = $apache->stop;
    unlike($said, qr/cannot connect/, 'its log');
    return;
}

# A server whose certificate has been revoked, and staples nothing.
sub ocsp {
    my ($world, $program) = @_;

    require ISS::OCSP;
    my $why = ISS::OCSP->missing;
    plan skip_all => $why if $why;
    my $ocsp     = ISS::OCSP->new;
    my $listener = listener();
    my $uri      = 'http://' . address($listener);
    my $leaf     = $ocsp->certificate(
        serial  => 17,
        uri     => $uri,
        name_is => 'DNS:www.example.com'
    );
    my $revoked = $ocsp->response(of => $leaf, status => 'revoked');
    my ($responder) =
      $ocsp->responder(sub { ('200 OK', $revoked) }, $listener);
    my ($server, $port) = $ocsp->stapling_server($leaf);
    $world->{ports}{443} = $port;
    runs($world, $program);
    return;
}
