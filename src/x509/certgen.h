/*
 * Making certificates, for tests, for a private CA, for an intercepting proxy.
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

/* A certificate under construction; owns all that it points to. */
struct iss_certgen {
	X509 *cert;
	X509_NAME *subject;
	GENERAL_NAMES *sans;
	EVP_PKEY *key;
	X509 *issuer;     /* NULL: self-issued */
	EVP_PKEY *signer; /* NULL: signed with key */
};

/*
 * Begin a certificate for key, with version 2 (which means v3) and a random
 * serial number.  issuer and signer may be NULL.  References are taken.
 * Returns ISS_OK or ISS_ERROR; release gen after either.
 */
int iss_certgen_init(struct iss_error *err, struct iss_certgen *gen,
    EVP_PKEY *key, X509 *issuer, EVP_PKEY *signer);
void iss_certgen_release(struct iss_certgen *gen);

/*
 * Set a part; only the validity is mandatory.  Each returns ISS_OK, or
 * ISS_ERROR with err saying what is wrong with the value.
 *
 * _version     0 to 2; only 2 allows extensions (RFC 5280, 4.1)
 * _serial      decimal, or hexadecimal after "0x"; may be negative
 * _validity    seconds since 1970
 * _subject     one more attribute of the name: its type as OpenSSL's long or
 *              short name or dotted OID, its value in UTF-8
 * _san         one more alternative name; takes it, even on failure
 * _usages      a set of enum iss_usage, and the key identifiers
 * _ext         one more extension, in place of one of the same type.  type is a
 *              short or long name, a dotted OID or a NID; the value is that of
 *              openssl.cnf, x509v3_config(5).  Instead of critical, the value
 *              may begin with "critical,".
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
 * Copy what another certificate says about its holder: subject, validity,
 * alternative names, usages and policies.  Key identifiers are made anew.
 * Anything about its key, its issuer and where to ask the issuer is left out:
 * revocation lists, OCSP, certificate transparency.  Returns ISS_OK or
 * ISS_ERROR.
 */
int iss_certgen_copy(
    struct iss_error *err, struct iss_certgen *gen, const X509 *original);

/*
 * Sign with the named digest, which is ignored for keys whose algorithm
 * includes one, such as Ed25519.  Returns ISS_OK with *out for the caller to
 * free, or ISS_ERROR.  After success gen may only be released.
 */
int iss_certgen_sign(struct iss_error *err, struct iss_certgen *gen,
    const char *digest, X509 **out);

#endif
