/*
 * IO::Socket::SSL::PublicSuffix: lists of public suffixes on objects, names
 * from and to Unicode.
 */
#ifndef ISS_XS_PUBLICSUFFIX_H
#define ISS_XS_PUBLICSUFFIX_H

#include "perl_core.h"

#include "names/suffix.h"

/* The list of an object; NULL for anything else. */
struct iss_suffix_list *iss_attached_suffixes(pTHX_ SV *object);

/* Put a list on an object: the rules in text, or libpsl's if it is undef.
 * Croaks for what cannot be read. */
void iss_load_suffixes(pTHX_ SV *self, SV *text, UV fallback);

/* A name as A-labels or as Unicode; a new value.  Croaks for what is not a
 * name. */
SV *iss_convert_name(pTHX_ SV *name, bool to_unicode);

#endif
