/*
 * IO::Socket::SSL, the socket class.  An XSUB converts its arguments, makes one
 * call and returns the result.  The other classes have a file each in xs/.
 */
#include "xs/perl_core.h"

#include <errno.h>

#include <openssl/x509.h>

#include "xs/attachment.h"
#include "xs/binding.h"
#include "xs/builtin.h"
#include "xs/cert_hash.h"
#include "xs/chosen.h"
#include "xs/certspec.h"
#include "xs/conninfo.h"
#include "xs/constants.h"
#include "xs/context.h"
#include "xs/deadline.h"
#include "xs/debug.h"
#include "xs/defaults.h"
#include "xs/errors.h"
#include "xs/handles.h"
#include "xs/interrupts.h"
#include "xs/lifecycle.h"
#include "xs/messages.h"
#include "xs/methods.h"
#include "xs/override.h"
#include "xs/name_check.h"
#include "xs/ocsp.h"
#include "xs/publicsuffix.h"
#include "xs/sessions.h"
#include "xs/resume.h"
#include "xs/stores.h"
#include "xs/state.h"
#include "xs/stream.h"
#include "xs/tls_info.h"
#include "xs/utils.h"
#include "xs/values.h"
#include "base/buf.h"
#include "x509/cert.h"
#include "base/compat.h"
#include "names/reference_id.h"
#include "names/idn.h"
#include "connection/handshake.h"
#include "connection/io.h"
#include "connection/shutdown.h"
#include "revocation/ocsp.h"
#include "context/algorithms.h"
#include "context/keylog.h"
#include "context/psk.h"
#include "names/suffix.h"
#include "options/version.h"

MODULE = IO::Socket::SSL	PACKAGE = IO::Socket::SSL

PROTOTYPES: DISABLE

BOOT:
	iss_overrides_remember(aTHX);
	iss_errors_init(aTHX_ false);
	iss_handles_init(aTHX_ false);
	iss_debug_init(aTHX_ false);
	iss_interrupts_init(aTHX_ false);
	iss_watch_builtins(aTHX);

#ifdef USE_ITHREADS

void
CLONE(...)
    CODE:
	PERL_UNUSED_VAR(items);
	iss_errors_init(aTHX_ true);
	iss_handles_init(aTHX_ true);
	iss_debug_init(aTHX_ true);
	iss_interrupts_init(aTHX_ true);

#endif

 # Reading and writing.  Without TLS these are the base class's methods.
void
sysread(GV *self, ...)
    ALIAS:
	read = ISS_METHOD_READ
	readline = ISS_METHOD_READLINE
	getc = ISS_METHOD_GETC
	print = ISS_METHOD_PRINT
	printf = ISS_METHOD_PRINTF
	say = ISS_METHOD_SAY
	syswrite = ISS_METHOD_SYSWRITE
	write = ISS_METHOD_WRITE
	eof = ISS_METHOD_EOF
	peek = ISS_METHOD_PEEK
	sysread = ISS_METHOD_SYSREAD
    PPCODE:
	PUTBACK;
	iss_methods_run(aTHX_ ix, self, ax, items);
	return;

UV
pending(SV *self)
    CODE:
	GV *glob = iss_socket_glob(aTHX_ self);
	struct iss_conn *conn = iss_attached(aTHX_ glob);
	RETVAL = conn != NULL ? iss_stream_pending(aTHX_ glob, conn) : 0;
    OUTPUT:
	RETVAL

 # Abilities that depend on the OpenSSL we were built with.
bool
_can_npn()
    CODE:
	RETVAL = iss_protocols_can_npn();
    OUTPUT:
	RETVAL

bool
_can_psk()
    CODE:
	RETVAL = iss_psk_is_possible();
    OUTPUT:
	RETVAL

 # An object's own operators: for answers of callbacks.
SV *
_truth_of(SV *answer)
    ALIAS:
	_text_of = 1
    CODE:
	RETVAL = ix == 0 ? newSVsv(boolSV(SvTRUE(answer)))
			 : Perl_newSVpvf(aTHX_ "%" SVf, SVfARG(answer));
    OUTPUT:
	RETVAL

 # Begin TLS under a context, by the options in _SSL_arguments; true.
