/*
 * A cache of sessions, and those that arrive.  Owns the order in which keys
 * and sessions make room for others; knows not what the rules of a session
 * are made of, and no connection.
 */
#include "sessions/session.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>

#include "base/compat.h"
#include "base/refcount.h"
#include "link/link.h"

enum { BUCKETS_MAX = 4096 };

/* The sessions of one key, in a bucket and in the order of use. */
struct entry {
	struct entry *next; /* in the bucket */
	struct entry *newer;
	struct entry *older;
	SSL_SESSION *list[ISS_SESSIONS_MAX]; /* owned, newest last */
	size_t count;
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

bool
iss_session_usable(const SSL_SESSION *session)
{
	time_t ends = iss_session_time(session) +
		      (time_t)SSL_SESSION_get_timeout(session);

	return SSL_SESSION_is_resumable(session) && time(NULL) < ends;
}

bool
iss_session_is_single_use(const SSL_SESSION *session)
{
	return SSL_SESSION_get_protocol_version(session) >= TLS1_3_VERSION;
}

bool
iss_session_has_rules(const SSL_SESSION *session, const void *rules, size_t len)
{
	unsigned int its_len;
	const unsigned char *its =
	    SSL_SESSION_get0_id_context(session, &its_len);

	return its_len == len && memcmp(its, rules, len) == 0;
}

/* Take the session at i out of a list; the reference goes along. */
static SSL_SESSION *
take_at(SSL_SESSION **list, size_t *count, size_t i)
{
	SSL_SESSION *session = list[i];

	--*count;
	memmove(&list[i], &list[i + 1], (*count - i) * sizeof(*list));
	return session;
}

static void
push(SSL_SESSION **list, size_t *count, SSL_SESSION *session)
{
	if (*count == ISS_SESSIONS_MAX)
		SSL_SESSION_free(take_at(list, count, 0));
	list[(*count)++] = session;
}

static void
drop_all(SSL_SESSION **list, size_t *count)
{
	while (*count > 0)
		SSL_SESSION_free(list[--*count]);
}

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
	drop_all(entry->list, &entry->count);
	free(entry);
}

