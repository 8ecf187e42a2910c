/*
 * The frame of one call of the core: between begin and end, its callbacks ask
 * Perl code.
 */
#ifndef ISS_XS_CALL_H
#define ISS_XS_CALL_H

#include "perl_core.h"

#include "ask.h"
#include "connection/conn.h"

/*
 * Begin and end a call for a connection (NULL if it is for none).  Perl code
 * that runs meanwhile cannot reach the bytes of guarded, if that is not NULL.
 *
 * _end delivers the sessions that have arrived, then throws what a callback
 * died with, or goes on with the exit that one began.  It must follow the core
 * at once: after an exit Perl's stacks are gone.
 */
void iss_call_begin(
    pTHX_ struct iss_call *call, GV *glob, struct iss_conn *conn, SV *guarded);
void iss_call_end(pTHX_ struct iss_call *call);

/*
 * A call returned ISS_INTR: run the signal handlers, which may die.  The call
 * that goes on has what is left of the time of the first.  conn must be held.
 */
void iss_call_run_signal_handlers(pTHX_ struct iss_conn *conn);

/*
 * The same.  ISS_OK: call again.  ISS_ERROR, with conn->err filled: a handler
 * detached the connection.  Both must be held.  _paused is for signals between
 * two calls, the second of which has its own time.
 */
int iss_call_interrupted(pTHX_ GV *glob, struct iss_conn *conn);
int iss_call_paused(pTHX_ GV *glob, struct iss_conn *conn);

#endif
