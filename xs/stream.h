/*
 * Application data from and to scalars.
 */
#ifndef ISS_XS_STREAM_H
#define ISS_XS_STREAM_H

#include "perl_core.h"

#include "attach.h"
#include "connection/conn.h"

/* One call of the core, with callbacks for the glob. */
typedef int iss_transfer_fn(
    struct iss_conn *conn, void *buf, size_t len, size_t *done);
int iss_stream_transfer(pTHX_ GV *glob, struct iss_conn *conn, SV *guarded,
    iss_transfer_fn *fn, void *buf, size_t len, size_t *done);

/*
 * Tell the status of a read whose caller cannot return what the sub of
 * SSL_on_peer_shutdown says; at the end of TLS that sub is called.
 */
void iss_stream_end(pTHX_ GV *glob, struct iss_conn *conn, int status);

/*
 * Do what a method does, with the arguments behind the handle, as perlfunc
 * has them.  Returns a new value, or NULL on failure, with $! and $SSL_ERROR
 * set; croaks on wrong arguments.  Glob and connection must be held.
 */
SV *iss_stream_run(pTHX_ enum iss_method method, GV *glob,
    struct iss_conn *conn, SV **args, SSize_t count);

/* How many bytes a read gets without touching the network. */
size_t iss_stream_pending(pTHX_ GV *glob, struct iss_conn *conn);

#endif
