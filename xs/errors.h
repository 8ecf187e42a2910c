/*
 * Failures as Perl programs see them: $SSL_ERROR, $! and the errstr of a
 * socket.  A glob may be NULL: then no socket's errstr changes.
 */
#ifndef ISS_XS_ERRORS_H
#define ISS_XS_ERRORS_H

#include "perl_core.h"

#include "base/error.h"
#include "connection/conn.h"

/* SSL_LATER as a text; as a number it is SSL_WANT_READ. */
#define ISS_LATER_TEXT "SSL_LATER"

/*
 * Find $SSL_ERROR, and define SSL_WANT_READ, SSL_WANT_WRITE and SSL_LATER in
 * IO::Socket::SSL::Constants: once an interpreter, before the functions below.
 */
void iss_errors_init(pTHX_ bool in_new_thread);

/* Report the status that a call of the core for conn returned. */
void iss_tell_status(pTHX_ GV *glob, const struct iss_conn *conn, int status);

/* Report a failure: an error of the core; or a text and an errno, which is 0
 * for a failure that is not the system's. */
void iss_tell_error(pTHX_ GV *glob, const struct iss_error *err);
void iss_tell_text(pTHX_ GV *glob, int e, const char *text);

/* Push the errors of OpenSSL's queue, the oldest first, and empty it. */
void iss_push_queued_errors(pTHX);

/*
 * What is known about the last error of the socket, or of all (NULL, or a
 * socket without one): a new hash, or undef if nothing failed or it must only
 * wait.
 */
SV *iss_new_failure(pTHX_ GV *glob);

/* The report of the connection's handshake, or else of the last failure: a new
 * text, or undef where nobody asked for one. */
SV *iss_new_handshake_report(pTHX_ GV *glob, const struct iss_conn *conn);

/* Report success: make $SSL_ERROR false. */
void iss_tell_success(pTHX);

#endif
