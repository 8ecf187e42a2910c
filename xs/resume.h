/*
 * A client resumes a session: what a socket's cache is asked before the
 * handshake.
 */
#ifndef ISS_XS_RESUME_H
#define ISS_XS_RESUME_H

#include "perl_core.h"

#include "connection/conn.h"

/*
 * The handshake of conn, a client's, is to begin: if the socket's context has a
 * cache, keep the sessions that come, and offer one of those that are there.  A
 * cache that is an object of the program's is asked by its methods, which may
 * die, or detach the connection: then this croaks.  SSL_session comes before
 * the cache.
 */
void iss_resume_session(pTHX_ GV *self, struct iss_conn *conn);

/* Push the newest session that came on the socket, sealed by a secret; croaks
 * if that is not one, and pushes nothing if there is no session, which is
 * reported. */
void iss_push_exported_session(pTHX_ GV *self, SV *secret);

#endif
