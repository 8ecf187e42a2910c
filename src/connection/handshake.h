/* The handshake of a connection. */
#ifndef ISS_HANDSHAKE_H
#define ISS_HANDSHAKE_H

#include "connection/conn.h"

/*
 * Begin the handshake as server or client, or continue it, until it is done or
 * the deadline passes.  ISS_OK once it is done.  SSL_do_handshake(3).
 */
int iss_conn_handshake(
    struct iss_conn *conn, bool server, iss_deadline deadline);

#endif
