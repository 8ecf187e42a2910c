# The socket class: loads the other modules and makes a TLS connection behave as
# an IO::Socket (new, connect, accept, close).  Methods that read and write are
# in SSL.xs; TLS itself is in src/.
package IO::Socket::SSL;

use strict;
use warnings;

use Carp;
use Errno qw(EBADF ECANCELED ETIMEDOUT);
use IO::Socket;
use Scalar::Util qw(blessed);

our $VERSION = '3.000';

warnings::register_categories(__PACKAGE__);

our ($SSL_ERROR, $DEBUG);
*ERROR = \$SSL_ERROR;
{
    no warnings 'once';
    *DEBUG = \$Net::SSLeay::trace;   # one variable, whichever is loaded first
}
$DEBUG ||= 0;

require XSLoader;
XSLoader::load(__PACKAGE__, $VERSION);

use IO::Socket::SSL::Base;
use IO::Socket::SSL::Constants qw(:DEFAULT SSL_LATER);
use IO::Socket::SSL::Defaults;
use IO::Socket::SSL::Handshake;
use IO::Socket::SSL::Interop;
use IO::Socket::SSL::SSL_Context;
use IO::Socket::SSL::SSL_HANDLE;
use IO::Socket::SSL::Upgrade;

our @CARP_NOT = qw(IO::Socket::SSL::SSL_Context IO::Socket::SSL::Defaults
  IO::Socket::SSL::Handshake IO::Socket);
our @ISA    = (IO::Socket::SSL::Base::choose());
our @EXPORT = (@IO::Socket::SSL::Constants::EXPORT, '$SSL_ERROR');
our @EXPORT_OK = @IO::Socket::SSL::Constants::EXPORT_OK;

# Modules that few programs need.  Each is loaded by the first call of one of
# these subs, which it then replaces by its own.
my @OLD = qw(error fatal_ssl_error get_peer_certificate get_ssleay_error
  idn_to_ascii idn_to_unicode init issuer_name kill_socket socketToSSL
  socket_to_SSL subject_name);
my @PUMP =
  qw(close_handle descriptor new_socket pending_in read_from write_to);
my %ON_DEMAND = (
    Abilities     => [qw(can_do)],
    Choices       => [qw(answer certificate context reply)],
    Deprecated    => \@OLD,
    Facade        => [qw(call offer)],
    OCSP_Cache    => [qw(new _keep_answer)],
    OCSP_Resolver => [qw(new)],
    Pump          => \@PUMP,
    Session_Store => [qw(new _add _get _put _take)],
    Ticket_Keys   => [qw(new)],
    Session_Cache => [qw(for_context new set_default_session_cache)],
);

for my $module (keys %ON_DEMAND) {
    my $file = "IO/Socket/SSL/$module.pm";

    for my $sub (@{ $ON_DEMAND{$module} }) {
        my $name = __PACKAGE__ . "::${module}::$sub";
        no strict 'refs';    ## no critic (ProhibitNoStrict)
        *$name = sub {
            { local ($@, $!); require $file }
            goto &$name;
          }
          unless $INC{$file};
    }
}

# Methods of this class that other modules define.
*answer               = \&IO::Socket::SSL::Choices::answer;
*can_do               = \&IO::Socket::SSL::Abilities::can_do;
*can_ipv6             = \&IO::Socket::SSL::Base::can_ipv6;
*context_init         = \&IO::Socket::SSL::Defaults::context_init;
*default_ca           = \&IO::Socket::SSL::Defaults::default_ca;
*set_args_filter_hack = \&IO::Socket::SSL::Defaults::set_args_filter_hack;
*set_client_defaults  = \&IO::Socket::SSL::Defaults::set_client_defaults;
*set_ctx_defaults     = \&IO::Socket::SSL::Defaults::set_defaults;
*set_default_context  = \&IO::Socket::SSL::Defaults::set_default_context;
*set_default_session_cache =
  \&IO::Socket::SSL::Session_Cache::set_default_session_cache;
*set_defaults        = \&IO::Socket::SSL::Defaults::set_defaults;
*set_server_defaults = \&IO::Socket::SSL::Defaults::set_server_defaults;
*start_SSL           = \&IO::Socket::SSL::Upgrade::start_SSL;
*stop_SSL            = \&IO::Socket::SSL::Upgrade::stop_SSL;
{
    no strict 'refs';    ## no critic (ProhibitNoStrict)
    *$_ = \&{"IO::Socket::SSL::Deprecated::$_"} for @OLD;
}

