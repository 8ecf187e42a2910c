/*
 * A certificate, the chain above it and its private key, read from a file in
 * PEM, DER or PKCS#12; the content shows which.
 */
#ifndef ISS_KEYPAIR_H
#define ISS_KEYPAIR_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/error.h"
#include "base/file.h"

/* Owns a reference to each member that is not NULL. */
struct iss_keypair {
	X509 *cert;
	STACK_OF(X509) * chain; /* next issuer first, without cert; or NULL */
	EVP_PKEY *key;
	/* of the files that iss_keypair_load read; else zeroed */
	struct iss_file_stamp cert_stamp, key_stamp;
	bool guarded; /* a pass phrase was needed, or it is PKCS#12 */
	bool matched; /* iss_keypair_check has found them to belong together */
};

/* Make it empty. */
void iss_keypair_init(struct iss_keypair *pair);

/* Release the members, and make it empty. */
void iss_keypair_release(struct iss_keypair *pair);

/* The certificate or the key, moved out of pair; the caller must free it. */
X509 *iss_keypair_take_cert(struct iss_keypair *pair);
EVP_PKEY *iss_keypair_take_key(struct iss_keypair *pair);

/*
 * Write the password to buf, of size bytes, without a terminator, and return
 * its length; a negative number if there is none.  Called at most once for each
 * encrypted object, and only for one that is wanted.  buf is wiped afterwards.
 */
typedef int iss_keypair_password_fn(void *arg, char *buf, size_t size);

/* Which parts to load; the others are not even decrypted. */
enum iss_keypair_want {
	ISS_KEYPAIR_CERT = 1,       /* certificate and chain; mandatory */
	ISS_KEYPAIR_KEY = 2,        /* the key; mandatory */
	ISS_KEYPAIR_TRY_KEY = 4,    /* the key, if there is one */
	ISS_KEYPAIR_PKCS12_KEY = 8, /* the key, if this is PKCS#12 */
	ISS_KEYPAIR_BOTH = ISS_KEYPAIR_CERT | ISS_KEYPAIR_KEY
};

/*
 * Read the wanted parts of a file into pair, replacing those that it had.
 *
 * PEM: the first certificate (also "TRUSTED CERTIFICATE") is the leaf, the
 * following ones are its chain; the first private key is the key; other blocks
 * and text between them are skipped.  DER: one certificate, or one key (PKCS#8,
 * encrypted PKCS#8, RSA or EC).  PKCS#12: the key, its certificate, and the
 * others as chain, put in order; the empty password is tried first.
 *
 * If password is NULL, OpenSSL prompts on the terminal, if there is one, for
 * the password of a key in PEM; anything else that is encrypted is an error.
 *
 * Returns ISS_OK, or ISS_ERROR with "FILE: reason" and pair unchanged.  See
 * PEM_read_bio(3), d2i_AutoPrivateKey(3), PKCS12_parse(3).
 */
int iss_keypair_load(struct iss_error *err, struct iss_keypair *pair,
    const char *file, unsigned want, iss_keypair_password_fn *password,
    void *arg);

/* The same from len bytes in memory; name is used for the file in errors. */
int iss_keypair_parse(struct iss_error *err, struct iss_keypair *pair,
    const char *name, const void *bytes, size_t len, unsigned want,
    iss_keypair_password_fn *password, void *arg);

/*
 * Check that pair->key belongs to pair->cert, neither of which may be NULL. The
 * names are those of the files or options, for the error.  A key that shows no
 * public half is tried by a signature, as is one in a token; if need be the key
 * is replaced by one that signs by it.  Returns ISS_OK or ISS_ERROR.
 * X509_check_private_key(3).
 */
int iss_keypair_check(struct iss_error *err, struct iss_keypair *pair,
    const char *cert_name, const char *key_name);

#endif
