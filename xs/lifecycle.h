/*
 * Contexts and connections begin and end.
 */
#ifndef ISS_XS_LIFECYCLE_H
#define ISS_XS_LIFECYCLE_H

#include "perl_core.h"

#include "context/ctx.h"

/* True, or false with the error told. */
bool iss_create_ctx(pTHX_ SV *self, HV *args, HV *hosts, bool server);
bool iss_begin(pTHX_ GV *self, struct iss_ctx *ctx, int fd, HV *args, SV *name,
    SV *scheme);

/* TLS is over: the connection is forgotten, the handle is plain. */
void iss_end(pTHX_ GV *self);

/* New values: 1 done, '' failed, undef under way; the last two told. */
SV *iss_handshake(pTHX_ GV *self, bool server, SV *seconds, bool wait);
SV *iss_shutdown(pTHX_ GV *self, bool fast, SV *seconds, bool wait);

/* Does cert (a handle; undef: the peer's) belong to name?  False is told. */
bool iss_verify_name(
    pTHX_ GV *self, SV *cert, SV *name, SV *scheme, SV *suffix);

#endif