/* The entry of a key, which counts as used; NULL: there is none. */
static struct entry *
find(struct iss_session_cache *cache, struct iss_session_key key)
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
find_or_make(struct iss_session_cache *cache, struct iss_session_key key)
{
	struct entry *entry = find(cache, key);
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

/* An entry without sessions must not keep one with sessions out. */
static void
drop_if_empty(struct iss_session_cache *cache, struct entry *entry)
{
	if (entry->count == 0)
		drop_entry(cache, entry);
}

static void
drop_unusable(struct entry *entry)
{
	size_t i;

	for (i = entry->count; i > 0; i--)
		if (!iss_session_usable(entry->list[i - 1]))
			SSL_SESSION_free(
			    take_at(entry->list, &entry->count, i - 1));
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
same_rules(const SSL_SESSION *a, const SSL_SESSION *b)
{
	unsigned int len;
	const unsigned char *rules = SSL_SESSION_get0_id_context(a, &len);

	return iss_session_has_rules(b, rules, len);
}

/* What a new session takes the place of: itself, and in TLS 1.2, where one
 * serves for many connections, the one before it. */
static void
drop_replaced(struct entry *entry, const SSL_SESSION *session)
{
	bool single = iss_session_is_single_use(session);
	SSL_SESSION *other;
	size_t i;

	for (i = entry->count; i > 0; i--) {
		other = entry->list[i - 1];
		if (other == session ||
		    (!single && !iss_session_is_single_use(other) &&
			same_rules(session, other)))
			SSL_SESSION_free(
			    take_at(entry->list, &entry->count, i - 1));
	}
}

static void
add(struct iss_session_cache *cache, struct iss_session_key key,
    SSL_SESSION *session, bool alone)
{
	struct entry *entry;

	CRYPTO_THREAD_write_lock(cache->lock);
	if ((entry = find_or_make(cache, key)) != NULL) {
		if (alone)
			drop_all(entry->list, &entry->count);
		else
			drop_replaced(entry, session);
		push(entry->list, &entry->count, session);
	} else
		SSL_SESSION_free(session);
	CRYPTO_THREAD_unlock(cache->lock);
}

void
iss_session_cache_add0(struct iss_session_cache *cache,
    struct iss_session_key key, SSL_SESSION *session)
{
	add(cache, key, session, false);
}

void
iss_session_cache_replace0(struct iss_session_cache *cache,
    struct iss_session_key key, SSL_SESSION *session)
{
	add(cache, key, session, true);
}

SSL_SESSION *
iss_session_cache_get0(struct iss_session_cache *cache,
    struct iss_session_key key, const SSL_SESSION *which)
{
	SSL_SESSION *found = NULL;
	struct entry *entry;
	size_t i;

	CRYPTO_THREAD_write_lock(cache->lock);
	entry = find(cache, key);
	for (i = entry != NULL ? entry->count : 0; i > 0 && !found; i--)
		if (which == NULL || entry->list[i - 1] == which)
			found = entry->list[i - 1];
	CRYPTO_THREAD_unlock(cache->lock);
	return found;
}

/* The newest one of these rules; of single use it leaves the list. */
static SSL_SESSION *
use_newest(struct entry *entry, const void *rules, size_t len)
{
	SSL_SESSION *session;
	size_t i;

	for (i = entry->count; i > 0; i--) {
		session = entry->list[i - 1];
		if (!iss_session_has_rules(session, rules, len))
			continue;
		if (iss_session_is_single_use(session))
			return take_at(entry->list, &entry->count, i - 1);
		SSL_SESSION_up_ref(session);
		return session;
	}
	return NULL;
}

SSL_SESSION *
iss_session_cache_use(struct iss_session_cache *cache,
    struct iss_session_key key, const void *rules, size_t len)
{
	SSL_SESSION *session = NULL;
	struct entry *entry;

	CRYPTO_THREAD_write_lock(cache->lock);
	if ((entry = find(cache, key)) != NULL) {
		drop_unusable(entry);
		session = use_newest(entry, rules, len);
		drop_if_empty(cache, entry);
	}
	CRYPTO_THREAD_unlock(cache->lock);
	return session;
}

static void
del_from(struct iss_session_cache *cache, struct entry *entry,
    const SSL_SESSION *which)
{
	size_t i;

	for (i = entry->count; i > 0; i--)
		if (which == NULL || entry->list[i - 1] == which)
			SSL_SESSION_free(
			    take_at(entry->list, &entry->count, i - 1));
	drop_if_empty(cache, entry);
}

void
iss_session_cache_del(struct iss_session_cache *cache,
    const struct iss_session_key *key, const SSL_SESSION *which)
{
	struct entry *entry, *older;

	CRYPTO_THREAD_write_lock(cache->lock);
	if (key != NULL) {
		if ((entry = find(cache, *key)) != NULL)
			del_from(cache, entry, which);
	} else if (which != NULL)
		for (entry = cache->newest; entry != NULL; entry = older) {
			older = entry->older;
			del_from(cache, entry, which);
		}
	CRYPTO_THREAD_unlock(cache->lock);
}

/* OpenSSL's reference is ours when we return 1. */
static int
arrived(SSL *ssl, SSL_SESSION *session)
{
	const struct iss_link *link = iss_link_of(ssl);

	if (link == NULL || link->new_sessions == NULL)
		return 0;
	iss_new_sessions_add0(link->new_sessions, session);
	return 1;
}

/*
 * OpenSSL's own cache of a client would be of no use, since it cannot be
 * asked, and would tie a session to one context.
 */
void
iss_new_sessions_install(SSL_CTX *ctx)
{
	SSL_CTX_set_session_cache_mode(
	    ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(ctx, arrived);
}

void
iss_new_sessions_add0(struct iss_new_sessions *arrivals, SSL_SESSION *session)
{
	arrivals->any = true;
	push(arrivals->list, &arrivals->count, session);
}

SSL_SESSION *
iss_new_sessions_take(struct iss_new_sessions *arrivals)
{
	if (arrivals->count == 0)
		return NULL;
	return take_at(arrivals->list, &arrivals->count, 0);
}

void
iss_new_sessions_release(struct iss_new_sessions *arrivals)
{
	drop_all(arrivals->list, &arrivals->count);
}
