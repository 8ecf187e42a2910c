#include "lifecycle.h"

#include <errno.h>

#include "answers.h"
#include "args.h"
#include "attachment.h"
#include "call.h"
#include "context.h"
#include "deadline.h"
#include "errors.h"
#include "layer.h"
#include "messages.h"
#include "peer.h"
#include "resume.h"
#include "state.h"
#include "stream.h"
#include "values.h"
#include "base/compat.h"
#include "base/deadline.h"
#include "connection/conn.h"
#include "connection/handshake.h"
#include "connection/shutdown.h"

/*
 * Data that Perl has read ahead belongs to the handshake (a ClientHello that
 * came with the last plain line); data that it has not written yet goes before
 * the handshake.
 */
static bool
take_over_buffers(pTHX_ GV *self, struct iss_conn *conn, struct iss_error *err)
{
	PerlIO *in = GvIO(self) != NULL ? IoIFP(GvIOp(self)) : NULL;
	PerlIO *out = GvIO(self) != NULL ? IoOFP(GvIOp(self)) : NULL;
	SSize_t count;
	STDCHAR *bytes;

	if (out != NULL && PerlIO_flush(out) != 0) {
		iss_error_errno(err, errno,
		    "cannot flush the data that was printed before TLS");
		return false;
	}
	if (in == NULL || !iss_layer_has_read_ahead(aTHX_ in))
		return true;
	count = PerlIO_get_cnt(in);
	bytes = PerlIO_get_ptr(in);
	if (iss_sock_put_in(conn->sock, bytes, (size_t)count) != ISS_OK) {
		iss_error_set(err, "out of memory");
		return false;
	}
	PerlIO_set_ptrcnt(in, bytes + count, 0);
	return true;
}

/* What is known before there is a connection.  It stays alive until the
 * statement ends, whatever Perl code does. */
struct beginning {
	HV *args;    /* _SSL_arguments */
	HV *context; /* the object of the context */
	int fd;
	SV *scheme; /* NULL: the name is not checked */
	struct iss_text name;
};

static HV *
keep_alive(pTHX_ HV *hash)
{
	return (HV *)sv_2mortal(
	    hash != NULL ? SvREFCNT_inc((SV *)hash) : (SV *)newHV());
}

/* False: the socket is not open.  A handle under SSL_usebio may have no
 * descriptor, which is -1. */
static bool
find_descriptor(pTHX_ GV *self, int *fd)
{
	SV *handle = iss_state_bio_handle(aTHX_ self);

	if (handle == NULL) {
		*fd = iss_fileno(aTHX_ self);
		return *fd >= 0;
	}
	*fd = (int)SvIV(iss_call_perl(
	    aTHX_ "IO::Socket::SSL::Pump::descriptor", 0, &handle, 1));
	return true;
}

/* Perl code that ran meanwhile may have closed the socket, and its number may
 * be that of another one now. */
static bool
has_descriptor(pTHX_ GV *self, int fd)
{
	return iss_state_bio_handle(aTHX_ self) != NULL ||
	       iss_fileno(aTHX_ self) == fd;
}

static struct iss_conn *
new_conn(pTHX_ GV *self, struct iss_current *current,
    const struct beginning *known, bool server)
{
	/* The name is sent as the bytes that were given. */
	struct iss_peer_facts facts = iss_peer_facts(
	    aTHX_ known->args, known->context, server, ISS_PEER_BYTES);
	struct iss_peer_config config;
	struct iss_conn *conn = NULL;
	struct iss_ctx *ctx;
	struct iss_error err;
	int rv;

	iss_error_clear(&err);
	rv = iss_args_to_peer_config(aTHX_ &err, known->args, server,
	    iss_peer_policy_sni(&facts), &config);
	if (rv == ISS_OK && !has_descriptor(aTHX_ self, known->fd)) {
		iss_peer_config_release(&config);
		rv = iss_error_errno(
		    &err, EBADF, "the socket was closed during the operation");
	} else if (rv == ISS_OK) {
		ctx = iss_current_get1(current);
		rv = iss_conn_new(
		    &err, &conn, ctx, known->fd, &config, &iss_answers);
		iss_ctx_free(ctx);
		iss_peer_config_release(&config);
	}
	if (rv != ISS_OK)
		iss_tell_error(aTHX_ self, &err);
	return conn;
}

