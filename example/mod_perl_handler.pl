# A handler of mod_perl that fetches a page over TLS.  In the configuration of
# Apache:
#
#   PerlSetEnv BACKEND www.example.com:443
#   PerlPostConfigRequire /path/to/mod_perl_handler.pl
#   <Location /page>
#       SetHandler perl-script
#       PerlResponseHandler My::Handler
#   </Location>
#
# This file is read once, before Apache starts its children, so they share the
# context: the CAs are read once, and each child resumes its sessions.
package My::Handler;    ## no critic (RequireFilenameMatchesPackage)

use strict;
use warnings;

use Apache2::Const -compile => qw(OK HTTP_BAD_GATEWAY);
use Apache2::RequestIO  ();
use Apache2::RequestRec ();
use IO::Socket::SSL;

my $context = IO::Socket::SSL::SSL_Context->new(SSL_session_cache_size => 10)
  or die "no context: $SSL_ERROR\n";

sub handler {
    my ($request) = @_;

    my $backend = $ENV{BACKEND} || 'www.example.com:443';
    my $server  = IO::Socket::SSL->new(
        PeerAddr      => $backend,
        Timeout       => 10,
        SSL_deadline  => 30,
        SSL_reuse_ctx => $context,
    );
    if (!$server) {
        warn "no connection to $backend: $@\n";
        return Apache2::Const::HTTP_BAD_GATEWAY();
    }
    print {$server} "GET / HTTP/1.0\r\nHost: $backend\r\n\r\n";
    my ($head, $body) = split /\r\n\r\n/, join('', <$server>), 2;
    $server->close;

    $request->content_type('text/plain');
    $request->print(defined $body ? $body : '');
    return Apache2::Const::OK();
}

1;
