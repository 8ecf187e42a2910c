/*
 * The core asks, Perl answers.  While OpenSSL is on the stack nothing may
 * unwind through it: a sub runs on a stack of its own, what it dies with is
 * kept, and thrown when the core has returned (iss_call_end).
 *
 * The subs are looked up in the context's object, and that in the socket's
 * hash, each time: the current interpreter's own, so ithreads work.
 */
#include "call.h"

#include <errno.h>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include "attach.h"
#include "debug.h"
#include "handles.h"
#include "ocsp.h"
#include "pump.h"
#include "session.h"
#include "values.h"
#include "base/buf.h"
#include "x509/cert.h"

enum { NAMES_MAX = 4096 };

static HV *
callbacks_of(pTHX_ GV *glob)
{
	SV *ctx = iss_hash_value(aTHX_ GvHV(glob), "_SSL_ctx");

	if (ctx == NULL || !SvROK(ctx) || SvTYPE(SvRV(ctx)) != SVt_PVHV)
		return NULL;
	return (HV *)SvRV(ctx);
}

void
iss_call_begin(
    pTHX_ struct iss_call *call, GV *glob, struct iss_conn *conn, SV *guarded)
{
	Zero(call, 1, struct iss_call);
#ifdef MULTIPLICITY
	call->perl = aTHX;
#endif
	call->glob = glob;
	call->guarded = guarded;
	call->conn = conn;
	if (conn == NULL)
		return;
	call->outer = conn->link.handle;
	conn->link.handle = call;
}

/*
 * Perl code is about to run, and may free what nobody else holds; if it
 * exits, what the caller's scope holds is freed as well.
 */
static void
hold(pTHX_ struct iss_call *call)
{
	call->asked = true;
	SvREFCNT_inc((SV *)call->glob);
	SvREFCNT_inc(call->guarded);
	if (call->conn != NULL)
		iss_conn_up_ref(call->conn);
}

static void
drop(pTHX_ struct iss_call *call)
{
	SvREFCNT_dec((SV *)call->glob);
	SvREFCNT_dec(call->guarded);
	iss_conn_free(call->conn);
}

void
iss_call_end(pTHX_ struct iss_call *call)
{
	if (call->conn != NULL) {
		call->conn->link.handle = call->outer;
		if (call->outer == NULL &&
		    !iss_new_sessions_is_empty(&call->conn->arrivals))
			iss_deliver_sessions(aTHX_ call);
	}
	if (call->asked)
		drop(aTHX_ call);
	if (call->exits)
		my_exit(PL_statusvalue);
	if (call->died != NULL)
		croak_sv(sv_2mortal(call->died));
}

int
iss_still_there(pTHX_ GV *glob, struct iss_conn *conn)
{
	if (iss_attached(aTHX_ glob) == conn)
		return ISS_OK;
	iss_error_clear(&conn->err);
	return iss_error_errno(
	    &conn->err, EBADF, "the socket was closed meanwhile");
}

void
iss_run_signal_handlers(pTHX)
{
	PERL_ASYNC_CHECK();
}

int
iss_interrupted(pTHX_ GV *glob, struct iss_conn *conn)
{
	iss_run_signal_handlers(aTHX);
	return iss_still_there(aTHX_ glob, conn);
}

/* What a scalar's value consists of. */
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
 * The core points into the bytes of this scalar.  Perl code that runs now
 * may not move them (utf8::upgrade does so even to what is read only), nor
 * share them with a copy: it sees undef, read only.
 */
static void
park(pTHX_ SV *sv, struct parked *parked)
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
unpark(pTHX_ SV *sv, const struct parked *parked)
{
	SvREADONLY_off(sv);
	sv_setsv_nomg(sv, &PL_sv_undef); /* a tied one may have a value now */
	if (SvLEN(sv) > 0)
		SvPV_free(sv);
	SvPV_set(sv, parked->bytes);
	SvCUR_set(sv, parked->len);
	SvLEN_set(sv, parked->room);
	SvFLAGS(sv) |= parked->flags;
}

