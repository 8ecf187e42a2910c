/*
 *	cache ──> slot ──> certificate, chain, key
 *	                              ^
 *	SSL_CTX of a context ─────────┘
 *
 * Pairs are found by the stamps of their files.  The paths serve to forget a
 * pair as soon as its files have changed.  No file is touched, and nothing is
 * freed, while the lock is held.
 */
#include "x509/pair_cache.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/x509v3.h>

#include "base/file.h"

struct slot {
	struct iss_keypair pair; /* without a certificate: the slot is empty */
	char *cert_file;
	char *key_file;
	unsigned long used;
};

static struct cache {
	CRYPTO_ONCE once;
	CRYPTO_RWLOCK *lock;
	unsigned long now; /* counts lookups, to find the least recently used */
	struct slot slots[ISS_PAIR_CACHE_MAX];
} cache = { .once = CRYPTO_ONCE_STATIC_INIT };

static void
init_cache(void)
{
	cache.lock = CRYPTO_THREAD_lock_new();
}

static bool
has_lock(void)
{
	return CRYPTO_THREAD_run_once(&cache.once, init_cache) &&
	       cache.lock != NULL;
}

static const char *
key_path(const struct iss_pair_files *files)
{
	return files->key != NULL ? files->key : files->cert;
}

/* What the files are now; false if one is missing or not a regular file. */
static bool
stamp_files(const struct iss_pair_files *files, struct iss_keypair *now)
{
	return iss_file_stamp(files->cert, &now->cert_stamp) &&
	       now->cert_stamp.regular &&
	       iss_file_stamp(key_path(files), &now->key_stamp) &&
	       now->key_stamp.regular;
}

static bool
has_stamps(const struct iss_keypair *pair, const struct iss_keypair *stamps)
{
	return pair->cert != NULL &&
	       iss_file_stamp_equal(&pair->cert_stamp, &stamps->cert_stamp) &&
	       iss_file_stamp_equal(&pair->key_stamp, &stamps->key_stamp);
}

/* The lock is held. */
static struct slot *
find_stamps(const struct iss_keypair *stamps)
{
	struct slot *slot;

	for (slot = cache.slots; slot < cache.slots + ISS_PAIR_CACHE_MAX;
	     slot++)
		if (has_stamps(&slot->pair, stamps))
			return slot;
	return NULL;
}

/* The lock is held. */
static struct slot *
find_paths(const struct iss_pair_files *files)
{
	struct slot *slot;

	for (slot = cache.slots; slot < cache.slots + ISS_PAIR_CACHE_MAX;
	     slot++)
		if (slot->pair.cert != NULL &&
		    strcmp(slot->cert_file, files->cert) == 0 &&
		    strcmp(slot->key_file, key_path(files)) == 0)
			return slot;
	return NULL;
}

/* The lock is held. */
static struct slot *
find_oldest(void)
{
	struct slot *slot, *oldest = cache.slots;

	for (slot = cache.slots; slot < cache.slots + ISS_PAIR_CACHE_MAX;
	     slot++)
		if (slot->used < oldest->used)
			oldest = slot;
	return oldest;
}

/* References to what the pair has; false when memory runs out. */
static bool
copy_pair(struct iss_keypair *to, const struct iss_keypair *from)
{
	STACK_OF(X509) *chain = NULL;

	if (from->chain != NULL &&
	    (chain = X509_chain_up_ref(from->chain)) == NULL)
		return false;
	*to = *from;
	to->chain = chain;
	X509_up_ref(to->cert);
	EVP_PKEY_up_ref(to->key);
	return true;
}

static void
release_slot(struct slot *slot)
{
	iss_keypair_release(&slot->pair);
	free(slot->cert_file);
	free(slot->key_file);
}

/* Put new where slot points, unless that is NULL.  The lock is held; the
 * caller must release the result. */
static struct slot
exchange(struct slot *slot, const struct slot *new)
{
	struct slot old = { 0 };

	if (slot != NULL) {
		old = *slot;
		*slot = *new;
	}
	return old;
}

/* The files are not what they were when this pair was read from them. */
static void
forget(const struct iss_pair_files *files)
{
	const struct slot empty = { 0 };
	struct slot old;

	CRYPTO_THREAD_write_lock(cache.lock);
	old = exchange(find_paths(files), &empty);
	CRYPTO_THREAD_unlock(cache.lock);
	release_slot(&old);
}

bool
iss_pair_cache_get1(
    const struct iss_pair_files *files, struct iss_keypair *pair)
{
	struct iss_keypair now;
	struct slot *slot = NULL;
	bool found = false;

	if (!has_lock())
		return false;
	if (stamp_files(files, &now)) {
		CRYPTO_THREAD_write_lock(cache.lock);
		if ((slot = find_stamps(&now)) != NULL) {
			slot->used = ++cache.now;
			found = copy_pair(pair, &slot->pair);
		}
		CRYPTO_THREAD_unlock(cache.lock);
	}
	if (slot == NULL)
		forget(files);
	/* whoever may not read the key any more does not get it from us */
	if (found && !(iss_file_opens_as(files->cert, &now.cert_stamp) &&
			 iss_file_opens_as(key_path(files), &now.key_stamp))) {
		iss_keypair_release(pair);
		found = false;
	}
	return found;
}

/* May the pair be used until a stamp changes? */
static bool
is_lasting(const struct iss_pair_files *files, const struct iss_keypair *pair)
{
	struct iss_keypair now;

	return !pair->guarded && pair->matched && pair->cert != NULL &&
	       pair->key != NULL &&
	       iss_file_stamp_is_settled(&pair->cert_stamp) &&
	       iss_file_stamp_is_settled(&pair->key_stamp) &&
	       stamp_files(files, &now) && has_stamps(pair, &now);
}

/* If another thread was faster, its pair stays. */
static void
put_in_cache(const struct iss_pair_files *files, const struct slot *new)
{
	struct slot *place, old = *new;

	CRYPTO_THREAD_write_lock(cache.lock);
	if (find_stamps(&new->pair) == NULL) {
		if ((place = find_paths(files)) == NULL)
			place = find_oldest();
		old = exchange(place, new);
		place->used = ++cache.now;
	}
	CRYPTO_THREAD_unlock(cache.lock);
	release_slot(&old);
}

void
iss_pair_cache_keep(
    const struct iss_pair_files *files, const struct iss_keypair *pair)
{
	struct slot new = { 0 };

	if (!is_lasting(files, pair) || !has_lock())
		return;
	new.cert_file = strdup(files->cert);
	new.key_file = strdup(key_path(files));
	if (new.cert_file != NULL &&new.key_file != NULL &&
	    copy_pair(&new.pair, pair))
		put_in_cache(files, &new);
	else
		release_slot(&new);
}
