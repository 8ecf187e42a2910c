/*
 * A client's cache of sessions.  The keys that were not used for the longest
 * time make room for new ones.  All functions may be called from several
 * threads.
 */
#ifndef ISS_SESSION_CACHE_H
#define ISS_SESSION_CACHE_H

#include <stddef.h>

#include <openssl/ssl.h>

#include "base/error.h"

/* What a session is for: bytes, such as "host:port". */
struct iss_session_key {
	const char *bytes;
	size_t len;
};

struct iss_session_cache;

/* A cache for max (> 0) keys; *out is the caller's to free. */
int iss_session_cache_new(
    struct iss_error *err, struct iss_session_cache **out, size_t max);

/* One more holder; each calls iss_session_cache_free, which accepts NULL. */
struct iss_session_cache *iss_session_cache_up_ref(
    struct iss_session_cache *cache);
void iss_session_cache_free(struct iss_session_cache *cache);

/*
 * Add a session, which is then the newest of its key.  The cache takes over the
 * caller's reference, even when it drops the session because memory runs out.
 */
void iss_session_cache_add0(struct iss_session_cache *cache,
    struct iss_session_key key, SSL_SESSION *session);

/* The same, but drop all other sessions of the key. */
void iss_session_cache_replace0(struct iss_session_cache *cache,
    struct iss_session_key key, SSL_SESSION *session);

/*
 * The newest session of a key; if which is not NULL, that one, if the cache has
 * it for the key.  The caller's to free, since another thread may drop it from
 * the cache; NULL if there is none.
 */
SSL_SESSION *iss_session_cache_get1(struct iss_session_cache *cache,
    struct iss_session_key key, const SSL_SESSION *which);

/*
 * For a connection to resume: the newest usable session of a key that was made
 * under the policy with this digest.  The caller's to free; NULL if there is
 * none.  A session for single use leaves the cache.
 */
SSL_SESSION *iss_session_cache_use(struct iss_session_cache *cache,
    struct iss_session_key key, const void *policy, size_t len);

/*
 * Drop a session of the key, or all of them if which is NULL; if key is NULL,
 * drop the session wherever it is.
 */
void iss_session_cache_del(struct iss_session_cache *cache,
    const struct iss_session_key *key, const SSL_SESSION *which);

#endif
