/*
 * TLS over a handle of the host's own: another TLS socket, an object with
 * sysread and syswrite.  OpenSSL reads from and writes to memory; the bytes
 * are moved between its calls, never inside one, since to move them runs the
 * host's code.
 */
#ifndef ISS_PUMP_H
#define ISS_PUMP_H

#include "connection/conn.h"

/* Do step, and move what it wrote and what it wants to read. */
int iss_pump_step(struct iss_conn *conn, iss_conn_step *step, void *arg);

/*
 * Write what is left from before.  ISS_OK: nothing is left; at once so for a
 * connection that is not pumped.
 */
int iss_pump_flush(struct iss_conn *conn);

/*
 * Take over what the handle can give without waiting, so that pending is
 * true; whether there was any.
 */
bool iss_pump_ready(struct iss_conn *conn);

#endif
