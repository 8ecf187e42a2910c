/* What a certificate says, as a hash. */
#ifndef ISS_XS_CERT_HASH_H
#define ISS_XS_CERT_HASH_H

#include "perl_core.h"

#include <openssl/x509.h>

/* The hash of CERT_asHash, a new reference; digest may be false.  Croaks. */
SV *iss_cert_as_hash(pTHX_ X509 *cert, SV *digest);

/*
 * A new hash of what people want to know: subject and issuer as text, serial,
 * not_before, not_after, fingerprint, names.  _list: an array of them.
 */
SV *iss_new_cert_summary(pTHX_ X509 *cert);
SV *iss_new_cert_list(pTHX_ const STACK_OF(X509) * certs);

#endif
