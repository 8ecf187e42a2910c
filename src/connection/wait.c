/*
 * Owns the loop that waits.
 */
#include "connection/wait.h"

#include <errno.h>

/* How long to pause in a flood. */
enum { PAUSE_MIN_MS = 1, PAUSE_MAX_MS = 32 };

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

iss_deadline
iss_conn_limit(struct iss_conn *conn, double seconds)
{
	conn->until = conn->rest != ISS_CONN_NO_REST
			  ? conn->rest
			  : iss_deadline_after(seconds);
	conn->rest = ISS_CONN_NO_REST;
	return conn->until;
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
		if (iss_sock_has_signal(conn->sock))
			return ISS_INTR;
		rv = run_step(conn, step, arg);
	}
	return rv;
}

/*
 * A peer that sends without end, but no data: leave the processor to others for
 * a while, longer each time, so that the flood costs us a few percent of it.
 */
static int
pause_in_flood(int *ms)
{
	if (*ms < PAUSE_MAX_MS)
		*ms *= 2;
	return iss_deadline_pause(*ms);
}

/* Wait for what a step wants. */
static int
wait_for(
    const struct iss_conn *conn, int want, iss_deadline deadline, int *pause)
{
	const struct iss_sock *sock = conn->sock;

	const bool is_spent = want == ISS_WANT_READ && sock->spent;

	if (sock->fd < 0 && !is_spent)
		return want; /* there is nothing to wait for */
	if (iss_deadline_is_over(deadline))
		return ISS_TIMEOUT;
	if (iss_sock_has_signal(sock))
		return ISS_INTR;
	if (is_spent)
		return deadline < ISS_FAR_AWAY ? pause_in_flood(pause) : ISS_OK;
	return iss_deadline_wait(sock->fd, want, deadline);
}

static int
run_with_deadline(struct iss_conn *conn, iss_conn_step *step, void *arg,
    iss_deadline deadline)
{
	struct iss_sock *sock = conn->sock;
	/* Restored afterwards, since a callback may have run us for this conn.
	 */
	const bool dont_wait = sock->dont_wait;
	int pause = PAUSE_MIN_MS;
	int rv;

	sock->dont_wait = true;
	do {
		rv = run_step(conn, step, arg);
		if (rv != ISS_WANT_READ && rv != ISS_WANT_WRITE)
			break;
		rv = wait_for(conn, rv, deadline, &pause);
	} while (rv == ISS_OK);
	sock->dont_wait = dont_wait;
	return rv;
}

/* The limits of the connection count, too. */
static int
run_limited(struct iss_conn *conn, iss_conn_step *step, void *arg,
    iss_deadline limit, iss_deadline deadline)
{
	int rv;

	if (limit > deadline)
		limit = deadline;
	if (limit == ISS_NO_DEADLINE)
		return run_without_deadline(conn, step, arg);
	if (deadline != ISS_NO_DEADLINE || iss_conn_blocks(conn))
		return run_with_deadline(conn, step, arg, limit);
	rv = run_without_deadline(conn, step, arg);
	if ((rv == ISS_WANT_READ || rv == ISS_WANT_WRITE) &&
	    iss_deadline_is_over(limit))
		return ISS_TIMEOUT;
	return rv;
}

static const char *
verb_of(const struct iss_conn *conn, int ways)
{
	if (ways & ISS_HANDSHAKES)
		return conn->server ? "accept" : "connect";
	return ways & ISS_READS ? "read" : "write";
}

static int
say_deadline_is_over(struct iss_conn *conn, int ways)
{
	struct iss_error *err = iss_kept_error_fill(&conn->err);

	iss_error_set(err, "SSL %s: the deadline is over", verb_of(conn, ways));
	if (err != NULL) {
		err->code = SSL_ERROR_SYSCALL;
		err->sys_errno = ETIMEDOUT;
	}
	return ISS_TIMEOUT;
}

static int
too_late(struct iss_conn *conn, int ways, const char *what)
{
	iss_kept_error_clear(&conn->err);
	if (iss_deadline_is_over(
		iss_limits_until(conn->limits, ways & ISS_BOTH_WAYS)))
		return say_deadline_is_over(conn, ways);
	iss_error_errno(iss_kept_error_fill(&conn->err), ETIMEDOUT, "%s", what);
	return ISS_TIMEOUT;
}

int
iss_conn_in_time(struct iss_conn *conn, int ways, const char *what)
{
	if (!iss_deadline_is_over(iss_limits_until(conn->limits, ways)))
		return ISS_OK;
	return too_late(conn, ways, what);
}

int
iss_conn_run_until(struct iss_conn *conn, iss_conn_step *step, void *arg,
    int ways, iss_deadline deadline, const char *what)
{
	int e, rv;

	rv = run_limited(
	    conn, step, arg, iss_limits_until(conn->limits, ways), deadline);
	if (rv == ISS_TIMEOUT)
		return too_late(conn, ways, what);
	if (rv == ISS_ERROR && !iss_kept_error_is_set(&conn->err)) {
		e = errno;
		iss_error_errno(iss_kept_error_fill(&conn->err), e, "%s", what);
	}
	return rv;
}