my %ON_IMPORT = (
    inet4            => sub { @ISA = (IO::Socket::SSL::Base::use_inet4()) },
    inet6            => sub { @ISA = (IO::Socket::SSL::Base::use_inet6()) },
    keylog           => sub { IO::Socket::SSL::Defaults::log_keys() },
    ':defaults-1.77' => sub { IO::Socket::SSL::Defaults::as_in_1_77() },
);

sub import {
    my $class = shift;
    my @names;

    for my $word (@_) {
        if (my $do = $ON_IMPORT{ $word =~ /^INET[46]$/ ? lc $word : $word }) {
            $do->();
        }
        elsif ($word =~ /^:?debug(\d+)$/) {
            $DEBUG = $1;
        }
        else {
            push @names, $word;
        }
    }
    @_ = ($class, @names);
    goto &Exporter::import;    # which blames the caller's line
}

# What was counted in this process.
sub stats { return IO::Socket::SSL::SSL_Context::_stats_of_process() }

# ---------------------------------------------------------------- making

sub configure {
    my ($self, $args) = @_;
    $args = {} if !defined $args;
    _limit(${*$self}{io_socket_timeout});    # dies if it is not a number
    my $base     = IO::Socket::SSL::Defaults::_without_options(\%$args);
    my $blocking = delete $base->{Blocking};

    $self->configure_SSL($args) || return $self->_failed;
    $base->{Blocking} = $blocking
      if exists $args->{Blocking} && defined $args->{Listen};
    IO::Socket::SSL::Base::adapt($base);
    my ($done, $why) = do {
        local $@ = '';
        (scalar $self->SUPER::configure($base), $@);
    };
    if (!$done) {
        my $errno = $! + 0;
        $why = "$!" if !length $why;
        $why =~ s/^\Q@{[ref $self]}\E: //;    # IO::Socket::INET begins so
        $self->_set_error(
            IO::Socket::SSL::Base::attempt($base) . ": $why", $errno)
          if !$SSL_ERROR;
        return $self->_failed;
    }
    $self->blocking(0)
      if defined $blocking && !$blocking && !defined $args->{Listen};
    return $self;
}

# Set $@, where callers of new also look for the error; the empty list.
sub _failed {
    my ($self) = @_;

    $@ = "$SSL_ERROR" if $SSL_ERROR;
    return;
}

sub configure_SSL {
    my ($self, $given) = @_;
    my %args = %$given;
    my $hash = \%{*$self};

    _debug(2, 'configure_SSL') if $DEBUG;
    my $listens = defined $args{Listen};
    $args{SSL_server} = $listens ? 1 : 0 unless defined $args{SSL_server};
    my $merged = IO::Socket::SSL::Defaults::merge(\%args, $args{SSL_server});
    IO::Socket::SSL::Defaults::check_subs($merged);
    delete $merged->{SSL_usebio} unless $hash->{_SSL_bio_handle};
    $hash->{_SSL_arguments} = $merged;
    $hash->{_SSL_opened}    = 0;
    $SSL_ERROR = '';
    delete @$hash{qw(_SSL_ctx _SSL_made_for _SSL_until)};
    $hash->{_SSL_until} = _from_now('SSL_deadline', $merged->{SSL_deadline})
      if defined $merged->{SSL_deadline}
      && length $merged->{SSL_deadline}
      && !$listens;

    # With nothing but a Timeout, IO::Socket::accept makes a socket that gets
    # its listener's context.  For all others the context is made now, so that
    # mistakes are found before anything is connected or sent.
    return $self if keys %$given == exists $given->{Timeout};
    my $ctx = $self->_context($merged->{SSL_server}) || return;
    if ($listens) {
        $hash->{_SSL_opened} = 1;
        IO::Socket::SSL::Defaults::check_listener($merged, $ctx);
    }
    return $self;
}

