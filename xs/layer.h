/*
 * TLS for C code that takes the PerlIO of a handle: a PerlIO layer of ours.
 */
#ifndef ISS_XS_LAYER_H
#define ISS_XS_LAYER_H

#include "perl_core.h"

#include "connection/conn.h"

/* Push the layer on the handle of a glob when the handshake begins; pop it when
 * TLS ends. */
void iss_layer_push(pTHX_ GV *glob, struct iss_conn *conn);
void iss_layer_pop(pTHX_ GV *glob);

/*
 * Has Perl read ahead on a handle?  A buffer that was never used is not asked,
 * since PerlIO would allocate it (8 KiB) to answer.
 */
bool iss_layer_has_read_ahead(pTHX_ PerlIO *in);

#endif
