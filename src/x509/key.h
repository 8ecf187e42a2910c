/*
 * New private keys.
 */
#ifndef ISS_KEY_H
#define ISS_KEY_H

#include <stdint.h>

#include <openssl/evp.h>

#include "base/error.h"

enum {
	ISS_KEY_RSA_BITS = 2048,     /* where the user names no size */
	ISS_KEY_RSA_BITS_MAX = 16384 /* OpenSSL's own bound */
};

/*
 * Make a key; EVP_PKEY_keygen(3).  A curve goes by its name in OpenSSL
 * ("prime256v1", "secp384r1") or by NIST's ("P-256").  Return ISS_OK with *out
 * for the caller to free, or ISS_ERROR with *out untouched.
 */
int iss_key_new_rsa(struct iss_error *err, EVP_PKEY **out, int64_t bits);
int iss_key_new_ec(struct iss_error *err, EVP_PKEY **out, const char *curve);

#endif
