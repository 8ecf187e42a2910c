/*
 * The certificates and revocation lists of one file: read once, shared by
 * all contexts of the process that name that file.
 */
#ifndef ISS_CA_FILE_H
#define ISS_CA_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/x509.h>

#include "base/error.h"

struct iss_ca_file;

/*
 * The set of a file: PEM blocks with any text between them, or one
 * certificate or list in DER.  The process remembers a few sets; one is
 * taken from there when the file is the same and unchanged.  Safe to call
 * from several threads, and so is all that follows.
 *
 * Returns 0 with a reference in *out, or ISS_ERROR with "FILE: reason": what
 * iss_file_read says, a damaged block, neither PEM nor DER, nothing in it.
 */
int iss_ca_file_get1(
    struct iss_error *err, const char *file, struct iss_ca_file **out);

/* One more holder, one less. */
void iss_ca_file_up_ref(struct iss_ca_file *set);
void iss_ca_file_free(struct iss_ca_file *set);

/* How many certificates there are. */
size_t iss_ca_file_count(const struct iss_ca_file *set);

/* How many certificates have this subject; they are numbered from *first. */
size_t iss_ca_file_find(
    const struct iss_ca_file *set, const X509_NAME *subject, size_t *first);

/*
 * A certificate by its number, less than the count.  Borrowed.  It is decoded
 * when it is wanted for the first time; NULL when it is damaged in a place
 * that was not looked at before, or memory runs out.
 */
X509 *iss_ca_file_get0_cert(struct iss_ca_file *set, size_t number);

/* All revocation lists; borrowed, never NULL, perhaps empty. */
const STACK_OF(X509_CRL) * iss_ca_file_get0_crls(const struct iss_ca_file *set);

/*
 * Append a copy of each subject to names, once, in the order of the file.
 * False when memory runs out.
 */
bool iss_ca_file_copy_subjects(
    const struct iss_ca_file *set, STACK_OF(X509_NAME) * names);

#endif
