/*
 * The certificates and revocation lists of one file.  Immutable once loaded, so
 * several contexts and threads can share it.
 */
#ifndef ISS_CA_FILE_H
#define ISS_CA_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/x509.h>

#include "base/error.h"
#include "base/file.h"

struct iss_ca_file;

/*
 * Read and parse a file: PEM blocks with any text between them, or one
 * certificate or revocation list in DER.
 *
 * Returns ISS_OK with *out for the caller to free, or ISS_ERROR with "PATH:
 * reason": as iss_file_read, a damaged block, neither PEM nor DER, no
 * certificate or list in it.
 */
int iss_ca_file_load(
    struct iss_error *err, const char *path, struct iss_ca_file **out);

/* Take one more reference; release one.  free(NULL) is fine. */
void iss_ca_file_up_ref(struct iss_ca_file *set);
void iss_ca_file_free(struct iss_ca_file *set);

/* The path as it was given, and the stamp from when it was read.  Borrowed. */
const char *iss_ca_file_path(const struct iss_ca_file *set);
const struct iss_file_stamp *iss_ca_file_stamp(const struct iss_ca_file *set);

/* The number of certificates. */
size_t iss_ca_file_count(const struct iss_ca_file *set);

/*
 * The number of certificates with this subject.  Their numbers start at *first.
 */
size_t iss_ca_file_find(
    const struct iss_ca_file *set, const X509_NAME *subject, size_t *first);

/*
 * Certificate number `number`, less than the count; borrowed.  It is decoded on
 * first use.  NULL when memory runs out, or when it is damaged in a place that
 * loading did not look at.
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
