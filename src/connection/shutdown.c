/*
 * Owns the order in which the two directions end.
 */
#include "connection/shutdown.h"

#include <errno.h>
#include <sys/socket.h>

#include "connection/handshake.h"
#include "connection/io.h"
#include "connection/outcome.h"
#include "connection/wait.h"

#define SHUTDOWN_FAILED "SSL shutdown error"

/* Seconds: in all, and after the peer has sent something. */
#define LINGER 1.0
#define LINGER_MORE 0.1

enum { DRAIN_CHUNK = 4096, DRAIN_CHUNKS = 64 };

static int
notify_step(struct iss_conn *conn, void *arg)
{
	int ret;

	(void)arg;
	if (iss_conn_enter(conn) != ISS_OK)
		return ISS_ERROR;
	ret = SSL_shutdown(conn->ssl);
	iss_conn_leave(conn);
	if (ret >= 0) {
		conn->sent_notify = true;
		/* Plain data may follow the peer's close_notify. */
		conn->sock->exact = true;
		conn->got_notify |= ret == 1;
		return ISS_OK;
	}
	return iss_conn_failed(conn, ret, SHUTDOWN_FAILED);
}

static int
truncated(struct iss_conn *conn)
{
	iss_kept_error_clear(&conn->err);
	return iss_error_set(iss_kept_error_fill(&conn->err),
	    SHUTDOWN_FAILED ": the peer closed the connection without "
			    "close_notify (truncated)");
}

/* The first error stays. */
static int
failed_before(struct iss_conn *conn)
{
	if (iss_kept_error_is_set(&conn->err))
		return ISS_ERROR;
	return iss_conn_refuse(conn, EPIPE,
	    SHUTDOWN_FAILED ": the TLS connection has already failed");
}

/* Has anything come after the handshake? */
static bool
has_heard(const struct iss_conn *conn)
{
	return BIO_number_read(SSL_get_rbio(conn->ssl)) > conn->heard;
}

/* May the server still send tickets, while data of ours is on its way? */
static bool
must_linger(const struct iss_conn *conn)
{
	return !conn->server && SSL_version(conn->ssl) >= TLS1_3_VERSION &&
	       BIO_number_written(SSL_get_wbio(conn->ssl)) > conn->sent &&
	       !has_heard(conn);
}

/* How long closing waits for the rest of a write that has failed: a peer that
 * reads nothing would keep it for ever. */
static iss_deadline
until_given_up(struct iss_conn *conn)
{
	return iss_conn_blocks(conn) ? iss_conn_limit(conn, LINGER)
				     : ISS_NO_DEADLINE;
}

static int
notify(struct iss_conn *conn, iss_deadline deadline, bool closes)
{
	iss_deadline write_until;
	int rv;

	if (conn->state == ISS_CONN_FAILED)
		return failed_before(conn);
	if (conn->state != ISS_CONN_OPEN)
		return ISS_OK;
	if (conn->sent_notify)
		return iss_conn_flush_pump(conn);
	if (conn->peer_gone)
		return iss_conn_refuse(conn, EPIPE, SHUTDOWN_FAILED);
	if (deadline == ISS_NO_DEADLINE)
		deadline = iss_conn_io_deadline(conn);
	write_until = closes && deadline == ISS_NO_DEADLINE
			  ? until_given_up(conn)
			  : deadline;
	if ((rv = iss_io_flush_until(conn, deadline)) != ISS_OK ||
	    (rv = iss_io_finish_write(conn, write_until)) != ISS_OK)
		return rv;
	conn->lingers |= must_linger(conn);
	if (iss_conn_can_read(conn))
		iss_resume_collect(&conn->resume, &conn->link, conn->sock);
	iss_resume_return_spare(&conn->resume, &conn->link);
	/* OpenSSL 1.1.1 would send it to nobody, later ones refuse. */
	if (conn->truncated)
		return truncated(conn);
	return iss_conn_run_until(
	    conn, notify_step, NULL, ISS_WRITES, deadline, SHUTDOWN_FAILED);
}

