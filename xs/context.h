/*
 * Contexts:
 *
 *	$ctx -> HV -> magic -> struct iss_ctx
 *
 * and the certificates that they take over:
 *
 *	SSL_cert => [$leaf, $more]: $more -> magic -> SV -> magic -> X509
 */
#ifndef ISS_XS_CONTEXT_H
#define ISS_XS_CONTEXT_H

#include "perl_core.h"

#include "context/ctx.h"

/* The context of an IO::Socket::SSL::SSL_Context object; NULL for anything
 * else. */
struct iss_ctx *iss_attached_ctx(pTHX_ SV *object);

/*
 * Give the object self, a reference to a hash, a context by the options in
 * args, and set its keys that say what became of them: context, verify_mode,
 * for_servers, session_cache.  The certificates that SSL_cert lists after the
 * first are taken over from the program; each is dropped when the scalar with
 * its handle is freed.  False if there is no context, with the error reported;
 * croaks on wrong options.
 */
bool iss_create_ctx(pTHX_ SV *self, HV *args, bool server);

#endif
