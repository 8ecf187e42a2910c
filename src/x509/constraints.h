/*
 * The name constraints of CAs (RFC 5280, 4.2.1.10), and a host.
 */
#ifndef ISS_CONSTRAINTS_H
#define ISS_CONSTRAINTS_H

#include <stdbool.h>

#include <openssl/x509.h>

#include "names/reference_id.h"

/*
 * May all CAs of a chain, leaf first, vouch for the host itself?  OpenSSL
 * compares their constraints with the names as they stand in the leaf, where a
 * wildcard can hide an excluded name.  False also when memory runs out, or a
 * constraint cannot be parsed.  NAME_CONSTRAINTS_check(3).
 */
bool iss_constraints_permit(
    const STACK_OF(X509) * chain, const struct iss_reference_id *host);

/* Has any CA of a chain, leaf first, name constraints? */
bool iss_constraints_exist(const STACK_OF(X509) * chain);

#endif
