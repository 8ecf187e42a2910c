# Handles are exchanged with Net::SSLeay where both of us use one OpenSSL: what
# one library made is rubbish to another.  Asked by xs/convert.c until the
# answer is known to be yes.  An object of this class stands in for a handle
# that nobody may use.
package IO::Socket::SSL::Exchange;

use strict;
use warnings;

use Carp;
use overload
  '0+'     => sub { croak _fault() || 'this handle was not to be used' },
  '""'     => sub { return 'a handle that Net::SSLeay cannot use' },
  'bool'   => sub { return 1 },
  fallback => 1;

our @CARP_NOT = qw(IO::Socket::SSL IO::Socket::SSL::SSL_Context
  IO::Socket::SSL::Session_Cache IO::Socket::SSL::Utils IO::Socket);

# Dies unless handles may be exchanged; Net::SSLeay is loaded.
sub check {
    my $fault = _fault();

    croak $fault if defined $fault;
    return 1;
}

# The address for a hash that programs look into, or what stands in for it.
sub to_be_kept {
    my ($address) = @_;

    return defined _fault() ? bless(\$address, __PACKAGE__) : $address;
}

# What is wrong; undef: nothing.
sub _fault {
    my $ours   = IO::Socket::SSL::_openssl_version_number();
    my $theirs = Net::SSLeay::SSLeay();

    return if $ours == $theirs && _is_one_library();
    return sprintf 'IO::Socket::SSL uses OpenSSL %s, and Net::SSLeay %s: no'
      . ' handle can be given from one to the other; build both with the same'
      . ' OpenSSL',
      _words($ours),
      ($ours == $theirs ? 'another copy of OpenSSL ' : 'OpenSSL ')
      . _words($theirs);
}

# As OPENSSL_VERSION_NUMBER(3) has it: 0x1010117f is 1.1.1w.
sub _words {
    my ($number) = @_;
    my @parts = map { $number >> $_ & 0xff } 28, 20, 12, 4;

    return join '.', @parts[0, 1, 3] if $parts[0] >= 3;
    return join('.', @parts[0 .. 2])
      . ($parts[3] ? chr(ord('a') + $parts[3] - 1) : '');
}

# Versions may be equal and libraries two, one of them linked statically.
# Where the linker does not tell, the version must do.
sub _is_one_library {
    my ($ours, $theirs) =
      map { _address_in($_) } 'IO::Socket::SSL', 'Net::SSLeay';

    return !defined $ours || !defined $theirs || $ours == $theirs;
}

# Of one function, as the shared object of a module finds it.
sub _address_in {
    my ($module) = @_;
    my ($i) = grep { $DynaLoader::dl_modules[$_] eq $module }
      0 .. $#DynaLoader::dl_modules;

    return unless defined $i && defined &DynaLoader::dl_find_symbol;
    return DynaLoader::dl_find_symbol($DynaLoader::dl_librefs[$i],
        'TLS_method');
}

1;
