/*
 * Perl's builtins that work on the descriptor, past tie and layer: send and
 * recv refuse a TLS socket, shutdown sends close_notify first, and sysread and
 * syswrite refuse a TLS socket that has lost its tie.
 */
#ifndef ISS_XS_BUILTIN_H
#define ISS_XS_BUILTIN_H

#include "perl_core.h"

/* Have them look for a connection; may be called more than once. */
void iss_watch_builtins(pTHX);

/*
 * Before shutdown(2): send our close_notify.  False, and reported, if the
 * socket is busy, so that shutdown must wait.
 */
bool iss_before_shutdown(pTHX_ GV *glob, IV how);

#endif
