/*
 * Perl code that the core asks.  While OpenSSL is on the stack nothing may
 * unwind through its frames: a sub runs on a stack of its own, and the
 * exception it dies with is kept in the call and thrown when the core has
 * returned (call.h).
 */
#ifndef ISS_XS_ASK_H
#define ISS_XS_ASK_H

#include "perl_core.h"

#include "connection/conn.h"

/*
 * One call of the core, and whom its callbacks are for.  The caller keeps
 * alive whatever is marked as held, until Perl code runs; from then on the call
 * does so itself.
 */
struct iss_call {
	struct iss_conn *conn; /* held; NULL: a context, or a certificate */
	void *outer;           /* the handle that was lent before us */
	const volatile int *outer_signals; /* likewise, of conn->sock */
	GV *glob;                          /* held; or NULL */
	HV *callbacks;   /* borrowed: the subs of a context being made */
	SV *scheme_code; /* borrowed: the sub of verify_hostname's scheme */
	SV *guarded;     /* held: the core points into its bytes */
	SV *died;        /* the first exception of a callback */
	bool exits;      /* a callback left the program */
	bool asked;      /* Perl code ran */
	int sys_errno;   /* errno as that code left it */
#ifdef MULTIPLICITY
	PerlInterpreter *perl;
#endif
};

/* The interpreter of a call, for a callback, which gets no pTHX. */
#ifdef MULTIPLICITY
#	define dCALL_PERL(call) PerlInterpreter *my_perl = (call)->perl
#else
#	define dCALL_PERL(call) dNOOP
#endif

/*
 * Call code with mortal arguments.  Returns its result as a new mortal, or NULL
 * if it died.  _method calls a method of the object args[0].  _list calls it in
 * list context, stores up to max results and returns how many it stored, 0 if
 * it died.
 */
SV *iss_ask(pTHX_ struct iss_call *call, SV *code, SV **args, int count);
SV *iss_ask_method(
    pTHX_ struct iss_call *call, const char *name, SV **args, int count);
int iss_ask_list(pTHX_ struct iss_call *call, SV *code, SV **args, int count,
    SV **results, int max);

/*
 * A result as a truth or a text: an object's own operator, which is Perl code
 * too, decides.  NULL, for an answer that died, stays NULL and is false.
 */
bool iss_ask_truth(pTHX_ struct iss_call *call, SV *answer);
SV *iss_ask_text(pTHX_ struct iss_call *call, SV *answer);

/* A handle as an argument, mortal.  If handles may not be exchanged, that is
 * the exception of the call. */
SV *iss_ask_handle(pTHX_ struct iss_call *call, const void *pointer);

/* Is it SSL_LATER? */
bool iss_is_later(pTHX_ SV *answer);

#endif
