/*
 * The certificates and revocation lists of one file: parsed once, never
 * changed, shared by all contexts of the process that name that file.
 */
#ifndef ISS_CASET_H
#define ISS_CASET_H

#include <stddef.h>

#include <openssl/x509.h>

#include "error.h"

struct iss_caset;

/*
 * The set of a file: PEM blocks with any text between them, or one
 * certificate or list in DER.  The process remembers a few sets; one is
 * taken from there when the file is the same and unchanged.  Safe to call
 * from several threads.
 *
 * Returns 0 with a reference in *out, or ISS_ERROR with "FILE: reason": what
 * iss_file_read says, a damaged block, neither PEM nor DER, nothing in it.
 */
int iss_caset_get1(
    struct iss_error *err, const char *file, struct iss_caset **out);

/* One more holder, one less. */
void iss_caset_up_ref(struct iss_caset *set);
void iss_caset_free(struct iss_caset *set);

/* All in the order of the file; borrowed, never NULL, perhaps empty. */
const STACK_OF(X509) * iss_caset_get0_certs(const struct iss_caset *set);
const STACK_OF(X509_CRL) * iss_caset_get0_crls(const struct iss_caset *set);

/*
 * How many certificates have this subject; *first is the first of them, the
 * others follow it.  Borrowed.
 */
size_t iss_caset_find(
    const struct iss_caset *set, const X509_NAME *subject, X509 *const **first);

#endif
