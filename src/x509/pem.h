/*
 * The blocks of a PEM text (RFC 7468), one after the other.  Only the base64 is
 * decoded; no password is asked for.
 */
#ifndef ISS_PEM_H
#define ISS_PEM_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/buf.h"
#include "base/error.h"

struct iss_pem {
	BIO *bio;
	size_t blocks; /* read so far */

	/* the current block */
	char *label;  /* "CERTIFICATE" */
	char *header; /* "Proc-Type: ..." of an encrypted key, or "" */
	unsigned char *data;
	long len;
};

/* Does it look like PEM, with a line that begins a block? */
bool iss_pem_is(const void *bytes, size_t len);

/*
 * Start before the first block.  bytes must outlive pem.  Returns ISS_OK, or
 * ISS_ERROR when memory runs out; release pem after either.
 */
int iss_pem_init(
    struct iss_error *err, struct iss_pem *pem, const void *bytes, size_t len);

/* Wipe and free the current block, and free the rest. */
void iss_pem_release(struct iss_pem *pem);

/*
 * Go to the next block; the one before is freed.  Returns ISS_OK, ISS_EOF when
 * there are no more, or ISS_ERROR with "NAME: ..." for a damaged one.
 */
int iss_pem_next(struct iss_error *err, struct iss_pem *pem, const char *name);

/* Is the current block a certificate, a revocation list, a key? */
bool iss_pem_is_cert(const struct iss_pem *pem); /* plain or trusted */
bool iss_pem_is_crl(const struct iss_pem *pem);
bool iss_pem_is_key(const struct iss_pem *pem); /* private, any kind */

/*
 * Decode the current block, for the caller to free.  NULL, with "NAME: ..." and
 * the number of the block in err, if it is damaged.
 */
X509 *iss_pem_cert(
    struct iss_error *err, const struct iss_pem *pem, const char *name);
X509_CRL *iss_pem_crl(
    struct iss_error *err, const struct iss_pem *pem, const char *name);

/*
 * Append a private key as a block, unencrypted.  Returns ISS_OK or ISS_ERROR.
 * PEM_write_bio_PrivateKey(3).
 */
int iss_pem_add_key(struct iss_error *err, struct iss_buf *out, EVP_PKEY *key);

#endif
