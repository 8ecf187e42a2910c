# Contexts: one holds what connections with the same options share.  This module
# checks and stores the options that are subs or objects; the others go to the
# core (xs/SSL_Context.xsi).
package IO::Socket::SSL::SSL_Context;

use strict;
use warnings;

use Carp;
use Scalar::Util qw(blessed);

# An exception names the line of the program that called the module.
our @CARP_NOT =
  qw(IO::Socket::SSL IO::Socket::SSL::Defaults IO::Socket::IP IO::Socket);

# Options that are needed after the context has been made, and the keys that
# hold them.
my %KEPT = (
    SSL_passwd_cb           => 'passwd_cb',
    SSL_verify_callback     => 'verify_callback',
    SSL_create_ctx_callback => 'create_ctx_callback',
    SSL_verifycn_scheme     => 'verifycn_scheme',
    SSL_verifycn_name       => 'verifycn_name',
    SSL_session_key         => 'session_key',
    SSL_ticket_keycb        => 'ticket_keycb',
    SSL_ocsp_staple_callback => 'ocsp_staple_callback',
    SSL_keylog_callback      => 'keylog_callback',
);

my %MUST_BE_CODE = map { $_ => 1 }
  qw(SSL_passwd_cb SSL_verify_callback SSL_create_ctx_callback
  SSL_ocsp_staple_callback SSL_keylog_callback);

sub new {
    my ($class, @args) = @_;
    my %given = @args == 1 ? %{ $args[0] } : @args;
    my $reused = IO::Socket::SSL::Defaults::context_to_reuse(\%given);

    return $reused if $reused;
    my $server = $given{SSL_server};
    my $args   = IO::Socket::SSL::Defaults::merge(\%given, $server);
    my $self   = bless {}, ref $class || $class;
    for my $option (keys %KEPT) {
        my $value = $args->{$option};
        next unless defined $value;
        croak "$option must be a code reference"
          if $MUST_BE_CODE{$option} && !IO::Socket::SSL::Defaults::is_code($value);
        $self->{ $KEPT{$option} } = $value;
    }
    _check_role($args) if !$server;
    croak 'SSL_ticket_keys and SSL_ticket_keycb cannot both be given'
      if defined $args->{SSL_ticket_keys} && defined $args->{SSL_ticket_keycb};
    my $cache = $server ? undef : _session_cache($args);
    $self->{session_cache} = $cache if defined $cache;
    $self->{ocsp_cache} = _ocsp_cache($args->{SSL_ocsp_cache});
    IO::Socket::SSL::Defaults::add_files_of_1_77($args, $server);
    $self->_create($args, $server ? 1 : 0) || return;
    return $self;
}

sub _check_role {
    my ($args) = @_;

    for my $option (@IO::Socket::SSL::Defaults::SERVER_ONLY) {
        croak "$option is for servers" if defined $args->{$option};
    }
    return;
}

# Most clients keep no sessions and need not load Session_Cache.pm.
sub _session_cache {
    my ($args) = @_;

    return
      unless defined $IO::Socket::SSL::Session_Cache::DEFAULT
      || defined $args->{SSL_session_cache}
      || defined $args->{SSL_session_cache_size};
    return IO::Socket::SSL::Session_Cache::for_context($args);
}

sub _ocsp_cache {
    my ($cache) = @_;

    return unless defined $cache;
    croak 'SSL_ocsp_cache must be an object with get and put'
      unless blessed $cache && $cache->can('get') && $cache->can('put');
    return $cache;
}

sub _get_ctx_object {
    my ($self) = @_;

    IO::Socket::SSL::_check_exchange();
    return $self->{context};
}

sub has_session_cache {
    my ($self) = @_;

    return defined $self->{session_cache};
}

1;
