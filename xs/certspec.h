/*
 * CERT_create: a hash, prepared by Utils.pm, becomes a certificate.
 */
#ifndef ISS_XS_CERTSPEC_H
#define ISS_XS_CERTSPEC_H

#include "perl_core.h"

/* Certificate and key, from the hash of CERT_create. */
void iss_push_new_cert(pTHX_ HV *spec);

#endif