static bool
set_up_name(pTHX_ GV *self, struct iss_conn *conn,
    const struct beginning *known, struct iss_error *err)
{
	if (known->scheme == NULL)
		return true;
	iss_state_set_scheme_callback(
	    aTHX_ self, iss_peer_scheme_code(aTHX_ known->scheme));
	if (iss_peer_set_name(aTHX_ err, &conn->verify, known->name,
		known->scheme,
		iss_hash_value(
		    aTHX_ known->args, "SSL_verifycn_publicsuffix")) == ISS_OK)
		return true;
	if (iss_verify_require_fingerprint(&conn->verify)) {
		iss_error_clear(err);
		return true;
	}
	iss_error_prefix(err, "hostname verification failed");
	return false;
}

/* Attach a connection; its handshake may begin. */
static bool
begin(pTHX_ GV *self, struct iss_conn *conn, const struct beginning *known)
{
	struct iss_error err;
	bool is_ready;

	/* The glob owns it before anything can croak. */
	iss_end(aTHX_ self);
	iss_attach(aTHX_ self, conn);
	iss_hold(aTHX_ self, conn);
	iss_verify_set_must_ask(&conn->verify,
	    iss_state_callback(aTHX_ self, "verify_callback") != NULL);
	iss_error_clear(&err);
	is_ready = set_up_name(aTHX_ self, conn, known, &err) &&
		   take_over_buffers(aTHX_ self, conn, &err);
	/* An overloaded value of the program may have ended TLS. */
	if (iss_still_attached(aTHX_ self, conn) != ISS_OK) {
		iss_tell_status(aTHX_ self, conn, ISS_ERROR);
		return false;
	}
	if (is_ready) {
		iss_messages_begin(aTHX_ self, conn);
		iss_layer_push(aTHX_ self, conn);
		iss_state_begin(aTHX_ self, conn, known->fd);
		iss_deadline_take_over(aTHX_ self, conn);
		return true;
	}
	iss_detach(aTHX_ self);
	iss_tell_error(aTHX_ self, &err);
	return false;
}

bool
iss_begin(pTHX_ GV *self, SV *context, bool server)
{
	struct iss_current *current = iss_attached_current(aTHX_ context);
	struct beginning known;
	struct iss_conn *conn;
	bool begun;
	int fd;

	if (current == NULL)
		Perl_croak(
		    aTHX_ "ctx is not of type IO::Socket::SSL::SSL_Context");
	if (!find_descriptor(aTHX_ self, &known.fd)) {
		iss_tell_text(aTHX_ self, EBADF, "the socket is not open");
		return false;
	}
	known.args = keep_alive(aTHX_ iss_state_arguments(aTHX_ self));
	known.context = keep_alive(aTHX_ (HV *)SvRV(context));
	iss_look_at_files(aTHX_ context, current);
	iss_state_set_scheme_callback(aTHX_ self, NULL);
	fd = iss_state_bio_handle(aTHX_ self) == NULL ? known.fd : -1;
	known.scheme = iss_peer_choose_name(
	    aTHX_ known.args, known.context, server, fd, &known.name);
	conn = new_conn(aTHX_ self, current, &known, server);
	if (conn == NULL)
		return false;
	ENTER;
	begun = begin(aTHX_ self, conn, &known);
	LEAVE;
	return begun;
}

/* get_servername still works after the end of TLS. */
static void
keep_servername(pTHX_ GV *self)
{
	const struct iss_conn *conn = iss_attached(aTHX_ self);
	const char *name = conn == NULL ? NULL
					: SSL_get_servername(conn->ssl,
					      TLSEXT_NAMETYPE_host_name);

	if (name != NULL)
		iss_state_set_servername(aTHX_ self, newSVpv(name, 0));
}

void
iss_end(pTHX_ GV *self)
{
	keep_servername(aTHX_ self);
	iss_layer_pop(aTHX_ self);
	iss_detach(aTHX_ self);
}

