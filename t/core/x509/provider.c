/*
 * Providers, by name.
 */
#include "x509/provider.h"

#include <openssl/ssl.h>

#include "base/compat.h"
#include "tap.h"

int
main(void)
{
	struct iss_error err;
#if ISS_COMPAT_HAS_PROVIDERS
	SSL_CTX *ctx;
#endif

	iss_error_clear(&err);
	is_int(iss_provider_load(&err, "none-such"), ISS_ERROR,
	    "a provider that does not exist");
	has_text(err.text, "SSL_provider", "... the option");
	is_text(err.option, "SSL_provider", "... by its name");
#if ISS_COMPAT_HAS_PROVIDERS
	has_text(err.text, "\"none-such\"", "... and the value");
	iss_error_clear(&err);
	is_int(iss_provider_load(&err, "base"), ISS_OK, "one that is built in");
	is_int(iss_provider_load(&err, "base"), ISS_OK, "... once more");
	ok(!iss_error_is_set(&err), "... without an error");
	ctx = SSL_CTX_new(TLS_method());
	ok(ctx != NULL, "the default one stays");
	SSL_CTX_free(ctx);
#else
	has_text(err.text, "needs OpenSSL 3.0", "... which this one lacks");
#endif
	return tap_done();
}
