/*
 * What a cache of sessions has, without taking it.
 */
#ifndef ISS_NEWEST_H
#define ISS_NEWEST_H

#include "sessions/session_cache.h"

/* The newest session of a key, or the given one; the cache keeps it. */
static inline SSL_SESSION *
newest(struct iss_session_cache *cache, struct iss_session_key key,
    const SSL_SESSION *which)
{
	SSL_SESSION *session = iss_session_cache_get1(cache, key, which);

	SSL_SESSION_free(session);
	return session;
}

#endif
