/*
 * Owns the meaning of SSL_get_error(3).
 */
#include "connection/outcome.h"

#include <errno.h>

#include <openssl/err.h>

#include "base/compat.h"
#include "connection/stranger.h"

/* The socket would block, or a signal interrupted the call. */
static int
wait_status(const struct iss_conn *conn, int want)
{
	return conn->sock->sys_errno == EINTR ? ISS_INTR : want;
}

/* TCP ended without close_notify: an end like any other, unless the caller is
 * strict.  The error is then EPROTO, as of every fault of a peer. */
static int
ended_without_notify(struct iss_conn *conn, const char *what)
{
	conn->truncated = true;
	if (conn->state == ISS_CONN_OPEN && !conn->strict_eof) {
		ERR_clear_error();
		return ISS_EOF;
	}
	iss_error_set(iss_kept_error_fill(&conn->err),
	    "%s: the peer closed the connection %s", what,
	    conn->state == ISS_CONN_OPEN ? "without close_notify (truncated)"
					 : "during the handshake");
	iss_kept_error_set_kind(&conn->err, ISS_KIND_EOF);
	if (conn->state == ISS_CONN_OPEN)
		iss_kept_error_default_errno(&conn->err, EPROTO);
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

int
iss_conn_fail_by_callback(struct iss_conn *conn, const char *what)
{
	const struct iss_error *why = iss_kept_error_get0(&conn->link.failure);

	conn->state = ISS_CONN_FAILED;
	iss_kept_error_clear(&conn->err);
	iss_error_set(iss_kept_error_fill(&conn->err), "%s: %s%s", what,
	    why->verify_error != X509_V_OK ? "certificate verify failed: " : "",
	    why->text);
	iss_kept_error_blame(&conn->err, why->verify_error, why->depth);
	iss_kept_error_set_kind(&conn->err, why->kind);
	return ISS_ERROR;
}

/*
 * Has OpenSSL, 3.6 or newer, refused the server's staple?  It uses the reason
 * of an alert, which a server may send as well.
 */
static bool
is_staple_failure(const struct iss_conn *conn, unsigned long error)
{
	return !conn->server && conn->link.sent_alert != 0 &&
	       ERR_GET_LIB(error) == ERR_LIB_SSL &&
	       ERR_GET_REASON(error) ==
		   SSL_R_TLSV1_BAD_CERTIFICATE_STATUS_RESPONSE;
}

/* Say in the text what the peer said instead of TLS. */
static void
quote_stranger(struct iss_conn *conn)
{
	struct iss_error *err = iss_kept_error_fill(&conn->err);
	struct iss_buf said;

	iss_sock_look_further(conn->sock);
	iss_buf_init(&said, ISS_ERROR_TEXT_MAX);
	iss_stranger_quote(&said, conn->sock);
	iss_error_append(err,
	    ": the peer does not speak TLS; it said: ", iss_buf_text(&said));
	iss_buf_release(&said);
	iss_kept_error_set_kind(&conn->err, ISS_KIND_NOT_TLS);
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
		return iss_error_errno(
		    iss_kept_error_fill(&conn->err), e, "%s", what);
	if (iss_kept_error_is_set(&conn->link.failure) &&
	    is_callback_failure(ERR_GET_REASON(reason)))
		return iss_conn_fail_by_callback(conn, what);
	if (is_staple_failure(conn, reason)) {
		iss_error_set(iss_kept_error_fill(&conn->err),
		    "%s: the stapled OCSP response cannot be read "
		    "(SSL_OCSP_NO_STAPLE asks for none)",
		    what);
		iss_kept_error_set_kind(&conn->err, ISS_KIND_STAPLE);
		return ISS_ERROR;
	}
	iss_error_openssl(iss_kept_error_fill(&conn->err), "%s", what);
	if (!was_open && iss_stranger_has_spoken(conn->sock))
		quote_stranger(conn);
	if (was_open)
		iss_kept_error_default_errno(&conn->err, EPROTO);
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

	iss_kept_error_clear(&conn->err);
	if (conn->link.wants_answer &&
	    (code == SSL_ERROR_WANT_CLIENT_HELLO_CB ||
		code == SSL_ERROR_WANT_X509_LOOKUP))
		return ISS_WANT_READ;
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
