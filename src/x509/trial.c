#include "x509/trial.h"

#include <string.h>

#include <openssl/rsa.h>

#include "base/compat.h"

#if ISS_COMPAT_HAS_PROVIDERS
#	include <openssl/provider.h>
#endif

static const unsigned char message[] = "a trial signature";

bool
iss_trial_is_needed(EVP_PKEY *key)
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der);

	OPENSSL_free(der);
	return len <= 0;
}

bool
iss_trial_is_foreign(EVP_PKEY *key)
{
#if ISS_COMPAT_HAS_PROVIDERS
	static const char *const own[] = { "default", "fips", "legacy",
		"base" };
	const OSSL_PROVIDER *provider = EVP_PKEY_get0_provider(key);
	size_t i;

	if (provider == NULL)
		return false;
	for (i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (strcmp(OSSL_PROVIDER_get0_name(provider), own[i]) == 0)
			return false;
	return true;
#else
	(void)key;
	return false;
#endif
}

/* NULL: the algorithm of the key has a digest of its own. */
static const EVP_MD *
digest_for(EVP_PKEY *key)
{
	int type = EVP_PKEY_base_id(key);

	return type == EVP_PKEY_ED25519 || type == EVP_PKEY_ED448
		   ? NULL
		   : EVP_sha256();
}

static bool
set_padding(EVP_PKEY_CTX *ctx, int padding)
{
	if (padding == 0)
		return true;
	if (EVP_PKEY_CTX_set_rsa_padding(ctx, padding) <= 0)
		return false;
	return padding != RSA_PKCS1_PSS_PADDING ||
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) >
		   0;
}

/* The signature is the caller's; NULL on failure. */
static unsigned char *
sign(EVP_PKEY *key, int padding, size_t *len)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	unsigned char *signature = NULL;
	EVP_PKEY_CTX *ctx;

	if (md == NULL ||
	    EVP_DigestSignInit(md, &ctx, digest_for(key), NULL, key) <= 0 ||
	    !set_padding(ctx, padding) ||
	    EVP_DigestSign(md, NULL, len, message, sizeof(message)) <= 0 ||
	    (signature = OPENSSL_malloc(*len)) == NULL)
		goto done;
	if (EVP_DigestSign(md, signature, len, message, sizeof(message)) <= 0) {
		OPENSSL_free(signature);
		signature = NULL;
	}

done:
	EVP_MD_CTX_free(md);
	return signature;
}

static bool
verify(EVP_PKEY *key, int padding, const unsigned char *signature, size_t len)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *ctx;
	bool good =
	    md != NULL &&
	    EVP_DigestVerifyInit(md, &ctx, digest_for(key), NULL, key) > 0 &&
	    set_padding(ctx, padding) &&
	    EVP_DigestVerify(md, signature, len, message, sizeof(message)) > 0;

	EVP_MD_CTX_free(md);
	return good;
}

static bool
signs_with(EVP_PKEY *key, EVP_PKEY *public, int padding)
{
	size_t len;
	unsigned char *signature = sign(key, padding, &len);
	bool good =
	    signature != NULL && verify(public, padding, signature, len);

	OPENSSL_free(signature);
	return good;
}

/* A key may be for one padding alone. */
bool
iss_trial_signs(EVP_PKEY *key, X509 *cert)
{
	EVP_PKEY *public = X509_get0_pubkey(cert);

	if (public == NULL || EVP_PKEY_base_id(key) != EVP_PKEY_base_id(public))
		return false;
	if (EVP_PKEY_base_id(key) != EVP_PKEY_RSA)
		return signs_with(key, public, 0);
	return signs_with(key, public, RSA_PKCS1_PADDING) ||
	       signs_with(key, public, RSA_PKCS1_PSS_PADDING);
}
