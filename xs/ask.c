#include "ask.h"

#include <errno.h>

#include "attachment.h"
#include "errors.h"
#include "handles.h"

/*
 * Perl code is about to run and may free what nobody else holds; if it exits,
 * what the caller's scope holds is freed as well.
 */
static void
hold_objects(pTHX_ struct iss_call *call)
{
	call->asked = true;
	SvREFCNT_inc((SV *)call->glob);
	SvREFCNT_inc(call->guarded);
	if (call->conn != NULL)
		iss_conn_up_ref(call->conn);
}

/* The flags that describe a scalar's value. */
#define VALUE_FLAGS                                                            \
	(SVf_IOK | SVp_IOK | SVf_NOK | SVp_NOK | SVf_POK | SVp_POK | SVf_OOK | \
	    SVf_UTF8 | SVf_IVisUV)

/* The value of a scalar, put aside. */
struct parked {
	char *bytes;
	STRLEN len;
	STRLEN room;
	U32 flags;
};

/*
 * The core points into the bytes of this scalar.  Perl code that runs now must
 * not move them (utf8::upgrade moves even those of a read-only scalar), nor
 * share them with a copy: it sees undef, read only.
 */
static void
park_value(pTHX_ SV *sv, struct parked *parked)
{
	parked->bytes = SvPVX(sv);
	parked->len = SvCUR(sv);
	parked->room = SvLEN(sv);
	parked->flags = SvFLAGS(sv) & VALUE_FLAGS;
	SvPV_set(sv, NULL);
	SvCUR_set(sv, 0);
	SvLEN_set(sv, 0);
	SvFLAGS(sv) &= ~(U32)VALUE_FLAGS;
	SvREADONLY_on(sv);
}

static void
unpark_value(pTHX_ SV *sv, const struct parked *parked)
{
	SvREADONLY_off(sv);
	sv_setsv_nomg(sv, &PL_sv_undef); /* a tied one may have a value */
	if (SvLEN(sv) > 0)
		SvPV_free(sv);
	SvPV_set(sv, parked->bytes);
	SvCUR_set(sv, parked->len);
	SvLEN_set(sv, parked->room);
	SvFLAGS(sv) |= parked->flags;
}

/*
 * Call code on the stack that was pushed for it.  False if it left the program,
 * by exit or the like: then Perl's stacks are unwound already, but not C's,
 * since OpenSSL is on it.
 */
static bool
call_returns(pTHX_ SV *code, I32 context, I32 *count)
{
	dJMPENV;
	int how;

	JMPENV_PUSH(how);
	if (how == 0)
		*count = call_sv(code, context | G_EVAL);
	JMPENV_POP;
	return how == 0;
}

/* OpenSSL must not touch the descriptor any more. */
static void
abandon(struct iss_call *call)
{
	if (call->conn != NULL)
		iss_conn_abandon(call->conn);
}

/* Is there an exception in $@?  An object may pretend to be false. */
static bool
has_died(pTHX)
{
	return SvROK(ERRSV) || SvTRUE(ERRSV);
}

/*
 * The scalar that the core points into is out of reach meanwhile.  One with
 * copy on write is a copy of ours, which only we can reach.
 */
static bool
call_parked(pTHX_ struct iss_call *call, SV *code, I32 context, I32 *count)
{
	bool hides = call->guarded != NULL && !SvIsCOW(call->guarded);
	struct parked parked = { 0 };
	bool returned;

	if (hides)
		park_value(aTHX_ call->guarded, &parked);
	returned = call_returns(aTHX_ code, context, count);
	call->sys_errno = errno;
	if (hides)
		unpark_value(aTHX_ call->guarded, &parked);
	return returned;
}

static int
ask_perl(pTHX_ struct iss_call *call, SV *code, I32 context, SV **args,
    int count, SV **results, int max)
{
	int got = 0;
	I32 i;
	dSP;

	if (call->exits)
		return 0;
	if (!call->asked)
		hold_objects(aTHX_ call);
	PUSHSTACKi(PERLSI_MAGIC); /* so that "last" cannot see past us */
	ENTER;
	SAVETMPS;
	save_scalar(PL_errgv); /* the user's $@ is not ours to clear */
	PUSHMARK(SP);
	EXTEND(SP, count);
	for (i = 0; i < count; i++)
		PUSHs(args[i]);
	PUTBACK;
	if (!call_parked(aTHX_ call, code, context, &i)) {
		call->exits = true;
		abandon(call);
		return 0;
	}
	SPAGAIN;
	SP -= i;
	if (!has_died(aTHX))
		for (; got < i && got < max; got++)
			results[got] = newSVsv(SP[got + 1]);
	else if (call->died == NULL) /* the first one is the cause */
		call->died = newSVsv(ERRSV);
	PUTBACK;
	FREETMPS;
	LEAVE;
	POPSTACK;
	/* Closed meanwhile: the descriptor may be somebody else's by now. */
	if (iss_attached(aTHX_ call->glob) != call->conn)
		abandon(call);
	for (i = 0; i < got; i++)
		sv_2mortal(results[i]);
	return got;
}

SV *
iss_ask(pTHX_ struct iss_call *call, SV *code, SV **args, int count)
{
	SV *result;

	return ask_perl(aTHX_ call, code, G_SCALAR, args, count, &result, 1) ==
		       1
		   ? result
		   : NULL;
}

SV *
iss_ask_method(
    pTHX_ struct iss_call *call, const char *name, SV **args, int count)
{
	SV *method = sv_2mortal(newSVpv(name, 0));
	SV *result;

	return ask_perl(aTHX_ call, method, G_SCALAR | G_METHOD, args, count,
		   &result, 1) == 1
		   ? result
		   : NULL;
}

int
iss_ask_list(pTHX_ struct iss_call *call, SV *code, SV **args, int count,
    SV **results, int max)
{
	return ask_perl(aTHX_ call, code, G_LIST, args, count, results, max);
}

SV *
iss_ask_handle(pTHX_ struct iss_call *call, const void *pointer)
{
	if (!iss_may_exchange(aTHX))
		iss_ask(aTHX_ call,
		    (SV *)get_cv("IO::Socket::SSL::Interop::check", 0), NULL,
		    0);
	return sv_2mortal(iss_new_handle(aTHX_ pointer));
}

static SV *
by_operator(pTHX_ struct iss_call *call, SV *answer, const char *operator)
{
	if (answer == NULL || !SvAMAGIC(answer))
		return answer;
	return iss_ask(aTHX_ call, (SV *)get_cv(operator, GV_ADD), &answer, 1);
}

bool
iss_ask_truth(pTHX_ struct iss_call *call, SV *answer)
{
	answer = by_operator(aTHX_ call, answer, "IO::Socket::SSL::_truth_of");
	return answer != NULL && SvTRUE(answer);
}

SV *
iss_ask_text(pTHX_ struct iss_call *call, SV *answer)
{
	return by_operator(aTHX_ call, answer, "IO::Socket::SSL::_text_of");
}

bool
iss_is_later(pTHX_ SV *answer)
{
	return SvPOK(answer) && SvIOK(answer) &&
	       SvIVX(answer) == SSL_ERROR_WANT_READ &&
	       strEQ(SvPVX(answer), ISS_LATER_TEXT);
}
