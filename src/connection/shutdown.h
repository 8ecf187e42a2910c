/*
 * The end of TLS on a connection.  Statuses are those of conn.h.
 */
#ifndef ISS_SHUTDOWN_H
#define ISS_SHUTDOWN_H

#include "connection/conn.h"

/*
 * Send what iss_io_write_later kept back, then our close_notify, once (RFC
 * 8446, 6.1).  Does nothing, successfully, before the handshake is done and
 * after the connection failed.
 */
int iss_shutdown_notify(struct iss_conn *conn, iss_deadline deadline);

/*
 * Send our close_notify and wait for the peer's; data that arrives before it
 * is dropped.  Afterwards the descriptor carries plain data in both
 * directions.  Fails if the peer ends TCP instead.  SSL_shutdown(3).
 */
int iss_shutdown_both(struct iss_conn *conn, iss_deadline deadline);

/*
 * The peer's close_notify was read: send ours if that is possible without
 * waiting, and write no more in any case.
 */
void iss_shutdown_answer(struct iss_conn *conn);

#endif
