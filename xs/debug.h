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

/* Print a line, whatever the level; errno stays as it is. */
void iss_debug_print(pTHX_ const char *text);

#endif
