/*
 * The arguments of read and write: a scalar as a buffer of bytes, a length, an
 * offset.  Perl code that runs in between may change the scalar, so nothing
 * here relies on what it was.
 */
#ifndef ISS_XS_SCALAR_H
#define ISS_XS_SCALAR_H

#include "perl_core.h"

/* The number in an argument that may be missing (NULL); 0 if it is undef.  Read
 * once only, since that may run Perl code. */
IV iss_scalar_number(pTHX_ SV *sv);
/* A length; croaks as perl does if it is negative. */
size_t iss_scalar_wanted(pTHX_ IV len);
/* The place of offset in a string of len bytes, counted from its end if
 * negative.  Croaks if it is before the string, or beyond it and that is not
 * allowed. */
STRLEN iss_scalar_place(pTHX_ IV offset, STRLEN len, bool may_be_beyond);

/* Make a scalar changeable bytes; undef and wide characters become empty.
 * Returns their number. */
STRLEN iss_scalar_make_bytes(pTHX_ SV *buf);
/* Does it hold wide characters that must stay, because offset keeps them? */
bool iss_scalar_keeps_wide(pTHX_ SV *buf, IV offset);
/* Make room for more bytes at a place, with NULs from the old end to there. */
char *iss_scalar_room(pTHX_ SV *buf, STRLEN at, size_t more);
/* Set the end of the string. */
void iss_scalar_set_end(pTHX_ SV *buf, STRLEN end);

#endif
