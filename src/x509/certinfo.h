/*
 * All that a certificate says, item by item, for a program that shows it or
 * makes another like it.  What a connection needs of one is in cert.h.
 */
#ifndef ISS_CERTINFO_H
#define ISS_CERTINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/buf.h"
#include "base/error.h"

/* The lists in a certificate; what an item's name and bytes are. */
enum iss_cert_list {
	ISS_CERT_SUBJECT,   /* "commonName" (or an OID), UTF-8 */
	ISS_CERT_ISSUER,    /* likewise */
	ISS_CERT_SANS,      /* as iss_altname_type, iss_altname_value */
	ISS_CERT_CRL_URIS,  /* NULL, where to get the revocation list */
	ISS_CERT_OCSP_URIS, /* NULL, where to ask */
	ISS_CERT_KEY_USAGE  /* NULL, "digitalSignature" */
};

/* Called for each item; what it is given is borrowed. */
typedef void iss_cert_item_fn(
    void *arg, const char *name, const void *bytes, size_t len);

/*
 * Call fn for each item of a list, in the order of the certificate.  Returns
 * 0, ISS_EOF when the certificate has no such list, or ISS_ERROR.  A list
 * that cannot be parsed counts as one that is not there.
 */
int iss_cert_each(struct iss_error *err, const X509 *cert,
    enum iss_cert_list list, iss_cert_item_fn *fn, void *arg);

/* An object identifier and OpenSSL's words for it. */
struct iss_oid {
	char dotted[256]; /* "1.3.6.1.5.5.7.3.1" */
	int nid;          /* NID_undef: OpenSSL does not know it, */
	const char *sn;   /* and this is NULL, */
	const char *ln;   /* and this */
};

/* Call fn for each extended key usage; result as iss_cert_each. */
typedef void iss_cert_oid_fn(void *arg, const struct iss_oid *oid);
int iss_cert_each_usage(const X509 *cert, iss_cert_oid_fn *fn, void *arg);

/* An extension (RFC 5280, 4.2). */
struct iss_cert_ext {
	struct iss_oid oid;
	bool critical;
	bool shown;          /* does OpenSSL know how to show it? */
	struct iss_buf text; /* as X509V3_EXT_print(3) shows it */
};

/*
 * Extension number, from 0.  Returns 0, or ISS_EOF behind the last one, or
 * ISS_ERROR; ext must be released after each.
 */
int iss_cert_ext_init(struct iss_error *err, struct iss_cert_ext *ext,
    const X509 *cert, int number);
void iss_cert_ext_release(struct iss_cert_ext *ext);

/* Append the serial number, decimal.  Returns 0 or ISS_ERROR. */
int iss_cert_serial(
    struct iss_error *err, const X509 *cert, struct iss_buf *out);

/* Append the name of the signature's algorithm, "sha256WithRSAEncryption".
 * Returns 0 or ISS_ERROR. */
int iss_cert_signature_name(
    struct iss_error *err, const X509 *cert, struct iss_buf *out);

/* Seconds since 1970; false for a time that cannot be read. */
bool iss_cert_time(const ASN1_TIME *time, int64_t *seconds);

/*
 * Digest of the bits of the public key alone, which is what identifies a key
 * in RFC 5280, 4.2.1.2; X509_pubkey_digest(3).  As iss_cert_fingerprint.
 */
int iss_cert_key_digest(struct iss_error *err, const X509 *cert,
    const char *algo, unsigned char out[EVP_MAX_MD_SIZE], size_t *len);

#endif
