/*
 * Moves bytes between OpenSSL's memory and the program's handle; their meaning
 * does not matter here.
 */
#include "connection/pump.h"

#include <errno.h>

#include "base/deadline.h"

enum { CHUNK = 16384 + 512 }; /* a record with its header and padding */
enum { CHUNKS = 4 };          /* see is_flooded */

/* The handle's failure, or end, is one of the connection. */
static int
handle_failed(struct iss_pump *pump, int rv, const char *what)
{
	int e = errno;

	if (rv != ISS_ERROR && rv != ISS_EOF)
		return rv;
	pump->failed = true;
	iss_kept_error_clear(pump->err);
	return iss_error_errno(
	    iss_kept_error_fill(pump->err), e != 0 ? e : EPIPE, "%s", what);
}

/* The handle's own code may use the connection that is made over it, while we
 * count which bytes it has taken. */
static int
refuse_inner_call(const struct iss_pump *pump)
{
	iss_kept_error_clear(pump->err);
	return iss_error_errno(iss_kept_error_fill(pump->err), EDEADLK,
	    "the handle of SSL_usebio used the connection that is over it");
}

static int
put_out(const struct iss_pump *pump, size_t *put)
{
	const struct iss_link *link = pump->link;
	struct iss_sock *sock = pump->sock;
	int rv;

	*put = 0;
	errno = 0;
	sock->pumping = true;
	rv = link->callbacks->pump_write(link->handle,
	    sock->out.data + sock->out_pos, iss_sock_waiting_out(sock), put);
	sock->pumping = false;
	return rv;
}

int
iss_pump_flush(struct iss_pump *pump)
{
	struct iss_sock *sock = pump->sock;
	size_t put;
	int rv;

	if (sock->pumping)
		return refuse_inner_call(pump);
	while (iss_sock_waiting_out(sock) > 0) {
		rv = put_out(pump, &put);
		if (rv != ISS_OK)
			return handle_failed(pump, rv, "SSL_usebio: write");
		iss_sock_took_out(sock, put);
	}
	return ISS_OK;
}

/* With a deadline, a handle that blocks is read only when it will not. */
static bool
would_wait(const struct iss_pump *pump)
{
	const struct iss_link *link = pump->link;

	return pump->sock->dont_wait && pump->sock->fd >= 0 &&
	       link->callbacks->pump_pending(link->handle) == 0 &&
	       iss_deadline_wait(pump->sock->fd, ISS_WANT_READ,
		   iss_deadline_after(0)) == ISS_TIMEOUT;
}

/*
 * Has the handle given much, but no data?  The caller then goes round, as after
 * many reads from a descriptor (sock.h).  A program that does not block waits
 * for the handle's descriptor, which does not tell of bytes in memory: take
 * those in first.
 */
static bool
is_flooded(struct iss_pump *pump, int chunks)
{
	const struct iss_link *link = pump->link;

	if (chunks < CHUNKS ||
	    (!pump->sock->dont_wait &&
		link->callbacks->pump_pending(link->handle) > 0))
		return false;
	pump->sock->spent = true;
	return true;
}

static int
read_handle(struct iss_pump *pump)
{
	const struct iss_link *link = pump->link;
	char bytes[CHUNK];
	size_t len = sizeof(bytes), got = 0;
	int rv;

	if (would_wait(pump))
		return ISS_WANT_READ;
	if (pump->sock->exact && pump->sock->wanted > 0 &&
	    pump->sock->wanted < len)
		len = pump->sock->wanted;
	errno = 0;
	pump->sock->pumping = true;
	rv = link->callbacks->pump_read(link->handle, bytes, len, &got);
	pump->sock->pumping = false;
	if (rv == ISS_EOF) {
		pump->sock->eof = true;
		return ISS_OK;
	}
	if (rv != ISS_OK)
		return handle_failed(pump, rv, "SSL_usebio: read");
	if (iss_sock_put_in(pump->sock, bytes, got) != ISS_OK)
		return handle_failed(pump, ISS_ERROR, "SSL_usebio: read");
	return ISS_OK;
}

int
iss_pump_run(struct iss_pump *pump, iss_pump_step *step, void *arg)
{
	int rv, moved, chunks = 0;

	if (!pump->sock->pumped)
		return step(arg);
	/* Bytes left from before go first, or memory would fill up. */
	if ((moved = iss_pump_flush(pump)) != ISS_OK)
		return moved;
	for (;;) {
		rv = step(arg);
		moved = iss_pump_flush(pump);
		/*
		 * A step that is done stays done, even if the handle is busy:
		 * what it wrote goes out with the next one.
		 */
		if ((rv != ISS_WANT_READ && rv != ISS_WANT_WRITE) ||
		    pump->link->wants_answer)
			return moved == ISS_ERROR ? moved : rv;
		if (moved == ISS_OK && rv == ISS_WANT_READ)
			moved = is_flooded(pump, chunks++) ? ISS_WANT_READ
							   : read_handle(pump);
		if (moved != ISS_OK)
			return moved;
	}
}

bool
iss_pump_fill(struct iss_pump *pump)
{
	const struct iss_link *link = pump->link;

	return pump->sock->pumped && !pump->sock->pumping &&
	       link->callbacks->pump_pending(link->handle) > 0 &&
	       read_handle(pump) == ISS_OK;
}
