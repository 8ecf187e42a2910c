# Sessions in a store that processes and machines share, such as memcached: which
# methods a backend has, and what its failures mean.  What is stored is made in
# src/sessions/.  Ticket_Keys.pm uses these subs too.  IO::Socket::SSL loads this file on
# demand.
package IO::Socket::SSL::Session_Store;

use strict;
use warnings;
no warnings 'redefine';    # IO::Socket::SSL defines what loads this file

use Carp;
use Scalar::Util qw(blessed looks_like_number);

our @CARP_NOT = qw(IO::Socket::SSL IO::Socket::SSL::Ticket_Keys);

my $generation = 0;        # of ithreads: clients must not cross them
sub CLONE { $generation++; return }

# A backend's set with key, value and seconds; its delete, which is true only if
# this very call removed the key, and undef where nobody can tell; and its add,
# which is true only if this call set the key, which had no value.
sub _by_delete { return !!$_[0]->delete($_[1]) }

# Where a backend cannot tell, who reads his own value back has set it.
sub _set_and_read {
    my ($client, $key, $value, $seconds) = @_;
    $client->set($key, $value, $seconds);
    my $is = $client->get($key);
    return defined $is && $is eq $value;
}

my $memcached = {
    set    => sub { $_[0]->set(@_[1 .. 3]) },
    add    => sub { $_[0]->add(@_[1 .. 3]) },
    delete => \&_by_delete,
};
my $redis = {
    set    => sub { $_[0]->set(@_[1, 2], 'EX', $_[3]) },
    add    => sub { $_[0]->set(@_[1, 2], 'EX', $_[3], 'NX') },
    delete => sub { !!$_[0]->del($_[1]) },
};
my %KNOWN = (
    'Cache::Memcached::Fast' => $memcached,
    'Cache::Memcached'       => $memcached,
    'Redis'                  => $redis,
    'Redis::Fast'            => $redis,
    'CHI::Driver'            => {
        set    => sub { $_[0]->set(@_[1 .. 3]); 1 },
        add    => \&_set_and_read,
        delete => sub { $_[0]->remove($_[1]); undef },
    },
);
my $other = {
    set    => sub { $_[0]->set(@_[1 .. 3]); 1 },
    add    => \&_set_and_read,
    delete => sub { $_[0]->delete($_[1]) },
};

my %ARGUMENTS = map { $_ => 1 } qw(backend secret prefix timeout on_error);

use constant { TIMEOUT => 7200, TIMEOUT_MAX => 604_800 };

sub new {
    my ($class, %args) = @_;
    my $self = _of_arguments($class, 'Session_Store', \%ARGUMENTS, \%args);

    $self->{timeout} = defined $args{timeout} ? $args{timeout} : TIMEOUT;
    croak 'timeout must be 1 to ' . TIMEOUT_MAX . ' seconds'
      unless looks_like_number($self->{timeout})
      && $self->{timeout} >= 1
      && $self->{timeout} <= TIMEOUT_MAX;
    $self->_create(_secrets($self, $args{secret}), $self->{timeout});
    return $self;
}

# A new object with what both classes need.
sub _of_arguments {
    my ($class, $name, $known, $args) = @_;
    my ($unknown) = grep { !$known->{$_} } sort keys %$args;

    croak "$name has no argument '$unknown'" if defined $unknown;
    my $self = bless {
        name     => $name,
        backend  => _checked_backend($name, $args->{backend}),
        prefix   => defined $args->{prefix} ? $args->{prefix} : 'iss:',
        on_error => $args->{on_error},
      },
      ref $class || $class;
    croak 'on_error must be a code reference'
      if defined $args->{on_error}
      && !IO::Socket::SSL::Defaults::is_code($args->{on_error});
    return $self;
}

sub _checked_backend {
    my ($name, $backend) = @_;

    croak "$name needs a backend" unless ref $backend;
    return $backend
      if ref $backend eq 'CODE' || blessed $backend && $backend->can('get');
    croak 'backend must be an object with get and set, '
      . 'or a sub that makes one';
}