/*
 * Call code on the stack that was pushed for it.  False: it left the
 * program, by exit or the like, and Perl's stacks are unwound already; C's
 * are not, since OpenSSL is on them.
 */
static bool
call_returns(pTHX_ SV *code, I32 *count)
{
	dJMPENV;
	int how;

	JMPENV_PUSH(how);
	if (how == 0)
		*count = call_sv(code, G_SCALAR | G_EVAL);
	JMPENV_POP;
	return how == 0;
}

/* Nothing that OpenSSL has yet to say shall be said by this process. */
static SV *
leave(struct iss_call *call)
{
	call->exits = true;
	if (call->conn != NULL)
		call->conn->sock->fd = -1;
	return NULL;
}

/* Was the exception that is in $@ thrown?  An object may pose as false. */
static bool
has_died(pTHX)
{
	return SvROK(ERRSV) || SvTRUE(ERRSV);
}

SV *
iss_callback(pTHX_ GV *glob, const char *name)
{
	return iss_hash_value(aTHX_ callbacks_of(aTHX_ glob), name);
}

SV *
iss_call_ask(pTHX_ struct iss_call *call, SV *code, SV **args, int count)
{
	SV *result = NULL;
	struct parked parked = { 0 };
	bool returned;
	I32 i;
	dSP;

	if (call->exits)
		return NULL;
	if (!call->asked)
		hold(aTHX_ call);
	if (call->guarded != NULL)
		park(aTHX_ call->guarded, &parked);
	PUSHSTACKi(PERLSI_MAGIC); /* so that "last" cannot see past us */
	ENTER;
	SAVETMPS;
	save_scalar(PL_errgv); /* the user's $@ is not ours to clear */
	PUSHMARK(SP);
	EXTEND(SP, count);
	for (i = 0; i < count; i++)
		PUSHs(args[i]);
	PUTBACK;
	returned = call_returns(aTHX_ code, &i);
	call->sys_errno = errno;
	if (call->guarded != NULL)
		unpark(aTHX_ call->guarded, &parked);
	if (!returned)
		return leave(call);
	SPAGAIN;
	if (has_died(aTHX)) {
		if (call->died == NULL) /* the first one is the cause */
			call->died = newSVsv(ERRSV);
	} else if (i == 1)
		result = newSVsv(TOPs);
	SP -= i;
	PUTBACK;
	FREETMPS;
	LEAVE;
	POPSTACK;
	/* Closed meanwhile: the descriptor may be somebody else's by now. */
	if (call->conn != NULL && iss_attached(aTHX_ call->glob) != call->conn)
		call->conn->sock->fd = -1;
	return result != NULL ? sv_2mortal(result) : NULL;
}

SV *
iss_call_handle(pTHX_ struct iss_call *call, const void *pointer)
{
	if (!iss_may_exchange(aTHX))
		iss_call_ask(aTHX_ call,
		    (SV *)get_cv("IO::Socket::SSL::Interop::check", 0), NULL,
		    0);
	return sv_2mortal(iss_new_handle(aTHX_ pointer));
}

/* What an object says of itself: its operator is Perl code, and may die. */
static SV *
plain(pTHX_ struct iss_call *call, SV *answer, const char *operator)
{
	if (answer == NULL || !SvAMAGIC(answer))
		return answer;
	return iss_call_ask(
	    aTHX_ call, (SV *)get_cv(operator, GV_ADD), &answer, 1);
}

static bool
is_true(pTHX_ struct iss_call *call, SV *answer)
{
	answer = plain(aTHX_ call, answer, "IO::Socket::SSL::_truth_of");
	return answer != NULL && SvTRUE(answer);
}

static SV *
as_text(pTHX_ struct iss_call *call, SV *answer)
{
	return plain(aTHX_ call, answer, "IO::Socket::SSL::_text_of");
}

