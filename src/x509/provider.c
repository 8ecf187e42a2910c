#include "x509/provider.h"

#include <stdbool.h>

#include "base/compat.h"

#if ISS_COMPAT_HAS_PROVIDERS
#	include <openssl/crypto.h>
#	include <openssl/err.h>
#	include <openssl/provider.h>

enum { KEPT_MAX = 16 };

/* They stay until the process ends, so nobody frees these references.  One
 * thread loads at a time. */
static struct {
	CRYPTO_ONCE once;
	CRYPTO_RWLOCK *lock;
	OSSL_PROVIDER *kept[KEPT_MAX];
	int count;
} loaded = { .once = CRYPTO_ONCE_STATIC_INIT };

static void
make_lock(void)
{
	loaded.lock = CRYPTO_THREAD_lock_new();
}

static bool
load(const char *name)
{
	OSSL_PROVIDER *provider;

	if (OSSL_PROVIDER_available(NULL, name))
		return true;
	if ((provider = OSSL_PROVIDER_try_load(NULL, name, 1)) == NULL)
		return false;
	if (loaded.count < KEPT_MAX)
		loaded.kept[loaded.count++] = provider;
	return true;
}

int
iss_provider_load(struct iss_error *err, const char *name)
{
	bool good;

	if (!CRYPTO_THREAD_run_once(&loaded.once, make_lock) ||
	    loaded.lock == NULL || !CRYPTO_THREAD_write_lock(loaded.lock))
		return iss_error_memory(err);
	ERR_clear_error();
	good = load(name);
	CRYPTO_THREAD_unlock(loaded.lock);
	return good ? ISS_OK
		    : iss_error_openssl(err, "SSL_provider \"%.60s\"", name);
}

#else

int
iss_provider_load(struct iss_error *err, const char *name)
{
	(void)name;
	return iss_error_set(err,
	    "SSL_provider needs OpenSSL 3.0, this is %.*s", ISS_COMPAT_VERSION);
}

#endif
