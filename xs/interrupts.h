/*
 * Signal handlers of the program that die while we catch the exceptions of
 * callbacks: such an exception is for the program, wherever it was thrown.
 */
#ifndef ISS_XS_INTERRUPTS_H
#define ISS_XS_INTERRUPTS_H

#include "perl_core.h"

/* Once an interpreter, before the functions below. */
void iss_interrupts_init(pTHX_ bool in_new_thread);

/*
 * Until the scope ends (LEAVE), remember the exception of a handler that is
 * installed now.  A handler that a callback installs is that callback's own.
 */
void iss_interrupts_watch(pTHX);

/* Is it that exception? */
bool iss_interrupts_threw(pTHX_ SV *exception);

#endif
