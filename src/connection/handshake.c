#include "connection/handshake.h"

#include <errno.h>

#include <openssl/err.h>

#include "base/compat.h"
#include "connection/outcome.h"
#include "connection/wait.h"
#include "context/acme.h"
#include "sessions/peer_end.h"
#include "sessions/server_store.h"
#include "verification/anonymous.h"

enum { HANDSHAKE_WAYS = ISS_BOTH_WAYS | ISS_HANDSHAKES };

static const char *
handshake_failed(const struct iss_conn *conn)
{
	return conn->server ? "SSL accept attempt failed"
			    : "SSL connect attempt failed";
}

static void
count_success(const struct iss_conn *conn)
{
	struct iss_stats *stats = conn->ctx->stats;
	bool resumed = SSL_session_reused(conn->ssl) != 0;

	iss_stats_add(
	    stats, conn->server ? ISS_STATS_ACCEPTED : ISS_STATS_CONNECTED, 1);
	if (resumed)
		iss_stats_add(stats, ISS_STATS_RESUMED, 1);
	if (conn->staple.good && !resumed)
		iss_stats_add(stats, ISS_STATS_STAPLES, 1);
}

static int
handshake_step(struct iss_conn *conn, void *arg)
{
	int ret;

	(void)arg;
	if (iss_conn_enter(conn) != ISS_OK)
		return ISS_ERROR;
	if (conn->answered && conn->link.may_wait)
		conn->sock->reads_left = 0;
	ret = SSL_do_handshake(conn->ssl);
	iss_conn_leave(conn);
	if (ret == 1) {
		if (iss_acme_finish(&conn->link) != ISS_OK ||
		    iss_anonymous_refuse(&conn->link) != ISS_OK ||
		    iss_staple_finish(&conn->link) != ISS_OK)
			return iss_conn_fail_by_callback(
			    conn, handshake_failed(conn));
		if (conn->server) {
			iss_peer_end_limit(conn->ssl);
			iss_server_store_done(conn->ssl);
		}
		conn->state = ISS_CONN_OPEN;
		iss_conn_drop_hello(conn);
		conn->opened = iss_deadline_after(0);
		if (conn->report != NULL) /* it is complete */
			SSL_set_msg_callback_arg(conn->ssl, NULL);
		conn->lazy = false;
		iss_limits_end_handshake(&conn->limits);
		conn->heard = BIO_number_read(SSL_get_rbio(conn->ssl));
		conn->sent = BIO_number_written(SSL_get_wbio(conn->ssl));
		iss_resume_note_renewal(&conn->resume, &conn->link);
		count_success(conn);
		ERR_clear_error();
		return ISS_OK;
	}
	return iss_conn_failed(conn, ret, handshake_failed(conn));
}

static int
begin_handshake(struct iss_conn *conn, bool server)
{
	struct iss_error err;

	conn->server = server;
	conn->began = iss_deadline_after(0);
	iss_kept_error_clear(&conn->err);
	iss_error_clear(&err);
	if (server && iss_session_id_bind(&err, &conn->ctx->session_id,
			  &conn->link) != ISS_OK) {
		conn->state = ISS_CONN_FAILED;
		return iss_kept_error_copy(&conn->err, &err);
	}
	if (server)
		SSL_set_accept_state(conn->ssl);
	else
		SSL_set_connect_state(conn->ssl);
	conn->state = ISS_CONN_HANDSHAKE;
	return ISS_OK;
}

static int
go_on(struct iss_conn *conn, bool server, iss_deadline deadline)
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
	rv = iss_conn_in_time(conn, HANDSHAKE_WAYS, what);
	if (rv == ISS_OK)
		rv = iss_conn_run_until(
		    conn, handshake_step, NULL, HANDSHAKE_WAYS, deadline, what);
	if (rv == ISS_EOF) {
		conn->state = ISS_CONN_FAILED;
		rv = iss_error_set(iss_kept_error_fill(&conn->err),
		    "%s: the peer sent close_notify during the handshake",
		    what);
		iss_kept_error_set_kind(&conn->err, ISS_KIND_EOF);
	}
	if (rv == ISS_TIMEOUT)
		conn->state = ISS_CONN_FAILED;
	return rv == ISS_OK ? iss_conn_flush_pump(conn) : rv;
}

static void
count_failure(const struct iss_conn *conn, bool failed_before)
{
	if (conn->state == ISS_CONN_FAILED && !failed_before)
		iss_stats_add_failure(conn->ctx->stats,
		    iss_error_kind_of(iss_kept_error_get0(&conn->err)));
}

