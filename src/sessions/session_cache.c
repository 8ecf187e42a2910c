/*
 * Owns the order in which keys and sessions make room for others.  Knows
 * neither connections nor what a policy consists of.
 */
#include "sessions/session_cache.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/refcount.h"
#include "sessions/session.h"
#include "sessions/session_list.h"

enum { BUCKETS_MAX = 4096 };

/* The sessions of one key, in a bucket and in the order of use. */
struct entry {
	struct entry *next; /* in the bucket */
	struct entry *newer;
	struct entry *older;
	struct iss_session_list sessions;
	size_t key_len;
	char key[];
};

struct iss_session_cache {
	struct iss_refcount refs;
	CRYPTO_RWLOCK *lock;
	size_t max;
	size_t count;
	struct entry *newest;
	struct entry *oldest;
	size_t n_buckets; /* a power of two */
	struct entry **buckets;
};

/* FNV-1a */
static struct entry **
bucket_of(const struct iss_session_cache *cache, struct iss_session_key key)
{
	uint32_t hash = 2166136261U;
	size_t i;

	for (i = 0; i < key.len; i++)
		hash = (hash ^ (unsigned char)key.bytes[i]) * 16777619U;
	return &cache->buckets[hash & (cache->n_buckets - 1)];
}

static struct iss_session_key
key_of(const struct entry *entry)
{
	struct iss_session_key key;

	key.bytes = entry->key;
	key.len = entry->key_len;
	return key;
}

static void
leave_order(struct iss_session_cache *cache, struct entry *entry)
{
	if (entry->newer != NULL)
		entry->newer->older = entry->older;
	else
		cache->newest = entry->older;
	if (entry->older != NULL)
		entry->older->newer = entry->newer;
	else
		cache->oldest = entry->newer;
}

static void
become_newest(struct iss_session_cache *cache, struct entry *entry)
{
	entry->newer = NULL;
	entry->older = cache->newest;
	if (cache->newest != NULL)
		cache->newest->newer = entry;
	else
		cache->oldest = entry;
	cache->newest = entry;
}

static void
drop_entry(struct iss_session_cache *cache, struct entry *entry)
{
	struct entry **link = bucket_of(cache, key_of(entry));

	while (*link != entry)
		link = &(*link)->next;
	*link = entry->next;
	leave_order(cache, entry);
	cache->count--;
	iss_session_list_release(&entry->sessions);
	free(entry);
}

/* The entry of a key, which this marks as used; NULL if there is none. */
static struct entry *
find_entry(struct iss_session_cache *cache, struct iss_session_key key)
{
	struct entry *entry = *bucket_of(cache, key);

	while (
	    entry != NULL && (entry->key_len != key.len ||
				 memcmp(entry->key, key.bytes, key.len) != 0))
		entry = entry->next;
	if (entry != NULL) {
		leave_order(cache, entry);
		become_newest(cache, entry);
	}
	return entry;
}

static struct entry *
find_or_make_entry(struct iss_session_cache *cache, struct iss_session_key key)
{
	struct entry *entry = find_entry(cache, key);
	struct entry **bucket = bucket_of(cache, key);

	if (entry != NULL)
		return entry;
	if ((entry = calloc(1, sizeof(*entry) + key.len)) == NULL)
		return NULL;
	if (cache->count == cache->max)
		drop_entry(cache, cache->oldest);
	memcpy(entry->key, key.bytes, key.len);
	entry->key_len = key.len;
	entry->next = *bucket;
	*bucket = entry;
	become_newest(cache, entry);
	cache->count++;
	return entry;
}

/* An empty entry must not take the place of one with sessions. */
static void
drop_if_empty(struct iss_session_cache *cache, struct entry *entry)
{
	if (entry->sessions.count == 0)
		drop_entry(cache, entry);
}

static void
drop_unusable(struct entry *entry)
{
	size_t i;

	for (i = entry->sessions.count; i > 0; i--)
		if (!iss_session_is_usable(entry->sessions.at[i - 1]))
			SSL_SESSION_free(
			    iss_session_list_take(&entry->sessions, i - 1));
}

int
iss_session_cache_new(
    struct iss_error *err, struct iss_session_cache **out, size_t max)
{
	struct iss_session_cache *cache = calloc(1, sizeof(*cache));

	if (cache == NULL || !iss_refcount_init(&cache->refs)) {
		free(cache);
		return iss_error_set(err, "out of memory");
	}
	cache->max = max;
	cache->n_buckets = 1;
	while (cache->n_buckets < max && cache->n_buckets < BUCKETS_MAX)
		cache->n_buckets *= 2;
	cache->buckets = calloc(cache->n_buckets, sizeof(*cache->buckets));
	cache->lock = CRYPTO_THREAD_lock_new();
	if (cache->buckets == NULL || cache->lock == NULL) {
		iss_session_cache_free(cache);
		return iss_error_set(err, "out of memory");
	}
	*out = cache;
	return ISS_OK;
}

struct iss_session_cache *
iss_session_cache_up_ref(struct iss_session_cache *cache)
{
	iss_refcount_up(&cache->refs);
	return cache;
}

