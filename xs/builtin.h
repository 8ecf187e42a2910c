/*
 * send, recv and shutdown of Perl's on a TLS socket.
 */
#ifndef ISS_XS_BUILTIN_H
#define ISS_XS_BUILTIN_H

#include "perl_core.h"

/* Have them look for a connection; once a process, again does no harm. */
void iss_watch_builtins(pTHX);

/*
 * Before shutdown(2): our close_notify goes first.  False, and told: not yet,
 * the socket is busy.
 */
bool iss_before_shutdown(pTHX_ GV *glob, IV how);

#endif
