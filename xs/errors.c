#include "errors.h"

#include <errno.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "debug.h"
#include "failure.h"
#include "state.h"

#define MY_CXT_KEY "IO::Socket::SSL::errors" XS_VERSION

typedef struct {
	GV *error;   /* $SSL_ERROR */
	GV *failure; /* its scalar holds what is known about that */
} my_cxt_t;

START_MY_CXT

#define WANT_READ_TEXT "SSL wants a read first!"
#define WANT_WRITE_TEXT "SSL wants a write first!"

static void
set_dualvar(pTHX_ SV *sv, IV number, const char *text, STRLEN len)
{
	sv_setpvn(sv, text, len);
	SvUPGRADE(sv, SVt_PVIV);
	SvIV_set(sv, number);
	SvIOK_on(sv);
	SvSETMAGIC(sv);
}

static void
define_constant(pTHX_ const char *name, IV number, const char *text)
{
	SV *value = newSV(0);

	set_dualvar(aTHX_ value, number, text, strlen(text));
	newCONSTSUB(
	    gv_stashpvs("IO::Socket::SSL::Constants", GV_ADD), name, value);
}

void
iss_errors_init(pTHX_ bool in_new_thread)
{
	GV *error =
	    gv_fetchpvs("IO::Socket::SSL::SSL_ERROR", GV_ADDMULTI, SVt_PV);
	GV *failure =
	    gv_fetchpvs("IO::Socket::SSL::_FAILURE", GV_ADDMULTI, SVt_PV);

	if (in_new_thread) {
		MY_CXT_CLONE;
		MY_CXT.error = error;
		MY_CXT.failure = failure;
	} else {
		MY_CXT_INIT;
		MY_CXT.error = error;
		MY_CXT.failure = failure;
		define_constant(
		    aTHX_ "SSL_WANT_READ", SSL_ERROR_WANT_READ, WANT_READ_TEXT);
		define_constant(aTHX_ "SSL_WANT_WRITE", SSL_ERROR_WANT_WRITE,
		    WANT_WRITE_TEXT);
		define_constant(
		    aTHX_ "SSL_LATER", SSL_ERROR_WANT_READ, ISS_LATER_TEXT);
	}
}

static void
set_errors(pTHX_ GV *glob, int e, IV number, const char *text)
{
	dMY_CXT;
	SV *global = GvSVn(MY_CXT.error);
	STRLEN len = strlen(text);
	SV *last = iss_state_last_error(aTHX_ glob);

	set_dualvar(aTHX_ global, number, text, len);
	if (last != NULL)
		set_dualvar(aTHX_ last, number, text, len);
	errno = e;
}

/* Remember what is known of the error that is about to be told. */
static void
remember(pTHX_ GV *glob, struct iss_failure *failure)
{
	dMY_CXT;
	SV *last = iss_state_last_error(aTHX_ glob);

	iss_failure_attach(aTHX_ GvSVn(MY_CXT.failure), failure);
	if (last != NULL)
		iss_failure_attach(aTHX_ last,
		    failure != NULL ? iss_failure_up_ref(failure) : NULL);
}

static void
tell_failure(
    pTHX_ GV *glob, const struct iss_error *err, const struct iss_conn *conn)
{
	if (iss_debug_level(aTHX) >= 1)
		iss_debug_print(aTHX_ err->text);
	remember(aTHX_ glob, iss_failure_new(err, conn));
	set_errors(aTHX_ glob, err->sys_errno, err->code, err->text);
}

/* It must only wait. */
static void
tell_wait(pTHX_ GV *glob, IV number, const char *text)
{
	remember(aTHX_ glob, NULL);
	set_errors(aTHX_ glob, EWOULDBLOCK, number, text);
}

void
iss_tell_success(pTHX)
{
	dMY_CXT;
	SV *global = GvSVn(MY_CXT.error);

	if (!SvTRUE_nomg(global))
		return;
	iss_failure_attach(aTHX_ GvSVn(MY_CXT.failure), NULL);
	sv_setpvs_mg(global, "");
}

void
iss_tell_error(pTHX_ GV *glob, const struct iss_error *err)
{
	tell_failure(aTHX_ glob, err, NULL);
}

/* Of a copy: a tied $SSL_ERROR may use the connection. */
static void
tell_kept(pTHX_ GV *glob, const struct iss_conn *conn)
{
	struct iss_error err = *iss_conn_error(conn);

	tell_failure(aTHX_ glob, &err, conn);
}

void
iss_tell_text(pTHX_ GV *glob, int e, const char *text)
{
	struct iss_error err;

	iss_error_clear(&err);
	iss_error_set(&err, "%s", text);
	err.sys_errno = e;
	if (e != 0)
		err.code = SSL_ERROR_SYSCALL;
	tell_failure(aTHX_ glob, &err, NULL);
}

void
iss_tell_status(pTHX_ GV *glob, const struct iss_conn *conn, int status)
{
	struct iss_error err;

	switch (status) {
	case ISS_WANT_READ:
		tell_wait(aTHX_ glob, SSL_ERROR_WANT_READ, WANT_READ_TEXT);
		break;
	case ISS_WANT_WRITE:
		tell_wait(aTHX_ glob, SSL_ERROR_WANT_WRITE, WANT_WRITE_TEXT);
		break;
	case ISS_INTR:
		iss_error_clear(&err);
		iss_error_set(&err, "interrupted by a signal");
		err.sys_errno = EINTR;
		err.code = SSL_ERROR_SYSCALL;
		tell_failure(aTHX_ glob, &err, NULL);
		break;
	case ISS_ERROR:
	case ISS_TIMEOUT:
		tell_kept(aTHX_ glob, conn);
		break;
	default: /* success; an end is not an error */
		iss_tell_success(aTHX);
		errno = 0;
		break;
	}
}

/* What is known about the last error of the socket, or of all. */
static const struct iss_failure *
find_failure(pTHX_ GV *glob)
{
	dMY_CXT;
	SV *text = GvSVn(MY_CXT.error);
	SV *holder = GvSVn(MY_CXT.failure);
	SV *last = iss_state_last_error(aTHX_ glob);
	const struct iss_failure *failure;

	if (last != NULL && SvTRUE_nomg(last))
		text = holder = last;
	failure = iss_failure_of(aTHX_ holder);
	/* The program may have changed or cleared the text. */
	if (failure == NULL || strcmp(SvPV_nolen(text), failure->err.text) != 0)
		return NULL;
	return failure;
}

SV *
iss_new_failure(pTHX_ GV *glob)
{
	const struct iss_failure *failure = find_failure(aTHX_ glob);

	return failure != NULL ? iss_failure_as_hash(aTHX_ failure) : newSV(0);
}

SV *
iss_new_handshake_report(pTHX_ GV *glob, const struct iss_conn *conn)
{
	const struct iss_failure *failure;

	if (conn != NULL && conn->report != NULL)
		return newSVpv(iss_report_text(conn->report), 0);
	failure = find_failure(aTHX_ glob);
	return failure != NULL && failure->report != NULL
		   ? newSVpv(failure->report, 0)
		   : newSV(0);
}

enum { QUEUED_TEXT_MAX = 256 }; /* what ERR_error_string(3) uses */

void
iss_push_queued_errors(pTHX)
{
	char text[QUEUED_TEXT_MAX];
	unsigned long code;
	dSP;

	while ((code = ERR_get_error()) != 0) {
		ERR_error_string_n(code, text, sizeof(text));
		mXPUSHp(text, strlen(text));
	}
	PUTBACK;
}