# The context of this socket: the one it has, or a new one for this role.  One
# that was made here for the other role is replaced.
sub _context {
    my ($self, $server) = @_;
    my $hash     = \%{*$self};
    my $made_for = $hash->{_SSL_made_for};

    delete $hash->{_SSL_ctx}
      if defined $made_for && !$made_for ne !$server;
    return $hash->{_SSL_ctx} if $hash->{_SSL_ctx};
    my $args = $hash->{_SSL_arguments};
    my $ctx  = IO::Socket::SSL::Defaults::context_of_socket($args, $server)
      || return;
    return _set_error($self, 'a callback stopped TLS on this socket',
        ECANCELED)
      if IO::Socket::SSL::Handshake::was_ended($self, $args);
    IO::Socket::SSL::Defaults::add_built_in($args, $server, $ctx);
    $hash->{_SSL_made_for} = $server ? 1 : 0;
    return $hash->{_SSL_ctx} = $ctx;
}

sub new_from_fd {
    my ($class, $fd, @args) = @_;

    # IO::Handle takes a mode here, which a socket does not need.
    shift @args if @args % 2;
    my %args   = @args;
    my $handle = $ISA[0]->new_from_fd($fd, '+<')
      || return $class->_base_failed('open');
    return $class->start_SSL($handle, SSL_keepSocketOnError => 0, %args);
}

# ------------------------------------------------- connecting, accepting

sub connect {
    my $self = shift;
    my $hash = \%{*$self};

    return $self if $self->_is_open;
    if (!$hash->{_SSL_opening}) {
        my $seconds = _limit($hash->{io_socket_timeout});
        $seconds = $self->_before_deadline($seconds) || return
          if defined $hash->{_SSL_until};
        local $hash->{io_socket_timeout} = $seconds;
        $self->SUPER::connect(@_)
          || return $self->_base_failed('connect', @_);
    }
    my $start  = $hash->{_SSL_arguments}{SSL_startHandshake};
    my $server = $hash->{_SSL_arguments}{SSL_server};
    return $self if defined $start && !$start;
    return IO::Socket::SSL::Handshake::begin_lazily($self, $server ? 1 : 0)
      if defined $start && $start eq 'lazy';

    # Perl has left ENOTTY or ESPIPE there.  If connect_SSL fails and $! is 0,
    # IO::Socket::IP does not try the host's other addresses: the certificate,
    # for example, would be no better there.
    $! = 0;
    return ($server ? $self->accept_SSL : $self->connect_SSL) || ();
}

# A Timeout in seconds, or undef if there is no limit, which programs also
# write as 0 or ''.  Of "30s" the number counts, as for Perl.
sub _limit {
    my ($seconds) = @_;

    return if !defined $seconds || !length $seconds;
    if (!Scalar::Util::looks_like_number($seconds) || $seconds != $seconds) {
        my ($number) = $seconds =~ /^\s*([-+]?(?:\d+\.?\d*|\.\d+))/
          or croak sprintf
          "Timeout must be a number of seconds, not '%.60s'", $seconds;
        $seconds = $number;
    }
    return $seconds != 0 ? $seconds : undef;
}

# How long connecting may take under SSL_deadline and this limit (undef: none);
# the empty list if that is over.
sub _before_deadline {
    my ($self, $seconds) = @_;
    my $left = _seconds_left(${*$self}{_SSL_until});

    return defined $seconds && $seconds < $left ? $seconds : $left
      if $left > 0;
    return $self->_set_error('connect: the deadline is over', ETIMEDOUT);
}

# A method of the base class failed, before TLS began; the empty list.
sub _base_failed {
    my ($self, $what, @address) = @_;
    my $errno = $! + 0;
    my $to    = @address == 1 ? IO::Socket::SSL::Base::digits(@address) : '';

    $! = $errno;
    _tell_error($self, "cannot $what$to: $!", $errno);
    return;
}

sub accept {
    my ($self, $class) = @_;
    my $hash = \%{*$self};
    my ($socket, $peer) = do {
        local $hash->{io_socket_timeout} = _limit($hash->{io_socket_timeout});
        $self->SUPER::accept($class || __PACKAGE__);
    };

    return $self->_base_failed('accept') if !$socket;
    $socket->blocking(1) unless $self->blocking;    # BSD inherits the mode
    if ($socket->isa(__PACKAGE__)) {
        $self->_lend_to($socket);
        my $start = $hash->{_SSL_arguments}{SSL_startHandshake};
        $! = 0;
        return
          if defined $start && $start eq 'lazy'
          ? !IO::Socket::SSL::Handshake::begin_lazily($socket, 1)
          : (!defined $start || $start) && !$self->accept_SSL($socket);
    }
    return wantarray ? ($socket, $peer) : $socket;
}

