/*
 * Private keys that show no public half, as some tokens have them.
 */
#ifndef ISS_TEST_HIDDEN_H
#define ISS_TEST_HIDDEN_H

#include "base/compat.h"
#include "fixture.h"
#include "x509/trial.h"

#if ISS_COMPAT_HAS_PROVIDERS
#	include <openssl/core_names.h>
#	include <openssl/param_build.h>

/* The key of t/certs/NAME.key, on P-256, without its public half; NULL where
 * OpenSSL works that out, before 3.0 and from 4.0 on. */
static inline EVP_PKEY *
hidden_key(const char *name)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *whole = fixture_key(name), *hidden = NULL;
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;
	BIGNUM *number = NULL;

	EVP_PKEY_get_bn_param(whole, OSSL_PKEY_PARAM_PRIV_KEY, &number);
	OSSL_PARAM_BLD_push_utf8_string(
	    build, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
	OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, number);
	params = OSSL_PARAM_BLD_to_param(build);
	EVP_PKEY_fromdata_init(ctx);
	EVP_PKEY_fromdata(ctx, &hidden, EVP_PKEY_KEYPAIR, params);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	BN_clear_free(number);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(whole);
	if (iss_trial_is_needed(hidden))
		return hidden;
	EVP_PKEY_free(hidden);
	return NULL;
}
#else
static inline EVP_PKEY *
hidden_key(const char *name)
{
	(void)name;
	return NULL;
}
#endif

#endif
