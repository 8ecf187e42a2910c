# Net::SSLeay beside us: handles that it and we exchange, and calls of its
# functions before it is loaded.
package IO::Socket::SSL::Interop;

use strict;
use warnings;

use Carp;

our @CARP_NOT = qw(IO::Socket::SSL IO::Socket::SSL::SSL_Context
  IO::Socket::SSL::Session_Cache IO::Socket::SSL::Utils IO::Socket);

# ------------------------------------------------------ exchange of handles
#
# A handle is the address of an object of OpenSSL, so both modules must use
# the same copy of it.  xs/handles.c calls the first two functions once
# Net::SSLeay is loaded, until check has succeeded.

# Dies unless handles may be exchanged.
sub check {
    my $fault = fault();

    croak $fault if defined $fault;
    return 1;
}

# The value to store under a documented hash key: the address, or an object
# that dies when it is used as one.
sub to_be_kept {
    my ($address) = @_;

    return defined fault() ? _stand_in($address) : $address;
}

# An object that stands in for a handle that must not be used.
sub _stand_in {
    my ($address) = @_;

    require overload;    # late: few programs need it
    overload->import(
        '0+' => sub { croak fault() || 'Net::SSLeay cannot use this handle' },
        '""'     => sub { return 'a handle that Net::SSLeay cannot use' },
        'bool'   => sub { return 1 },
        fallback => 1
    ) unless overload::Overloaded(__PACKAGE__);
    return bless \$address, __PACKAGE__;
}

# Why handles cannot be exchanged; undef if they can.
sub fault {
    my $ours   = IO::Socket::SSL::_openssl_version_number();
    my $theirs = Net::SSLeay::SSLeay();

    return if $ours == $theirs && _is_one_library();
    return
        sprintf 'IO::Socket::SSL uses OpenSSL %s and Net::SSLeay uses %s, so'
      . ' they cannot exchange handles; build both with the same OpenSSL',
      _words($ours),
      ($ours == $theirs ? 'another copy of OpenSSL ' : 'OpenSSL ')
      . _words($theirs);
}

# OPENSSL_VERSION_NUMBER(3) as text: 0x1010117f is 1.1.1w.
sub _words {
    my ($number) = @_;
    my @parts    = map { $number >> $_ & 0xff } 28, 20, 12, 4;

    return join '.', @parts[0, 1, 3] if $parts[0] >= 3;
    return
      join('.', @parts[0 .. 2])
      . ($parts[3] ? chr(ord('a') + $parts[3] - 1) : '');
}

# Two copies of one version are possible if one is linked statically.  Where
# the dynamic linker cannot tell, equal versions are taken for one library.
sub _is_one_library {
    my ($ours, $theirs) =
      map { _address_in($_) } 'IO::Socket::SSL', 'Net::SSLeay';

    return !defined $ours || !defined $theirs || $ours == $theirs;
}

# The address of one OpenSSL function, as a module's shared object sees it.
sub _address_in {
    my ($module) = @_;
    my ($i) = grep { $DynaLoader::dl_modules[$_] eq $module }
      0 .. $#DynaLoader::dl_modules;

    return unless defined $i && defined &DynaLoader::dl_find_symbol;
    return DynaLoader::dl_find_symbol($DynaLoader::dl_librefs[$i],
        'TLS_method');
}

# ------------------------------------------------- functions that are called

# Packages that require Net::SSLeay but use nothing of it that we cannot do.
our %LOOKS_FOR_IT = map { $_ => 1 } qw(HTTP::Tiny MongoDB::_Link);

# Install an AUTOLOAD in Net::SSLeay: functions that a program calls without
# having loaded Net::SSLeay go to Facade.pm.  A sub of the package autouse may
# be redefined without a warning, also under -w; the real Net::SSLeay does so
# with its own AUTOLOAD, whenever and by whomever it is loaded.
sub install {
    no warnings qw(once redefine);
    *Net::SSLeay::AUTOLOAD = do {
        package    ## no critic (ProhibitMultiplePackages)
          autouse;
        sub { goto &IO::Socket::SSL::Facade::call }
    };
    return;
}

install() unless $INC{'Net/SSLeay.pm'} || defined &Net::SSLeay::AUTOLOAD;

1;
