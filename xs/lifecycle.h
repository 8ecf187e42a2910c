/*
 * Connections begin, shake hands and end, as the program asks for it: plain
 * values in, one call of the core, the outcome reported.
 */
#ifndef ISS_XS_LIFECYCLE_H
#define ISS_XS_LIFECYCLE_H

#include "perl_core.h"

#include "context/ctx.h"
#include "sessions/session_cache.h"

/*
 * Begin TLS on a descriptor: attach a connection that shares ctx, by the
 * options in args.  The peer must have the name, by the scheme; an undef scheme
 * checks no name.  False if that failed, with the error reported.
 */
bool iss_begin(pTHX_ GV *self, struct iss_ctx *ctx, int fd, HV *args, SV *name,
    SV *scheme);

/* TLS is over: the connection is detached, the handle is plain. */
void iss_end(pTHX_ GV *self);

/*
 * Offer a session for the handshake that is to begin: one of the program's, or
 * the best of a cache for key.  True if the program's cache should drop it.
 */
bool iss_offer_session(pTHX_ GV *self, SSL_SESSION *session);
void iss_offer_from(pTHX_ GV *self, struct iss_session_cache *cache, SV *key);

/*
 * Go on with the handshake; send close_notify, and unless fast wait for the
 * peer's.  wait: wait for so many seconds (undef: for ever), whatever the
 * descriptor's mode.  Returns a new value: 1 if done, '' if it failed, undef if
 * it is under way; the last two are reported.
 */
SV *iss_handshake(pTHX_ GV *self, bool server, SV *seconds, bool wait);
SV *iss_shutdown(pTHX_ GV *self, bool fast, SV *seconds, bool wait);

#endif