# Give an accepted socket its listener's arguments and context.  accept_SSL
# does it for sockets that accept did not make.
sub _lend_to {
    my ($self, $socket) = @_;
    my ($ours, $theirs) = (\%{*$self}, \%{*$socket});

    $theirs->{_SSL_arguments} = { %{ $ours->{_SSL_arguments} || {} } };
    $theirs->{_SSL_ctx}       = $ours->{_SSL_ctx};
    $theirs->{_SSL_opened}    = 0;
    return;
}

sub connect_SSL {
    my $self = shift;

    _debug(2, 'connect_SSL') if $DEBUG;
    return IO::Socket::SSL::Handshake::run($self, 0, @_ == 1 ? %{ $_[0] } : @_);
}

sub accept_SSL {
    my $self   = shift;
    my $given  = @_ && ref $_[0] ne 'HASH' && (@_ % 2 || ref $_[0]);
    my $socket = $given ? shift : $self;

    _debug(2, 'accept_SSL') if $DEBUG;
    if (!blessed $socket || !$socket->isa(__PACKAGE__)) {
        return IO::Socket::SSL::Upgrade::accept_plain($self, $socket,
            @_ == 1 ? %{ $_[0] } : @_);
    }
    $self->_lend_to($socket) if $socket != $self && !${*$socket}{_SSL_ctx};
    return IO::Socket::SSL::Handshake::run($socket, 1, @_ == 1 ? %{ $_[0] } : @_);
}

# The result of a sub, or undef and its exception.  $@ does not change.
sub _try {
    my ($code) = @_;
    my $result;

    local $@;
    return $result if eval { $result = $code->(); 1 };
    return (undef, $@);
}

# End TLS without close_notify: only arguments and context stay on the handle.
# With a second argument, opened returns that from now on.
sub _forget {
    my ($self, @opened) = @_;

    IO::Socket::SSL::SSL_HANDLE::untie_from($self);
    _detach($self, @opened);
    return $self;
}

sub _is_open {
    my ($self) = @_;
    my $hash = \%{*$self};

    return
         _has_object($self)
      && !$hash->{_SSL_opening}
      && $hash->{_SSL_opened}
      && $hash->{_SSL_opened} > 0;
}

# -------------------------------------------------------------- closing

sub close {
    my $self = shift;
    my %args = @_ == 1 ? %{ $_[0] } : @_;
    my $fd   = IO::Socket::SSL::fileno($self);

    _debug(2, 'close') if $DEBUG;
    if (!defined $fd) {
        local $@;    # that of "eval { ... }; $socket->close; die $@ if $@"
        $self->_set_error('the socket is not open', EBADF);
        return '';
    }
    my $fast   = !exists $args{SSL_fast_shutdown} || $args{SSL_fast_shutdown};
    my $speaks = defined is_SSL($self) && !$args{SSL_no_shutdown};

    # A ClientHello that came belongs to the child that has the socket, too.
    undef $speaks if ${*$self}{_SSL_lazy} && ${*$self}{_SSL_opening};
    my $stopped = $self->stop_SSL(
        %args,
        SSL_fast_shutdown      => $fast,
        _SSL_ioclass_downgrade => 0
    );
    return if !$stopped && !$fast && $SSL_ERROR == SSL_WANT_READ();
    return if !$stopped && !$fast && $SSL_ERROR == SSL_WANT_WRITE();
    _forget($self, '');
    my $handle = delete ${*$self}{_SSL_bio_handle};
    return IO::Socket::SSL::Pump::close_handle($handle) if defined $handle;

    # Code of the program's that ran meanwhile may have closed it already.
    my $now = IO::Socket::SSL::fileno($self);
    _drop_unread($fd) if $speaks && defined $now && $now == $fd;
    return CORE::close($self);
}

# ------------------------------------------------------ state and errors

# The methods opened, fileno and blocking are in SSL.xs, apart from these steps.
sub _pumped_fileno {
    my ($self) = @_;

    return IO::Socket::SSL::Pump::descriptor(${*$self}{_SSL_bio_handle});
}

sub _blocking {
    my ($self, @mode) = @_;
    my $handle = ${*$self}{_SSL_bio_handle};

    return $handle->blocking(@mode) if blessed($handle);
    return $self->SUPER::blocking(@mode);
}

