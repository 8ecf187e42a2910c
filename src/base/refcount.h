/*
 * A count of holders that threads may change at once: a context or a
 * connection can be held by several Perl interpreters (ithreads).
 */
#ifndef ISS_REFCOUNT_H
#define ISS_REFCOUNT_H

#include <stdbool.h>

#include <openssl/crypto.h>

struct iss_refcount {
	int holders;
	CRYPTO_RWLOCK *lock; /* where the processor has no atomic add */
};

/* One holder; false when memory runs out. */
static inline bool
iss_refcount_init(struct iss_refcount *count)
{
	count->holders = 1;
	return (count->lock = CRYPTO_THREAD_lock_new()) != NULL;
}

/* One more holder. */
static inline void
iss_refcount_up(struct iss_refcount *count)
{
	int now;

	CRYPTO_atomic_add(&count->holders, 1, &now, count->lock);
}

/*
 * One holder less; true when that was the last one, who then frees the
 * object (and with it the lock: iss_refcount_release).
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
