#include "lifecycle.h"

#include <errno.h>

#include "answers.h"
#include "args.h"
#include "attachment.h"
#include "call.h"
#include "errors.h"
#include "layer.h"
#include "messages.h"
#include "sessions.h"
#include "state.h"
#include "values.h"
#include "base/deadline.h"
#include "connection/conn.h"
#include "connection/resume.h"
#include "connection/shutdown.h"

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
	rv = iss_conn_new(&err, &conn, ctx, fd, &config, &iss_answers);
	iss_peer_config_release(&config);
	if (rv != ISS_OK) {
		iss_tell_error(aTHX_ self, &err);
		return false;
	}
	/* From here on the glob owns it, whatever croaks. */
	iss_end(aTHX_ self);
	iss_attach(aTHX_ self, conn);
	conn->verify.must_ask =
	    iss_state_callback(aTHX_ self, "verify_callback") != NULL;
	if (set_up_name(aTHX_ conn, &err, args, name, scheme) &&
	    take_over_buffers(aTHX_ self, conn, &err)) {
		iss_messages_begin(aTHX_ self, conn);
		iss_layer_push(aTHX_ self, conn);
		iss_state_begin(aTHX_ self, conn, fd);
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

bool
iss_offer_session(pTHX_ GV *self, SSL_SESSION *session)
{
	struct iss_conn *conn = must_be_attached(aTHX_ self);
	struct iss_call call;
	bool spent;

	iss_call_begin(aTHX_ &call, self, conn, NULL);
	spent = iss_conn_offer_session(conn, session);
	iss_call_end(aTHX_ &call);
	return spent;
}

void
iss_offer_from(pTHX_ GV *self, struct iss_session_cache *cache, SV *key)
{
	struct iss_conn *conn = must_be_attached(aTHX_ self);
	struct iss_session_key bytes = iss_session_key(aTHX_ key);
	struct iss_call call;

	iss_session_cache_up_ref(cache); /* a callback may drop the object */
	iss_call_begin(aTHX_ &call, self, conn, NULL);
	iss_conn_offer_from(conn, cache, bytes);
	iss_session_cache_free(cache);
	iss_call_end(aTHX_ &call);
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
run_step(pTHX_ GV *self, int (*step)(struct iss_conn *, int, iss_deadline),
    int arg, SV *seconds, bool wait)
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
		 (rv = iss_call_interrupted(aTHX_ self, conn)) == ISS_OK);
	if (call.asked && iss_still_attached(aTHX_ self, conn) != ISS_OK)
		rv = ISS_ERROR;
	/* Another thread may have finished the handshake. */
	if (rv == ISS_OK && step == handshake &&
	    (!was_open || iss_state_is_opening(aTHX_ self)))
		iss_state_open(aTHX_ self, conn);
	if (rv == ISS_OK && step == shut_down)
		iss_state_write_closed(aTHX_ self);
	result = outcome(aTHX_ self, conn, rv);
	LEAVE;
	return result;
}

SV *
iss_handshake(pTHX_ GV *self, bool server, SV *seconds, bool wait)
{
	return run_step(aTHX_ self, handshake, server, seconds, wait);
}

SV *
iss_shutdown(pTHX_ GV *self, bool fast, SV *seconds, bool wait)
{
	return run_step(aTHX_ self, shut_down, fast, seconds, wait);
}
