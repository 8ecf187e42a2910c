/*
 * Making certificates: for tests, for a service's own little CA, for
 * a proxy that shows certificates of its own.
 */
#ifndef ISS_CERTGEN_H
#define ISS_CERTGEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/error.h"

/* A certificate in the making; owns what it points to. */
struct iss_certgen {
	X509 *cert;
	X509_NAME *subject;
	GENERAL_NAMES *sans;
	EVP_PKEY *key;
	X509 *issuer;     /* NULL: issued by itself */
	EVP_PKEY *signer; /* NULL: signed with key */
};

/*
 * Begin, with a version of 2 (which is called 3) and a random serial number.
 * key is what the certificate is for; issuer and signer may be NULL.
 * References of our own are taken.  Returns 0 or ISS_ERROR; gen must be
 * released after either.
 */
int iss_certgen_init(struct iss_error *err, struct iss_certgen *gen,
    EVP_PKEY *key, X509 *issuer, EVP_PKEY *signer);
void iss_certgen_release(struct iss_certgen *gen);

/*
 * The parts, of which the validity must be set.  Each returns 0, or ISS_ERROR
 * with err saying what is wrong with the value.
 *
 * _version     0 to 2; only 2 can have extensions (RFC 5280, 4.1)
 * _serial      decimal, or hexadecimal behind "0x", perhaps negative
 * _validity    seconds since 1970
 * _subject     one more attribute of the name: its type as OpenSSL's long or
 *              short name or dotted OID, its value in UTF-8
 * _san         one more alternative name, which is taken over
 * _usages      of usage.h, and what names the keys
 * _ext         one more extension: which one as short or long name, dotted OID
 *              or NID, and its value as in openssl.cnf, x509v3_config(5); it
 *              takes the place of one of the same kind.  Without critical,
 *              value may begin with "critical,".
 */
int iss_certgen_version(
    struct iss_error *err, struct iss_certgen *gen, long version);
int iss_certgen_serial(
    struct iss_error *err, struct iss_certgen *gen, const char *text);
int iss_certgen_validity(struct iss_error *err, struct iss_certgen *gen,
    int64_t not_before, int64_t not_after);
int iss_certgen_subject(struct iss_error *err, struct iss_certgen *gen,
    const char *type, const void *utf8, size_t len);
int iss_certgen_san(
    struct iss_error *err, struct iss_certgen *gen, GENERAL_NAME *name);
int iss_certgen_usages(
    struct iss_error *err, struct iss_certgen *gen, uint32_t usages);
int iss_certgen_ext(struct iss_error *err, struct iss_certgen *gen,
    const char *type, bool critical, const char *value);

/*
 * Take over what another certificate says of its holder: subject, validity,
 * alternative names, usages and policies.  Left out is what speaks of its key,
 * its issuer or where to ask the issuer: revocation lists, OCSP, certificate
 * transparency; key identifiers are new.
 */
int iss_certgen_copy(
    struct iss_error *err, struct iss_certgen *gen, const X509 *original);

/*
 * Sign, with a digest of this name (ignored for keys that have their own,
 * Ed25519).  *out is the caller's, and gen can but be released.  Returns 0
 * or ISS_ERROR.
 */
int iss_certgen_sign(struct iss_error *err, struct iss_certgen *gen,
    const char *digest, X509 **out);

#endif
