/*
 * Distinguished names (RFC 5280, 4.1.2.4): the subject and the issuer of a
 * certificate.
 */
#ifndef ISS_NAME_H
#define ISS_NAME_H

#include <stddef.h>

#include <openssl/x509.h>

#include "base/buf.h"
#include "base/error.h"

/*
 * Append a name on one line, "/C=DE/CN=example.test", as X509_NAME_oneline(3)
 * writes it.  Bytes that are not printable ASCII become \xNN, so a NUL or a
 * newline is visible.  Returns ISS_OK or ISS_ERROR.
 */
int iss_name_text(
    struct iss_error *err, const X509_NAME *name, struct iss_buf *out);

/*
 * Add an attribute.  type is OpenSSL's long or short name of it, or a dotted
 * OID; the value is UTF-8.  Returns ISS_OK, or ISS_ERROR for a type that is
 * unknown.
 */
int iss_name_add(struct iss_error *err, X509_NAME *name, const char *type,
    const void *utf8, size_t len);

#endif
