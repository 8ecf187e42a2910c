/*
 * An alternative name of a certificate (RFC 5280, 4.2.1.6), from and to a type
 * and a value that users can read: "DNS" and "example.test", "IP" and
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
 * The word for a type (GEN_DNS, ... of x509v3.h), one of OTHERNAME EMAIL DNS
 * X400 DIRNAME EDIPARTY URI IP RID, and "" for an unknown type; and the type
 * for a word, in any case, and -1 for an unknown word.
 */
const char *iss_altname_type(int type);
int iss_altname_number(const char *type);

/* Are values of this type text rather than bytes? */
bool iss_altname_is_text(int type);

/*
 * Append the value of a name:
 *
 *   EMAIL DNS URI    the bytes, whatever they are
 *   IP               an address as text, if there are 4 or 16 bytes, else the
 *                    bytes
 *   DIRNAME          "/C=DE/CN=name", as iss_name_text writes it
 *   RID              "1.2.3.4", or DER if that is longer than 255
 *   OTHERNAME        the bytes of a string, any other value in DER
 *   X400 EDIPARTY    the whole name in DER
 *
 * Returns ISS_OK or ISS_ERROR.
 */
int iss_altname_value(
    struct iss_error *err, GENERAL_NAME *name, struct iss_buf *out);

/*
 * Make a name, for the caller to free.  NULL, with err set, for a value that
 * its type does not allow.  Values are those above, with these differences: DNS
 * may be Unicode in UTF-8, which becomes A-labels; EMAIL and URI must be ASCII;
 * IP may be 4 or 16 bytes as well as text; OTHERNAME is "1.2.3.4;UTF8:text" as
 * in openssl.cnf, x509v3_config(5).  DIRNAME is made by _new_dir alone, which
 * takes the distinguished name, even on failure.
 */
GENERAL_NAME *iss_altname_new(
    struct iss_error *err, int type, const void *bytes, size_t len);
GENERAL_NAME *iss_altname_new_dir(struct iss_error *err, X509_NAME *name);

#endif
