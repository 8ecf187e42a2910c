/*
 * Moving bytes between OpenSSL's memory and the host's handle.  Knows nothing
 * of what they mean.
 */
#include "connection/pump.h"

#include <errno.h>

enum { CHUNK = 16384 + 512 }; /* a record and what it is wrapped in */

/* An error of the handle is one of the connection. */
static int
failed(struct iss_conn *conn, int rv, const char *what)
{
	int e = errno;

	if (rv != ISS_ERROR && rv != ISS_EOF)
		return rv;
	conn->state = ISS_CONN_FAILED;
	iss_error_clear(&conn->err);
	return iss_error_errno(&conn->err, e != 0 ? e : EPIPE, "%s", what);
}

int
iss_pump_flush(struct iss_conn *conn)
{
	struct iss_sock *sock = conn->sock;
	const struct iss_link *link = &conn->link;
	size_t put;
	int rv;

	while (iss_sock_waiting_out(sock) > 0) {
		put = 0;
		errno = 0;
		rv = link->callbacks->pump_write(link->handle,
		    sock->out.data + sock->out_pos, iss_sock_waiting_out(sock),
		    &put);
		if (rv != ISS_OK)
			return failed(conn, rv, "SSL_usebio: write");
		iss_sock_took_out(sock, put);
	}
	return ISS_OK;
}

/* With a deadline, a handle that blocks is read only when it will not. */
static bool
would_wait(const struct iss_conn *conn)
{
	const struct iss_link *link = &conn->link;

	return conn->sock->dont_wait && conn->sock->fd >= 0 &&
	       link->callbacks->pump_pending(link->handle) == 0 &&
	       iss_deadline_wait(conn->sock->fd, ISS_WANT_READ,
		   iss_deadline_after(0)) == ISS_TIMEOUT;
}

static int
fill(struct iss_conn *conn)
{
	const struct iss_link *link = &conn->link;
	char bytes[CHUNK];
	size_t got = 0;
	int rv;

	if (iss_sock_is_late(conn->sock) || would_wait(conn))
		return ISS_WANT_READ;
	errno = 0;
	rv = link->callbacks->pump_read(
	    link->handle, bytes, sizeof(bytes), &got);
	if (rv == ISS_EOF) {
		conn->sock->eof = true;
		return ISS_OK;
	}
	if (rv != ISS_OK)
		return failed(conn, rv, "SSL_usebio: read");
	if (iss_sock_put_in(conn->sock, bytes, got) != ISS_OK)
		return failed(conn, ISS_ERROR, "SSL_usebio: read");
	return ISS_OK;
}

int
iss_pump_step(struct iss_conn *conn, iss_conn_step *step, void *arg)
{
	int rv, moved;

	if (!conn->sock->pumped)
		return step(conn, arg);
	/* What did not go out before goes first, or memory would fill up. */
	if ((moved = iss_pump_flush(conn)) != ISS_OK)
		return moved;
	for (;;) {
		rv = step(conn, arg);
		moved = iss_pump_flush(conn);
		/*
		 * A step that is done stays done, though the handle may be
		 * busy: what it wrote goes out with the next one.
		 */
		if (rv != ISS_WANT_READ && rv != ISS_WANT_WRITE)
			return moved == ISS_ERROR ? moved : rv;
		if (moved == ISS_OK && rv == ISS_WANT_READ)
			moved = fill(conn);
		if (moved != ISS_OK)
			return moved;
	}
}

bool
iss_pump_ready(struct iss_conn *conn)
{
	const struct iss_link *link = &conn->link;

	return conn->sock->pumped &&
	       link->callbacks->pump_pending(link->handle) > 0 &&
	       fill(conn) == ISS_OK;
}