sub _secrets {
    my ($self, $given) = @_;
    my @secrets = ref $given eq 'ARRAY' ? @$given : $given;

    croak "$self->{name} needs a secret" unless grep { defined } @secrets;
    for my $secret (@secrets) {
        croak 'secret must be bytes' if !defined $secret || ref $secret;
        utf8::downgrade($secret = "$secret", 1)
          or croak 'secret must be bytes; it has wide characters';
    }
    return \@secrets;
}

# The backend of this process and thread, and its methods.
sub _client {
    my ($self) = @_;
    my $whose = "$$ $generation";

    if (!$self->{client} || $self->{whose} ne $whose) {
        my $backend = $self->{backend};
        $backend = $backend->() if ref $backend eq 'CODE';
        die "backend returned no object\n" if !blessed $backend;
        my ($known) = grep { $backend->isa($_) } keys %KNOWN;
        @$self{qw(client whose methods)} =
          ($backend, $whose, $known ? $KNOWN{$known} : $other);
    }
    return @$self{qw(client methods)};
}

# Run a step for the backend.  What dies there has no value, and is told; but an
# alarm of the program, for example, is for the program.
sub _try {
    my ($self, $operation, $step) = @_;
    my ($value, $died);

    {
        local ($@, $!);
        local $SIG{__DIE__} = 'DEFAULT';
        eval { $value = $step->(_client($self)); 1 }
          or $died = $@ || 'unknown error';
        if (defined $died) {

            # Some clients never connect again, or read the answer to an older
            # question.
            delete $self->{client} if ref $self->{backend} eq 'CODE';
            if (!_is_of_handler($died)) {
                $self->{failed} = 1;    # for xs/stores.c, which counts
                $died           = _tell($self, $operation, $died);
            }
        }
    }
    die $died if defined $died;    ## no critic (RequireCarping)
    return $value;
}

sub _is_of_handler {
    return IO::Socket::SSL::SSL_Context::_is_of_handler($_[0]);
}

# At most one warning a minute without on_error.  Returns what a signal handler of
# the program died with meanwhile.
sub _tell {
    my ($self, $operation, $exception) = @_;

    if ($self->{on_error}) {
        return
          if eval { $self->{on_error}->($operation, $exception); 1 };
        return $@ if _is_of_handler($@);
        warn "on_error: $@";
        return;
    }
    return if defined $self->{told} && $self->{told} > time - 60;
    $self->{told} = time;
    carp "$self->{name}: $operation: $exception";
    return;
}

# Called by xs/stores.c: true; the value or undef; may the session be used; was
# the value added?
sub _put {
    my ($self, $key, $value, $seconds) = @_;

    return _try(
        $self, 'set',
        sub {
            my ($client, $methods) = @_;
            return 1
              if $methods->{set}
              ->($client, $self->{prefix} . $key, $value, $seconds);
            die "the value was not stored\n";
        }
    );
}

sub _get {
    my ($self, $key, $sock) = @_;
    my $hash = \%{*$sock};

    # What the program has answered after SSL_LATER.
    return delete $hash->{_SSL_answer} if exists $hash->{_SSL_answer};
    return _try($self, 'get', sub { $_[0]->get($self->{prefix} . $key) });
}

sub _take {
    my ($self, $key) = @_;
    my $may = _try(
        $self, 'delete',
        sub {
            my ($client, $methods) = @_;
            my $removed =
              $methods->{delete}->($client, $self->{prefix} . $key);
            return !defined $removed || $removed ? 1 : 0;
        }
    );

    return $may;
}

sub _add {
    my ($self, $key, $value, $seconds) = @_;

    return _try(
        $self, 'add',
        sub {
            my ($client, $methods) = @_;
            return $methods->{add}
              ->($client, $self->{prefix} . $key, $value, $seconds) ? 1 : 0;
        }
    );
}

1;
