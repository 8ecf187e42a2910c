# shellcheck shell=sh
#
# Shared by quickstart and runtests: finds and installs missing packages, and
# builds the module.  POSIX sh; read it with "." in the checkout.

say() {
	printf '== %s\n' "$*"
}

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

have() {
	command -v "$1" >/dev/null 2>&1
}

is_root() {
	[ "$(id -u)" -eq 0 ]
}

# The package manager of this system, or nothing.
manager() {
	if have apt-get && have dpkg-query; then
		echo apt
	elif have dnf; then
		echo dnf
	elif have apk; then
		echo apk
	elif [ "$(uname -s)" = Darwin ] && have brew; then
		echo brew
	fi
}

# packages_for build|tests|lint|tools: the packages it needs, as this system names
# them.
packages_for() {
	case $1-$manager in
	build-apt)
		echo perl gcc libc6-dev libcrypt-dev make libssl-dev \
			pkg-config libidn2-dev libpsl-dev
		;;
	build-dnf)
		echo perl-interpreter perl-devel perl-ExtUtils-MakeMaker \
			perl-ExtUtils-ParseXS perl-Test-Simple \
			perl-Test-Harness perl-IO-Socket-IP perl-Digest-SHA \
			perl-Getopt-Long perl-HTTP-Tiny perl-JSON-PP \
			perl-MIME-Base64 perl-Pod-Usage \
			perl-Text-Tabs+Wrap perl-Time-HiRes gcc make \
			openssl-devel pkgconf-pkg-config \
			libidn2-devel libpsl-devel
		;;
	build-apk)
		echo perl perl-dev gcc musl-dev make openssl-dev pkgconf \
			libidn2-dev libpsl-dev
		;;
	build-brew)
		echo openssl@3 pkgconf libidn2 libpsl
		;;
	tests-apt)
		# the rest: see provide_beside in runtests
		echo "$(nginx_of_apt)" openssl ca-certificates curl gnutls-bin \
			pebble python3 tshark \
			libfile-listing-perl libhtml-parser-perl \
			libhttp-cookies-perl libhttp-negotiate-perl \
			libnet-http-perl libtry-tiny-perl \
			libwww-robotrules-perl apache2-bin \
			libio-socket-inet6-perl memcached \
			libcache-memcached-fast-perl redis-server \
			libredis-perl libanyevent-perl libev-perl \
			dovecot-imapd dovecot-pop3d dovecot-managesieved
		;;
	tests-dnf)
		echo nginx openssl curl gnutls-utils python3 perl-libwww-perl \
			perl-Test-Harness httpd mod_perl
		;;
	tests-apk)
		echo nginx openssl curl gnutls-utils python3 perl-libwww \
			perl-test-harness-utils
		;;
	tests-brew)
		echo nginx curl gnutls python3
		;;
	lint-apt)
		echo clang-format cppcheck shellcheck libperl-critic-perl \
			perltidy libtest-pod-perl libtest-pod-coverage-perl \
			aspell aspell-en \
			libtest-kwalitee-perl libcpan-changes-perl
		;;
	tools-apt)
		echo clang valgrind
		;;
	esac
}

# Debian has nginx in several sizes; an installed one is good enough.
nginx_of_apt() {
	if is_installed nginx-light; then
		echo nginx-light
	else
		echo nginx
	fi
}

is_installed() {
	case $manager in
	apt) dpkg-query -W -f '${Status}' "$1" 2>/dev/null |
		grep -q ' installed$' ;;
	dnf) rpm -q --quiet --whatprovides "$1" ;;
	apk) apk info -e "$1" >/dev/null 2>&1 ;;
	brew) brew list --versions "$1" >/dev/null 2>&1 ;;
	esac
}

missing_of() {
	for package in $(packages_for "$1"); do
		is_installed "$package" || printf ' %s' "$package"
	done
}

install_command() {
	case $manager in
	apt) echo "apt-get install -y --no-install-recommends" ;;
	dnf) echo "dnf install -y" ;;
	apk) echo "apk add" ;;
	brew) echo "brew install" ;;
	esac
}

# The beginning of a command that works when it is pasted.
pasted_command() {
	sudo='sudo '
	if may_install; then
		sudo=
	fi
	case $manager in
	apt) echo "${sudo}apt-get update && ${sudo}$(install_command)" ;;
	brew) install_command ;;
	*) echo "$sudo$(install_command)" ;;
	esac
}

# Homebrew refuses root; the others need it.
may_install() {
	if [ "$manager" = brew ]; then
		! is_root
	else
		is_root
	fi
}

# install NAME...: fails, with the reason in one sentence, if it cannot.
install() {
	say "installing$(printf ' %s' "$@") ($manager)"
	log=$(mktemp)
	if run_manager "$@" >"$log" 2>&1 </dev/null; then
		rm -f "$log"
		return 0
	fi
	say "$manager cannot install them: $(why_not_installed "$log");" \
		"its words are in $log"
	return 1
}