int
iss_shutdown_notify(struct iss_conn *conn, iss_deadline deadline)
{
	return notify(conn, deadline, false);
}

bool
iss_shutdown_report_end(struct iss_conn *conn)
{
	if (!conn->got_notify || conn->end_reported)
		return false;
	conn->end_reported = true;
	return true;
}

void
iss_shutdown_accept_plain(struct iss_conn *conn)
{
	conn->plain_read = true;
}

void
iss_shutdown_write_plain(struct iss_conn *conn)
{
	conn->plain_write = true;
}

void
iss_shutdown_answer(struct iss_conn *conn)
{
	(void)iss_shutdown_notify(conn, iss_deadline_after(0));
	conn->sent_notify = true;
}

/* Read and drop until the peer's close_notify. */
static int
drain_step(struct iss_conn *conn, void *arg)
{
	char dropped[DRAIN_CHUNK];
	int chunks = DRAIN_CHUNKS;
	size_t got;
	int more;

	(void)arg;
	while (chunks-- > 0) {
		if (iss_conn_enter(conn) != ISS_OK)
			return ISS_ERROR;
		more = SSL_read_ex(conn->ssl, dropped, sizeof(dropped), &got);
		iss_conn_leave(conn);
		if (!more)
			return iss_conn_failed(conn, 0, SHUTDOWN_FAILED);
	}
	conn->sock->spent = true;
	return ISS_WANT_READ;
}

/* Read and drop until something has come. */
static int
hear_step(struct iss_conn *conn, void *arg)
{
	int rv = drain_step(conn, arg);

	return rv == ISS_WANT_READ && has_heard(conn) ? ISS_OK : rv;
}

/* How waiting ends does not matter, unless a signal interrupts it. */
static int
linger(struct iss_conn *conn)
{
	iss_deadline more;
	int rv;

	shutdown(conn->sock->fd, SHUT_WR);
	rv = iss_conn_run_until(conn, hear_step, NULL, ISS_READS,
	    conn->linger_until, SHUTDOWN_FAILED);
	if (rv == ISS_OK) {
		more = iss_deadline_after(LINGER_MORE);
		if (more > conn->linger_until)
			more = conn->linger_until;
		rv = iss_conn_run_until(
		    conn, drain_step, NULL, ISS_READS, more, SHUTDOWN_FAILED);
	}
	return rv == ISS_INTR ? rv : ISS_OK;
}

int
iss_shutdown_close(struct iss_conn *conn, iss_deadline deadline)
{
	/* The program may have ended its half long ago, and read since. */
	const bool had_ended = conn->sent_notify && conn->linger_until == 0;
	int rv = notify(conn, deadline, true);

	if (rv != ISS_OK || !conn->lingers || !iss_conn_can_read(conn) ||
	    (had_ended && has_heard(conn)) || !iss_conn_blocks(conn))
		return rv;
	if (conn->linger_until == 0)
		conn->linger_until = deadline == ISS_NO_DEADLINE
					 ? iss_deadline_after(LINGER)
					 : deadline;
	return linger(conn);
}

int
iss_shutdown_both(struct iss_conn *conn, iss_deadline deadline)
{
	int rv = iss_shutdown_notify(conn, deadline);

	if (rv != ISS_OK || conn->state != ISS_CONN_OPEN || conn->got_notify)
		return rv;
	if (deadline == ISS_NO_DEADLINE)
		deadline = iss_conn_io_deadline(conn);
	if (!conn->truncated)
		rv = iss_conn_run_until(conn, drain_step, NULL, ISS_READS,
		    deadline, SHUTDOWN_FAILED);
	if (conn->got_notify)
		return ISS_OK;
	return conn->truncated ? truncated(conn) : rv;
}
