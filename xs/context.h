/*
 * Contexts:
 *
 *	$ctx -> HV -> magic -> struct iss_current -> struct iss_ctx
 *
 * and the certificates that they take over:
 *
 *	SSL_cert => [$leaf, $more]: $more -> magic -> SV -> magic -> X509
 */
#ifndef ISS_XS_CONTEXT_H
#define ISS_XS_CONTEXT_H

#include "perl_core.h"

#include "context/current.h"

/* The context of an IO::Socket::SSL::SSL_Context object, behind its place; NULL
 * for anything else. */
struct iss_current *iss_attached_current(pTHX_ SV *object);

/*
 * Give the object self, a reference to a hash, a context by the options in
 * args, and set its keys that say what became of them: context, verify_mode,
 * for_servers, session_cache.  before: the object whose context it is going to
 * replace, or undef.  The certificates that SSL_cert lists after the first are
 * taken over from the program; each is dropped when the scalar with its handle
 * is freed.  False if there is no context, with the error reported; croaks on
 * wrong options.
 */
bool iss_create_ctx(pTHX_ SV *self, HV *args, bool server, SV *before);

/* SSL_cert of the options is such a list, or a hash of them by host: take them
 * over. */
void iss_take_chains(pTHX_ HV *args, bool server);

/*
 * New connections under self use the context of the object by, which was made
 * by the options in args: set the keys of self anew.  counts: it is a reload
 * that the program is told of.
 */
void iss_replace_ctx(pTHX_ SV *self, SV *by, HV *args, bool counts);

/* A look at the files of self ended without a new context.  Must the program be
 * told the reason? */
bool iss_keep_ctx(pTHX_ SV *self, const char *reason);

/* A connection is about to begin: if it is time, look at the files of self,
 * whose place is current.  May call Perl code, which may die. */
void iss_look_at_files(pTHX_ SV *self, struct iss_current *current);

/* Is it a server's that shows no client who it is? */
bool iss_shows_nothing(pTHX_ SV *self);

/* The handle of the current context of self, a new value.  It is also put into
 * the object, since another thread may have replaced the context. */
SV *iss_ctx_handle(pTHX_ SV *self);

/* The counts of an object's context; of the process for NULL. */
SV *iss_new_stats(pTHX_ SV *self);

#endif
