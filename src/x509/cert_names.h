/*
 * The names in a certificate, as presented.h wants them.
 */
#ifndef ISS_CERT_NAMES_H
#define ISS_CERT_NAMES_H

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/buf.h"
#include "base/error.h"
#include "names/presented.h"

/*
 * The bytes of all names belong to this struct.  They come from a stranger, may
 * hold anything (even NUL) and end at their length.
 */
struct iss_cert_names {
	struct iss_presented presented;

	struct iss_san *sans;  /* presented.sans */
	struct iss_san cn;     /* presented.cns, if there is one */
	GENERAL_NAMES *parsed; /* owns most bytes of sans */
	struct iss_buf text;   /* owns the others */
	unsigned char *utf8;   /* owns those of cn */
};

/*
 * Collect the names.  Of the alternative names (RFC 5280, 4.2.1.6) these are
 * collected:
 *
 *   GEN_DNS GEN_EMAIL GEN_URI  the bytes of the string
 *   GEN_IPADD                  4 or 16 bytes; other lengths are skipped
 *   GEN_DIRNAME                text as of iss_name_text
 *   GEN_RID                    text, "1.2.3.4"
 *   GEN_OTHERNAME              the bytes of a string; other values are skipped
 *
 * The common name is the last one, which is the most specific (RFC 6125, 1.8);
 * if that has no UTF-8 form, there is none.
 *
 * An extension that cannot be parsed or occurs twice is not an error: the state
 * is then ISS_SAN_BROKEN.  Returns ISS_OK, or ISS_ERROR when memory runs out;
 * release names after either.
 */
int iss_cert_names_init(
    struct iss_error *err, struct iss_cert_names *names, const X509 *cert);

/*
 * The last common name of the subject, as UTF-8.  Returns its length, with
 * *utf8 to be freed by OPENSSL_free; -1, with NULL, if there is none or it
 * cannot be read: then no other one takes its place.  ASN1_STRING_to_UTF8(3).
 */
int iss_cert_common_name(const X509 *cert, unsigned char **utf8);

/*
 * The names of a certificate that is asked again and again.  _get parses them
 * unless *kept (NULL at first) has those of cert, of which it takes a
 * reference; the result is valid until the next call.  NULL when memory runs
 * out.
 */
struct iss_kept_names;
struct iss_kept_names *iss_kept_names_get(
    struct iss_kept_names **kept, X509 *cert);
const struct iss_presented *iss_kept_names_presented(
    const struct iss_kept_names *kept);
void iss_kept_names_free(struct iss_kept_names *kept);

/* Is it known that no CA above that certificate has name constraints?  kept may
 * be NULL: nothing is known then. */
bool iss_kept_names_are_unconstrained(const struct iss_kept_names *kept);
void iss_kept_names_note_unconstrained(struct iss_kept_names *kept);

/* Free everything, and so presented.  May be called twice. */
void iss_cert_names_release(struct iss_cert_names *names);

#endif
