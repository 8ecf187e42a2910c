/*
 * A client's session for another program or another time, as bytes that only
 * one secret opens:
 *
 *	which secret, 43 bytes | sealed: packed session
 *
 * See seal.h and packed.h.
 */
#ifndef ISS_EXPORTED_H
#define ISS_EXPORTED_H

#include <openssl/ssl.h>

#include "base/buf.h"
#include "sessions/seal.h"

/* Append a session whose session id context is the digest of its rules.  False
 * if it is too large, or memory runs out. */
bool iss_exported_write(struct iss_buf *out,
    const struct iss_seal_secret *secret, const SSL_SESSION *session,
    const STACK_OF(X509) * chain);

/* The session in such bytes, the caller's to free; NULL with *why. */
SSL_SESSION *iss_exported_read(const struct iss_seal_secret *secret,
    const void *bytes, size_t len, const char **why);

#endif
