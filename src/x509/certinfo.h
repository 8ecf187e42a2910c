/*
 * Everything that a certificate says, item by item, for programs that show it
 * or make another one like it.
 */
#ifndef ISS_CERTINFO_H
#define ISS_CERTINFO_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/buf.h"
#include "base/error.h"

/* The lists in a certificate, with the name and the bytes of an item. */
enum iss_certinfo_list {
	ISS_CERTINFO_SUBJECT,   /* "commonName" (or an OID), UTF-8 */
	ISS_CERTINFO_ISSUER,    /* likewise */
	ISS_CERTINFO_SANS,      /* as iss_altname_type, iss_altname_value */
	ISS_CERTINFO_CRL_URIS,  /* NULL, where the revocation list is */
	ISS_CERTINFO_OCSP_URIS, /* NULL, where the responder is */
	ISS_CERTINFO_KEY_USAGE  /* NULL, "digitalSignature" */
};

/* Called for each item; the arguments are borrowed. */
typedef void iss_certinfo_item_fn(
    void *arg, const char *name, const void *bytes, size_t len);

/*
 * Call fn for each item of a list, in the order of the certificate.  Returns
 * ISS_OK; ISS_EOF if the certificate has no such list, or it cannot be parsed;
 * or ISS_ERROR.
 */
int iss_certinfo_each(struct iss_error *err, const X509 *cert,
    enum iss_certinfo_list list, iss_certinfo_item_fn *fn, void *arg);

/* An object identifier and OpenSSL's words for it. */
struct iss_certinfo_oid {
	char dotted[256]; /* "1.3.6.1.5.5.7.3.1" */
	int nid;          /* NID_undef: unknown to OpenSSL */
	const char *sn;   /* then NULL */
	const char *ln;   /* then NULL */
};

/* Call fn for each extended key usage.  Returns likewise. */
typedef void iss_certinfo_oid_fn(void *arg, const struct iss_certinfo_oid *oid);
int iss_certinfo_each_usage(struct iss_error *err, const X509 *cert,
    iss_certinfo_oid_fn *fn, void *arg);

/* An extension (RFC 5280, 4.2). */
struct iss_certinfo_ext {
	struct iss_certinfo_oid oid;
	bool critical;
	bool shown;          /* does OpenSSL know how, not too long? */
	struct iss_buf text; /* as X509V3_EXT_print(3) shows it */
};

/*
 * Get extension number `number`, from 0.  Returns ISS_OK, ISS_EOF after the
 * last one, or ISS_ERROR; release ext after each.
 */
int iss_certinfo_ext_init(struct iss_error *err, struct iss_certinfo_ext *ext,
    const X509 *cert, int number);
void iss_certinfo_ext_release(struct iss_certinfo_ext *ext);

/* Append the serial number in decimal, or as 0x and hexadecimal digits if it
 * has more than 128 bytes.  Returns ISS_OK or ISS_ERROR. */
int iss_certinfo_serial(
    struct iss_error *err, const X509 *cert, struct iss_buf *out);

/*
 * Append the name of the signature algorithm, "sha256WithRSAEncryption".
 * Returns ISS_OK or ISS_ERROR.
 */
int iss_certinfo_signature_name(
    struct iss_error *err, const X509 *cert, struct iss_buf *out);

#endif
