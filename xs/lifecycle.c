/*
 * Contexts and connections begin, shake hands and end, as Perl asks for it:
 * plain values in, one call of the core, the outcome told.
 */
#include "lifecycle.h"

#include "args.h"
#include "attach.h"
#include "call.h"
#include "conninfo.h"
#include "debug.h"
#include "errors.h"
#include "handles.h"
#include "layer.h"
#include "state.h"
#include "values.h"
#include "x509/cert.h"
#include "base/compat.h"
#include "options/config.h"
#include "options/peer_config.h"
#include "x509/trust.h"
#include "connection/shutdown.h"

bool
iss_create_ctx(pTHX_ SV *self, HV *args, HV *hosts, bool server)
{
	struct iss_callbacks ops = iss_perl_ops;
	struct iss_link link = { .callbacks = &ops };
	struct iss_ctx *ctx = NULL;
	struct iss_config config;
	struct iss_error err;
	struct iss_call call;
	int rv;

	if (!SvROK(self) || SvTYPE(SvRV(self)) != SVt_PVHV)
		Perl_croak(aTHX_ "a context must be a hash");
	iss_config_init(&config, server);
	iss_args_to_config(aTHX_ args, hosts, &config);
	iss_call_begin(aTHX_ &call, NULL, NULL, NULL);
	call.callbacks = (HV *)SvRV(self);
	link.handle = &call;
	/* Without a sub the core may use the terminal. */
	if (iss_hash_value(aTHX_ call.callbacks, "passwd_cb") == NULL)
		ops.password = NULL;
	if (iss_hash_value(aTHX_ call.callbacks, "ticket_keycb") == NULL)
		ops.ticket_key = NULL;
	iss_error_clear(&err);
	rv = iss_ctx_new(&err, &ctx, &config, &link);
	iss_config_release(&config);
	if (call.died != NULL || call.exits)
		iss_ctx_free(ctx);
	iss_call_end(aTHX_ &call);
	if (rv == ISS_INVALID)
		iss_croak(aTHX_ newSVpv(err.text, 0));
	if (rv != ISS_OK) {
		iss_tell_error(aTHX_ NULL, &err);
		return false;
	}
	(void)hv_stores((HV *)SvRV(self), "context",
	    iss_new_kept_handle(aTHX_ ctx->ssl_ctx));
	(void)hv_stores(
	    (HV *)SvRV(self), "verify_mode", newSViv(iss_ctx_verify_mode(ctx)));
	iss_attach_ctx(aTHX_ self, ctx);
	return true;
}

/*
 * What Perl read ahead belongs to the handshake (a ClientHello that came
 * with the last plain line); what it has not written yet goes before it.
 */
static bool
take_over_buffers(pTHX_ GV *self, struct iss_conn *conn, struct iss_error *err)
{
	PerlIO *in = GvIO(self) != NULL ? IoIFP(GvIOp(self)) : NULL;
	PerlIO *out = GvIO(self) != NULL ? IoOFP(GvIOp(self)) : NULL;
	SSize_t count;
	STDCHAR *bytes;

	if (out != NULL && PerlIO_flush(out) != 0) {
		iss_error_errno(
		    err, errno, "cannot write what was printed before TLS");
		return false;
	}
	if (in == NULL || !PerlIO_has_cntptr(in) ||
	    (count = PerlIO_get_cnt(in)) <= 0)
		return true;
	bytes = PerlIO_get_ptr(in);
	if (iss_sock_put_in(conn->sock, bytes, (size_t)count) != ISS_OK) {
		iss_error_set(err, "out of memory");
		return false;
	}
	PerlIO_set_ptrcnt(in, bytes + count, 0);
	return true;
}

static bool
set_up_name(pTHX_ struct iss_conn *conn, struct iss_error *err, HV *args,
    SV *name, SV *scheme)
{
	if (!SvOK(scheme))
		return true;
	if (iss_args_set_name(aTHX_ err, &conn->verify, name, scheme,
		iss_hash_value(aTHX_ args, "SSL_verifycn_publicsuffix")) ==
	    ISS_OK)
		return true;
	iss_error_prefix(err, "hostname verification failed");
	return false;
}

bool
iss_begin(
    pTHX_ GV *self, struct iss_ctx *ctx, int fd, HV *args, SV *name, SV *scheme)
{
	struct iss_peer_config config;
	struct iss_conn *conn = NULL;
	struct iss_error err;
	int rv;

	iss_peer_config_init(&config);
	iss_args_to_peer_config(aTHX_ args, &config);
	iss_error_clear(&err);
	rv = iss_conn_new(&err, &conn, ctx, fd, &config, &iss_perl_ops);
	iss_peer_config_release(&config);
	if (rv != ISS_OK) {
		iss_tell_error(aTHX_ self, &err);
		return false;
	}
	/* From here on the glob owns it, whatever croaks. */
	iss_end(aTHX_ self);
	iss_attach(aTHX_ self, conn);
	conn->verify.must_ask =
	    iss_callback(aTHX_ self, "verify_callback") != NULL;
	if (set_up_name(aTHX_ conn, &err, args, name, scheme) &&
	    take_over_buffers(aTHX_ self, conn, &err)) {
		iss_debug_begin(aTHX_ self, conn);
		iss_layer_push(aTHX_ self, conn);
		(void)hv_stores(GvHVn(self), "_SSL_object",
		    iss_new_kept_handle(aTHX_ conn->ssl));
		return true;
	}
	iss_detach(aTHX_ self);
	iss_tell_error(aTHX_ self, &err);
	return false;
}

