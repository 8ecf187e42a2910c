# HTTP::Tiny and the driver of MongoDB can do TLS without Net::SSLeay: we provide
# the functions that they need to them alone.  A real Net::SSLeay takes
# precedence; a switch turns this off.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use File::Path qw(mkpath);
use File::Temp qw(tempdir);
use HTTP::Tiny;
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

# Hides an installed Net::SSLeay.
my $NONE = q(@INC = grep { !ref && !-e "$_/Net/SSLeay.pm" } @INC; );
my $CAN  = 'print HTTP::Tiny->can_ssl ? "can" : "cannot";';

my ($server, $address) = tls_server(
    sub {
        my ($sock) = @_;
        my $line = '';
        $line = <$sock> until $line =~ /^\r?$/;
        print $sock "HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\nhello\n";
    }
);
my $url = "https://$address/";
my $ca  = cert('ca');
my $GET = <<"CODE";
my \$reply = HTTP::Tiny->new(
    verify_SSL  => 1,
    timeout     => 20,
    SSL_options => { SSL_ca_file => '$ca', SSL_verifycn_name => 'localhost' }
)->get('$url');
print \$reply->{content};
CODE

sub tiny_says {
    my ($code) = @_;
    return perl_says('-we', "$NONE use HTTP::Tiny; $code");
}

is(tiny_says($GET), "hello\n", 'https without Net::SSLeay');
is(tiny_says("$CAN print exists \$INC{'Net/SSLeay.pm'} ? 1 : 0"),
    'can0', '%INC does not have Net::SSLeay');
like(
    tiny_says("$CAN eval { require Net::SSLeay; 1 } or print \$@"),
    qr{^canCan't locate Net/SSLeay\.pm in \@INC},
    'other code gets nothing'
);
is(tiny_says("$GET print HTTP::Tiny->can_ssl && \$Net::SSLeay::VERSION"),
    "hello\n1.49", 'a second check works, too');

# The switch, set before and after.
my $OFF = 'no warnings "once";' . '$IO::Socket::SSL::Facade::OFF = 1;';
is(tiny_says("$OFF $CAN"),      'cannot',    'it can be turned off');
is(tiny_says("$CAN $OFF $CAN"), 'cancannot', '... later, too');

# Handles still work with HTTP::Tiny's functions provided.
is(
    tiny_says(
            "$CAN "
          . 'my $ctx = IO::Socket::SSL::SSL_Context->new;'
          . 'print $ctx->_get_ctx_object == $ctx->{context} ? 1 : 0;'
          . 'use IO::Socket::SSL::Utils;'
          . "my \$cert = PEM_file2cert('$ca');"
          . 'print $cert ? 1 : 0; CERT_free($cert)'
    ),
    'can11',
    'they do not count as a Net::SSLeay of another OpenSSL'
);

# MongoDB: a package that connects in its way.
my $MONGO = <<"CODE";
package MongoDB::_Link;
use strict;
use warnings;
sub connects {
    require IO::Socket::SSL;
    IO::Socket::SSL->VERSION(1.42);
    require Net::SSLeay;
    Net::SSLeay->VERSION(1.49);
    Net::SSLeay::OPENSSL_VERSION_NUMBER() >= 0x10101000 or die;
    my \$sock = IO::Socket::INET->new(PeerAddr => '$address') or die;
    my \%options = (
        SSL_ca_file             => '$ca',
        SSL_hostname            => 'localhost',
        SSL_verifycn_name       => 'localhost',
        SSL_verify_mode         => 1,
        SSL_OP_NO_RENEGOTIATION => Net::SSLeay::OP_NO_RENEGOTIATION(),
        SSL_create_ctx_callback => sub {
            Net::SSLeay::CTX_set_mode(\$_[0], Net::SSLeay::MODE_AUTO_RETRY());
        }
    );
    IO::Socket::SSL->start_SSL(\$sock, \%options)
      or die IO::Socket::SSL->errstr;
    print \$sock "\n";
    return join '', <\$sock>;
}
package main;
CODE

sub mongo_says {
    my ($code) = @_;
    return perl_says('-we', "$NONE $MONGO $code");
}

like(mongo_says('print MongoDB::_Link::connects()'),
    qr/\AHTTP.*^hello\n\z/ms, 'MongoDB connects without Net::SSLeay');
like(
    mongo_says(
        'MongoDB::_Link::connects(); print exists $INC{"Net/SSLeay.pm"} ? 1 : 0;'
          . 'eval { require Net::SSLeay; 1 } or print $@'
    ),
    qr{\A0Can't locate Net/SSLeay\.pm in \@INC},
    '... and other code gets nothing'
);

# A real Net::SSLeay, loaded first or later.
my $dir = tempdir(CLEANUP => 1);
mkpath("$dir/Net");
open(my $out, '>', "$dir/Net/SSLeay.pm") or die $!;
print $out <<'CODE';
package Net::SSLeay;
use strict;
no warnings 'redefine';
our $VERSION = '1.92';
our $set = 0;
sub SSLeay { IO::Socket::SSL::_openssl_version_number() }
sub OPENSSL_VERSION_NUMBER { SSLeay() }
sub CTX_set_mode { $set++; IO::Socket::SSL::_ctx_set_mode(@_) }
sub MODE_AUTO_RETRY () { 4 }
1;
CODE
close $out or die $!;

my $SHOWN = "unshift \@INC, '$dir';";
my $SET =
'no warnings "once"; print $Net::SSLeay::set, $INC{"Net/SSLeay.pm"} ? "real" : ""';
is(tiny_says("$SHOWN $GET $SET"),
    "hello\n1real", 'a real one takes precedence');
is(tiny_says("require IO::Socket::SSL; $SHOWN $GET $SET"),
    "hello\n1real", '... also if we are loaded first');
is(tiny_says("$CAN $SHOWN { no warnings; require Net::SSLeay } $GET $SET"),
    "canhello\n1real", '... also if it is loaded later');

done_testing;