sub opening {
    my ($self) = @_;

    return ${*$self}{_SSL_opening};
}

sub _get_ctx_object {
    my ($self) = @_;
    my $ctx = ${*$self}{_SSL_ctx};

    return $ctx && $ctx->_get_ctx_object;
}

# Of a listener; other sockets have begun with their context already.
sub reload {
    my ($self, @changed) = @_;
    my $ctx = ${*$self}{_SSL_ctx} || croak 'there is no context to reload';

    return IO::Socket::SSL::SSL_Context::reload($ctx, @changed);
}

sub errstr {
    my ($self) = @_;
    my $last = ref $self && blessed($self) && ${*$self}{_SSL_last_err};

    return $last if $last;
    return defined $SSL_ERROR ? $SSL_ERROR : '';
}

sub want_read  { return !!$SSL_ERROR && $SSL_ERROR == SSL_WANT_READ() }
sub want_write { return !!$SSL_ERROR && $SSL_ERROR == SSL_WANT_WRITE() }

# Set $SSL_ERROR, $! and $@; the empty list.
sub _set_error {
    my ($self, $text, $errno) = @_;

    _tell_error($self, $text, $errno);
    $@ = $text;
    return;
}

# Nothing to do, but the DESTROY of a subclass may call it.
sub DESTROY { }

# ---------------------------------------------------- the peer's certificate

# Not only an XSUB: what is wrong croaks at the line of the caller.
sub verify_hostname { return &_verify_hostname }

sub verify_hostname_of_cert {
    my ($name, $cert, $scheme, $suffix) = @_;

    return _verify_name(undef, $cert, $name,
        defined $scheme ? $scheme : 'default', $suffix);
}

# Called by xs/answers.c for a scheme that is a sub.
sub _ask_scheme {
    my ($callback, $host, $cert) = @_;

    return $callback->(
        $host,
        scalar(_cert_field($cert, 'cn')),
        _cert_field($cert, 'subjectAltNames')
    );
}

sub ocsp_resolver {
    my ($self) = @_;

    return IO::Socket::SSL::OCSP_Resolver->new($self);
}

# ------------------------------------------------------------ lines

# Arguments are ignored, as in 2.x: a subclass may pass on its own.
sub getline {
    my ($self) = @_;
    my $line = $self->readline;
    return $line if defined $line || !_read_failed($self);
    return;
}

# Did reading fail?  End of file is not a failure.
sub _read_failed {
    my ($self) = @_;

    return $SSL_ERROR if defined is_SSL($self);
    return !defined $self->fileno || IO::Handle::error($self);
}

sub getlines {
    my ($self) = @_;

    croak 'Use of getlines() not allowed in scalar context'
      unless wantarray;
    return $self->readline;
}

# ------------------------------------------------- what TLS cannot do

for my $name (qw(truncate stat setbuf setvbuf fdopen ungetc)) {
    no strict 'refs';    ## no critic (ProhibitNoStrict)
    *$name = sub { croak "Use of $name() not allowed with SSL" };
}

sub send {    ## no critic (ProhibitBuiltinHomonyms)
    croak 'Use of send() not implemented in IO::Socket::SSL;'
      . ' use print/printf/syswrite instead';
}

sub recv {    ## no critic (ProhibitBuiltinHomonyms)
    croak 'Use of recv() not implemented in IO::Socket::SSL;'
      . ' use read/sysread instead';
}

# ------------------------------------------------- what this build can do

for my $feature (
    qw(client_sni server_sni multi_cert alpn ecdh ocsp ticket_keycb pha
    partial_chain ciphersuites nested_ssl)
  )
{
    no strict 'refs';    ## no critic (ProhibitNoStrict)
    *{"can_$feature"} = sub { return 1 };
}

sub can_npn { return _can_npn() }

*CAN_IPV6 = sub () { return can_ipv6() };

# Which side may use a pre-shared key.
sub can_psk { return { client => _can_psk(), server => _can_psk() } }

# Modules that look for Net::SSLeay check this module's version right before.
sub VERSION {
    my ($class, @wanted) = @_;

    IO::Socket::SSL::Facade::offer()
      if $IO::Socket::SSL::Interop::LOOKS_FOR_IT{ (caller)[0] };
    return $class->SUPER::VERSION(@wanted);
}

1;
