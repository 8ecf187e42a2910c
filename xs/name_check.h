/*
 * verify_hostname: does a certificate belong to a name?
 */
#ifndef ISS_XS_NAME_CHECK_H
#define ISS_XS_NAME_CHECK_H

#include "perl_core.h"

/*
 * Check a certificate (a handle; undef: the peer's) against name, by a scheme
 * and a list of suffixes as the program gives them.  False is reported.
 */
bool iss_verify_name(
    pTHX_ GV *self, SV *handle, SV *name, SV *scheme, SV *suffix);

/* A mortal copy of a scheme, which no callback can free; "default" for undef.
 */
SV *iss_own_scheme(pTHX_ SV *scheme);

#endif
