/*
 * $DEBUG: its level, and lines on STDERR.
 */
#ifndef ISS_XS_DEBUG_H
#define ISS_XS_DEBUG_H

#include "perl_core.h"

/* Find $DEBUG: once an interpreter, before the functions below. */
void iss_debug_init(pTHX_ bool in_new_thread);

/* The level that $DEBUG has now. */
IV iss_debug_level(pTHX);

/*
 * Print a line if the level is high enough.  It goes where Perl's own print to
 * STDERR goes (a tie, another file), so this may run Perl code.
 */
void iss_debug_trace(pTHX_ IV level, const char *text);

/* Print a line, whatever the level; never runs Perl code, keeps errno. */
void iss_debug_print(pTHX_ const char *text);

#endif
