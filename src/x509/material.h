/*
 * Certificates and keys that a program gives as a value: PEM text, DER, or the
 * URI of a place that OpenSSL can open.
 */
#ifndef ISS_MATERIAL_H
#define ISS_MATERIAL_H

#include <stddef.h>

#include <openssl/x509.h>

#include "base/error.h"
#include "x509/keypair.h"

enum iss_material {
	ISS_MATERIAL_NONE, /* none of these: a file's name, perhaps */
	ISS_MATERIAL_PEM,  /* has "-----BEGIN" in it */
	ISS_MATERIAL_DER,  /* one SEQUENCE that ends with the bytes */
	ISS_MATERIAL_URI   /* begins with "scheme:" (RFC 3986, 3.1) */
};

enum iss_material iss_material_kind(const void *bytes, size_t len);

/*
 * As iss_keypair_parse, and also from a URI, which must name one key; the
 * password is the PIN, if the URI has none.  name is that of the option, for
 * errors, which show nothing of the bytes.  OSSL_STORE_open(3).
 */
int iss_material_load(struct iss_error *err, struct iss_keypair *pair,
    const char *name, const void *bytes, size_t len, unsigned want,
    iss_keypair_password_fn *password, void *arg);

/* All certificates, in order, for the caller to free; at least one. */
int iss_material_certs(struct iss_error *err, const char *name,
    const void *bytes, size_t len, STACK_OF(X509) * *out);

/* Is there a private key in PEM? */
bool iss_material_has_key(const void *bytes, size_t len);

#endif
