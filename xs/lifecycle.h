/*
 * Connections begin, shake hands and end, as the program asks for it: plain
 * values in, one call of the core, the outcome reported.
 */
#ifndef ISS_XS_LIFECYCLE_H
#define ISS_XS_LIFECYCLE_H

#include "perl_core.h"

/*
 * Begin TLS on a socket under a context, an object: attach a connection by the
 * socket's options.  Nothing is sent yet.  False if that failed, with the error
 * reported; croaks on a mistake of the program, and may warn.
 */
bool iss_begin(pTHX_ GV *self, SV *context, bool server);

/* TLS is over: the connection is detached, the handle is plain. */
void iss_end(pTHX_ GV *self);

/* How to end TLS; Upgrade.pm knows the numbers. */
enum {
	ISS_SHUTDOWN_BOTH,  /* wait for the peer's close_notify */
	ISS_SHUTDOWN_FAST,  /* only send ours */
	ISS_SHUTDOWN_CLOSE, /* iss_shutdown_close */
};

/*
 * Begin the handshake, a client's with a session that it may resume, or go on
 * with it; send close_notify, and do what else how says.  wait: wait for so
 * many seconds (undef: for ever), whatever the descriptor's mode.  Returns a
 * new value: 1 if done, '' if it failed, undef if it is under way; the last two
 * are reported.
 */
SV *iss_handshake(pTHX_ GV *self, bool server, SV *seconds, bool wait);
SV *iss_shutdown(pTHX_ GV *self, int how, SV *seconds, bool wait);

/*
 * SSL_startHandshake => 'lazy': prepare the handshake; within a read or write
 * that blocks it may take so many seconds (undef: no limit).  False if that
 * failed, with the error reported.
 */
bool iss_handshake_later(pTHX_ GV *self, bool server, SV *seconds);

/*
 * Before a method that tells a fact: if the handshake was left for later, do it
 * now.  False, with the status reported: it failed or is under way.  socket is
 * the method's first argument, which stays valid.
 */
bool iss_finish_lazy(pTHX_ SV *socket);

/* A connection of which a method tells facts: iss_finish_lazy was true. */
typedef struct iss_conn *iss_known_conn;

/*
 * Send one more ticket.  A new value as above; undef: it goes out with what is
 * written next.  Croaks where OpenSSL has no such function.
 */
SV *iss_new_ticket(pTHX_ GV *self);

#endif
