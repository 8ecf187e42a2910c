/*
 * Sessions that clients keep, between Perl and the core:
 *
 *	$cache -> HV -> magic -> struct iss_session_cache
 *
 * Threads share a cache.
 */
#ifndef ISS_XS_SESSIONS_H
#define ISS_XS_SESSIONS_H

#include "perl_core.h"

#include "ask.h"
#include "sessions/session_cache.h"

/* The cache of an IO::Socket::SSL::Session_Cache object; NULL for anything
 * else. */
struct iss_session_cache *iss_attached_session_cache(pTHX_ SV *object);

/* Give an object a cache for max keys; croaks when memory runs out. */
void iss_create_session_cache(pTHX_ SV *object, UV max);

/*
 * The object of a cache keeps the session until it lends another one: Perl gets
 * a number, and another thread may drop the session from the cache.  Takes over
 * the reference.
 */
void iss_lend_session(pTHX_ SV *object, SSL_SESSION *session);

/* If the session_cache of a context is a number, put a cache for so many keys
 * in its place. */
void iss_session_cache_from_size(pTHX_ HV *context);

/*
 * The cache of such an object if its method of that name is ours, too: then
 * Perl need not be asked.  NULL if it must be, since a program may bring any
 * object, or a class that overrides the method.
 */
struct iss_session_cache *iss_own_session_cache(
    pTHX_ SV *object, const char *method);

/* A key of a cache; valid as long as the temporaries of this statement. */
struct iss_session_key iss_session_key(pTHX_ SV *key);

/* For call.c: give the sessions that have arrived to the cache of the socket's
 * context. */
void iss_sessions_deliver(pTHX_ struct iss_call *call);

#endif
