/*
 * Keys on Edwards curves (Ed25519, Ed448), and certificates for them by
 * t/certs/ca.pem.
 */
#ifndef ISS_EDWARDS_H
#define ISS_EDWARDS_H

#include <string.h>

#include "fixture.h"
#include "x509/certgen.h"

static inline EVP_PKEY *
edwards_key(int type)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(type, NULL);
	EVP_PKEY *key = NULL;

	if (EVP_PKEY_keygen_init(ctx) <= 0 || EVP_PKEY_keygen(ctx, &key) <= 0) {
		printf("Bail out! no key of type %d\n", type);
		exit(2);
	}
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static inline X509 *
edwards_cert(EVP_PKEY *key)
{
	EVP_PKEY *ca_key = fixture_key("ca");
	X509 *ca = fixture_cert("ca"), *cert = NULL;
	struct iss_certgen gen;
	struct iss_error err;

	iss_error_clear(&err);
	if (iss_certgen_init(&err, &gen, key, ca, ca_key) != ISS_OK ||
	    iss_certgen_validity(&err, &gen, 0, INT64_C(253402300799)) !=
		ISS_OK ||
	    iss_certgen_subject(&err, &gen, "CN", "localhost", 9) != ISS_OK ||
	    iss_certgen_sign(&err, &gen, "sha256", &cert) != ISS_OK) {
		printf("Bail out! %s\n", err.text);
		exit(2);
	}
	iss_certgen_release(&gen);
	EVP_PKEY_free(ca_key);
	X509_free(ca);
	return cert;
}

#endif
