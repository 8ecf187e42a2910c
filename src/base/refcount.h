/*
 * A reference count that several threads may change at once: several Perl
 * interpreters (ithreads) can hold one context or connection.
 */
#ifndef ISS_REFCOUNT_H
#define ISS_REFCOUNT_H

#include <stdbool.h>

#include <openssl/crypto.h>

struct iss_refcount {
	int holders;
	CRYPTO_RWLOCK *lock; /* used where the processor has no atomic add */
};

/* Begin with one holder; false when memory runs out. */
static inline bool
iss_refcount_init(struct iss_refcount *count)
{
	count->holders = 1;
	return (count->lock = CRYPTO_THREAD_lock_new()) != NULL;
}

/* Add a holder. */
static inline void
iss_refcount_up(struct iss_refcount *count)
{
	int now;

	CRYPTO_atomic_add(&count->holders, 1, &now, count->lock);
}

/*
 * Remove a holder.  True if it was the last one, who must then free the object,
 * and the count with iss_refcount_release.
 */
static inline bool
iss_refcount_down(struct iss_refcount *count)
{
	int now = 1;

	CRYPTO_atomic_add(&count->holders, -1, &now, count->lock);
	return now == 0;
}

static inline void
iss_refcount_release(struct iss_refcount *count)
{
	CRYPTO_THREAD_lock_free(count->lock);
	count->lock = NULL;
}

#endif
