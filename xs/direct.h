/*
 * Perl's builtins on a tied TLS socket without the tie's method: from the op
 * straight to the code for it.  A socket whose class overrides the method, or
 * whose tie is not ours, goes the usual way, and so do ops that were compiled
 * before this module was loaded; the result is the same.
 */
#ifndef ISS_XS_DIRECT_H
#define ISS_XS_DIRECT_H

#include "perl_core.h"

/* Functions for ops (perlinterp); NULL: this op goes the usual way. */
bool iss_direct_transfer(pTHX); /* read, sysread, syswrite */
bool iss_direct_print(pTHX);    /* print, say, printf */
bool iss_direct_readline(pTHX);
bool iss_direct_getc(pTHX);

#endif
