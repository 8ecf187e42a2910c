/*
 * Sessions sealed for a place that others can write to: AES-256-GCM under a key
 * of its own for each value, by HKDF-SHA-256 (RFC 5869) from the secret, a
 * random salt and the role.
 *
 *	version, 1 byte | salt, 32 | ciphertext | tag, 16
 */
#ifndef ISS_SEAL_H
#define ISS_SEAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum {
	ISS_SEAL_SECRET_MIN = 32,
	ISS_SEAL_KEY_LEN = 43, /* of base64url */
	ISS_SEAL_MAX = 64 * 1024
};

struct iss_seal_secret {
	unsigned char *bytes; /* owned */
	size_t len;
};

/* A copy of bytes; false when memory runs out.  _release wipes it. */
bool iss_seal_secret_set(
    struct iss_seal_secret *secret, const void *bytes, size_t len);
void iss_seal_secret_release(struct iss_seal_secret *secret);

/*
 * The name under which a value is stored: HMAC-SHA-256 of role and key in
 * base64url, with a NUL.  False when memory runs out.
 */
bool iss_seal_key(const struct iss_seal_secret *secret, const char *role,
    const void *key, size_t len, char out[ISS_SEAL_KEY_LEN + 1]);

/*
 * Append the sealed, or the opened, value to out.  key is from iss_seal_key: a
 * value opens only under the same one.  False if it does not open, is larger
 * than ISS_SEAL_MAX, or memory runs out; out may then have a part.
 */
bool iss_seal_close(const struct iss_seal_secret *secret, const char *role,
    const char *key, const void *bytes, size_t len, struct iss_buf *out);
bool iss_seal_open(const struct iss_seal_secret *secret, const char *role,
    const char *key, const void *bytes, size_t len, struct iss_buf *out);

#endif