static int
password(void *host, char *buf, size_t size)
{
	struct iss_call *call = host;
	dCALL_PERL(call);
	SV *code = iss_hash_value(aTHX_ call->callbacks, "passwd_cb");
	SV *answer;
	STRLEN len;
	const char *text;

	if (code == NULL)
		return -1;
	answer = as_text(aTHX_ call, iss_call_ask(aTHX_ call, code, NULL, 0));
	if (answer == NULL || !SvOK(answer))
		return -1;
	text = SvPV(answer, len);
	if (len > size)
		return -1;
	Copy(text, buf, len, char);
	return (int)len;
}

static SV *
names_of(pTHX_ X509 *cert)
{
	struct iss_error ignored;
	struct iss_buf text;
	SV *sv;

	iss_error_clear(&ignored);
	iss_buf_init(&text, NAMES_MAX);
	if (cert != NULL) {
		iss_cert_issuer_text(&ignored, cert, &text);
		iss_cert_subject_text(&ignored, cert, &text);
	}
	sv = sv_2mortal(newSVpvn(iss_buf_text(&text), text.len));
	iss_buf_release(&text);
	return sv;
}

static bool
verify(void *host, bool ok, X509_STORE_CTX *store)
{
	struct iss_call *call = host;
	dCALL_PERL(call);
	X509 *cert = X509_STORE_CTX_get_current_cert(store);
	int error = X509_STORE_CTX_get_error(store);
	SV *args[6];
	SV *code, *answer;

	if (call->died != NULL)
		return false;
	code = iss_callback(aTHX_ call->glob, "verify_callback");
	if (code == NULL)
		return ok;
	args[0] = sv_2mortal(newSViv(ok));
	args[1] = iss_call_handle(aTHX_ call, store);
	args[2] = names_of(aTHX_ cert);
	args[3] =
	    error == X509_V_OK
		? sv_2mortal(newSViv(0))
		: sv_2mortal(newSVpv(X509_verify_cert_error_string(error), 0));
	args[4] = iss_call_handle(aTHX_ call, cert);
	args[5] = sv_2mortal(newSViv(X509_STORE_CTX_get_error_depth(store)));
	if (call->died != NULL)
		return false;
	answer = iss_call_ask(aTHX_ call, code, args, 6);
	ERR_clear_error(); /* what the sub left is not our handshake's */
	return is_true(aTHX_ call, answer);
}

/* The scheme's sub gets the host, the CN and the pairs of type and value. */
static bool
check_name(void *host, const char *name, X509 *leaf)
{
	struct iss_call *call = host;
	dCALL_PERL(call);
	SV *code = call->scheme_code;
	SV *args[3];
	SV *answer;

	if (code == NULL && call->glob != NULL)
		code = iss_hash_value(
		    aTHX_ GvHV(call->glob), "_SSL_scheme_callback");
	if (call->died != NULL || code == NULL)
		return false;
	args[0] = code;
	args[1] = sv_2mortal(newSVpv(name, 0));
	sv_utf8_decode(args[1]);
	args[2] = sv_2mortal(iss_new_handle(aTHX_ leaf));
	answer = iss_call_ask(aTHX_ call,
	    (SV *)get_cv("IO::Socket::SSL::_ask_scheme", 0), args, 3);
	return is_true(aTHX_ call, answer);
}

static bool
ctx_created(void *host, SSL_CTX *ctx)
{
	struct iss_call *call = host;
	dCALL_PERL(call);
	SV *code = iss_hash_value(aTHX_ call->callbacks, "create_ctx_callback");
	SV *arg;

	if (code == NULL)
		return true;
	arg = iss_call_handle(aTHX_ call, ctx);
	if (call->died == NULL)
		iss_call_ask(aTHX_ call, code, &arg, 1);
	return call->died == NULL && !call->exits;
}

const struct iss_callbacks iss_perl_ops = {
	.password = password,
	.verify = verify,
	.check_name = check_name,
	.ctx_created = ctx_created,
	.ticket_key = iss_answer_ticket_key,
	.staple = iss_answer_staple,
	.ocsp_answer = iss_keep_ocsp_answer,
	.message = iss_answer_message,
	.pump_read = iss_pump_answer_read,
	.pump_write = iss_pump_answer_write,
	.pump_pending = iss_pump_answer_pending,
};