void
iss_session_cache_free(struct iss_session_cache *cache)
{
	if (cache == NULL || !iss_refcount_down(&cache->refs))
		return;
	while (cache->oldest != NULL)
		drop_entry(cache, cache->oldest);
	free(cache->buckets);
	CRYPTO_THREAD_lock_free(cache->lock);
	iss_refcount_release(&cache->refs);
	free(cache);
}

static bool
same_policy(const SSL_SESSION *a, const SSL_SESSION *b)
{
	unsigned int len;
	const unsigned char *digest = SSL_SESSION_get0_id_context(a, &len);

	return iss_session_has_policy(b, digest, len);
}

/*
 * Drop what a new session replaces: itself, if it is there already, and in TLS
 * 1.2, where one session serves many connections, its predecessor.
 */
static void
drop_replaced(struct entry *entry, const SSL_SESSION *session)
{
	bool single = iss_session_is_single_use(session);
	SSL_SESSION *other;
	size_t i;

	for (i = entry->sessions.count; i > 0; i--) {
		other = entry->sessions.at[i - 1];
		if (other == session ||
		    (!single && !iss_session_is_single_use(other) &&
			same_policy(session, other)))
			SSL_SESSION_free(
			    iss_session_list_take(&entry->sessions, i - 1));
	}
}

static void
add_session(struct iss_session_cache *cache, struct iss_session_key key,
    SSL_SESSION *session, bool alone)
{
	struct entry *entry;

	CRYPTO_THREAD_write_lock(cache->lock);
	if ((entry = find_or_make_entry(cache, key)) != NULL) {
		if (alone)
			iss_session_list_release(&entry->sessions);
		else
			drop_replaced(entry, session);
		iss_session_list_add0(&entry->sessions, session);
	} else
		SSL_SESSION_free(session);
	CRYPTO_THREAD_unlock(cache->lock);
}

void
iss_session_cache_add0(struct iss_session_cache *cache,
    struct iss_session_key key, SSL_SESSION *session)
{
	add_session(cache, key, session, false);
}

void
iss_session_cache_replace0(struct iss_session_cache *cache,
    struct iss_session_key key, SSL_SESSION *session)
{
	add_session(cache, key, session, true);
}

SSL_SESSION *
iss_session_cache_get1(struct iss_session_cache *cache,
    struct iss_session_key key, const SSL_SESSION *which)
{
	SSL_SESSION *found = NULL;
	struct entry *entry;
	size_t i;

	CRYPTO_THREAD_write_lock(cache->lock);
	entry = find_entry(cache, key);
	for (i = entry != NULL ? entry->sessions.count : 0; i > 0 && !found;
	     i--)
		if (which == NULL || entry->sessions.at[i - 1] == which)
			found = entry->sessions.at[i - 1];
	if (found != NULL)
		SSL_SESSION_up_ref(found);
	CRYPTO_THREAD_unlock(cache->lock);
	return found;
}

/* The newest session of this policy; one for single use leaves the list. */
static SSL_SESSION *
use_newest(struct entry *entry, const void *policy, size_t len)
{
	SSL_SESSION *session;
	size_t i;

	for (i = entry->sessions.count; i > 0; i--) {
		session = entry->sessions.at[i - 1];
		if (!iss_session_has_policy(session, policy, len))
			continue;
		if (iss_session_is_single_use(session))
			return iss_session_list_take(&entry->sessions, i - 1);
		SSL_SESSION_up_ref(session);
		return session;
	}
	return NULL;
}

SSL_SESSION *
iss_session_cache_use(struct iss_session_cache *cache,
    struct iss_session_key key, const void *policy, size_t len)
{
	SSL_SESSION *session = NULL;
	struct entry *entry;

	CRYPTO_THREAD_write_lock(cache->lock);
	if ((entry = find_entry(cache, key)) != NULL) {
		drop_unusable(entry);
		session = use_newest(entry, policy, len);
		drop_if_empty(cache, entry);
	}
	CRYPTO_THREAD_unlock(cache->lock);
	return session;
}

static void
del_from_entry(struct iss_session_cache *cache, struct entry *entry,
    const SSL_SESSION *which)
{
	size_t i;

	for (i = entry->sessions.count; i > 0; i--)
		if (which == NULL || entry->sessions.at[i - 1] == which)
			SSL_SESSION_free(
			    iss_session_list_take(&entry->sessions, i - 1));
	drop_if_empty(cache, entry);
}

void
iss_session_cache_del(struct iss_session_cache *cache,
    const struct iss_session_key *key, const SSL_SESSION *which)
{
	struct entry *entry, *older;

	CRYPTO_THREAD_write_lock(cache->lock);
	if (key != NULL) {
		if ((entry = find_entry(cache, *key)) != NULL)
			del_from_entry(cache, entry, which);
	} else if (which != NULL)
		for (entry = cache->newest; entry != NULL; entry = older) {
			older = entry->older;
			del_from_entry(cache, entry, which);
		}
	CRYPTO_THREAD_unlock(cache->lock);
}
