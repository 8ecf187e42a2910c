/*
 * Sessions and tickets between Perl and the core.
 */
#ifndef ISS_XS_SESSION_H
#define ISS_XS_SESSION_H

#include "perl_core.h"

#include "call.h"
#include "sessions/session_cache.h"
#include "link/callbacks.h"

/* The cache behind an IO::Socket::SSL::Session_Cache object; or NULL. */
struct iss_session_cache *iss_attached_session_cache(pTHX_ SV *object);
/* Make one for so many keys. */
void iss_create_session_cache(pTHX_ SV *object, UV max);

/* What a cache calls a session's key; valid as long as key's temporaries. */
struct iss_session_key iss_session_key(pTHX_ SV *key);

/* Give what has arrived to the cache of the socket's context. */
void iss_deliver_sessions(pTHX_ struct iss_call *call);

/*
 * Offer a session for the handshake that is to begin; from a cache of ours,
 * or by its handle.  True when the cache should drop that.
 */
bool iss_offer_session(pTHX_ GV *self, SSL_SESSION *session);
void iss_offer_from(pTHX_ GV *self, struct iss_session_cache *cache, SV *key);

/* Of host_ops. */
bool iss_answer_ticket_key(
    void *host, const unsigned char *name, struct iss_ticket_key *key);

#endif