/* A deadline in so many seconds; to wait for ever is a deadline too. */
static iss_deadline
deadline(pTHX_ SV *seconds, bool wait)
{
	if (!wait)
		return ISS_NO_DEADLINE;
	if (SvOK(seconds))
		return iss_deadline_after(SvNV(seconds));
	return ISS_FAR_AWAY;
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

/* As within a read. */
static int
finish_lazy(struct iss_conn *conn, int arg, iss_deadline until)
{
	(void)arg;
	(void)until;
	return iss_conn_finish_handshake(conn);
}

static int
shut_down(struct iss_conn *conn, int how, iss_deadline until)
{
	switch (how) {
	case ISS_SHUTDOWN_FAST:
		return iss_shutdown_notify(conn, until);
	case ISS_SHUTDOWN_CLOSE:
		return iss_shutdown_close(conn, until);
	default:
		return iss_shutdown_both(conn, until);
	}
}

static int
new_ticket(struct iss_conn *conn, int unused, iss_deadline until)
{
	PERL_UNUSED_ARG(unused);
	return iss_conn_new_ticket(conn, until);
}

/* Repeat step after signals, whose handlers may detach the connection. */
static SV *
run_step(pTHX_ GV *self, int (*step)(struct iss_conn *, int, iss_deadline),
    int arg, SV *seconds, bool wait)
{
	/* First, since it may be an object that closes the socket. */
	iss_deadline until = deadline(aTHX_ seconds, wait);
	struct iss_conn *conn = must_be_attached(aTHX_ self);
	bool was_open = conn->state == ISS_CONN_OPEN, is_ours = true;
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
	if (call.asked && iss_still_attached(aTHX_ self, conn) != ISS_OK) {
		rv = ISS_ERROR;
		is_ours = false;
	}
	/* Another thread may have finished the handshake. */
	if (rv == ISS_OK && step == handshake &&
	    (!was_open || iss_state_is_opening(aTHX_ self)))
		iss_state_open(aTHX_ self, conn);
	if (step == finish_lazy && is_ours)
		iss_stream_note_handshake(aTHX_ self, conn);
	if (rv == ISS_OK && step == shut_down)
		iss_state_write_closed(aTHX_ self, false);
	result = outcome(aTHX_ self, conn, rv);
	LEAVE;
	return result;
}

/* Offer a session.  False: the program's cache or store, asked for it, ended
 * TLS on this socket; the reason is told. */
static bool
resume(pTHX_ GV *self, struct iss_conn *conn)
{
	bool is_ours;

	ENTER;
	iss_hold(aTHX_ self, conn);
	iss_resume_session(aTHX_ self, conn);
	is_ours = iss_still_attached(aTHX_ self, conn) == ISS_OK;
	if (!is_ours)
		iss_tell_status(aTHX_ self, conn, ISS_ERROR);
	LEAVE;
	return is_ours;
}

SV *
iss_handshake(pTHX_ GV *self, bool server, SV *seconds, bool wait)
{
	struct iss_conn *conn = must_be_attached(aTHX_ self);

	if (!server && conn->state == ISS_CONN_NEW && !resume(aTHX_ self, conn))
		return newSVpvs("");
	return run_step(aTHX_ self, handshake, server, seconds, wait);
}

bool
iss_handshake_later(pTHX_ GV *self, bool server, SV *seconds)
{
	/* First, since it may be an object that closes the socket. */
	double wait = SvOK(seconds) ? SvNV(seconds) : -1;
	struct iss_conn *conn = must_be_attached(aTHX_ self);

	if (!server && !resume(aTHX_ self, conn))
		return false;
	if (iss_conn_begin_lazily(conn, server, wait) == ISS_OK)
		return true;
	iss_tell_status(aTHX_ self, conn, ISS_ERROR);
	return false;
}

bool
iss_finish_lazy(pTHX_ SV *socket)
{
	GV *self = iss_socket_glob(aTHX_ socket);
	const struct iss_conn *conn = iss_attached(aTHX_ self);
	SV *done;

	/* A callback of that very handshake gets what is known so far. */
	if (conn == NULL || !conn->lazy || conn->link.busy)
		return true;
	iss_keep(aTHX_ socket);
	done = run_step(aTHX_ self, finish_lazy, 0, &PL_sv_undef, false);
	return SvTRUE(sv_2mortal(done));
}

SV *
iss_new_ticket(pTHX_ GV *self)
{
	if (!ISS_COMPAT_HAS_NEW_TICKET)
		Perl_croak(aTHX_ "new_ticket needs OpenSSL 3.0, this is %.*s",
		    ISS_COMPAT_VERSION);
	if (iss_attached(aTHX_ self) == NULL) {
		iss_tell_text(
		    aTHX_ self, 0, "there is no TLS connection on this socket");
		return newSVpvs("");
	}
	return run_step(aTHX_ self, new_ticket, 0, &PL_sv_undef, false);
}

SV *
iss_shutdown(pTHX_ GV *self, int how, SV *seconds, bool wait)
{
	return run_step(aTHX_ self, shut_down, how, seconds, wait);
}
