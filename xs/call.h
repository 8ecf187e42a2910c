/*
 * The core's questions, answered by Perl; and the frame of one call of the
 * core.
 */
#ifndef ISS_XS_CALL_H
#define ISS_XS_CALL_H

#include "perl_core.h"

#include "connection/conn.h"

/*
 * One call of the core: whom its callbacks belong to.  What is held is so by
 * the caller, until Perl code runs; from then on by the call, too.
 */
struct iss_call {
	struct iss_conn *conn; /* held; NULL: making a context */
	void *outer;           /* the host that was lent before us */
	GV *glob;              /* held; or NULL */
	HV *callbacks;         /* borrowed: where a context's subs are */
	SV *scheme_code;       /* borrowed: of verify_hostname's scheme */
	SV *guarded;           /* held: the core points into its bytes */
	SV *died;              /* the first exception of a callback */
	bool exits;            /* a callback left the program */
	bool asked;            /* Perl code ran meanwhile */
	int sys_errno;         /* errno as that code left it */
#ifdef MULTIPLICITY
	PerlInterpreter *perl;
#endif
};

extern const struct iss_callbacks iss_perl_ops;

/*
 * Call code with mortal arguments; the result as a mortal, or NULL when it
 * died, which is noted in the call.  For the answers, in call.c and pump.c.
 */
SV *iss_call_ask(pTHX_ struct iss_call *call, SV *code, SV **args, int count);

/* A handle as an argument, mortal; another OpenSSL beside us is noted in the
 * call as an exception. */
SV *iss_call_handle(pTHX_ struct iss_call *call, const void *pointer);

/* The interpreter of a call, where there may be several. */
#ifdef MULTIPLICITY
#	define dCALL_PERL(call) PerlInterpreter *my_perl = (call)->perl
#else
#	define dCALL_PERL(call) dNOOP
#endif

/*
 * Begin and end a call for a connection; end throws what a callback died
 * with, and goes on with an exit, after everything else is put back.  It
 * comes right behind the core: after an exit Perl's stacks are gone.
 */
void iss_call_begin(
    pTHX_ struct iss_call *call, GV *glob, struct iss_conn *conn, SV *guarded);
void iss_call_end(pTHX_ struct iss_call *call);

/* A sub of the context of a socket; NULL: there is none. */
SV *iss_callback(pTHX_ GV *glob, const char *name);

/* Run the handlers of signals that arrived; may die. */
void iss_run_signal_handlers(pTHX);

/*
 * A signal arrived: let its handler run, which may die.  ISS_OK: go on;
 * ISS_ERROR, and conn tells: it took the connection off.  Both must be held.
 */
int iss_interrupted(pTHX_ GV *glob, struct iss_conn *conn);
int iss_still_there(pTHX_ GV *glob, struct iss_conn *conn);

#endif
