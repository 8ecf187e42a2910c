/*
 * For make tsan, before everything else: ThreadSanitizer does not see what
 * happens in libcrypto.  This adds as CRYPTO_atomic_add(3) does, where it can
 * see that the last holder comes after all others.
 */
#ifndef ISS_ATOMIC_H
#define ISS_ATOMIC_H

#include <openssl/crypto.h>

static inline int
seen_atomic_add(int *value, int amount, int *result, CRYPTO_RWLOCK *lock)
{
	(void)lock;
	*result = __atomic_add_fetch(value, amount, __ATOMIC_ACQ_REL);
	return 1;
}

#define CRYPTO_atomic_add seen_atomic_add

#endif