run_manager() {
	if [ "$manager" != apt ]; then
		$(install_command) "$@"
		return
	fi
	apt-get update -q || echo "trying with the old package lists"
	no_daemons
	DEBIAN_FRONTEND=noninteractive $(install_command) "$@"
	status=$?
	daemons_again
	return $status
}

# why_not_installed LOG
why_not_installed() {
	if grep -q -i -e 'resolv' -e 'connect' -e 'unreachable' "$1"; then
		echo "it reaches no server (is there a network?)"
	else
		grep -i -m 1 -e '^E:' -e 'error' "$1" || tail -n 1 "$1"
	fi
}

# provide tests|lint|tools: installs the missing packages if we may; otherwise
# prints their names.
provide() {
	missing=$(missing_of "$1")
	if [ -z "$missing" ]; then
		say "all packages for $1 are installed"
		return
	fi
	# shellcheck disable=SC2086 # a list of words
	if may_install && install $missing; then
		return
	fi
	say "not installed, so what needs them is skipped:$missing"
}

# Debian starts a server when its package is installed; we need only the
# program.  policy-rc.d tells Debian not to start it.
no_daemons() {
	policy=/usr/sbin/policy-rc.d
	if [ -e $policy ]; then
		policy=
		return
	fi
	trap daemons_again EXIT
	trap 'exit 1' HUP INT TERM
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
}

daemons_again() {
	if [ -n "${policy-}" ]; then
		rm -f "$policy"
		policy=
	fi
	trap - EXIT HUP INT TERM
}

# The mirror that this Debian installs from; nothing if it is not Debian.
debian_mirror() {
	(
		# shellcheck disable=SC1091 # of the system
		. /etc/os-release
		[ "${ID-}" = debian ] || exit 0
		# shellcheck disable=SC2016 # apt expands it
		apt-get indextargets --format '$(REPO_URI)' \
			'Created-By: Packages' 'Component: main' \
			"Codename: ${VERSION_CODENAME-}" | sed -n 1p
	) 2>/dev/null
}

# Can the module be built with the programs here, however they were installed?
can_build() {
	have perl && have make && have "${CC:-cc}" &&
		perl -MExtUtils::MakeMaker -MExtUtils::ParseXS -MTest::More \
			-MConfig -e 'exit !-e "$Config{archlibexp}/CORE/perl.h"' \
			2>/dev/null
}

# Installs the packages that the build needs if we may; otherwise prints the
# command and exits.
provide_build() {
	if [ -z "$manager" ]; then
		can_build || die "this system's package manager is unknown;" \
			"please install perl 5.14 or newer with its headers," \
			"a C compiler, make, OpenSSL 1.1.1 or newer with its" \
			"headers, pkg-config, libidn2 and libpsl, and run" \
			"this again"
		return
	fi
	missing=$(missing_of build)
	if [ -z "$missing" ]; then
		say "all packages that the build needs are installed"
		return
	fi
	# shellcheck disable=SC2086 # a list of words
	if may_install && install $missing; then
		return
	fi
	if can_build; then
		say "not installed, continuing without:$missing"
	else
		printf '%s: packages are missing; run this, then %s again:\n\n' \
			"${0##*/}" "${0##*/}" >&2
		printf '    %s%s\n\n' "$(pasted_command)" "$missing" >&2
		exit 1
	fi
}

# copy_sources FOLDER: copies everything that MANIFEST.SKIP does not exclude.
# Files that have not changed are not copied again, so that make rebuilds only
# the others.
copy_sources() {
	perl -MExtUtils::Manifest=manicopy,manifind,maniskip -e '
		$ExtUtils::Manifest::Quiet = 1;
		my $skip = maniskip();
		my $files = manifind();
		manicopy({ map { $_ => "" } grep { !$skip->($_) } keys %$files },
		    shift, "cp")' "$1"
}

# Does nothing twice: Makefile.PL runs again only if it, a file that it reads,
# or the list of sources has changed.
build() {
	if makefile_is_stale; then
		say "perl Makefile.PL"
		perl Makefile.PL </dev/null
		[ -f Makefile ] || die "the module cannot be built here;" \
			"the paragraph above says why"
	fi
	say "make"
	make -s -j "$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)" \
		</dev/null
}

makefile_is_stale() {
	[ -f Makefile ] && [ -f build-flags ] || return 0
	[ -z "$(find Makefile.PL inc/*.pm lib/IO/Socket/SSL.pm -newer \
		Makefile)" ] || return 0
	sources=$(LC_ALL=C && echo src/*/*.[ch] xs/*.[ch] xs/*.xsi)
	grep -q -x -F "SOURCES=$sources" build-flags || return 0
	if [ -n "${OPENSSL_PREFIX-}" ]; then
		grep -q -x -F "OPENSSL_PREFIX=$OPENSSL_PREFIX" build-flags ||
			return 0
	fi
	return 1
}

manager=$(manager)
if [ "$manager" = brew ] && [ -z "${OPENSSL_PREFIX-}" ]; then
	OPENSSL_PREFIX=$(brew --prefix openssl@3)
	export OPENSSL_PREFIX
fi
