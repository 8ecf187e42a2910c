/*
 * A certificate, the chain above it and its private key, read from a file
 * in whatever format it has: PEM, DER or PKCS#12, found by content.
 */
#ifndef ISS_KEYPAIR_H
#define ISS_KEYPAIR_H

#include <stddef.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/error.h"

/* Owns one reference of each member that is not NULL. */
struct iss_keypair {
	X509 *cert;
	STACK_OF(X509) * chain; /* next issuer first, without cert; or NULL */
	EVP_PKEY *key;
};

/* Hold nothing. */
void iss_keypair_init(struct iss_keypair *pair);

/* Drop what is held; the struct is as after init. */
void iss_keypair_release(struct iss_keypair *pair);

/*
 * Put the password into buf (of size bytes, no terminator wanted) and return
 * its length; < 0: there is none.  Lent to a load for the length of that
 * call, asked at most once for each encrypted object, and only for one that
 * is wanted.  buf is wiped afterwards.
 */
typedef int iss_keypair_password_fn(void *arg, char *buf, size_t size);

/* What a load is to find; the rest of the file is not even decrypted. */
enum iss_keypair_want {
	ISS_KEYPAIR_CERT = 1,       /* cert and chain; none is an error */
	ISS_KEYPAIR_KEY = 2,        /* the key; none is an error */
	ISS_KEYPAIR_TRY_KEY = 4,    /* the key, should there be one */
	ISS_KEYPAIR_PKCS12_KEY = 8, /* the same in PKCS#12 alone */
	ISS_KEYPAIR_BOTH = ISS_KEYPAIR_CERT | ISS_KEYPAIR_KEY
};

/*
 * Read the wanted things into pair, in place of what it held of them.
 *
 * PEM: the first certificate is the leaf, the following are its chain;
 * "TRUSTED CERTIFICATE" serves too; the first private key is the key; other
 * blocks and text between them are skipped.  DER: one certificate, or one key
 * (PKCS#8, encrypted PKCS#8, RSA or EC).  PKCS#12: the key, its certificate
 * and the others as chain, put in order; the empty password is tried before
 * one is asked for.
 *
 * With a NULL password an encrypted PEM key makes OpenSSL's prompt appear on
 * the terminal, where there is one; everything else encrypted is an error.
 *
 * Returns 0, or ISS_ERROR with "FILE: reason" and pair as it was.  See
 * PEM_read_bio(3), d2i_AutoPrivateKey(3), PKCS12_parse(3).
 */
int iss_keypair_load(struct iss_error *err, struct iss_keypair *pair,
    const char *file, unsigned want, iss_keypair_password_fn *password,
    void *arg);

/* The same from len bytes in memory; name takes the file's place in errors. */
int iss_keypair_parse(struct iss_error *err, struct iss_keypair *pair,
    const char *name, const void *bytes, size_t len, unsigned want,
    iss_keypair_password_fn *password, void *arg);

/*
 * Does pair->key belong to pair->cert?  Both must be there.  The names say in
 * the error which files (or options) do not fit.  Returns 0 or ISS_ERROR; see
 * X509_check_private_key(3).
 */
int iss_keypair_check(struct iss_error *err, const struct iss_keypair *pair,
    const char *cert_name, const char *key_name);

#endif