int
iss_conn_handshake(struct iss_conn *conn, bool server, iss_deadline deadline)
{
	bool failed = conn->state == ISS_CONN_FAILED;
	int rv;

	if (!conn->ctx->may_be_late) {
		rv = go_on(conn, server, deadline);
		count_failure(conn, failed);
		return rv;
	}
	conn->link.may_wait =
	    deadline == ISS_NO_DEADLINE && !iss_conn_blocks(conn);
	rv = go_on(conn, server, deadline);
	conn->link.may_wait = conn->answered = false;
	count_failure(conn, failed);
	return rv;
}

bool
iss_conn_wants_answer(const struct iss_conn *conn)
{
	return conn->link.wants_answer && !conn->link.busy &&
	       conn->state == ISS_CONN_HANDSHAKE;
}

bool
iss_conn_answered(struct iss_conn *conn)
{
	if (!iss_conn_wants_answer(conn))
		return false;
	conn->link.wants_answer = false;
	conn->answered = true;
	return true;
}

int
iss_conn_begin_lazily(struct iss_conn *conn, bool server, double seconds)
{
	if (!iss_limits_set_handshake_wait(&conn->limits, seconds)) {
		iss_kept_error_clear(&conn->err);
		return iss_error_memory(iss_kept_error_fill(&conn->err));
	}
	if (begin_handshake(conn, server) != ISS_OK)
		return ISS_ERROR;
	conn->lazy = true;
	return ISS_OK;
}

iss_deadline
iss_conn_io_deadline(struct iss_conn *conn)
{
	const struct iss_limits *limits = conn->limits;

	conn->until = ISS_CONN_NO_REST;
	if (limits == NULL || limits->io_timeout < 0 || !iss_conn_blocks(conn))
		return ISS_NO_DEADLINE;
	return iss_conn_limit(conn, limits->io_timeout);
}

int
iss_conn_finish_handshake(struct iss_conn *conn)
{
	const struct iss_limits *limits = conn->limits;
	double seconds;

	if (limits == NULL || !iss_conn_blocks(conn))
		return iss_conn_handshake(conn, conn->server, ISS_NO_DEADLINE);
	seconds = limits->io_timeout;
	if (limits->handshake_wait >= 0 &&
	    (seconds < 0 || limits->handshake_wait < seconds))
		seconds = limits->handshake_wait;
	return iss_conn_handshake(
	    conn, conn->server, iss_conn_limit(conn, seconds));
}

static const char new_ticket_failed[] = "new_ticket";

static int
send_ticket(struct iss_conn *conn, void *arg)
{
	int ret;

	(void)arg;
	if (iss_conn_enter(conn) != ISS_OK)
		return ISS_ERROR;
	ret = SSL_do_handshake(conn->ssl);
	iss_conn_leave(conn);
	return ret == 1 ? ISS_OK
			: iss_conn_failed(conn, ret, new_ticket_failed);
}

/* A full socket keeps back a ticket, or another message of this kind. */
static bool
has_half_message(const struct iss_conn *conn)
{
	return conn->server && conn->state == ISS_CONN_OPEN &&
	       SSL_version(conn->ssl) == TLS1_3_VERSION &&
	       SSL_in_init(conn->ssl);
}

static int
run_ticket(struct iss_conn *conn, iss_deadline deadline)
{
	return iss_conn_run_until(
	    conn, send_ticket, NULL, ISS_WRITES, deadline, new_ticket_failed);
}

static int
ask_ticket(struct iss_conn *conn, iss_deadline deadline)
{
	bool asked;
	int rv = ISS_OK;

	if (has_half_message(conn))
		rv = run_ticket(conn, deadline);
	if (rv == ISS_WANT_WRITE)
		return iss_conn_refuse(conn, EAGAIN,
		    "new_ticket: the one before has not gone out yet");
	if (rv != ISS_OK)
		return rv;
	/* First: settling what was read ahead must not send the ticket. */
	if (iss_conn_enter(conn) != ISS_OK)
		return ISS_ERROR;
	asked = conn->state == ISS_CONN_OPEN && !conn->sent_notify &&
		iss_compat_new_ticket(conn->ssl);
	iss_conn_leave(conn);
	if (asked)
		return ISS_OK;
	ERR_clear_error();
	iss_kept_error_clear(&conn->err);
	return iss_error_set(iss_kept_error_fill(&conn->err),
	    "new_ticket: only a server of TLS 1.3 can send a ticket, "
	    "after its handshake");
}

int
iss_conn_new_ticket(struct iss_conn *conn, iss_deadline deadline)
{
	int rv = ISS_OK;

	if (deadline == ISS_NO_DEADLINE)
		deadline = iss_conn_io_deadline(conn);
	if (!conn->half_ticket || !has_half_message(conn))
		rv = ask_ticket(conn, deadline);
	if (rv == ISS_OK) {
		rv = run_ticket(conn, deadline);
		conn->half_ticket = rv == ISS_INTR;
	}
	return rv == ISS_OK ? iss_conn_flush_pump(conn) : rv;
}
