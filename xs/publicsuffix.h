/*
 * Lists of public suffixes, names from and to Unicode.
 */
#ifndef ISS_XS_PUBLICSUFFIX_H
#define ISS_XS_PUBLICSUFFIX_H

#include "perl_core.h"

/* Put a list on an object; the text may be undef: libpsl's. */
void iss_load_suffixes(pTHX_ SV *self, SV *text, UV fallback);
/* A name as A-labels or as Unicode; a new value. */
SV *iss_convert_name(pTHX_ SV *name, bool to_unicode);

#endif
