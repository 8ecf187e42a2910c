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
    SSL_reload_callback      => 'reload_callback',
    SSL_acme                 => 'acme',
    SSL_hello_callback       => 'hello_callback',
    SSL_cert_callback        => 'cert_callback',
);

my %MUST_BE_CODE = map { $_ => 1 }
  qw(SSL_passwd_cb SSL_verify_callback SSL_create_ctx_callback
  SSL_ocsp_staple_callback SSL_keylog_callback SSL_reload_callback
  SSL_hello_callback SSL_cert_callback);

sub new {
    my ($class, @args) = @_;
    croak 'the options must be a hash or a list of names and values'
      if @args % 2
      && (@args > 1 || !blessed $args[0] && ref $args[0] ne 'HASH');
    my %given = @args == 1 ? %{ $args[0] } : @args;
    my $reused = IO::Socket::SSL::Defaults::context_to_reuse(\%given);
    my $tlsa   = $given{SSL_tlsa};

    # Otherwise nothing would be verified by them.
    croak 'SSL_tlsa is for a connection, not for a context'
      if defined $tlsa && length $tlsa && caller !~ /^IO::Socket::SSL\b/;

    return $reused if $reused;
    my $server = $given{SSL_server};
    my $args   = IO::Socket::SSL::Defaults::merge(\%given, $server);

    return (bless {}, ref $class || $class)->_make($args, $server);
}

# Nothing to do, but the DESTROY of a subclass may call it.
sub DESTROY { }

# Fill a new object; the empty list if there is no context.  It may be going to
# replace that of another object.
sub _make {
    my ($self, $args, $server, $before) = @_;

    for my $option (keys %KEPT) {
        my $value = $args->{$option};
        next unless defined $value;
        croak "$option must be a code reference"
          if $MUST_BE_CODE{$option} && !IO::Socket::SSL::Defaults::is_code($value);
        $self->{ $KEPT{$option} } = $value;
    }
    _check_role($args, $server);
    croak 'SSL_acme must be a code reference or a hash'
      if defined $self->{acme}
      && ref $self->{acme} ne 'HASH'
      && !IO::Socket::SSL::Defaults::is_code($self->{acme});
    croak 'SSL_ticket_keys and SSL_ticket_keycb cannot both be given'
      if defined $args->{SSL_ticket_keys} && defined $args->{SSL_ticket_keycb};
    my $cache = $server ? undef : _session_cache($args);
    $self->{session_cache} = $cache if defined $cache;
    $self->{session_store} = $cache if _is_store($cache);
    _use_store($self, $args) if $server && defined $args->{SSL_session_cache};
    $self->{ocsp_cache} = _ocsp_cache($args->{SSL_ocsp_cache});
    IO::Socket::SSL::Defaults::add_files_of_1_77($args, $server);
    my $options = $args;
    if (blessed $args->{SSL_ticket_keys}) {
        $self->{ticket_store} = _ticket_store($args->{SSL_ticket_keys});
        $options = { %$args, SSL_ticket_keys => undef };
    }
    $self->_create($options, $server ? 1 : 0, $before) || return;
    $self->{made_of} = [$args, $server];
    return $self;
}

# Sessions in a store go through the core, not through methods of the object.
sub _is_store {
    my ($cache) = @_;

    return blessed $cache && $cache->isa('IO::Socket::SSL::Session_Store');
}

# Other objects on a server are ignored.
sub _use_store {
    my ($self, $args) = @_;
    my $store = $args->{SSL_session_cache};

    return unless _is_store($store);
    for my $option (qw(SSL_ticket_keys SSL_ticket_keycb)) {
        croak "a Session_Store and $option cannot both be given"
          if defined $args->{$option};
    }
    $self->{session_store} = $store;
    return;
}

# Keys that are not in files.
sub _ticket_store {
    my ($keys) = @_;

    croak 'SSL_ticket_keys must be files or an IO::Socket::SSL::Ticket_Keys'
      unless $keys->isa('IO::Socket::SSL::Ticket_Keys');
    return $keys;
}

sub _check_role {
    my ($args, $server) = @_;
    my @others =
      $server
      ? @IO::Socket::SSL::Defaults::CLIENT_ONLY
      : @IO::Socket::SSL::Defaults::SERVER_ONLY;

    for my $option (grep { defined $args->{$_} && length $args->{$_} } @others)
    {
        croak "$option is for " . ($server ? 'clients' : 'servers');
    }
    return;
}

# The key authorization that SSL_acme has for a name, or undef.
sub _authorization {
    my ($acme, $sock, $name) = @_;

    return ref $acme eq 'HASH'
      ? $acme->{$name}
      : IO::Socket::SSL::Choices::reply($acme, $sock, $name);
}

# ------------------------------------------------------------- reloading

# Make the context anew, with some options replaced; true, or the empty list.
sub reload {
    my ($self, @changed) = @_;
    my %changed = @changed == 1 ? %{ $changed[0] } : @changed;
    IO::Socket::SSL::Defaults::check_changes(\%changed);
    my $new = $self->_renewed(\%changed) || return;

    $self->_become($new, 1);
    return 1;
}

# An object that can replace this one, or the empty list.
sub _renewed {
    my ($self, $changed) = @_;
    my ($args, $server)  = @{ $self->{made_of} };
    my $new = (bless {}, ref $self)->_make(
        IO::Socket::SSL::Defaults::with_changes($args, $changed),
        $server, $self)
      || return;

    @$new{qw(session_cache session_store)} =
      @$self{qw(session_cache session_store)}
      if defined $self->{session_cache}
      && !grep { /^SSL_session_cache/ } keys %$changed;
    return $new;
}

sub _become {
    my ($self, $new, $counts) = @_;
    my @keys = (values %KEPT, qw(session_cache session_store ticket_store
      ocsp_cache made_of));

    delete @$self{ @keys, 'for_servers' };
    $self->{$_} = $new->{$_} for grep { exists $new->{$_} } @keys;
    $self->_replace($new, $new->{made_of}[0], $counts ? 1 : 0);
    return;
}

# A connection is about to begin, and a file has changed, or the last try failed.
# If $changed is false, a change may only have gone unnoticed.  The core counts
# on _replace or _keep being called.
sub _look_again {
    my ($self, $changed) = @_;
    my @before = ($IO::Socket::SSL::SSL_ERROR, $! + 0);
    my ($new,  $died)    = IO::Socket::SSL::_try(sub { $self->_renewed({}) });

    # An alarm of the program, for example.
    die $died    ## no critic (RequireCarping)
      if defined $died && _is_of_handler($died);
    my $error = $new ? undef : _why_not($died);
    my $tells = $new ? $changed : $self->_keep($error);

    $self->_become($new, $changed) if $new;
    ($IO::Socket::SSL::SSL_ERROR, $!) = @before;
    return if !$tells;
    if (my $callback = $self->{reload_callback}) {
        $callback->($self, $error);
    }
    elsif (defined $error) {
        carp $error;
    }
    return;
}

sub _why_not {
    my ($died) = @_;
    my $why = $IO::Socket::SSL::SSL_ERROR;

    ($why) = IO::Socket::SSL::_try(sub { "$died" }) if defined $died;
    $why = 'a callback died'                        if !defined $why;
    $why =~ s/ at \S.* line \d+\.?\n\z//s;
    $why =~ s/\s+\z//;
    $why =~
s/the private key in (.+) does not match the certificate in (.+): .*/$2 and $1 do not fit/s;
    return "SSL_reload: $why; the old certificate stays";
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
    return $self->_handle;
}

sub has_session_cache {
    my ($self) = @_;

    return defined $self->{session_cache};
}

1;