void
iss_end(pTHX_ GV *self)
{
	iss_layer_pop(aTHX_ self);
	iss_detach(aTHX_ self);
}

/* A deadline from seconds; waiting for ever is a deadline too. */
static iss_deadline
deadline(pTHX_ SV *seconds, bool wait)
{
	if (!wait)
		return ISS_NO_DEADLINE;
	if (SvOK(seconds))
		return iss_deadline_after(SvNV(seconds));
	return ISS_NO_DEADLINE - 1;
}

static SV *
outcome(pTHX_ GV *self, const struct iss_conn *conn, int rv)
{
	iss_tell_status(aTHX_ self, conn, rv);
	switch (rv) {
	case ISS_OK:
		return newSViv(1);
	case ISS_WANT_READ:
	case ISS_WANT_WRITE:
		return newSV(0);
	default:
		return newSVpvs("");
	}
}

static struct iss_conn *
must_be_attached(pTHX_ GV *self)
{
	struct iss_conn *conn = iss_attached(aTHX_ self);

	if (conn == NULL)
		Perl_croak(aTHX_ "there is no TLS connection on this socket");
	return conn;
}

static int
handshake(struct iss_conn *conn, int server, iss_deadline until)
{
	return iss_conn_handshake(conn, server, until);
}

static int
shut_down(struct iss_conn *conn, int fast, iss_deadline until)
{
	return fast ? iss_shutdown_notify(conn, until)
		    : iss_shutdown_both(conn, until);
}

/* Do step through all signals; the socket may be gone when one was handled. */
static SV *
run(pTHX_ GV *self, int (*step)(struct iss_conn *, int, iss_deadline), int arg,
    SV *seconds, bool wait)
{
	struct iss_conn *conn = must_be_attached(aTHX_ self);
	iss_deadline until = deadline(aTHX_ seconds, wait);
	bool was_open = conn->state == ISS_CONN_OPEN;
	struct iss_call call;
	SV *result;
	int rv;

	ENTER;
	iss_hold(aTHX_ self, conn);
	do {
		iss_call_begin(aTHX_ &call, self, conn, NULL);
		rv = step(conn, arg, until);
		iss_call_end(aTHX_ &call);
	} while (rv == ISS_INTR &&
		 (rv = iss_interrupted(aTHX_ self, conn)) == ISS_OK);
	if (call.asked && iss_still_there(aTHX_ self, conn) != ISS_OK)
		rv = ISS_ERROR;
	/* Another thread may have finished the handshake. */
	if (rv == ISS_OK && step == handshake &&
	    (!was_open || iss_hash_value(aTHX_ GvHV(self), "_SSL_opening")))
		iss_tell_open(aTHX_ self, conn);
	result = outcome(aTHX_ self, conn, rv);
	LEAVE;
	return result;
}

SV *
iss_handshake(pTHX_ GV *self, bool server, SV *seconds, bool wait)
{
	return run(aTHX_ self, handshake, server, seconds, wait);
}

SV *
iss_shutdown(pTHX_ GV *self, bool fast, SV *seconds, bool wait)
{
	return run(aTHX_ self, shut_down, fast, seconds, wait);
}

bool
iss_verify_name(pTHX_ GV *self, SV *handle, SV *name, SV *scheme, SV *suffix)
{
	struct iss_verify verify = { 0 };
	struct iss_link link = { .callbacks = &iss_perl_ops };
	struct iss_call call;
	struct iss_error err;
	X509 *cert;
	int rv;

	if (SvOK(handle)) /* croaks while there is nothing to be freed */
		(void)iss_handle_pointer(aTHX_ handle, "certificate");
	iss_error_clear(&err);
	rv = iss_args_set_name(aTHX_ &err, &verify, name, scheme, suffix);
	if (rv == ISS_OK && verify.check != ISS_NAME_UNCHECKED) {
		if ((cert = iss_get1_cert(aTHX_ self, handle)) == NULL) {
			iss_error_set(
			    &err, "there is no peer certificate to verify");
			rv = ISS_ERROR;
		} else {
			iss_call_begin(aTHX_ &call, self, NULL, NULL);
			call.scheme_code = iss_args_scheme_code(aTHX_ scheme);
			link.handle = &call;
			rv = iss_verify_cert_name(&err, &verify, &link, cert);
			X509_free(cert);
			iss_verify_release(&verify);
			iss_call_end(aTHX_ &call);
		}
	}
	iss_verify_release(&verify);
	if (rv != ISS_OK)
		iss_tell_error(aTHX_ self, &err);
	return rv == ISS_OK;
}
