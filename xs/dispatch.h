/*
 * Which code a method, or a tied handle's, ends in.
 */
#ifndef ISS_XS_DISPATCH_H
#define ISS_XS_DISPATCH_H

#include "perl_core.h"

#include "attach.h"

/* Remember our own methods, whatever a program puts in their place. */
void iss_remember_methods(pTHX);

/*
 * The body of an XSUB: arguments on the stack from ax, results there too.
 * A method of a socket, without TLS its base class's; a method of the tied
 * handle, which is the one that the socket's class resolves.
 */
void iss_run_method(pTHX_ enum iss_method method, GV *glob, I32 ax, I32 items);
void iss_run_base(pTHX_ const char *name, I32 ax, I32 items);
void iss_run_tied(pTHX_ enum iss_method method, SV *handle, I32 ax, I32 items);

#endif
