/*
 * A scalar as a buffer, lengths and offsets.
 */
#ifndef ISS_XS_SCALAR_H
#define ISS_XS_SCALAR_H

#include "perl_core.h"

/* An argument that may be missing; asked once, since it may run Perl code. */
IV iss_scalar_number(pTHX_ SV *sv);
/* A length, and perl's own check of it, in its words. */
size_t iss_scalar_wanted(pTHX_ IV len);
/* Where offset points in a string of len bytes; negative: from its end. */
STRLEN iss_scalar_place(pTHX_ IV offset, STRLEN len, bool may_be_beyond);

/* Make it bytes that may be changed, undef empty; how many there are. */
STRLEN iss_scalar_make_bytes(pTHX_ SV *buf);
/* Does it hold characters that must stay, and are no bytes? */
bool iss_scalar_keeps_wide(pTHX_ SV *buf, IV offset);
/* Room for more bytes at the place, NUL between the old end and it. */
char *iss_scalar_room(pTHX_ SV *buf, STRLEN at, size_t more);
/* It ends here now. */
void iss_scalar_set_end(pTHX_ SV *buf, STRLEN end);

#endif
