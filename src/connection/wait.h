/* What may wait: steps of a connection, repeated until they are done. */
#ifndef ISS_WAIT_H
#define ISS_WAIT_H

#include "connection/conn.h"

/* Is the descriptor in blocking mode?  False without one. */
bool iss_conn_blocks(const struct iss_conn *conn);

/*
 * Until when an operation that begins now may wait: so many seconds, no limit
 * if that is negative.  One that goes on after a signal has the rest of its
 * time: conn->until when it was interrupted, which _set_rest has been told.
 * ISS_CONN_NO_REST: the next operation begins anew.
 */
enum { ISS_CONN_NO_REST = 0 };

iss_deadline iss_conn_limit(struct iss_conn *conn, double seconds);

static inline void
iss_conn_set_rest(struct iss_conn *conn, iss_deadline until)
{
	conn->rest = until;
}

/*
 * Repeat step until it does not want to wait any more, or the deadline passes.
 * With a deadline we wait by poll(2), whatever the descriptor's mode.  The
 * error of a timeout begins with what.
 *
 * ways (enum iss_ways): the limits of the connection for these count as well,
 * also if the descriptor does not block: then a step that wants to wait is
 * ISS_TIMEOUT once they have passed.
 *
 * A peer that sends without end, but no data, holds nobody up: a step gives up
 * after some reads (sock.h) and sets sock->spent.  It is then repeated, unless
 * the deadline has passed, the program has a signal to handle (ISS_INTR), or
 * there is no deadline and the descriptor does not block (ISS_WANT_READ).  With
 * a deadline we pause in between, so that the flood costs little processor
 * time.
 */
typedef int iss_conn_step(struct iss_conn *conn, void *arg);
int iss_conn_run_until(struct iss_conn *conn, iss_conn_step *step, void *arg,
    int ways, iss_deadline deadline, const char *what);

/*
 * Before an operation: ISS_OK, or ISS_TIMEOUT if it is too late for one that
 * waits in these ways (enum iss_ways).  what is as above; if a deadline of the
 * program is over the error is "SSL read: the deadline is over".
 */
int iss_conn_in_time(struct iss_conn *conn, int ways, const char *what);

/* iss_pump_flush and iss_pump_fill; a failure of the handle is one of the
 * connection. */
int iss_conn_flush_pump(struct iss_conn *conn);
bool iss_conn_fill_pump(struct iss_conn *conn);

#endif
