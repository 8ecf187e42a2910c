/*
 * The steps that reading and writing share: one call of the core for a socket,
 * and what follows when the peer has closed TLS.
 */
#ifndef ISS_XS_STREAM_H
#define ISS_XS_STREAM_H

#include "perl_core.h"

#include "connection/conn.h"

/*
 * What a method that reads or writes does, with its arguments after the handle,
 * as perlfunc says.  Returns a new value, or NULL on failure, with $! and
 * $SSL_ERROR set; croaks on wrong arguments.  Glob and connection must be held.
 */
typedef SV *iss_stream_method(
    pTHX_ GV *glob, struct iss_conn *conn, SV **args, SSize_t count);

/*
 * One call of fn, a function of the core, with callbacks for the glob.  Perl
 * code must not reach the bytes of guarded, if that is not NULL.  Perl code may
 * have run before (an overloaded argument, a tied buffer) and may run in it (a
 * callback): ISS_ERROR if the connection is not attached any more.
 */
typedef int iss_transfer_fn(
    struct iss_conn *conn, void *buf, size_t len, size_t *done);
int iss_stream_transfer(pTHX_ GV *glob, struct iss_conn *conn, SV *guarded,
    iss_transfer_fn *fn, void *buf, size_t len, size_t *done);

/*
 * After a call of the core that may have done the handshake: note that in the
 * socket's hash.  If it was lazy and has failed, also call the sub of
 * SSL_error_trap, which may detach the connection and die.
 */
void iss_stream_note_handshake(pTHX_ GV *glob, struct iss_conn *conn);

/*
 * A method met ISS_EOF.  If that is a close_notify that was not reported yet:
 * with a sub in SSL_on_peer_shutdown, returns what that sub says, a new value,
 * and plain data may follow; without one, answers close_notify if answer is
 * true, else the program may still write.  Otherwise returns NULL: the method
 * returns the end.
 */
SV *iss_stream_peer_closed(pTHX_ GV *glob, struct iss_conn *conn, bool answer);
bool iss_stream_has_end_sub(pTHX_ GV *glob);

/*
 * Report the status of a method that cannot return what the sub of
 * SSL_on_peer_shutdown says; at the end of TLS, iss_stream_peer_closed.
 */
void iss_stream_end(
    pTHX_ GV *glob, struct iss_conn *conn, int status, bool answer);

/* How many bytes a read gets without touching the network. */
size_t iss_stream_pending(pTHX_ GV *glob, struct iss_conn *conn);

#endif
