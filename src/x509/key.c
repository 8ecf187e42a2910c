/*
 * Key generation by OpenSSL, with errors that name what was asked for.
 */
#include "x509/key.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>

static int
generate(struct iss_error *err, EVP_PKEY **out, EVP_PKEY_CTX *ctx)
{
	EVP_PKEY *key = NULL;

	if (EVP_PKEY_keygen(ctx, &key) <= 0)
		return iss_error_openssl(err, "cannot generate a key");
	*out = key;
	return ISS_OK;
}

int
iss_key_new_rsa(struct iss_error *err, EVP_PKEY **out, int64_t bits)
{
	EVP_PKEY_CTX *ctx;
	int rv;

	if (bits < 1 || bits > ISS_KEY_RSA_BITS_MAX)
		return iss_error_set(err,
		    "invalid RSA key size %lld (must be 1-%d bits)",
		    (long long)bits, ISS_KEY_RSA_BITS_MAX);
	ERR_clear_error();
	ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, NULL);
	if (ctx == NULL || EVP_PKEY_keygen_init(ctx) <= 0 ||
	    EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, (int)bits) <= 0)
		rv = iss_error_openssl(
		    err, "cannot create an RSA key of %d bits", (int)bits);
	else
		rv = generate(err, out, ctx);
	EVP_PKEY_CTX_free(ctx);
	return rv;
}

int
iss_key_new_ec(struct iss_error *err, EVP_PKEY **out, const char *curve)
{
	EVP_PKEY_CTX *ctx;
	int nid = EC_curve_nist2nid(curve);
	int rv;

	if (nid == NID_undef && (nid = OBJ_txt2nid(curve)) == NID_undef)
		return iss_error_set(err, "unknown curve %.60s", curve);
	ERR_clear_error();
	ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, NULL);
	if (ctx == NULL || EVP_PKEY_keygen_init(ctx) <= 0 ||
	    EVP_PKEY_CTX_set_ec_paramgen_curve_nid(ctx, nid) <= 0 ||
	    EVP_PKEY_CTX_set_ec_param_enc(ctx, OPENSSL_EC_NAMED_CURVE) <= 0)
		rv = iss_error_openssl(err, "OpenSSL cannot use it for keys");
	else
		rv = generate(err, out, ctx);
	if (rv != ISS_OK)
		iss_error_prefix(err, "curve %.60s", curve);
	EVP_PKEY_CTX_free(ctx);
	return rv;
}
