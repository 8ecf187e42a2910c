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

/*
 * A callback has said ISS_REPLY_LATER, and the handshake stopped with
 * ISS_WANT_READ.  _answered: the program has the answer now, and will give it
 * when iss_conn_handshake asks again.  That call does not read from a
 * descriptor: an event loop that waits until it is readable goes on then.
 * False: nobody waits for an answer.
 */
bool iss_conn_wants_answer(const struct iss_conn *conn);
bool iss_conn_answered(struct iss_conn *conn);

/*
 * Prepare the handshake and leave it to the first read or write (io.h), or to
 * iss_conn_handshake.  Nothing is sent.  A handshake within a read or write of
 * a descriptor that blocks waits for so many seconds; < 0: without limit.
 * ISS_OK, or ISS_ERROR.
 */
int iss_conn_begin_lazily(struct iss_conn *conn, bool server, double seconds);

/* Go on, within a read or write, with a handshake that has begun. */
int iss_conn_finish_handshake(struct iss_conn *conn);

/* The end of a read or write that begins now, or goes on after a signal
 * (iss_conn_limit): SSL_io_timeout, which limits only descriptors that block.
 */
iss_deadline iss_conn_io_deadline(struct iss_conn *conn);

/*
 * Have a server of TLS 1.3 send one more ticket, now or, if the descriptor
 * takes no more, with what is written next (ISS_WANT_WRITE).  ISS_ERROR before
 * the handshake is done, for a client and below TLS 1.3.
 * SSL_new_session_ticket(3).
 */
int iss_conn_new_ticket(struct iss_conn *conn, iss_deadline deadline);

#endif
