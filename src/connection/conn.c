/*
 * Owns the meaning of SSL_get_error(3), and the loop that waits.
 */
#include "connection/conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "base/compat.h"
#include "connection/trace.h"
#include "verification/anonymous.h"

/*
 * TLS 1.3 servers write session tickets right after the handshake, and the
 * first answer after them would wait for their acknowledgement: Nagle and
 * delayed acknowledgements cost 40 ms together.  We write whole records, so
 * there is nothing for Nagle to gather.
 */
static void
set_nodelay(int fd)
{
	int on = 1;

	/* Fails, harmlessly, on a socket that is not TCP. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

/*
 * SNI carries A-labels without a final dot (RFC 6066, 3).  An address goes out
 * as it was given: against the RFC, but programs and their servers rely on it.
 */
static int
set_hostname(struct iss_error *err, SSL *ssl, const char *hostname)
{
	struct iss_reference_id host;
	const char *name = hostname;

	if (iss_reference_id_init(err, &host, hostname, strlen(hostname)) !=
	    ISS_OK) {
		iss_error_prefix(err, "SSL_hostname");
		return ISS_ERROR;
	}
	if (host.kind == ISS_REFERENCE_NAME)
		name = host.name;
	if (SSL_set_tlsext_host_name(ssl, name))
		return ISS_OK;
	return iss_error_openssl(err, "SSL_hostname \"%s\"", hostname);
}

/* The connection's own fingerprints, or those of its context. */
static int
set_fingerprints(struct iss_error *err, struct iss_verify *verify,
    const struct iss_ctx *ctx, const struct iss_peer_config *config)
{
	bool own = config->fingerprints.count > 0;
	bool force = config->force_fingerprint < 0
			 ? ctx->force_fingerprint
			 : config->force_fingerprint != 0;

	return iss_verify_set_fingerprints(err, verify,
	    own ? &config->fingerprints : &ctx->fingerprints, force);
}

/*
 * Where a fingerprint alone decides, a staple cannot change the verdict.  But
 * since OpenSSL 3.6 one that cannot be read would end the handshake.
 */
static int
ocsp_mode(const struct iss_conn *conn, const struct iss_peer_config *config)
{
	if (conn->verify.force_fingerprint)
		return ISS_OCSP_NO_STAPLE;
	return config->ocsp_mode < 0 ? conn->ctx->ocsp_mode : config->ocsp_mode;
}

/* Make the SSL with its socket, and the ways to what belongs to it. */
static int
make_ssl(struct iss_error *err, struct iss_conn *conn, int fd)
{
	BIO *bio;

	if ((conn->ssl = SSL_new(conn->ctx->ssl_ctx)) == NULL ||
	    (bio = iss_sock_new(fd, &conn->sock)) == NULL)
		return iss_error_openssl(err, "cannot create an SSL object");
	SSL_set_bio(conn->ssl, bio, bio);
	conn->pump.sock = conn->sock;
	conn->pump.link = &conn->link;
	conn->pump.err = &conn->err;
	conn->link.verify = &conn->verify;
	conn->link.staple = &conn->staple;
	return iss_link_attach(err, &conn->link, conn->ssl);
}

int
iss_conn_new(struct iss_error *err, struct iss_conn **out, struct iss_ctx *ctx,
    int fd, const struct iss_peer_config *config,
    const struct iss_callbacks *callbacks)
{
	struct iss_conn *conn = calloc(1, sizeof(*conn));
	int rv = ISS_ERROR;

	if (conn == NULL || !iss_refcount_init(&conn->refs)) {
		free(conn);
		return iss_error_set(err, "out of memory");
	}
	ERR_clear_error();
	conn->ctx = iss_ctx_up_ref(ctx);
	conn->link.callbacks = callbacks;
	iss_buf_init(&conn->unsent, ISS_RECORD_MAX);
	iss_buf_init(&conn->taken, ISS_RECORD_MAX);
	conn->strict_eof = config->strict_eof;
	conn->io_timeout = config->io_timeout;
	if (make_ssl(err, conn, fd) != ISS_OK ||
	    set_fingerprints(err, &conn->verify, ctx, config) != ISS_OK)
		goto done;
	iss_verify_begin(&conn->link);
	if (iss_staple_begin(err, &conn->link, ocsp_mode(conn, config)) !=
	    ISS_OK)
		goto done;
	if (config->hostname != NULL &&
	    set_hostname(err, conn->ssl, config->hostname) != ISS_OK)
		goto done;
	conn->sock->pumped = config->usebio;
	if (config->nodelay && !config->usebio)
		set_nodelay(fd);

	*out = conn;
	conn = NULL;
	rv = ISS_OK;

done:
	iss_conn_free(conn);
	return rv;
}

struct iss_conn *
iss_conn_up_ref(struct iss_conn *conn)
{
	iss_refcount_up(&conn->refs);
	return conn;
}

void
iss_conn_free(struct iss_conn *conn)
{
	if (conn == NULL || !iss_refcount_down(&conn->refs))
		return;
	if (conn->ssl != NULL) {
		/*
		 * Without a close_notify OpenSSL would mark the session as bad.
		 * But the session is good, even if the program lets the socket
		 * go out of scope.
		 */
		SSL_set_quiet_shutdown(conn->ssl, 1);
		if (conn->state == ISS_CONN_OPEN)
			SSL_shutdown(conn->ssl);
		SSL_free(conn->ssl);
	}
	iss_resume_release(&conn->resume);
	iss_ctx_free(conn->ctx);
	iss_verify_release(&conn->verify);
	iss_buf_release(&conn->unsent);
	iss_buf_release(&conn->taken);
	iss_ahead_release(&conn->ahead);
	iss_refcount_release(&conn->refs);
	free(conn);
}

int
iss_conn_keep_sessions(struct iss_conn *conn, bool share)
{
	iss_error_clear(&conn->err);
	ERR_clear_error();
	return iss_resume_keep(
	    &conn->err, &conn->resume, &conn->link, conn->ctx, share);
}

bool
iss_conn_offer_session(struct iss_conn *conn, SSL_SESSION *session)
{
	return conn->state == ISS_CONN_NEW &&
	       iss_resume_offer(&conn->resume, &conn->link, session);
}

void
iss_conn_offer_from(struct iss_conn *conn, struct iss_session_cache *cache,
    struct iss_session_key key)
{
	if (conn->state == ISS_CONN_NEW)
		iss_resume_offer_from(&conn->resume, &conn->link, cache, key);
}

static void
on_message(int sent, int version, int content_type, const void *bytes,
    size_t len, SSL *ssl, void *arg)
{
	const struct iss_link *link = iss_link_of(ssl);
	const struct iss_callbacks *ask = iss_link_callbacks(link);
	struct iss_message message = { sent != 0, version, content_type, bytes,
		len };

	(void)arg;
	if (ask->message != NULL)
		ask->message(link->handle, &message);
}

void
iss_conn_tell_messages(struct iss_conn *conn, bool tell)
{
	SSL_set_msg_callback(conn->ssl, tell ? on_message : NULL);
}

bool
iss_conn_can_read(const struct iss_conn *conn)
{
	return conn->state == ISS_CONN_OPEN && !conn->got_notify &&
	       !conn->truncated;
}

bool
iss_conn_can_write(const struct iss_conn *conn)
{
	return conn->state == ISS_CONN_OPEN && !conn->sent_notify &&
	       !conn->peer_gone;
}

int
iss_conn_refuse(struct iss_conn *conn, int errnum, const char *why)
{
	iss_error_clear(&conn->err);
	return iss_error_errno(&conn->err, errnum, "%s", why);
}

void
iss_conn_abandon(struct iss_conn *conn)
{
	conn->sock->fd = -1;
}

/* Bytes must never be served twice. */
static bool
settle(struct iss_conn *conn)
{
	if (iss_ahead_settle(&conn->ahead, conn->ssl))
		return true;
	conn->state = ISS_CONN_FAILED;
	iss_error_clear(&conn->err);
	iss_error_set(&conn->err,
	    "the program read from the SSL object of this socket by itself");
	return false;
}

void
iss_conn_lend_ssl(struct iss_conn *conn)
{
	conn->ahead.off = true;
	if (conn->ahead.bytes != NULL && iss_conn_enter(conn) == ISS_OK)
		iss_conn_leave(conn);
}

int
iss_conn_enter(struct iss_conn *conn)
{
	if (!iss_link_enter(&conn->link))
		return iss_conn_refuse(conn, EDEADLK,
		    "a callback used the connection for which it was called");
	conn->sock->sys_errno = 0;
	iss_sock_limit(conn->sock);
	if (conn->ahead.bytes != NULL && !settle(conn)) {
		iss_conn_leave(conn);
		return ISS_ERROR;
	}
	return ISS_OK;
}

void
iss_conn_leave(struct iss_conn *conn)
{
	iss_sock_unlimit(conn->sock);
	iss_link_leave(&conn->link);
}

/* The socket would block, or a signal interrupted the call. */
static int
wait_status(const struct iss_conn *conn, int want)
{
	return conn->sock->sys_errno == EINTR ? ISS_INTR : want;
}

/* TCP ended without close_notify: an end like any other, unless the caller is
 * strict. */
static int
ended_without_notify(struct iss_conn *conn, const char *what)
{
	conn->truncated = true;
	if (conn->state == ISS_CONN_OPEN && !conn->strict_eof) {
		ERR_clear_error();
		return ISS_EOF;
	}
	iss_error_set(&conn->err, "%s: the peer closed the connection %s", what,
	    conn->state == ISS_CONN_OPEN ? "without close_notify (truncated)"
					 : "during the handshake");
	conn->state = ISS_CONN_FAILED;
	return ISS_ERROR;
}

/* Is it OpenSSL's reason when one of our callbacks refused to go on? */
static bool
is_callback_failure(int reason)
{
	return reason == SSL_R_CERTIFICATE_VERIFY_FAILED ||
	       reason == SSL_R_CALLBACK_FAILED ||
	       reason == SSL_R_INVALID_STATUS_RESPONSE ||
	       reason == SSL_R_PSK_IDENTITY_NOT_FOUND;
}

/* One of our callbacks refused to go on, and says why. */
static int
fail_by_callback(struct iss_conn *conn, const char *what)
{
	const struct iss_error *why = &conn->link.failure;

	conn->state = ISS_CONN_FAILED;
	iss_error_clear(&conn->err);
	iss_error_set(&conn->err, "%s: %s%s", what,
	    why->verify_error != X509_V_OK ? "certificate verify failed: " : "",
	    why->text);
	conn->err.verify_error = why->verify_error;
	conn->err.depth = why->depth;
	return ISS_ERROR;
}

/*
 * Has OpenSSL, 3.6 or newer, refused the server's staple?  It uses the reason
 * of an alert, which no server sends.
 */
static bool
is_staple_failure(const struct iss_conn *conn, unsigned long error)
{
	return !conn->server && ERR_GET_LIB(error) == ERR_LIB_SSL &&
	       ERR_GET_REASON(error) ==
		   SSL_R_TLSV1_BAD_CERTIFICATE_STATUS_RESPONSE;
}

/*
 * The connection failed.  Many programs look only at errno after a read or
 * write: it becomes EPROTO if no system call failed.
 */
static int
fail_for_good(struct iss_conn *conn, const char *what)
{
	int e = conn->sock->sys_errno;
	unsigned long reason;
	bool was_open = conn->state == ISS_CONN_OPEN;

	conn->state = ISS_CONN_FAILED;
	iss_error_prefer_ssl();
	reason = ERR_peek_error();
	/* Since 3.6 the queue tells of the system's failure, too. */
	if (e != 0 && (reason == 0 || ISS_COMPAT_IS_SYSTEM_ERROR(reason)))
		return iss_error_errno(&conn->err, e, "%s", what);
	if (iss_error_is_set(&conn->link.failure) &&
	    is_callback_failure(ERR_GET_REASON(reason)))
		return fail_by_callback(conn, what);
	if (is_staple_failure(conn, reason))
		return iss_error_set(&conn->err,
		    "%s: the stapled OCSP response cannot be read "
		    "(SSL_OCSP_NO_STAPLE asks for none)",
		    what);
	iss_error_openssl(&conn->err, "%s", what);
	if (was_open && conn->err.sys_errno == 0)
		conn->err.sys_errno = EPROTO;
	return ISS_ERROR;
}

/*
 * Is the failure due to the end of the TCP stream?  OpenSSL 1.1.1 then reports
 * SSL_ERROR_SYSCALL without an error.  3.0 queues an error and sends an alert,
 * and errno is that of the alert if the peer is gone.
 */
static bool
is_end(const struct iss_conn *conn)
{
	unsigned long error = ERR_peek_error();

	return error == 0
		   ? conn->sock->sys_errno == 0
		   : ERR_GET_REASON(error) == ISS_COMPAT_R_UNEXPECTED_EOF;
}

int
iss_conn_failed(struct iss_conn *conn, int ret, const char *what)
{
	int code = SSL_get_error(conn->ssl, ret);

	iss_error_clear(&conn->err);
	switch (code) {
	case SSL_ERROR_WANT_READ:
		return wait_status(conn, ISS_WANT_READ);
	case SSL_ERROR_WANT_WRITE:
		return wait_status(conn, ISS_WANT_WRITE);
	case SSL_ERROR_ZERO_RETURN:
		conn->got_notify = true;
		return ISS_EOF;
	default:
		break;
	}
	if (conn->sock->eof && is_end(conn))
		return ended_without_notify(conn, what);
	return fail_for_good(conn, what);
}

/* A step, as the pump runs it. */
struct pumped_step {
	struct iss_conn *conn;
	iss_conn_step *step;
	void *arg;
};

static int
pumped_step(void *arg)
{
	const struct pumped_step *pumped = arg;

	return pumped->step(pumped->conn, pumped->arg);
}

static void
note_pump_failure(struct iss_conn *conn)
{
	if (conn->pump.failed)
		conn->state = ISS_CONN_FAILED;
}

static int
run_step(struct iss_conn *conn, iss_conn_step *step, void *arg)
{
	struct pumped_step pumped = { conn, step, arg };
	int rv = iss_pump_run(&conn->pump, pumped_step, &pumped);

	note_pump_failure(conn);
	return rv;
}

int
iss_conn_flush_pump(struct iss_conn *conn)
{
	int rv = iss_pump_flush(&conn->pump);

	note_pump_failure(conn);
	return rv;
}

bool
iss_conn_fill_pump(struct iss_conn *conn)
{
	bool filled = iss_pump_fill(&conn->pump);

	note_pump_failure(conn);
	return filled;
}

bool
iss_conn_blocks(const struct iss_conn *conn)
{
	return iss_sock_blocks(conn->sock->fd) == 1;
}

/* Has a signal arrived during a call that does not wait? */
static bool
has_signal(const struct iss_conn *conn)
{
	const struct iss_callbacks *ask = iss_link_callbacks(&conn->link);

	return ask->has_signal != NULL && ask->has_signal(conn->link.handle);
}

/*
 * A descriptor that blocks keeps us until there is data; but if the peer sends
 * something else all the time, signals must still be handled.
 */
static int
run_without_deadline(struct iss_conn *conn, iss_conn_step *step, void *arg)
{
	int rv = run_step(conn, step, arg);

	while (rv == ISS_WANT_READ && conn->sock->spent) {
		if (conn->sock->fd >= 0 && !iss_conn_blocks(conn))
			return rv;
		if (has_signal(conn))
			return ISS_INTR;
		rv = run_step(conn, step, arg);
	}
	return rv;
}

/* Wait for what a step wants. */
static int
wait_for(const struct iss_conn *conn, int want, iss_deadline deadline)
{
	const struct iss_sock *sock = conn->sock;

	const bool is_spent = want == ISS_WANT_READ && sock->spent;

	if (sock->fd < 0 && !is_spent)
		return want; /* there is nothing to wait for */
	if (iss_deadline_is_over(deadline))
		return ISS_TIMEOUT;
	if (is_spent)
		return has_signal(conn) ? ISS_INTR : ISS_OK;
	return iss_deadline_wait(sock->fd, want, deadline);
}

int
iss_conn_run_until(struct iss_conn *conn, iss_conn_step *step, void *arg,
    iss_deadline deadline, const char *what)
{
	struct iss_sock *sock = conn->sock;
	/* Restored afterwards, since a callback may have run us for this conn.
	 */
	const bool dont_wait = sock->dont_wait;
	int rv;

	if (deadline == ISS_NO_DEADLINE)
		return run_without_deadline(conn, step, arg);
	sock->dont_wait = true;
	do {
		rv = run_step(conn, step, arg);
		if (rv != ISS_WANT_READ && rv != ISS_WANT_WRITE)
			break;
		rv = wait_for(conn, rv, deadline);
	} while (rv == ISS_OK);
	sock->dont_wait = dont_wait;
	if (rv == ISS_TIMEOUT) {
		iss_error_clear(&conn->err);
		iss_error_errno(&conn->err, ETIMEDOUT, "%s", what);
	}
	if (rv == ISS_ERROR && !iss_error_is_set(&conn->err))
		iss_error_errno(&conn->err, errno, "%s", what);
	return rv;
}

static const char *
handshake_failed(const struct iss_conn *conn)
{
	return conn->server ? "SSL accept attempt failed"
			    : "SSL connect attempt failed";
}

static int
handshake_step(struct iss_conn *conn, void *arg)
{
	int ret;

	(void)arg;
	if (iss_conn_enter(conn) != ISS_OK)
		return ISS_ERROR;
	ret = SSL_do_handshake(conn->ssl);
	iss_conn_leave(conn);
	if (ret == 1) {
		if (iss_anonymous_refuse(&conn->link) != ISS_OK ||
		    iss_staple_finish(&conn->link) != ISS_OK)
			return fail_by_callback(conn, handshake_failed(conn));
		conn->state = ISS_CONN_OPEN;
		conn->heard = BIO_number_read(SSL_get_rbio(conn->ssl));
		conn->sent = BIO_number_written(SSL_get_wbio(conn->ssl));
		iss_resume_note_renewal(&conn->resume, &conn->link);
		ERR_clear_error();
		return ISS_OK;
	}
	return iss_conn_failed(conn, ret, handshake_failed(conn));
}

static int
begin_handshake(struct iss_conn *conn, bool server)
{
	conn->server = server;
	iss_error_clear(&conn->err);
	if (server && iss_session_id_bind(&conn->err, &conn->ctx->session_id,
			  &conn->link) != ISS_OK) {
		conn->state = ISS_CONN_FAILED;
		return ISS_ERROR;
	}
	if (server)
		SSL_set_accept_state(conn->ssl);
	else
		SSL_set_connect_state(conn->ssl);
	conn->state = ISS_CONN_HANDSHAKE;
	return ISS_OK;
}

int
iss_conn_handshake(struct iss_conn *conn, bool server, iss_deadline deadline)
{
	const char *what;
	int rv;

	switch (conn->state) {
	case ISS_CONN_OPEN:
		return iss_conn_flush_pump(conn);
	case ISS_CONN_FAILED:
		return ISS_ERROR;
	case ISS_CONN_NEW:
		if (begin_handshake(conn, server) != ISS_OK)
			return ISS_ERROR;
		break;
	case ISS_CONN_HANDSHAKE:
		break;
	}
	what = handshake_failed(conn);
	rv = iss_conn_run_until(conn, handshake_step, NULL, deadline, what);
	if (rv == ISS_EOF) {
		conn->state = ISS_CONN_FAILED;
		rv = iss_error_set(&conn->err,
		    "%s: the peer sent close_notify during the handshake",
		    what);
	}
	if (rv == ISS_TIMEOUT)
		conn->state = ISS_CONN_FAILED;
	return rv == ISS_OK ? iss_conn_flush_pump(conn) : rv;
}
