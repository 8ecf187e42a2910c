/*
 * A client's session as bytes: what OpenSSL's DER has, and what it lacks, the
 * chain above the leaf and how long the staple of the full handshake holds.
 * The bytes hold secrets, and are trusted: seal them (seal.h).
 *
 *	DER of the session | note, 8 bytes | DER of each certificate
 *
 * A DER begins with its length in four bytes.  Numbers have their highest byte
 * first.  i2d_SSL_SESSION(3).
 */
#ifndef ISS_PACKED_H
#define ISS_PACKED_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/ssl.h>

#include "base/buf.h"

/* Append a session and the chain that its peer sent, which may be NULL.  False
 * if there is no room in out, or memory runs out. */
bool iss_packed_write(struct iss_buf *out, const SSL_SESSION *session,
    const STACK_OF(X509) * chain);

/*
 * The session in such bytes, the caller's to free; NULL if they are damaged, or
 * a newer OpenSSL wrote what this one cannot read.  A time in the future, by
 * the clock of another machine, becomes now.
 */
SSL_SESSION *iss_packed_read(const void *bytes, size_t len);

#endif
