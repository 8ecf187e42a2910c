# The value of an option that a call does not give: built-in defaults, those
# that the program has set, those of the manual of 1.77.  Also the defaults that
# are not options: the context, the CAs.
package IO::Socket::SSL::Defaults;

use strict;
use warnings;

use Carp;
use Scalar::Util qw(blessed reftype);

our @CARP_NOT =
  qw(IO::Socket::SSL IO::Socket::SSL::SSL_Context IO::Socket::IP IO::Socket);

our $AS_IN_1_77 = 0;

my (%for_all, %for_client, %for_server);
my $filter;    # from set_args_filter_hack
my $default_context;

# Short names of options for set_defaults and the like.
my %SHORT = (
    mode     => 'SSL_verify_mode',
    callback => 'SSL_verify_callback',
    scheme   => 'SSL_verifycn_scheme',
    name     => 'SSL_verifycn_name',
);

# The defaults of 1.77: values, and files that are used if they exist.
my %OLD_VALUES = (
    SSL_version            => 'SSLv23:!SSLv2',
    SSL_verify_mode        => 0,
    SSL_cipher_list        => 'ALL:!LOW',
    SSL_honor_cipher_order => 0,
    SSL_dh                 => undef,
);
my %OLD_SERVER_FILES = (
    SSL_cert_file => 'certs/server-cert.pem',
    SSL_key_file  => 'certs/server-key.pem',
);
my %OLD_CLIENT_FILES = (
    SSL_cert_file => 'certs/client-cert.pem',
    SSL_key_file  => 'certs/client-key.pem',
);

sub as_in_1_77 {
    $AS_IN_1_77 = 1;
    return;
}

# The file that SSLKEYLOGFILE names becomes the default of SSL_keylog_file.
sub log_keys {
    my $file = $ENV{SSLKEYLOGFILE};

    return if !defined $file || !length $file;
    if (IO::Socket::SSL::SSL_Context::_must_not_log_keys()) {
        carp 'SSLKEYLOGFILE is ignored: '
          . 'no key log under setuid, setgid or taint';
        return;
    }
    $for_all{SSL_keylog_file} = $file;
    return;
}

# All options, also those of only one side or of close.
# The values are bits of xs/defaults.h, some of which are added below.
my %MEANING = map { ("SSL_$_" => 1) } qw(
  acme alpn_protocols ca ca_file ca_path cert cert_callback cert_file
  check_crl cipher_list ciphersuites client_ca client_ca_file
  create_ctx_callback crl_check_all crl_file ctx_free dane_ee_name deadline dh
  dh_file ecdh_curve error_trap fast_shutdown fingerprint force_fingerprint
  handshake_report handshake_timeout hello_callback honor_cipher_order
  hostname io_timeout keepSocketOnError key key_cache key_file keylog_callback
  keylog_file mode_release_buffers no_shutdown nodelay npn_protocols
  num_tickets ocsp_cache ocsp_mode ocsp_staple_callback on_peer_shutdown
  passwd_cb provider psk reload reload_callback reuse_ctx server session
  session_cache session_cache_size session_id_context session_key
  session_timeout startHandshake strict_eof ticket_keycb ticket_keys tlsa
  use_cert usebio verify_callback verify_mode verify_strict verifycn_name
  verifycn_publicsuffix verifycn_scheme version
);

# Options that take a sub, an object, a handle, a file, a list, or the name of a
# host or scheme: '' and 0 mean "not given".
$MEANING{"SSL_$_"} |= 2 for qw(
  ca client_ca cert key dh verifycn_scheme verify_callback passwd_cb
  create_ctx_callback ocsp_staple_callback keylog_callback ocsp_cache
  session session_cache ticket_keycb ticket_keys ciphersuites alpn_protocols npn_protocols cert_file
  key_file ca_file ca_path client_ca_file crl_file dh_file fingerprint verifycn_name
  keylog_file reload_callback acme hello_callback cert_callback
);

# SSL_hostname => '' turns SNI off, and SSL_verifycn_publicsuffix => '' the
# suffixes, so for them only 0 means that.
$MEANING{"SSL_$_"} |= 4 for qw(hostname verifycn_publicsuffix);

# Options that the other side may not be given; a default of them is ignored there.
our @SERVER_ONLY = qw(SSL_ticket_keys SSL_num_tickets SSL_acme
  SSL_hello_callback);
our @CLIENT_ONLY =
  qw(SSL_cert_callback SSL_session SSL_tlsa SSL_dane_ee_name);
$MEANING{$_} |= 8  for @SERVER_ONLY;
$MEANING{$_} |= 16 for @CLIENT_ONLY;

# Nothing fails for an option with an unknown name, but it may be a mistake.
sub _check_names {
    my ($args) = @_;
    return _warn_of(_unknown_options($args, \%MEANING));
}

# The same where there are no arguments of other modules.
sub check_changes {
    my ($changed) = @_;
    return _warn_of(grep { !$MEANING{$_} } keys %$changed);
}

