/*
 * The common case is one call of OpenSSL; all others are told apart only where
 * it is not possible, or failed.
 */
#include "connection/io.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <sys/socket.h>

#include "base/compat.h"
#include "connection/handshake.h"
#include "connection/outcome.h"
#include "connection/wait.h"

#define WRITE_FAILED "SSL write error"

/* More than a handle has in memory. */
enum { PENDING_FILLS = 16 };

/* One read, peek or write. */
struct transfer {
	int (*call)(SSL *, void *, size_t, size_t *);
	const char *what;
	void *buf;
	size_t len;
	size_t done;
	bool untried; /* it is too late, and OpenSSL was not called */
};

/* The program reads plain data after TLS (iss_shutdown_accept_plain). */
static int
receive_plain(struct iss_conn *conn, struct transfer *t)
{
	int flags = t->call == SSL_peek_ex ? MSG_PEEK : 0;
	ssize_t n = iss_sock_receive(conn->sock, t->buf, t->len, flags);

	if (n == 0)
		return ISS_EOF;
	if (n > 0) {
		t->done = (size_t)n;
		return ISS_OK;
	}
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return ISS_WANT_READ;
	if (errno == EINTR)
		return ISS_INTR;
	return iss_conn_refuse(conn, errno, "read after close_notify");
}

/*
 * The peer's half of TLS is over.  Plain data that follows must never be
 * mistaken for TLS data, unless the program has ended our half before by
 * stop_SSL; the end of TCP is still an end.
 */
