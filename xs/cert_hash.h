/* What a certificate says, as a hash. */
#ifndef ISS_XS_CERT_HASH_H
#define ISS_XS_CERT_HASH_H

#include "perl_core.h"

#include <openssl/x509.h>

/* The hash of CERT_asHash, a new reference; digest may be false.  Croaks. */
SV *iss_cert_as_hash(pTHX_ X509 *cert, SV *digest);

#endif
