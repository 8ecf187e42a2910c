/*
 * The keys _SSL_* of a socket's hash, which programs read, and those in which
 * the Perl part keeps the socket's options.  No other C file touches them.
 * Values are those of the interpreter that runs, so ithreads work.
 *
 *	_SSL_object, _SSL_fileno          the SSL handle, the descriptor
 *	_SSL_opening                      true while the handshake is under way
 *	_SSL_opened                       1 open, -1 failed, undef or '' ended
 *	_SSL_read_closed                  reading is over: 1 by the peer's
 *	                                  close_notify, -1 if we answered it
 *	_SSL_write_closed                 writing is over: 1 by ours, -1 if ours
 *	                                  was the answer to the peer's
 *	_SSL_servername                   the name sent by SNI, after the end
 *	_SSL_last_err                     errstr
 *	_SSL_chosen                       the context that the program chose for
 *	                                  the client
 *
 * The functions below write them as a connection goes on.  SSL.pm writes only
 * the value of _SSL_opened before that: 0, and 1 for a listener.
 */
#ifndef ISS_XS_STATE_H
#define ISS_XS_STATE_H

#include "perl_core.h"

#include "connection/conn.h"

/* A handshake begins on conn, over the descriptor fd. */
void iss_state_begin(pTHX_ GV *glob, struct iss_conn *conn, int fd);

/* The handshake is done. */
void iss_state_open(pTHX_ GV *glob, const struct iss_conn *conn);

/* The handshake failed. */
void iss_state_fail(pTHX_ GV *glob);

/* TLS is over: nothing but options, context and server name is left. */
void iss_state_end(pTHX_ GV *glob);

/* Set _SSL_opened, taking over the reference. */
void iss_state_set_opened(pTHX_ GV *glob, SV *value);

/* Is there an _SSL_object, which the program has not set to a false value? */
bool iss_state_has_object(pTHX_ GV *glob);

/* Has a handshake begun and not been seen to end? */
bool iss_state_is_opening(pTHX_ GV *glob);

/* Reading or writing is over; by itself: the module answered close_notify. */
void iss_state_read_closed(pTHX_ GV *glob, bool by_itself);
void iss_state_write_closed(pTHX_ GV *glob, bool by_itself);

/* Set the callback for messages, taking over the reference; NULL removes it. */
void iss_state_set_msg_callback(pTHX_ GV *glob, SV *callback);

/* The scalar that holds the socket's last error; NULL if the glob has no
 * hash. */
SV *iss_state_last_error(pTHX_ GV *glob);

/* Keep the context that the program chose, taking over the reference. */
void iss_state_set_chosen(pTHX_ GV *glob, SV *context);

/* Keep the name that was sent by SNI, taking over the reference. */
void iss_state_set_servername(pTHX_ GV *glob, SV *name);

/*
 * Values that are borrowed, NULL if not set: the socket's context object, a
 * hash, and one of its subs or values; the hash of SSL_* arguments, and one of
 * them; what the other keys hold.
 */
HV *iss_state_context(pTHX_ GV *glob);
HV *iss_state_arguments(pTHX_ GV *glob);
SV *iss_state_callback(pTHX_ GV *glob, const char *name);
SV *iss_state_argument(pTHX_ GV *glob, const char *name);
SV *iss_state_scheme_callback(pTHX_ GV *glob);
SV *iss_state_session_key(pTHX_ GV *glob);
SV *iss_state_servername(pTHX_ GV *glob);
SV *iss_state_msg_callback(pTHX_ GV *glob);
SV *iss_state_bio_handle(pTHX_ GV *glob);
SV *iss_state_opened(pTHX_ GV *glob);
SV *iss_state_chosen_callback(pTHX_ GV *glob, const char *name);

/* Set what a connection needs until it ends: the sub of its scheme (NULL: it
 * has none), which is copied; the key of its sessions, taking over the
 * reference. */
void iss_state_set_scheme_callback(pTHX_ GV *glob, SV *code);
void iss_state_set_session_key(pTHX_ GV *glob, SV *key);

#endif
