/*
 * The blocks of a PEM text (RFC 7468), one after the other, whatever they
 * hold.  Asks for no password and decodes nothing but the base64.
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

	char *label;  /* of this block: "CERTIFICATE" */
	char *header; /* "Proc-Type: ..." of an encrypted key, or "" */
	unsigned char *data;
	long len;
};

/* Does it look like PEM: is there a line that begins a block? */
bool iss_pem_is(const void *bytes, size_t len);

/*
 * Start before the first block of bytes, which stay the caller's and must
 * outlive pem.  Returns 0, or ISS_ERROR when memory runs out; release pem
 * after either.
 */
int iss_pem_init(
    struct iss_error *err, struct iss_pem *pem, const void *bytes, size_t len);

/* Free the block, wiping its bytes, and the rest. */
void iss_pem_release(struct iss_pem *pem);

/*
 * Go to the next block; what was borrowed from the one before is gone.
 * Returns 0, ISS_EOF when there are no more, or ISS_ERROR with "NAME: ..." for
 * one that is damaged.
 */
int iss_pem_next(struct iss_error *err, struct iss_pem *pem, const char *name);

/* What a block is, by its label. */
bool iss_pem_is_cert(const struct iss_pem *pem); /* plain or trusted */
bool iss_pem_is_crl(const struct iss_pem *pem);
bool iss_pem_is_key(const struct iss_pem *pem); /* private, any kind */

/*
 * The block as a certificate or a revocation list, which is the caller's;
 * NULL, and an error that names NAME and the number of the block, for one
 * that is damaged.
 */
X509 *iss_pem_cert(
    struct iss_error *err, const struct iss_pem *pem, const char *name);
X509_CRL *iss_pem_crl(
    struct iss_error *err, const struct iss_pem *pem, const char *name);

/* Append a private key as such a block, not encrypted.  Returns 0 or
 * ISS_ERROR; PEM_write_bio_PrivateKey(3). */
int iss_pem_add_key(struct iss_error *err, struct iss_buf *out, EVP_PKEY *key);

#endif