sub _warn_of {
    my (@unknown) = @_;

    return if !@unknown;
    { local ($@, $!); require IO::Socket::SSL::Spelling }
    return IO::Socket::SSL::Spelling::warn_of([keys %MEANING], @unknown);
}

# Change the arguments of a call, a hash of our own, by the filter and all
# defaults.  Arguments that have been merged before are copied instead, without
# what add_built_in added: it belongs to the role that they had then.
sub merge {
    my ($args, $server) = @_;

    return _without_built_in(%$args) if $args->{_SSL_merged};
    _check_names($args);
    if ($filter) {
        $filter->($server ? 1 : 0, $args);
        $args = { %{ $args || {} } };    # it may have been tied, or replaced
    }
    _merge_into($args, \%MEANING, $server,
        $server ? \%for_server : \%for_client,
        \%for_all, $AS_IN_1_77 ? \%OLD_VALUES : ());
    $args->{_SSL_merged} = {};
    return $args;
}

sub _without_built_in {
    my (%args) = @_;
    my $added = $args{_SSL_merged};

    delete @args{
        grep { defined $args{$_} && $args{$_} eq $added->{$_} }
          keys %$added
    };
    $args{_SSL_merged} = {};
    return \%args;
}

# The arguments of a context with some of them replaced, as a new hash.
sub with_changes {
    my ($args, $changed) = @_;
    my %new   = (%{ _without_built_in(%$args) }, %$changed);
    my %given = %$changed;

    _remove_not_given(\%given, \%MEANING, 0);
    delete @new{
        grep { defined $changed->{$_} && !exists $given{$_} }
          keys %$changed
    };
    return \%new;
}

my %BUILT_IN;
my %ADDED;    # what add_built_in adds: sockets share these hashes
my @BUILT_IN = qw(SSL_cert SSL_cert_file SSL_check_crl SSL_cipher_list
  SSL_honor_cipher_order SSL_keepSocketOnError SSL_use_cert SSL_verify_mode
  SSL_version);

# Show programs that look into a socket's arguments the values that are in
# force under its context.  They are noted, so that merge can remove them.
sub add_built_in {
    my ($args, $server, $ctx) = @_;
    my $role = $server ? 1 : 0;
    $args ||= {};    # of a socket that was closed
    my $given = _which_are_defined($args, \@BUILT_IN);
    my $value = $ADDED{"$role $given $ctx->{verify_mode}"} ||=
      _built_in($args, $server, $ctx);

    _add_defaults($args, \%MEANING, $role, $value);
    $args->{_SSL_merged} = $value;
    return;
}

sub _built_in {
    my ($args, $server, $ctx) = @_;
    my $cert =
      $server || grep({ defined $args->{$_} } qw(SSL_cert SSL_cert_file))
      ? 1
      : 0;

    %BUILT_IN = (
        SSL_check_crl   => 0,
        SSL_cipher_list => IO::Socket::SSL::SSL_Context::_default_ciphers(),
        SSL_keepSocketOnError => 0,
        SSL_version => IO::Socket::SSL::SSL_Context::_default_version(),
    ) if !%BUILT_IN;
    my %value = (
        %BUILT_IN,
        SSL_use_cert    => $cert,
        SSL_verify_mode => $ctx->{verify_mode}
    );
    $value{SSL_honor_cipher_order} = 1 if $server;
    delete @value{ grep { defined $args->{$_} } keys %value };
    return \%value;
}

# Is it a sub, blessed or not, or an object that can be called as one?
sub is_code {
    my ($value) = @_;

    return 1 if (reftype($value) || '') eq 'CODE';
    return unless blessed($value);
    require overload;
    return defined overload::Method($value, '&{}');
}

# Subs that belong to a connection, not to its context.
my @SUBS = qw(SSL_error_trap SSL_on_peer_shutdown);

sub _is_pair {
    my ($value) = @_;

    return 1
      if ref $value eq 'ARRAY' && @$value == 2 && 2 == grep { defined }
      @$value;
    croak 'SSL_session must be an array of bytes and their secret';
}

sub _check_session {
    my ($bytes, $secret) = @_;

    for ($bytes, $secret) {
        utf8::downgrade(my $copy = "$_", 1)
          or croak 'SSL_session must be bytes; it has wide characters';
    }
    croak 'the secret of SSL_session must have 32 bytes or more, not '
      . length $secret
      if length $secret < 32;
    return;
}

sub check_subs {
    my ($args) = @_;

    for my $option (grep { $args->{$_} && !is_code($args->{$_}) } @SUBS) {
        croak "$option must be a code reference";
    }
    _check_session(@{ $args->{SSL_session} })
      if $args->{SSL_session} && _is_pair($args->{SSL_session});
    return;
}

# Say it when a listener is made that no client can reach.
sub check_listener {
    my ($args, $ctx) = @_;
    my $start = $args->{SSL_startHandshake};

    return if defined $start && !$start;
    return if grep { $args->{$_} } qw(SSL_acme SSL_hello_callback);
    carp 'this server has no certificate (SSL_cert_file or SSL_cert), so no'
      . ' client can connect'
      if $ctx->_shows_nothing;
    return;
}

