/*
 * Diffie-Hellman groups from handles, which only an API that OpenSSL 3.0
 * calls deprecated can make; files are tested by t/dh.t.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "context/dh.h"

#include <openssl/dh.h>
#include <openssl/pem.h>

#include "fixture.h"
#include "tap.h"

#ifdef OPENSSL_NO_DEPRECATED_3_0
int
main(void)
{
	ok(true, "an OpenSSL without DH * has nothing to test");
	return tap_done();
}
#else

static DH *
read_dh(const char *name)
{
	BIO *bio = BIO_new_file(name, "r");
	DH *dh = PEM_read_bio_DHparams(bio, NULL, NULL, NULL);

	BIO_free(bio);
	return dh;
}

static void
test_group(const char *name, bool fine)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	struct iss_error err;
	DH *dh = read_dh(name);

	iss_error_clear(&err);
	SSL_CTX_set_security_level(ctx, 2);
	is_int(iss_dh_use_handle(&err, ctx, dh), fine ? ISS_OK : ISS_ERROR,
	    "%s at security level 2", name);
	if (!fine)
		has_text(err.text, "too small", "%s: why", name);
	DH_free(dh);
	SSL_CTX_free(ctx);
}

int
main(void)
{
	test_group(CERTS "dh-3072.pem", true);
	test_group(CERTS "dh-1024.pem", false);
	return tap_done();
}
#endif
