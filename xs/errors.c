#include "errors.h"

#include <errno.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "debug.h"
#include "state.h"

#define MY_CXT_KEY "IO::Socket::SSL::errors" XS_VERSION

typedef struct {
	GV *error; /* $SSL_ERROR */
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

	if (in_new_thread) {
		MY_CXT_CLONE;
		MY_CXT.error = error;
	} else {
		MY_CXT_INIT;
		MY_CXT.error = error;
		define_constant(
		    aTHX_ "SSL_WANT_READ", SSL_ERROR_WANT_READ, WANT_READ_TEXT);
		define_constant(aTHX_ "SSL_WANT_WRITE", SSL_ERROR_WANT_WRITE,
		    WANT_WRITE_TEXT);
	}
}

static void
set_errors(pTHX_ GV *glob, int e, IV number, const char *text)
{
	dMY_CXT;
	SV *global = GvSVn(MY_CXT.error);
	STRLEN len = strlen(text);
	SV *last = iss_state_last_error(aTHX_ glob);

	if (number != SSL_ERROR_WANT_READ && number != SSL_ERROR_WANT_WRITE &&
	    iss_debug_level(aTHX) >= 1)
		iss_debug_print(aTHX_ text);
	set_dualvar(aTHX_ global, number, text, len);
	if (last != NULL)
		set_dualvar(aTHX_ last, number, text, len);
	errno = e;
}

void
iss_tell_success(pTHX)
{
	dMY_CXT;
	SV *global = GvSVn(MY_CXT.error);

	if (SvTRUE_nomg(global))
		sv_setpvs_mg(global, "");
}

void
iss_tell_error(pTHX_ GV *glob, const struct iss_error *err)
{
	set_errors(aTHX_ glob, err->sys_errno, err->code, err->text);
}

/* Of a copy: a tied $SSL_ERROR may use the connection. */
static void
tell_kept(pTHX_ GV *glob, const struct iss_conn *conn)
{
	struct iss_error err = *iss_conn_error(conn);

	iss_tell_error(aTHX_ glob, &err);
}

void
iss_tell_text(pTHX_ GV *glob, int e, const char *text)
{
	set_errors(
	    aTHX_ glob, e, e != 0 ? SSL_ERROR_SYSCALL : SSL_ERROR_SSL, text);
}

void
iss_tell_status(pTHX_ GV *glob, const struct iss_conn *conn, int status)
{
	switch (status) {
	case ISS_WANT_READ:
		set_errors(aTHX_ glob, EWOULDBLOCK, SSL_ERROR_WANT_READ,
		    WANT_READ_TEXT);
		break;
	case ISS_WANT_WRITE:
		set_errors(aTHX_ glob, EWOULDBLOCK, SSL_ERROR_WANT_WRITE,
		    WANT_WRITE_TEXT);
		break;
	case ISS_INTR:
		set_errors(aTHX_ glob, EINTR, SSL_ERROR_SYSCALL,
		    "interrupted by a signal");
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
