/*
 * All that a certificate says, item by item, for a program that shows it or
 * makes another like it.  What a connection needs of one is in cert.h.
 */
#ifndef ISS_CERTINFO_H
#define ISS_CERTINFO_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/buf.h"
#include "base/error.h"

/* The lists in a certificate; what an item's name and bytes are. */
enum iss_certinfo_list {
	ISS_CERTINFO_SUBJECT,   /* "commonName" (or an OID), UTF-8 */
	ISS_CERTINFO_ISSUER,    /* likewise */
	ISS_CERTINFO_SANS,      /* as iss_altname_type, iss_altname_value */
	ISS_CERTINFO_CRL_URIS,  /* NULL, where to get the revocation list */
	ISS_CERTINFO_OCSP_URIS, /* NULL, where to ask */
	ISS_CERTINFO_KEY_USAGE  /* NULL, "digitalSignature" */
};

/* Called for each item; what it is given is borrowed. */
typedef void iss_certinfo_item_fn(
    void *arg, const char *name, const void *bytes, size_t len);

/*
 * Call fn for each item of a list, in the order of the certificate.  Returns
 * 0, ISS_EOF when the certificate has no such list, or ISS_ERROR.  A list
 * that cannot be parsed counts as one that is not there.
 */
int iss_certinfo_each(struct iss_error *err, const X509 *cert,
    enum iss_certinfo_list list, iss_certinfo_item_fn *fn, void *arg);

/* An object identifier and OpenSSL's words for it. */
struct iss_certinfo_oid {
	char dotted[256]; /* "1.3.6.1.5.5.7.3.1" */
	int nid;          /* NID_undef: OpenSSL does not know it, */
	const char *sn;   /* and this is NULL, */
	const char *ln;   /* and this */
};

/* Call fn for each extended key usage; result as iss_certinfo_each. */
typedef void iss_certinfo_oid_fn(void *arg, const struct iss_certinfo_oid *oid);
int iss_certinfo_each_usage(
    const X509 *cert, iss_certinfo_oid_fn *fn, void *arg);

/* An extension (RFC 5280, 4.2). */
struct iss_certinfo_ext {
	struct iss_certinfo_oid oid;
	bool critical;
	bool shown;          /* does OpenSSL know how to show it? */
	struct iss_buf text; /* as X509V3_EXT_print(3) shows it */
};

/*
 * Extension number, from 0.  Returns 0, or ISS_EOF behind the last one, or
 * ISS_ERROR; ext must be released after each.
 */
int iss_certinfo_ext_init(struct iss_error *err, struct iss_certinfo_ext *ext,
    const X509 *cert, int number);
void iss_certinfo_ext_release(struct iss_certinfo_ext *ext);

/* Append the serial number, decimal.  Returns 0 or ISS_ERROR. */
int iss_certinfo_serial(
    struct iss_error *err, const X509 *cert, struct iss_buf *out);

/* Append the name of the signature's algorithm, "sha256WithRSAEncryption".
 * Returns 0 or ISS_ERROR. */
int iss_certinfo_signature_name(
    struct iss_error *err, const X509 *cert, struct iss_buf *out);

#endif
