/*
 * From a method of a socket, or a builtin on its tied handle, to the code that
 * does it.  Subclasses may override any method; everybody else pays for no Perl
 * call.
 */
#ifndef ISS_XS_METHODS_H
#define ISS_XS_METHODS_H

#include "perl_core.h"

#include "override.h"

/*
 * The body of an XSUB: arguments on the stack from ax, results there too.
 *
 * _run       a method of a socket; without TLS the base class's
 * _run_base  a method of the base class, by its full name
 * _run_tied  a builtin on the tied handle: the method that the socket's class
 *            resolves
 * _run_tls   our own method on a socket that has a connection; no result means
 *            that it failed
 */
void iss_methods_run(pTHX_ enum iss_method method, GV *glob, I32 ax, I32 items);
void iss_methods_run_base(pTHX_ const char *name, I32 ax, I32 items);
void iss_methods_run_tied(
    pTHX_ enum iss_method method, SV *handle, I32 ax, I32 items);
void iss_methods_run_tls(
    pTHX_ enum iss_method method, GV *glob, I32 ax, I32 items);

#endif
