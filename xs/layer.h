/*
 * TLS for C code that takes the PerlIO of a handle.
 */
#ifndef ISS_XS_LAYER_H
#define ISS_XS_LAYER_H

#include "perl_core.h"

#include "connection/conn.h"

/* Under the tie of a glob, from the handshake's start to TLS's end. */
void iss_layer_push(pTHX_ GV *glob, struct iss_conn *conn);
void iss_layer_pop(pTHX_ GV *glob);

#endif
