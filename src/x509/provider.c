#include "x509/provider.h"

#include "base/compat.h"

#if ISS_COMPAT_HAS_PROVIDERS
#	include <openssl/err.h>
#	include <openssl/provider.h>

int
iss_provider_load(struct iss_error *err, const char *name)
{
	ERR_clear_error();
	if (OSSL_PROVIDER_available(NULL, name) ||
	    OSSL_PROVIDER_try_load(NULL, name, 1) != NULL)
		return ISS_OK;
	return iss_error_openssl(err, "SSL_provider \"%.60s\"", name);
}

#else

int
iss_provider_load(struct iss_error *err, const char *name)
{
	(void)name;
	return iss_error_set(err, "SSL_provider needs OpenSSL 3.0, this is %s",
	    OpenSSL_version(OPENSSL_VERSION));
}

#endif