void
_begin(GV *self, SV *context, bool server)
    PPCODE:
	if (!iss_begin(aTHX_ self, context, server))
		XSRETURN_EMPTY;
	XSRETURN_YES;

 # Go on with the handshake.  With wait, wait for so many seconds (undef: for
 # ever), whatever the descriptor's mode.  1: done, '': failed, undef: under way.
SV *
_handshake(GV *self, bool server, SV *seconds, bool wait)
    CODE:
	RETVAL = iss_handshake(aTHX_ self, server, seconds, wait);
    OUTPUT:
	RETVAL

 # Send close_notify, and (how) 0: wait for the peer's; 1: do not; 2: do not,
 # but make sure that what was written arrives.  Results as above.
SV *
_shutdown(GV *self, int how, SV *seconds, bool wait)
    CODE:
	RETVAL = iss_shutdown(aTHX_ self, how, seconds, wait);
    OUTPUT:
	RETVAL

 # Our half of TLS is over: data written from now on is plain.
void
_write_plain(struct iss_conn *self)
    CODE:
	iss_shutdown_write_plain(self);

 # The base class's shutdown, after our close_notify was sent.
void
shutdown(GV *self, ...)
    PPCODE:
	if (items == 2 && !iss_before_shutdown(aTHX_ self, SvIV(ST(1))))
		XSRETURN_EMPTY;
	PUTBACK;
	iss_methods_run_base(aTHX_ "IO::Socket::shutdown", ax, items);
	return;

 # The handshake failed.
void
_mark_failed(GV *self)
    CODE:
	iss_state_fail(aTHX_ self);

 # TLS is over on this socket.  The argument, if any, is what opened returns
 # from now on.
void
_detach(GV *self, ...)
    CODE:
	iss_end(aTHX_ self);
	iss_state_end(aTHX_ self);
	if (items > 1)
		iss_state_set_opened(aTHX_ self, newSVsv(ST(1)));

 # The descriptor, also of a handle that the program brought; undef if it is
 # not open.
void
fileno(GV *self)
    PPCODE:
	dXSTARG;
	const int fd = iss_fileno(aTHX_ self);
	if (iss_state_bio_handle(aTHX_ self) != NULL) {
		PUTBACK;
		iss_methods_run_base(aTHX_ "IO::Socket::SSL::_pumped_fileno",
		    ax, items);
		return;
	}
	if (fd < 0)
		XSRETURN_UNDEF;
	PUSHi(fd);

 # 1 during TLS, 0 or undef before, '' after; -1: it failed.
void
opened(GV *self)
    PPCODE:
	SV *opened = iss_state_opened(aTHX_ self);
	if (iss_fileno(aTHX_ self) < 0 &&
	    iss_state_bio_handle(aTHX_ self) == NULL)
		mXPUSHs(newSVpvs(""));
	else
		XPUSHs(opened != NULL ? sv_mortalcopy(opened) : &PL_sv_undef);

 # With an argument, or over a handle of the program's: the slow way.
void
blocking(GV *self, ...)
    PPCODE:
	dXSTARG;
	int mode = -1;
	if (items == 1 && iss_state_bio_handle(aTHX_ self) == NULL)
		mode = iss_sock_blocks(iss_fileno(aTHX_ self));
	if (mode < 0) {
		PUTBACK;
		iss_methods_run_base(aTHX_ "IO::Socket::SSL::_blocking", ax,
		    items);
		return;
	}
	PUSHi(mode);

void
_drop_unread(int fd)
    CODE:
	iss_sock_drop_unread(fd);

 # Take back a bless; Perl has no function for it.
void
_unbless(GV *self)
    CODE:
	iss_unbless(aTHX_ (SV *)self);

 # Set $SSL_ERROR, $! and the socket's last error.
void
_tell_error(SV *self, const char *text, int e)
    CODE:
	iss_tell_text(aTHX_ iss_socket_glob(aTHX_ self), e, text);

 # Empties OpenSSL's queue and returns its errors, the oldest first.
void
_queued_errors()
    PPCODE:
	PUTBACK;
	iss_push_queued_errors(aTHX);
	return;

 # More about what errstr tells; undef if nothing failed.
