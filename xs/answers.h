/*
 * The core's callbacks, answered by the subs that the program gave.  They are
 * looked up each time, in the socket's hash of the interpreter that runs.
 */
#ifndef ISS_XS_ANSWERS_H
#define ISS_XS_ANSWERS_H

#include "perl_core.h"

#include "link/callbacks.h"

/* Their handle is a struct iss_call. */
extern const struct iss_callbacks iss_answers;

#endif