# The files that nobody named.  In 1.77 they were looked for.
sub add_files_of_1_77 {
    my ($args, $server) = @_;
    my $files = $server ? \%OLD_SERVER_FILES : \%OLD_CLIENT_FILES;

    return unless $AS_IN_1_77;
    $args->{SSL_ca_file} = 'certs/my-ca.pem'
      if !exists $args->{SSL_ca_file} && -f 'certs/my-ca.pem';
    $args->{SSL_ca_path} = 'ca/'
      if !exists $args->{SSL_ca_path} && -d 'ca';
    return unless $server || $args->{SSL_use_cert};
    for my $option (keys %$files) {
        (my $handle = $option) =~ s/_file$//;
        $args->{$option} = $files->{$option}
          unless defined $args->{$option} || defined $args->{$handle};
    }
    return;
}

# ------------------------------------------------- set by the program

sub _as_hash {
    my %args = @_ == 1 ? %{ $_[0] } : @_;

    if (  !defined $args{name}
        && ref $args{scheme} eq 'HASH'
        && $args{scheme}{callback})
    {
        $args{name} = 'unknown';
    }
    return map {
        my $key = $SHORT{$_} || (/^SSL_/ ? $_ : "SSL_$_");
        ($key => $args{$_})
    } keys %args;
}

sub _set {
    my ($into, @args) = @_;
    my %new = _as_hash(@args);

    _check_names(\%new);
    for my $key (keys %new) {
        if (defined $new{$key}) {
            $into->{$key} = $new{$key};
        }
        else {
            delete $into->{$key};
        }
    }
    return;
}

sub set_defaults        { return _set(\%for_all,    @_) }
sub set_client_defaults { return _set(\%for_client, @_) }
sub set_server_defaults { return _set(\%for_server, @_) }

# The options that 'use_defaults' removes from the arguments of a call, besides
# those that the program has set a default for.
my @SANE =
  qw(SSL_version SSL_cipher_list SSL_ciphersuites SSL_honor_cipher_order
  SSL_verify_mode SSL_verify_callback SSL_verifycn_scheme SSL_ca_file
  SSL_ca_path);

sub _use_defaults {
    my ($server, $args) = @_;

    delete @$args{
        @SANE,
        keys %for_all,
        keys %{ $server ? \%for_server : \%for_client }
    };
    return;
}

sub set_args_filter_hack {
    my ($code) = @_;

    croak q(set_args_filter_hack needs a code reference or 'use_defaults')
      if defined $code && ref $code ne 'CODE' && $code ne 'use_defaults';
    $filter = defined $code && !ref $code ? \&_use_defaults : $code;
    return;
}

# ------------------------------------------------------- contexts, CAs

sub _context_of {
    my ($thing) = @_;

    return $thing
      if blessed $thing && $thing->isa('IO::Socket::SSL::SSL_Context');
    return ${*$thing}{_SSL_ctx}
      if blessed $thing && $thing->isa('IO::Socket::SSL');
    return;
}

sub set_default_context {
    my ($thing) = @_;

    $default_context = defined $thing ? _context_of($thing) : undef;
    return;
}

# A false value names no context.
sub _names_one {
    my ($thing) = @_;
    return ref $thing || $thing;
}

# The context in SSL_reuse_ctx, or undef if there is none.
sub context_to_reuse {
    my ($args) = @_;
    my $thing = $args->{SSL_reuse_ctx};

    return unless _names_one($thing);
    return _context_of($thing)
      || croak 'SSL_reuse_ctx: invalid context to reuse';
}

# The same of a socket, which may also use the program's default.
sub context_of_socket {
    my ($args, $server) = @_;

    return
         context_to_reuse($args)
      || $default_context
      || IO::Socket::SSL::SSL_Context->new(%$args, SSL_server => $server);
}

# Sets defaults, unless no context can be made of them.
sub context_init {
    my %args = _as_hash(@_);
    my $ctx  = IO::Socket::SSL::SSL_Context->new(%args) || return;

    set_defaults(%args);
    return $ctx;
}

my $ca;    # the CAs that were found or set: a hash of options

sub _ca_from {
    return {@_} if @_ != 1;
    my ($path) = @_;
    return unless $path;    # forget what was set or found
    return { SSL_ca_path => $path } if ref $path eq 'ARRAY' || -d $path;
    croak "default_ca: $path: $!"   if !-e $path;
    return { SSL_ca_file => $path };
}

sub _find_ca {
    my %found = IO::Socket::SSL::_find_default_ca();

    local ($@, $!, $SIG{__DIE__});
    if (!%found && eval { require Mozilla::CA; 1 }) {
        $found{SSL_ca_file} = Mozilla::CA::SSL_ca_file();
    }
    return \%found;
}

# What is not found now may be there the next time.
sub default_ca {
    $ca = scalar _ca_from(@_) if @_;
    my $found = $ca || _find_ca();
    $ca = $found if %$found;
    return %$found;
}

1;