SV *
ssl_error_info(SV *self)
    CODE:
	RETVAL = iss_new_failure(aTHX_ iss_socket_glob(aTHX_ self));
    OUTPUT:
	RETVAL

 # What was said in the handshake, or in that of the last failure.
SV *
handshake_report(SV *self)
    CODE:
	GV *glob = iss_socket_glob(aTHX_ self);
	RETVAL = iss_new_handshake_report(aTHX_ glob, iss_attached(aTHX_ glob));
    OUTPUT:
	RETVAL

void
_tell_success()
    CODE:
	iss_tell_success(aTHX);

 # A step of a method, on STDERR from this level of $DEBUG on.
void
_debug(IV level, const char *text)
    CODE:
	iss_debug_trace(aTHX_ level, text);

 # Is _SSL_object true?  Asking here does not lend it to the program.
bool
_has_object(GV *self)
    CODE:
	RETVAL = iss_state_has_object(aTHX_ self);
    OUTPUT:
	RETVAL

void
set_msg_callback(GV *self, ...)
    CODE:
	iss_keep_object(aTHX_ &ST(0), items);
	iss_messages_set_callback(aTHX_ self, &ST(1), items - 1);

 # Croaks if handles may not be exchanged with Net::SSLeay.
void
_check_exchange()
    CODE:
	iss_check_exchange(aTHX);

 # For IO::Socket::SSL::Facade; undef if there is no such constant.
SV *
_constant(const char *name)
    CODE:
	RETVAL = iss_new_constant(aTHX_ name);
    OUTPUT:
	RETVAL

 # For IO::Socket::SSL::Interop and IO::Socket::SSL::Facade.
UV
_openssl_version_number()
    CODE:
	RETVAL = OpenSSL_version_num();
    OUTPUT:
	RETVAL

 # The version of the headers, or that of the library if it is older.
UV
_built_with_openssl()
    CODE:
	RETVAL = OpenSSL_version_num() < ISS_COMPAT_BUILT_WITH
		     ? OpenSSL_version_num()
		     : ISS_COMPAT_BUILT_WITH;
    OUTPUT:
	RETVAL

IV
_cipher_bits(SSL *ssl, ...)
    CODE:
	RETVAL = SSL_get_cipher_bits(ssl, NULL);
    OUTPUT:
	RETVAL

IV
_ctx_set_mode(SSL_CTX *ctx, long mode)
    CODE:
	RETVAL = SSL_CTX_set_mode(ctx, mode);
    OUTPUT:
	RETVAL

SV *
_get_ssl_object(struct iss_conn *self)
    CODE:
	iss_check_exchange(aTHX);
	iss_conn_lend_ssl(self);
	RETVAL = iss_new_handle(aTHX_ self->ssl);
    OUTPUT:
	RETVAL

 # rw; r if our half is closed, w if the peer's is, '' if both; undef, or in
 # list context nothing, without TLS.
void
is_SSL(SV *self)
    PPCODE:
	const struct iss_conn *conn =
	    iss_attached(aTHX_ iss_socket_glob(aTHX_ self));
	if (conn == NULL)
		XSRETURN_EMPTY;
	mXPUSHs(iss_new_directions(aTHX_ conn));

 # How reading ended: close_notify or truncated; undef before the end.
void
eof_reason(struct iss_conn *self)
    PPCODE:
	if (self->got_notify)
		mXPUSHs(newSVpvs("close_notify"));
	else if (self->truncated)
		mXPUSHs(newSVpvs("truncated"));
	else
		XSRETURN_UNDEF;

 # Facts about a connection; undef if it has no such fact.
void
get_cipher(iss_known_conn self)
    ALIAS:
	get_cipher = ISS_FACT_CIPHER
	get_sslversion = ISS_FACT_VERSION
	get_sslversion_int = ISS_FACT_VERSION_NUMBER
	alpn_selected = ISS_FACT_ALPN
	next_proto_negotiated = ISS_FACT_NPN
	get_session_reused = ISS_FACT_REUSED
	dump_peer_certificate = ISS_FACT_DUMP
    PPCODE:
	XPUSHs(sv_2mortal(iss_fact(aTHX_ self, ix)));

 # All facts at once.
