/*
 * The end of TLS on a connection.  Statuses are those of conn.h.
 */
#ifndef ISS_SHUTDOWN_H
#define ISS_SHUTDOWN_H

#include "connection/conn.h"

/*
 * Send what iss_io_write_later kept back, or a write that failed for now, then
 * our close_notify, once (RFC
 * 8446, 6.1).  Does nothing, successfully, before the handshake is done.  After
 * the connection failed it fails, too: a caller that took it for done would go
 * on in the clear.
 */
int iss_shutdown_notify(struct iss_conn *conn, iss_deadline deadline);

/*
 * Send our close_notify and wait for the peer's; data that arrives before it
 * is dropped.  Afterwards the descriptor carries plain data in both
 * directions.  Fails if the peer ends TCP instead.  SSL_shutdown(3).
 */
int iss_shutdown_both(struct iss_conn *conn, iss_deadline deadline);

/*
 * Like _notify, before the descriptor is closed.  If the peer sends something
 * after that, the kernel resets the connection, and data of ours that is still
 * on its way is lost.  A TLS 1.3 server sends its tickets only after it got the
 * end of the handshake, so a client that wrote at once must not be gone by
 * then: if it has seen nothing from the server yet, and its descriptor blocks,
 * it waits for the server's end, for a second, or until the deadline if there
 * is one.  Once it has seen something, it waits only a little longer, since a
 * second ticket may follow.
 */
int iss_shutdown_close(struct iss_conn *conn, iss_deadline deadline);

/*
 * Is the program still to be told that the peer sent close_notify?  True once.
 * It then chooses one of the next two.
 */
bool iss_shutdown_report_end(struct iss_conn *conn);

/* The peer's half of TLS is over: data that follows is plain, and is read. */
void iss_shutdown_accept_plain(struct iss_conn *conn);

/*
 * The peer's close_notify was read: send ours if that is possible without
 * waiting, and write no more in any case.
 */
void iss_shutdown_answer(struct iss_conn *conn);

/* Our half of TLS is over: from now on writes go out in the clear. */
void iss_shutdown_write_plain(struct iss_conn *conn);

#endif
