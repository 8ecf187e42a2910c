# Net::SSLeay loaded before us, after us, during a connection, or after its
# facade: one variable for debugging, and handles work at once.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use ISS::NetSSLeay ();
use ISS::Test;
use IO::Socket::SSL;
use Test::More;

plan skip_all => ISS::NetSSLeay->missing if ISS::NetSSLeay->missing;

my $file  = cert('server');
my %order = (
    'before us' => [qw(-MNet::SSLeay -MIO::Socket::SSL=debug2)],
    'after us'  => [qw(-MIO::Socket::SSL=debug2 -MNet::SSLeay)],
);

sub says {
    my ($order, $code) = @_;
    return perl_says(@{ $order{$order} }, '-we', "no warnings 'once'; $code");
}

for my $order (sort keys %order) {
    is(
        says(
            $order,
            'print \$IO::Socket::SSL::DEBUG == \$Net::SSLeay::trace ? 1 : 0'
        ),
        1,
        "$order: \$DEBUG is \$Net::SSLeay::trace"
    );
    is(says($order, 'print $IO::Socket::SSL::DEBUG, $Net::SSLeay::trace'),
        22, '... and has the level of the import');
    is(
        says(
            $order,
            '$Net::SSLeay::trace = 1; print $IO::Socket::SSL::DEBUG;'
              . '$IO::Socket::SSL::DEBUG = 0; print $Net::SSLeay::trace;'
        ),
        10,
        '... each sets both'
    );
    like(
        says(
            $order,
            '$Net::SSLeay::trace = 1; IO::Socket::SSL->new("127.0.0.1:1")'
        ),
        qr/^DEBUG: cannot connect to /,
        '... and that is what we go by'
    );
    is(
        says(
            $order,
            'use IO::Socket::SSL::Utils; $Net::SSLeay::trace = 0;'
              . "my \$cert = PEM_file2cert('$file');"
              . 'print Net::SSLeay::X509_NAME_oneline('
              . '  Net::SSLeay::X509_get_subject_name($cert));'
              . 'Net::SSLeay::X509_free($cert)'
        ),
        '/C=DE/O=IO-Socket-SSL/CN=localhost',
        '... handles are exchanged'
    );
}

is(
    perl_says(
        '-e',
        'require IO::Socket::SSL; $IO::Socket::SSL::DEBUG = 3;'
          . 'require Net::SSLeay; print $IO::Socket::SSL::DEBUG'
    ),
    3,
    'a level that was set before Net::SSLeay was loaded stays'
);
is(
    perl_says(
        '-e',
        'require Net::SSLeay; $Net::SSLeay::trace = 3;'
          . 'require IO::Socket::SSL; print $IO::Socket::SSL::DEBUG'
    ),
    3,
    'likewise where it was loaded before us'
);

# Loaded during a connection: its context, its handshake and its handles are
# older.
my $ca = cert('ca');
my ($server, $address) =
  tls_server(sub { my ($sock) = @_; print $sock "hello\n" });
my $CONNECT = <<"CODE";
use strict;
use warnings;
use IO::Socket::SSL;
my \$subject = '';
my \$sock = IO::Socket::SSL->new(
    PeerAddr            => '$address',
    SSL_ca_file         => '$ca',
    SSL_verifycn_name   => 'localhost',
    SSL_verify_callback => sub {
        LOAD;
        \$subject = Net::SSLeay::X509_NAME_oneline(
            Net::SSLeay::X509_get_subject_name(\$_[4]));
        return \$_[0];
    }
) or die \$SSL_ERROR;
require Net::SSLeay;
print Net::SSLeay::CTX_get_verify_mode(\$sock->_get_ctx_object), ' ';
print Net::SSLeay::get_cipher(\$sock->_get_ssl_object) eq \$sock->get_cipher;
print " \$subject ", scalar <\$sock>;
CODE
is(perl_says('-e', $CONNECT =~ s/LOAD/return \$_[0]/r),
    "1 1  hello\n", 'a connection without Net::SSLeay');
is(
    perl_says('-e', $CONNECT =~ s/LOAD/require Net::SSLeay/r),
    "1 1 /C=DE/O=IO-Socket-SSL/CN=localhost hello\n",
    'it is loaded in a verify callback'
);

# HTTP::Tiny's facade is replaced by the real module.
SKIP: {
    skip 'no HTTP::Tiny', 2 if !eval { require HTTP::Tiny; 1 };
    my $shown = 'print "$Net::SSLeay::VERSION ",'
      . '$INC{"Net/SSLeay.pm"} ? "real" : "facade", "\n";';
    like(
        perl_says('-MHTTP::Tiny', '-e', "HTTP::Tiny->can_ssl; $shown"),
        qr/^[\d._]+ real$/,
        'HTTP::Tiny takes the real one'
    );
    is(
        perl_says(
            '-MHTTP::Tiny',
            '-e',
            '{ local @INC = grep { ref || !-e "$_/Net/SSLeay.pm" } @INC;'
              . "print HTTP::Tiny->can_ssl ? '' : 'cannot'; $shown }"
              . 'require Net::SSLeay;'
              . 'print Net::SSLeay::CTX_get_verify_mode('
              . '  IO::Socket::SSL::SSL_Context->new->_get_ctx_object)'
        ),
        "1.49 facade\n1",
        '... and one that comes after the facade is good for all'
    );
}

done_testing;
