/*
 * Any bytes as the value of SSL_cert, SSL_key or SSL_ca: PEM or DER.  A URI is
 * left out, since it would be opened.
 */
#include "x509/material.h"

#include <stdint.h>

#include <openssl/err.h>
#include <openssl/pkcs12.h>

#include "claim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
no_password(void *arg, char *buf, size_t size)
{
	(void)arg;
	(void)buf;
	(void)size;
	return -1;
}

/* Its count of iterations would keep OpenSSL busy for hours; fuzz/keypair.c has
 * those with few. */
static bool
is_pkcs12(const uint8_t *data, size_t size)
{
	const unsigned char *at = data;
	PKCS12 *p12 = d2i_PKCS12(NULL, &at, (long)size);
	bool is = p12 != NULL;

	PKCS12_free(p12);
	ERR_clear_error();
	return is;
}

static void
claim_pair(const uint8_t *data, size_t size)
{
	struct iss_keypair pair;
	struct iss_error err;
	int rv;

	iss_error_clear(&err);
	iss_keypair_init(&pair);
	rv = iss_material_load(&err, &pair, "SSL_key", data, size,
	    ISS_KEYPAIR_KEY, no_password, NULL);
	claim((rv == ISS_OK) != iss_error_is_set(&err));
	claim((rv == ISS_OK) == (pair.key != NULL));
	iss_keypair_release(&pair);
}

static void
claim_certs(const uint8_t *data, size_t size)
{
	STACK_OF(X509) *certs = NULL;
	struct iss_error err;
	int rv;

	iss_error_clear(&err);
	rv = iss_material_certs(&err, "SSL_ca", data, size, &certs);
	claim((rv == ISS_OK) != iss_error_is_set(&err));
	claim((rv == ISS_OK) == (sk_X509_num(certs) > 0));
	sk_X509_pop_free(certs, X509_free);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum iss_material kind = iss_material_kind(data, size);

	if ((kind != ISS_MATERIAL_PEM && kind != ISS_MATERIAL_DER) ||
	    is_pkcs12(data, size))
		return 0;
	(void)iss_material_has_key(data, size);
	claim_pair(data, size);
	claim_certs(data, size);
	claim(ERR_peek_error() == 0);
	return 0;
}