SV *
tls_info(iss_known_conn self)
    CODE:
	RETVAL = iss_new_tls_info(aTHX_ self);
    OUTPUT:
	RETVAL

 # Handles of the chain that was verified, leaf first.
void
verified_chain(iss_known_conn self)
    PPCODE:
	PUTBACK;
	iss_push_verified_chain(aTHX_ self);
	return;

 # The name that was sent by SNI; undef if there was none.  It is known even
 # after the end of TLS.
void
get_servername(SV *self)
    PPCODE:
	if (!iss_finish_lazy(aTHX_ self))
		XSRETURN_EMPTY;
	PUTBACK;
	iss_push_servername(aTHX_ iss_socket_glob(aTHX_ self));
	return;

 # A field of the peer's certificate (or ours), or its handle.
void
peer_certificate(iss_known_conn self, SV *field = &PL_sv_undef, ...)
    ALIAS:
	sock_certificate = 1
    PPCODE:
	iss_keep_object(aTHX_ &ST(0), items);
	PUTBACK;
	iss_push_certificate(aTHX_ iss_socket_glob(aTHX_ ST(0)), self, ix != 0,
	    field);
	return;

void
peer_certificates(iss_known_conn self)
    PPCODE:
	PUTBACK;
	iss_push_chain(aTHX_ self);
	return;

 # The same for a certificate that the core lent.
void
_cert_field(IV cert, SV *field)
    PPCODE:
	PUTBACK;
	iss_push_field(aTHX_ INT2PTR(X509 *, cert), field);
	return;

 # The fingerprint of the given certificate, by default the peer's.
void
get_fingerprint(SV *self, SV *algo = &PL_sv_undef, SV *cert = &PL_sv_undef, bool pubkey = false)
    ALIAS:
	get_fingerprint_bin = 1
    PPCODE:
	iss_keep_object(aTHX_ &ST(0), items);
	if (!SvOK(cert) && !iss_finish_lazy(aTHX_ self))
		XSRETURN_EMPTY;
	PUTBACK;
	iss_push_fingerprint(aTHX_ iss_socket_glob(aTHX_ self), algo, cert,
	    pubkey, ix != 0);
	return;

 # verify_hostname, which passes its own arguments.
void
_verify_hostname(SV *self, SV *name = &PL_sv_undef, SV *scheme = &PL_sv_undef, SV *suffix = &PL_sv_undef, ...)
    PPCODE:
	iss_keep_object(aTHX_ &ST(0), items);
	if (!iss_finish_lazy(aTHX_ self))
		XSRETURN_EMPTY;
	scheme = iss_own_scheme(aTHX_ scheme);
	suffix = sv_mortalcopy(suffix);
	if (!iss_verify_name(aTHX_ iss_socket_glob(aTHX_ self), &PL_sv_undef,
		name, scheme, suffix))
		XSRETURN_EMPTY;
	XSRETURN_IV(1);

 # Does the given certificate, by default the peer's, belong to the name?
void
_verify_name(SV *self, SV *cert, SV *name, SV *scheme, SV *suffix)
    PPCODE:
	iss_keep_object(aTHX_ &ST(0), items);
	if (!iss_verify_name(aTHX_ iss_socket_glob(aTHX_ self), cert, name,
		scheme, suffix))
		XSRETURN_EMPTY;
	XSRETURN_IV(1);

 # The default CAs: a hash of SSL_ca_file and SSL_ca_path; either may be missing.
void
_find_default_ca()
    PPCODE:
	PUTBACK;
	iss_push_default_ca(aTHX);
	return;

INCLUDE: xs/Binding.xsi

INCLUDE: xs/Deadline.xsi

INCLUDE: xs/Defaults.xsi

INCLUDE: xs/Choice.xsi

INCLUDE: xs/SSL_Context.xsi

INCLUDE: xs/Session_Cache.xsi

INCLUDE: xs/Session_Store.xsi

INCLUDE: xs/OCSP.xsi

INCLUDE: xs/SSL_HANDLE.xsi

INCLUDE: xs/Utils.xsi

INCLUDE: xs/PublicSuffix.xsi
