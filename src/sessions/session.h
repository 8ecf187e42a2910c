/*
 * TLS sessions that a client keeps in order to resume them: a cache of them,
 * and those that arrive on a connection, which in TLS 1.3 they do whenever
 * something is read.
 */
#ifndef ISS_SESSION_H
#define ISS_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/ssl.h>

#include "base/error.h"

/* How many sessions are kept for one key, and between two deliveries. */
enum { ISS_SESSIONS_MAX = 8 };

/* May a session still be used: not expired, not ended by a fatal alert. */
bool iss_session_usable(const SSL_SESSION *session);

/* Is it good for one connection only (RFC 8446, C.4)? */
bool iss_session_is_single_use(const SSL_SESSION *session);

/* Was it made under these rules, SSL_set_session_id_context(3)? */
bool iss_session_has_rules(
    const SSL_SESSION *session, const void *rules, size_t len);

/* ---- the cache ---- */

/* What a session is for: bytes, such as "host:port". */
struct iss_session_key {
	const char *bytes;
	size_t len;
};

/*
 * Sessions by key.  The keys that were not used for the longest time make
 * room for new ones.  All functions may be called from several threads.
 */
struct iss_session_cache;

/* A cache for max (> 0) keys; *out is the caller's to free. */
int iss_session_cache_new(
    struct iss_error *err, struct iss_session_cache **out, size_t max);

/* One more holder; each calls iss_session_cache_free, NULL is fine. */
struct iss_session_cache *iss_session_cache_up_ref(
    struct iss_session_cache *cache);
void iss_session_cache_free(struct iss_session_cache *cache);

/*
 * Add a session, whose reference is the cache's from now on, also when it is
 * dropped because memory runs out.  It comes before those that are there.
 */
void iss_session_cache_add0(struct iss_session_cache *cache,
    struct iss_session_key key, SSL_SESSION *session);

/* The same; but all other sessions of the key are dropped. */
void iss_session_cache_replace0(struct iss_session_cache *cache,
    struct iss_session_key key, SSL_SESSION *session);

/*
 * The newest session of a key, or, unless which is NULL, that one if it is
 * there; NULL: there is none.  Borrowed: another thread may free it.
 */
SSL_SESSION *iss_session_cache_get0(struct iss_session_cache *cache,
    struct iss_session_key key, const SSL_SESSION *which);

/*
 * The newest usable session of a key that was made under these rules, for a
 * connection to resume: the caller's to free.  One for single use is taken
 * out of the cache.
 */
SSL_SESSION *iss_session_cache_use(struct iss_session_cache *cache,
    struct iss_session_key key, const void *rules, size_t len);

/*
 * Drop a session of the key, or with which NULL all of them; with key NULL
 * that session wherever it is.
 */
void iss_session_cache_del(struct iss_session_cache *cache,
    const struct iss_session_key *key, const SSL_SESSION *which);

/* ---- arrivals ---- */

/* Sessions that came on a connection and wait for whoever keeps them. */
struct iss_new_sessions {
	SSL_SESSION *list[ISS_SESSIONS_MAX]; /* owned, oldest first */
	size_t count;
	bool any; /* one has come, wherever it is now */
};

/*
 * Let each connection of a context gather sessions in the new_sessions of its
 * link.  Once, when the context is made.
 */
void iss_new_sessions_install(SSL_CTX *ctx);

/* Add one, whose reference goes along; the oldest one makes room. */
void iss_new_sessions_add0(
    struct iss_new_sessions *arrivals, SSL_SESSION *session);

/* The oldest one, the caller's to free; NULL: there is none. */
SSL_SESSION *iss_new_sessions_take(struct iss_new_sessions *arrivals);

/* Free what is there; empty afterwards. */
void iss_new_sessions_release(struct iss_new_sessions *arrivals);

#endif
