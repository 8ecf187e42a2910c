/*
 * One alternative name of a certificate (RFC 5280, 4.2.1.6) from and to a
 * type and a value that a user can read: "DNS" and "example.test", "IP" and
 * "127.0.0.1".
 */
#ifndef ISS_ALTNAME_H
#define ISS_ALTNAME_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/buf.h"
#include "base/error.h"

/*
 * The word for a type (GEN_DNS and its like of x509v3.h), OTHERNAME EMAIL DNS
 * X400 DIRNAME EDIPARTY URI IP RID, or "" for one that is none; and its number,
 * -1 for another word.  Case does not matter.
 */
const char *iss_altname_type(int type);
int iss_altname_number(const char *type);

/* Is the value of this type text, and not bytes? */
bool iss_altname_is_text(int type);

/*
 * Append the value.
 *
 *   EMAIL DNS URI    the bytes, which may be any
 *   IP               text of 4 or 16 bytes, other lengths as they are
 *   DIRNAME          "/C=DE/CN=name", as X509_NAME_oneline(3)
 *   RID              "1.2.3.4"
 *   OTHERNAME        a string's bytes, another value in DER
 *   X400 EDIPARTY    the whole name in DER
 *
 * Returns 0 or ISS_ERROR.
 */
int iss_altname_value(
    struct iss_error *err, GENERAL_NAME *name, struct iss_buf *out);

/*
 * The name of a type and a value, the caller's.  Values are those above but
 * for these: DNS may be Unicode in UTF-8, which becomes A-labels; EMAIL and
 * URI must be ASCII; IP may be its 4 or 16 bytes; OTHERNAME is
 * "1.2.3.4;UTF8:text" as in openssl.cnf, x509v3_config(5).  DIRNAME has no
 * text here: iss_altname_new_dir takes the name over, whatever comes of it.
 * NULL with err for what is none.
 */
GENERAL_NAME *iss_altname_new(
    struct iss_error *err, int type, const void *bytes, size_t len);
GENERAL_NAME *iss_altname_new_dir(struct iss_error *err, X509_NAME *name);

#endif
