/* What is known about failures, as Perl values. */
#ifndef ISS_XS_FAILURE_H
#define ISS_XS_FAILURE_H

#include "perl_core.h"

#include "connection/failure.h"

/*
 * Remember a failure with the scalar that holds its text, in place of what it
 * held; NULL forgets.  The scalar takes over one reference.
 */
void iss_failure_attach(pTHX_ SV *text, struct iss_failure *failure);

/* What is remembered with the scalar; NULL if nothing is. */
const struct iss_failure *iss_failure_of(pTHX_ const SV *text);

/* A new hash of all that is known. */
SV *iss_failure_as_hash(pTHX_ const struct iss_failure *failure);

#endif