static int
receive_after_end(struct iss_conn *conn, struct transfer *t)
{
	char byte;

	if (conn->truncated || conn->sock->pumped)
		return ISS_EOF;
	if (conn->plain_read || (conn->plain_write && conn->read_end))
		return receive_plain(conn, t);
	if (!conn->read_end ||
	    recv(conn->sock->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
		return ISS_EOF;
	return iss_conn_refuse(conn, EPERM,
	    "SSL read error: the peer has ended TLS; call stop_SSL before "
	    "reading plain data");
}

/* Finish a handshake that has begun.  ISS_OK if data can flow then. */
static int
finish_handshake(struct iss_conn *conn)
{
	switch (conn->state) {
	case ISS_CONN_OPEN:
		return ISS_OK;
	case ISS_CONN_HANDSHAKE:
		return iss_conn_finish_handshake(conn);
	case ISS_CONN_NEW:
		return iss_conn_refuse(
		    conn, EPERM, "the TLS handshake has not started");
	case ISS_CONN_FAILED:
		break;
	}
	/* The first error stays; many programs look only at errno. */
	if (!iss_kept_error_is_set(&conn->err))
		return iss_conn_refuse(
		    conn, EPERM, "the TLS connection has already failed");
	iss_kept_error_default_errno(&conn->err, EPERM);
	return ISS_ERROR;
}

static void
forget_write(struct iss_conn *conn)
{
	conn->half_written = false;
	iss_buf_release(&conn->taken);
}

/*
 * The peer is gone, so nothing can be sent any more; but it may have answered
 * before, and that can still be read, as from a plain socket.
 */
static void
note_gone(struct iss_conn *conn)
{
	conn->peer_gone = true;
	forget_write(conn);
}

/* SSL_write_ex with the type of SSL_read_ex. */
static int
write_call(SSL *ssl, void *buf, size_t len, size_t *put)
{
	return SSL_write_ex(ssl, buf, len, put);
}

static int
transfer_step(struct iss_conn *conn, void *arg)
{
	struct transfer *t = arg;
	struct iss_sock *sock = conn->sock;
	int done;

	if (iss_conn_enter(conn) != ISS_OK)
		return ISS_ERROR;
	sock->hides_gone = !sock->pumped;
	done = t->call(conn->ssl, t->buf, t->len, &t->done);
	sock->hides_gone = false;
	iss_conn_note_reads(conn);
	if (done && t->call == SSL_read_ex) {
		conn->data_in += t->done;
		iss_conn_free_buffers(conn);
	}
	iss_conn_leave(conn);
	if (sock->gone != 0 && !conn->peer_gone)
		note_gone(conn);
	if (sock->gone != 0 && t->call == write_call)
		return iss_conn_refuse(conn, sock->gone, t->what);
	if (t->call == write_call)
		conn->data_out += t->done;
	return done ? ISS_OK : iss_conn_failed(conn, 0, t->what);
}

static int
truncated(struct iss_conn *conn)
{
	return iss_conn_refuse(conn, EPIPE,
	    WRITE_FAILED ": the peer closed the connection without "
			 "close_notify (truncated)");
}

/*
 * The result of a write.  OpenSSL 3 refuses to write once it has met the end of
 * TCP, without a reason.
 */
static int
written(struct iss_conn *conn, int rv)
{
	return rv == ISS_EOF ? truncated(conn) : rv;
}

static int
unsent_step(struct iss_conn *conn, void *arg)
{
	struct iss_buf *unsent = &conn->unsent;
	int rv;

	(void)arg;
	while (unsent->len > 0) {
		struct transfer t = { write_call, WRITE_FAILED, unsent->data,
			unsent->len, 0, false };

		if ((rv = transfer_step(conn, &t)) != ISS_OK)
			return rv;
		iss_buf_drop(unsent, t.done);
	}
	return ISS_OK;
}

int
iss_io_flush_until(struct iss_conn *conn, iss_deadline deadline)
{
	int rv;

	if (conn->unsent.len == 0)
		return ISS_OK;
	if (iss_conn_can_write(conn))
		rv = written(conn, iss_conn_run_until(conn, unsent_step, NULL,
				       ISS_WRITES, deadline, WRITE_FAILED));
	else if (conn->state == ISS_CONN_FAILED)
		rv = ISS_ERROR; /* the first error stays */
	else
		rv = iss_conn_refuse(conn, EPIPE, WRITE_FAILED);
	/* If busy, OpenSSL may be reading these bytes right now. */
	if (!conn->link.busy && (rv == ISS_OK || rv == ISS_ERROR))
		iss_buf_release(&conn->unsent);
	return rv;
}

static int
transfer(struct iss_conn *conn, struct transfer *t)
{
	const int ways = t->call == write_call ? ISS_WRITES : ISS_READS;
	int rv;

	if (conn->limits == NULL && !conn->sock->pumped) {
		rv = transfer_step(conn, t);
		if (rv != ISS_WANT_READ || !conn->sock->spent)
			return rv;
	} else if ((rv = iss_conn_in_time(conn, ways, t->what)) != ISS_OK) {
		t->untried = true;
		return rv;
	}
	return iss_conn_run_until(
	    conn, transfer_step, t, ways, iss_conn_io_deadline(conn), t->what);
}

/*
 * A write must be repeated.  If OpenSSL is not within a handshake it may have
 * made a record of the bytes.  A pump takes whole records.
 */
static int
note_taken(struct iss_conn *conn, const struct transfer *t, int rv)
{
	if (rv == ISS_ERROR || rv == ISS_EOF || t->untried ||
	    conn->sock->pumped || SSL_in_init(conn->ssl))
		return rv;
	if (!iss_buf_append(&conn->taken, t->buf, t->len)) {
		conn->state = ISS_CONN_FAILED;
		iss_kept_error_clear(&conn->err);
		return iss_error_set(
		    iss_kept_error_fill(&conn->err), "out of memory");
	}
	conn->half_written = true;
	return rv;
}

static struct transfer
rest_of_write(const struct iss_conn *conn)
{
	struct transfer t = { write_call, WRITE_FAILED, conn->taken.data,
		conn->taken.len, 0, false };

	return t;
}

/* OpenSSL has got rid of the record; it may have been shorter. */
static void
note_written(struct iss_conn *conn, const struct transfer *t)
{
	conn->half_written = false;
	conn->taken.len = t->done;
}

static int
send_waiting_step(struct iss_conn *conn, void *arg)
{
	int rv;

	(void)arg;
	if (iss_sock_send_waiting(conn->sock))
		return ISS_OK;
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return ISS_WANT_WRITE;
	if (errno == EINTR)
		return ISS_INTR;
	rv = iss_conn_refuse(conn, errno, WRITE_FAILED);
	note_gone(conn);
	return rv;
}

int
iss_io_finish_write(struct iss_conn *conn, iss_deadline deadline)
{
	struct transfer t;
	int rv = ISS_OK;

	if (conn->half_written) {
		t = rest_of_write(conn);
		rv = written(conn, iss_conn_run_until(conn, transfer_step, &t,
				       ISS_WRITES, deadline, WRITE_FAILED));
		if (rv == ISS_OK)
			note_written(conn, &t);
	}
	if (rv == ISS_OK && conn->taken.len > 0)
		rv = iss_conn_run_until(conn, send_waiting_step, NULL,
		    ISS_WRITES, deadline, WRITE_FAILED);
	return rv;
}

/*
 * OpenSSL may want to answer what it reads (KeyUpdate, RFC 8446, 4.6.3), and
 * cannot write that while it has half a record to send: it would report a bad
 * length.  So our BIO takes in the rest of the record, and the answer.
 */
static int
receive_within_write(struct iss_conn *conn, struct transfer *t)
{
	struct transfer write = rest_of_write(conn);
	int rv = ISS_OK;

	conn->sock->absorbs = true;
	if (conn->half_written) {
		rv = written(conn, transfer_step(conn, &write));
		if (rv == ISS_OK)
			note_written(conn, &write);
	}
	if (rv == ISS_OK || conn->peer_gone)
		rv = transfer(conn, t);
	conn->sock->absorbs = false;
	return rv;
}

void
iss_io_end_of_data(struct iss_conn *conn)
{
	conn->read_end = true;
}

static int
receive(struct iss_conn *conn, struct transfer *t)
{
	int rv;

	/* The peer may answer only after it got the whole request. */
	if (conn->unsent.len > 0 && (rv = iss_io_flush(conn)) != ISS_OK)
		return rv;
	if (!iss_conn_can_read(conn)) {
		if (conn->state == ISS_CONN_OPEN)
			return receive_after_end(conn, t);
		if ((rv = finish_handshake(conn)) != ISS_OK)
			return rv;
	}
	if (conn->taken.len > 0)
		return receive_within_write(conn, t);
	return transfer(conn, t);
}

int
iss_io_served(struct iss_conn *conn, size_t len)
{
	conn->ahead.served += len;
	if (conn->ahead.served < conn->ahead.len)
		return ISS_OK;
	if (iss_conn_enter(conn) != ISS_OK)
		return ISS_ERROR;
	iss_conn_leave(conn);
	return ISS_OK;
}

/* Is more of a record decrypted than this read takes? */
static bool
is_worth_a_look(const struct iss_conn *conn, size_t len)
{
	return iss_io_may_look(conn) && conn->unsent.len == 0 &&
	       (size_t)SSL_pending(conn->ssl) > len;
}

static int
take(const char *next, size_t seen, void *buf, size_t len, size_t *got)
{
	*got = len < seen ? len : seen;
	memcpy(buf, next, *got);
	return ISS_OK;
}

int
iss_io_read(struct iss_conn *conn, void *buf, size_t len, size_t *got)
{
	struct transfer t = { SSL_read_ex, "SSL read error", buf, len, 0,
		false };
	const char *next;
	size_t seen;
	int rv;

	*got = 0;
	if (conn->ahead.bytes == NULL && is_worth_a_look(conn, len) &&
	    (rv = iss_io_look(conn, &next, &seen)) != ISS_OK)
		return rv;
	if ((next = iss_io_at_hand(conn, &seen)) != NULL) {
		take(next, seen, buf, len, got);
		return iss_io_served(conn, *got);
	}
	if ((rv = receive(conn, &t)) == ISS_OK)
		*got = t.done;
	return rv;
}

int
iss_io_peek(struct iss_conn *conn, void *buf, size_t len, size_t *got)
{
	struct transfer t = { SSL_peek_ex, "SSL read error", buf, len, 0,
		false };
	const char *next;
	size_t seen;
	int rv;

	*got = 0;
	if ((next = iss_io_at_hand(conn, &seen)) != NULL)
		return take(next, seen, buf, len, got);
	if ((rv = receive(conn, &t)) == ISS_OK)
		*got = t.done;
	return rv;
}

int
iss_io_look(struct iss_conn *conn, const char **next, size_t *len)
{
	char record[ISS_RECORD_MAX];
	size_t got;
	int rv;

	if ((*next = iss_io_at_hand(conn, len)) != NULL)
		return ISS_OK;
	if ((rv = iss_io_peek(conn, record, sizeof(record), &got)) != ISS_OK)
		return rv;
	if (!iss_ahead_keep(&conn->ahead, record, got)) {
		iss_kept_error_clear(&conn->err);
		return iss_error_set(
		    iss_kept_error_fill(&conn->err), "out of memory");
	}
	*next = iss_io_at_hand(conn, len);
	return ISS_OK;
}

/* Our half of TLS is over (iss_shutdown_write_plain). */
static int
write_plain(struct iss_conn *conn, const void *buf, size_t len, size_t *put)
{
	if (BIO_write_ex(SSL_get_wbio(conn->ssl), buf, len, put))
		return iss_conn_flush_pump(conn);
	if (conn->sock->sys_errno == EAGAIN)
		return ISS_WANT_WRITE;
	if (conn->sock->sys_errno == EINTR)
		return ISS_INTR;
	return iss_conn_refuse(
	    conn, conn->sock->sys_errno, "write after stop_SSL");
}

/* A write is repeated; see iss_io_write. */
static int
write_again(struct iss_conn *conn, const void *buf, size_t len, size_t *put)
{
	size_t common = len < conn->taken.len ? len : conn->taken.len;
	int rv;

	if (memcmp(conn->taken.data, buf, common) != 0)
		return iss_conn_refuse(conn, EINVAL,
		    WRITE_FAILED
		    ": a write that could not be completed must be repeated "
		    "with the same data, which is already on its way");
	if ((rv = iss_io_finish_write(conn, iss_conn_io_deadline(conn))) !=
	    ISS_OK)
		return rv;
	*put = len < conn->taken.len ? len : conn->taken.len;
	iss_buf_drop(&conn->taken, *put);
	if (conn->taken.len == 0)
		forget_write(conn);
	return ISS_OK;
}

int
iss_io_write(struct iss_conn *conn, const void *buf, size_t len, size_t *put)
{
	struct transfer t = { write_call, WRITE_FAILED, NULL, len, 0, false };
	int rv;

	*put = 0;
	if (conn->unsent.len > 0 && (rv = iss_io_flush(conn)) != ISS_OK)
		return rv;
	if (!iss_conn_can_write(conn) || conn->truncated) {
		if ((rv = finish_handshake(conn)) != ISS_OK)
			return rv;
		if (conn->plain_write && len > 0)
			return write_plain(conn, buf, len, put);
		if (conn->truncated)
			return truncated(conn);
		if (conn->sent_notify && !conn->plain_write)
			return iss_conn_refuse(conn, EPERM,
			    WRITE_FAILED
			    ": TLS has ended; call stop_SSL before "
			    "writing plain data");
		if (conn->peer_gone)
			return iss_conn_refuse(conn, EPIPE, WRITE_FAILED);
	}
	if (len == 0)
		return ISS_OK;
	if (conn->taken.len > 0)
		return write_again(conn, buf, len, put);
	t.buf = (void *)(uintptr_t)buf; /* write_call does not change it */
	if (t.len > ISS_RECORD_MAX)
		t.len = ISS_RECORD_MAX;
	rv = written(conn, transfer(conn, &t));
	if (rv != ISS_OK)
		return note_taken(conn, &t, rv);
	*put = t.done;
	return ISS_OK;
}

int
iss_io_write_all(
    struct iss_conn *conn, const void *buf, size_t len, size_t *put)
{
	const char *bytes = buf;
	size_t n;
	int rv;

	*put = 0;
	do {
		rv = iss_io_write(conn, bytes + *put, len - *put, &n);
		*put += n;
		if (rv == ISS_OK && *put < len &&
		    iss_sock_has_signal(conn->sock)) {
			conn->until = ISS_CONN_NO_REST;
			rv = ISS_INTR;
		}
	} while (*put < len && rv == ISS_OK);
	return rv;
}

int
iss_io_flush(struct iss_conn *conn)
{
	return iss_io_flush_until(conn, iss_conn_io_deadline(conn));
}

int
iss_io_write_later(
    struct iss_conn *conn, const void *buf, size_t len, size_t *put)
{
	int rv;

	*put = 0;
	/* Nothing can be kept back any more, or behind half a record. */
	if (conn->sent_notify || conn->peer_gone || conn->taken.len > 0)
		return iss_io_write(conn, buf, len, put);
	if ((rv = finish_handshake(conn)) != ISS_OK)
		return rv;
	if (conn->unsent.len == ISS_RECORD_MAX &&
	    (rv = iss_io_flush(conn)) != ISS_OK)
		return rv;
	if (len > ISS_RECORD_MAX - conn->unsent.len)
		len = ISS_RECORD_MAX - conn->unsent.len;
	if (!iss_buf_append(&conn->unsent, buf, len)) {
		iss_kept_error_clear(&conn->err);
		return iss_error_set(
		    iss_kept_error_fill(&conn->err), "out of memory");
	}
	*put = len;
	return ISS_OK;
}

size_t
iss_io_pending(struct iss_conn *conn)
{
	struct transfer t = { SSL_peek_ex, "SSL read error", NULL, 1, 0,
		false };
	int fills = PENDING_FILLS;
	char byte;

	if (!iss_conn_can_read(conn))
		return 0;
	t.buf = &byte;
	/* A pumped handle counts bytes of records, not of data: decrypt some.
	 */
	while (
	    conn->sock->pumped && SSL_pending(conn->ssl) == 0 && fills-- > 0) {
		if (iss_sock_waiting_in(conn->sock) == 0 &&
		    !iss_conn_fill_pump(conn))
			break;
		if (transfer_step(conn, &t) != ISS_OK &&
		    !iss_conn_fill_pump(conn))
			break;
	}
	return iss_conn_can_read(conn)
		   ? (size_t)SSL_pending(conn->ssl) - conn->ahead.served
		   : 0;
}
