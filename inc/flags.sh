# shellcheck shell=sh
#
# Reads build-flags into variables.  Makefile.PL writes that file: lines of
# NAME=value, where the value may contain blanks.  Read this with "." in the
# checkout.

flag() {
	sed -n "s/^$1=//p" build-flags
}

[ -f build-flags ] || {
	echo "no build-flags: run perl Makefile.PL first" >&2
	exit 1
}
# shellcheck disable=SC2034 # used by the scripts that read this
cc=$(flag CC) cflags=$(flag CFLAGS) prefix=$(flag OPENSSL_PREFIX)
# shellcheck disable=SC2034
perl_cflags=$(flag PERL_CFLAGS) perl_inc=$(flag PERL_INC)
