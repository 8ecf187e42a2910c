#include "answers.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include "ask.h"
#include "choices.h"
#include "handles.h"
#include "messages.h"
#include "ocsp.h"
#include "pump.h"
#include "state.h"
#include "stores.h"
#include "tickets.h"
#include "values.h"
#include "base/buf.h"
#include "x509/cert.h"

enum { NAMES_MAX = 4096 };

/* A sub of the context that the connection has come to. */
static SV *
callback_of(pTHX_ struct iss_call *call, const char *name)
{
	return call->conn != NULL && call->conn->chosen != NULL
		   ? iss_state_chosen_callback(aTHX_ call->glob, name)
		   : iss_state_callback(aTHX_ call->glob, name);
}

/* The context is being made; or the key is for a single connection. */
static SV *
password_callback(pTHX_ struct iss_call *call)
{
	return call->glob == NULL
		   ? iss_hash_value(aTHX_ call->callbacks, "passwd_cb")
		   : iss_state_callback(aTHX_ call->glob, "passwd_cb");
}

static int
answer_password(void *handle, char *buf, size_t size)
{
	struct iss_call *call = handle;
	dCALL_PERL(call);
	SV *code = password_callback(aTHX_ call);
	SV *answer;
	STRLEN len;
	const char *text;

	if (code == NULL)
		return -1;
	answer = iss_ask_text(aTHX_ call, iss_ask(aTHX_ call, code, NULL, 0));
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
answer_verify(void *handle, bool ok, X509_STORE_CTX *store)
{
	struct iss_call *call = handle;
	dCALL_PERL(call);
	X509 *cert = X509_STORE_CTX_get_current_cert(store);
	int error = X509_STORE_CTX_get_error(store);
	SV *args[6];
	SV *code, *answer;

	if (call->died != NULL)
		return false;
	code = callback_of(aTHX_ call, "verify_callback");
	if (code == NULL)
		return ok;
	args[0] = sv_2mortal(newSViv(ok));
	args[1] = iss_ask_handle(aTHX_ call, store);
	args[2] = names_of(aTHX_ cert);
	args[3] =
	    error == X509_V_OK
		? sv_2mortal(newSViv(0))
		: sv_2mortal(newSVpv(X509_verify_cert_error_string(error), 0));
	args[4] = iss_ask_handle(aTHX_ call, cert);
	args[5] = sv_2mortal(newSViv(X509_STORE_CTX_get_error_depth(store)));
	if (call->died != NULL)
		return false;
	answer = iss_ask(aTHX_ call, code, args, 6);
	ERR_clear_error(); /* errors of the sub are not the handshake's */
	return iss_ask_truth(aTHX_ call, answer);
}

/* A sub as scheme gets the host, the CN, and the pairs of type and value. */
static bool
answer_check_name(void *handle, const char *name, X509 *leaf)
{
	struct iss_call *call = handle;
	dCALL_PERL(call);
	SV *code = call->scheme_code;
	SV *args[3];
	SV *answer;

	if (code == NULL && call->glob != NULL)
		code = iss_state_scheme_callback(aTHX_ call->glob);
	if (call->died != NULL || code == NULL)
		return false;
	args[0] = code;
	args[1] = sv_2mortal(newSVpv(name, 0));
	sv_utf8_decode(args[1]);
	args[2] = sv_2mortal(iss_new_handle(aTHX_ leaf));
	answer = iss_ask(aTHX_ call,
	    (SV *)get_cv("IO::Socket::SSL::_ask_scheme", 0), args, 3);
	return iss_ask_truth(aTHX_ call, answer);
}

static bool
answer_ctx_created(void *handle, SSL_CTX *ctx)
{
	struct iss_call *call = handle;
	dCALL_PERL(call);
	SV *code = iss_hash_value(aTHX_ call->callbacks, "create_ctx_callback");
	SV *arg;

	if (code == NULL)
		return true;
	arg = iss_ask_handle(aTHX_ call, ctx);
	if (call->died == NULL)
		iss_ask(aTHX_ call, code, &arg, 1);
	return call->died == NULL && !call->exits;
}

static void
answer_warn(void *handle, const char *text)
{
	struct iss_call *call = handle;
	dCALL_PERL(call);
	SV *message = sv_2mortal(newSVpv(text, 0));

	iss_ask(aTHX_ call, (SV *)get_cv("Carp::carp", 0), &message, 1);
}

static void
answer_keylog(void *handle, const char *line)
{
	struct iss_call *call = handle;
	dCALL_PERL(call);
	SV *code, *args[2];

	if (call->died != NULL || call->glob == NULL)
		return;
	code = callback_of(aTHX_ call, "keylog_callback");
	if (code == NULL)
		return;
	args[0] = sv_2mortal(newRV_inc((SV *)call->glob));
	args[1] = sv_2mortal(newSVpv(line, 0));
	iss_ask(aTHX_ call, code, args, 2);
}

/* SSL_acme is a sub, or a hash by name. */
static int
answer_acme(void *handle, const char *name, char *buf, size_t size)
{
	struct iss_call *call = handle;
	dCALL_PERL(call);
	SV *answer, *args[3];
	STRLEN len;
	const char *text;

	if (call->died != NULL || call->glob == NULL)
		return -1;
	args[0] = iss_state_callback(aTHX_ call->glob, "acme");
	if (args[0] == NULL)
		return -1;
	args[1] = sv_2mortal(newRV_inc((SV *)call->glob));
	args[2] = sv_2mortal(newSVpv(name, 0));
	answer = iss_ask(aTHX_ call,
	    (SV *)get_cv("IO::Socket::SSL::SSL_Context::_authorization", 0),
	    args, 3);
	if (answer != NULL && iss_is_later(aTHX_ answer))
		return ISS_ACME_LATER;
	answer = iss_ask_text(aTHX_ call, answer);
	if (answer == NULL || !SvOK(answer))
		return -1;
	text = SvPV(answer, len);
	if (len > size)
		return -1;
	Copy(text, buf, len, char);
	return (int)len;
}

const struct iss_callbacks iss_answers = {
	.password = answer_password,
	.verify = answer_verify,
	.check_name = answer_check_name,
	.ctx_created = answer_ctx_created,
	.ticket_key = iss_tickets_answer,
	.store_put = iss_stores_answer_put,
	.store_get = iss_stores_answer_get,
	.store_take = iss_stores_answer_take,
	.store_add = iss_stores_answer_add,
	.staple = iss_ocsp_answer_staple,
	.ocsp_answer = iss_ocsp_answer_keep,
	.warn = answer_warn,
	.keylog = answer_keylog,
	.acme = answer_acme,
	.hello = iss_choices_answer_hello,
	.client_cert = iss_choices_answer_cert,
	.message = iss_messages_answer,
	.pump_read = iss_pump_answer_read,
	.pump_write = iss_pump_answer_write,
	.pump_pending = iss_pump_answer_pending,
};
