/*
 * Application data over a connection.  Statuses are those of conn.h; byte
 * counts go out by pointer.  All functions first finish a handshake that has
 * begun.
 */
#ifndef ISS_IO_H
#define ISS_IO_H

#include <stdbool.h>
#include <stddef.h>

#include "connection/conn.h"

/*
 * Read or peek at up to len bytes, at least 1, of one record.  ISS_EOF with
 * *got 0: close_notify, or TCP's end (conn->truncated) unless
 * conn->strict_eof.  ISS_EOF is returned again and again, until
 * iss_io_end_of_data: from then on plain data behind close_notify is refused
 * with EPERM, while TCP's end stays ISS_EOF.  SSL_read_ex(3).
 */
int iss_io_read(struct iss_conn *conn, void *buf, size_t len, size_t *got);
int iss_io_peek(struct iss_conn *conn, void *buf, size_t len, size_t *got);

/* Is looking ahead possible?  Not if the program has the SSL, nor if a pump
 * moves the bytes, nor at plain data after the end of TLS. */
static inline bool
iss_io_may_look(const struct iss_conn *conn)
{
	return !conn->ahead.off && !conn->sock->pumped &&
	       (conn->state != ISS_CONN_OPEN || iss_conn_can_read(conn));
}

/*
 * Look at what iss_io_read returns next, up to the end of its record: as
 * iss_io_peek, but *next points to the bytes, borrowed until the next call for
 * this connection.  Only if iss_io_may_look.
 */
int iss_io_look(struct iss_conn *conn, const char **next, size_t *len);

/*
 * What can be read without OpenSSL: NULL, or *len bytes, of which _served takes
 * some away.  _served returns ISS_OK, or ISS_ERROR if the SSL has lost them.
 */
static inline const char *
iss_io_at_hand(const struct iss_conn *conn, size_t *len)
{
	if (conn->ahead.bytes == NULL || conn->unsent.len > 0 ||
	    !iss_conn_can_read(conn))
		return NULL;
	return iss_ahead_next(&conn->ahead, len);
}

int iss_io_served(struct iss_conn *conn, size_t len);

/* A read has returned ISS_EOF to the program, which may read plain data next.
 */
void iss_io_end_of_data(struct iss_conn *conn);

/*
 * Write at most one record of the len bytes at buf, after those that
 * iss_io_write_later kept back; with len 0 only those.
 *
 * After ISS_WANT_*, ISS_INTR and ISS_TIMEOUT the call must be repeated. OpenSSL
 * may have encrypted the bytes by then, and sent half of that, so they can no
 * longer be exchanged for others: a copy is kept in conn->taken and written
 * instead.  The repeated call may bring less, more, or the same bytes at
 * another place, and is credited with what it has in common with the copy; the
 * rest of the copy remains for the next one.  If the bytes differ it fails with
 * EINVAL, and the connection stays as it is.  Reading meanwhile is possible.
 *
 * After our close_notify it fails with EPERM, or writes in the clear
 * (iss_shutdown_write_plain).  After TCP's end it fails with EPIPE, if OpenSSL
 * cannot write any more.  SSL_write_ex(3).
 */
int iss_io_write(
    struct iss_conn *conn, const void *buf, size_t len, size_t *put);

/* Write all len bytes; *put counts those written, also on failure. */
int iss_io_write_all(
    struct iss_conn *conn, const void *buf, size_t len, size_t *put);

/*
 * Send what is left of a write that was not repeated.  ISS_OK if nothing is
 * left of it then.
 */
int iss_io_finish_write(struct iss_conn *conn, iss_deadline deadline);

/*
 * For many small writes: take up to len bytes, at least 1, and keep them back
 * until they fill a record, until iss_io_flush, or until the connection is
 * otherwise read, written or closed.  A full record is sent first, so this may
 * return any status of iss_io_write.
 */
int iss_io_write_later(
    struct iss_conn *conn, const void *buf, size_t len, size_t *put);

/*
 * Send what iss_io_write_later kept back; a failure loses it, unless the call
 * may be repeated (ISS_WANT_WRITE, ISS_INTR, ISS_TIMEOUT).
 */
int iss_io_flush(struct iss_conn *conn);
int iss_io_flush_until(struct iss_conn *conn, iss_deadline deadline);

/* How many bytes can be read without touching the network. */
size_t iss_io_pending(struct iss_conn *conn);

#endif
