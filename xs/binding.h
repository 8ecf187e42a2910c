/* Keying material and channel bindings as Perl values. */
#ifndef ISS_XS_BINDING_H
#define ISS_XS_BINDING_H

#include "perl_core.h"

#include "connection/conn.h"

/*
 * These push their result on the stack, or nothing, with the error reported, if
 * the connection has none or there is no TLS; they croak for a wrong argument.
 * The XSUB does a PUTBACK before.
 *
 * _export    length bytes for the label and the context, which may be undef
 * _binding   the bytes of a type
 * _bindings  the names of the types that the connection has, the best first
 */
void iss_push_export(pTHX_ GV *self, SV *label, SV *length, SV *context);
void iss_push_binding(pTHX_ GV *self, SV *type);
void iss_push_bindings(pTHX_ const struct iss_conn *conn);

#endif
