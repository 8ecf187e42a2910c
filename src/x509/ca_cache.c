/*
 *	cache ──> slot ──> file ──> certificates
 *	                    ^
 *	store of a context ─┘   (trust.c)
 *
 * Files are read without holding the lock.  If two threads read the same file
 * at once, the second finds the first one's and drops its own.
 */
#include "x509/ca_cache.h"

#include <stdbool.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/file.h"

enum { SLOTS = 16 };

static struct cache {
	CRYPTO_ONCE once;
	CRYPTO_RWLOCK *lock;
	unsigned long now; /* counts lookups, to find the least recently used */
	struct slot {
		struct iss_ca_file *set;
		unsigned long used;
	} slots[SLOTS];
} cache = { .once = CRYPTO_ONCE_STATIC_INIT };

static void
init_cache(void)
{
	cache.lock = CRYPTO_THREAD_lock_new();
}

/* A new reference to the file with this stamp.  The lock is held. */
static struct iss_ca_file *
get_cached(const struct iss_file_stamp *stamp)
{
	struct slot *slot;

	for (slot = cache.slots; slot < cache.slots + SLOTS; slot++)
		if (slot->set != NULL &&
		    iss_file_stamp_equal(iss_ca_file_stamp(slot->set), stamp)) {
			slot->used = ++cache.now;
			iss_ca_file_up_ref(slot->set);
			return slot->set;
		}
	return NULL;
}

/*
 * Where to put a file: in place of its former version, or else of the least
 * recently used one.  The lock is held.
 */
static struct slot *
choose_slot(const struct iss_ca_file *set)
{
	struct slot *slot, *oldest = cache.slots;

	for (slot = cache.slots; slot < cache.slots + SLOTS; slot++) {
		if (slot->set != NULL && strcmp(iss_ca_file_path(slot->set),
					     iss_ca_file_path(set)) == 0)
			return slot;
		if (slot->used < oldest->used)
			oldest = slot;
	}
	return oldest;
}

/*
 * Put a file into the cache and return it; if another thread was faster, free
 * it and return that thread's.  Takes and returns a reference.
 */
static struct iss_ca_file *
put_in_cache(struct iss_ca_file *set)
{
	struct iss_ca_file *theirs, *replaced;
	struct slot *slot;

	CRYPTO_THREAD_write_lock(cache.lock);
	if ((theirs = get_cached(iss_ca_file_stamp(set))) != NULL) {
		CRYPTO_THREAD_unlock(cache.lock);
		iss_ca_file_free(set);
		return theirs;
	}
	slot = choose_slot(set);
	replaced = slot->set;
	slot->set = set;
	slot->used = ++cache.now;
	iss_ca_file_up_ref(set);
	CRYPTO_THREAD_unlock(cache.lock);
	iss_ca_file_free(replaced);
	return set;
}

/*
 * May the file be used until its stamp changes?  Not if it changed while it was
 * read.
 */
static bool
is_lasting(const struct iss_ca_file *set)
{
	const struct iss_file_stamp *stamp = iss_ca_file_stamp(set);
	struct iss_file_stamp now;

	return iss_file_stamp_is_settled(stamp) &&
	       iss_file_stamp(iss_ca_file_path(set), &now) &&
	       iss_file_stamp_equal(stamp, &now);
}

int
iss_ca_cache_get1(
    struct iss_error *err, const char *path, struct iss_ca_file **out)
{
	struct iss_file_stamp stamp;
	struct iss_ca_file *set = NULL;

	if (!CRYPTO_THREAD_run_once(&cache.once, init_cache) ||
	    cache.lock == NULL)
		return iss_error_set(err, "out of memory");

	if (iss_file_stamp(path, &stamp) && stamp.regular) {
		CRYPTO_THREAD_write_lock(cache.lock);
		set = get_cached(&stamp);
		CRYPTO_THREAD_unlock(cache.lock);
	}
	if (set == NULL) {
		if (iss_ca_file_load(err, path, &set) != ISS_OK)
			return ISS_ERROR;
		if (is_lasting(set))
			set = put_in_cache(set);
	}
	*out = set;
	return ISS_OK;
}
