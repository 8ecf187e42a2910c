/*
 * Statuses, errors and handles in Perl's manner: $!, the dual-valued
 * $SSL_ERROR, integers that hold an address.
 */
#include "glue.h"

#include <errno.h>

#include <openssl/ssl.h>

#define MY_CXT_KEY "IO::Socket::SSL::convert" XS_VERSION

typedef struct {
	GV *error; /* $SSL_ERROR: looked up once, asked after each success */
	bool may_exchange; /* Net::SSLeay is loaded, and of our OpenSSL */
} my_cxt_t;

START_MY_CXT

void
iss_find_error_variable(pTHX_ bool in_new_thread)
{
	if (in_new_thread) {
		MY_CXT_CLONE;
		MY_CXT.error = gv_fetchpvs(
		    "IO::Socket::SSL::SSL_ERROR", GV_ADDMULTI, SVt_PV);
	} else {
		MY_CXT_INIT;
		MY_CXT.may_exchange = false;
		MY_CXT.error = gv_fetchpvs(
		    "IO::Socket::SSL::SSL_ERROR", GV_ADDMULTI, SVt_PV);
	}
}

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
tell(pTHX_ GV *glob, int e, IV number, const char *text)
{
	dMY_CXT;
	SV *global = GvSVn(MY_CXT.error);
	STRLEN len = strlen(text);
	HV *hash = glob != NULL ? GvHV(glob) : NULL;
	SV *last;

	if (number != SSL_ERROR_WANT_READ && number != SSL_ERROR_WANT_WRITE &&
	    iss_debug_level(aTHX) >= 1)
		iss_debug_print(aTHX_ text);
	set_dualvar(aTHX_ global, number, text, len);
	if (hash != NULL) {
		last = *hv_fetchs(hash, "_SSL_last_err", 1);
		set_dualvar(aTHX_ last, number, text, len);
	}
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
	tell(aTHX_ glob, err->sys_errno, err->code, err->text);
}

void
iss_tell_text(pTHX_ GV *glob, int e, const char *text)
{
	tell(aTHX_ glob, e, e != 0 ? SSL_ERROR_SYSCALL : SSL_ERROR_SSL, text);
}

void
iss_tell_status(pTHX_ GV *glob, const struct iss_conn *conn, int status)
{
	switch (status) {
	case ISS_WANT_READ:
		tell(aTHX_ glob, EWOULDBLOCK, SSL_ERROR_WANT_READ,
		    WANT_READ_TEXT);
		break;
	case ISS_WANT_WRITE:
		tell(aTHX_ glob, EWOULDBLOCK, SSL_ERROR_WANT_WRITE,
		    WANT_WRITE_TEXT);
		break;
	case ISS_INTR:
		tell(aTHX_ glob, EINTR, SSL_ERROR_SYSCALL,
		    "interrupted by a signal");
		break;
	case ISS_ERROR:
	case ISS_TIMEOUT:
		iss_tell_error(aTHX_ glob, &conn->err);
		break;
	default: /* success, and an end, which is none of the errors */
		iss_tell_success(aTHX);
		errno = 0;
		break;
	}
}

void
iss_tell_open(pTHX_ GV *glob, struct iss_conn *conn)
{
	HV *hash = GvHVn(glob);
	char text[128];

	if (iss_debug_level(aTHX) >= 1) {
		my_snprintf(text, sizeof(text), "%s with %s",
		    SSL_get_version(conn->ssl), SSL_get_cipher_name(conn->ssl));
		iss_debug_print(aTHX_ text);
	}
	(void)hv_stores(hash, "_SSL_opened", newSViv(1));
	(void)hv_deletes(hash, "_SSL_opening", G_DISCARD);
}

SV *
iss_hash_value(pTHX_ HV *hash, const char *key)
{
	SV **slot = hash != NULL ? hv_fetch(hash, key, strlen(key), 0) : NULL;

	if (slot == NULL)
		return NULL;
	SvGETMAGIC(*slot);
	return SvOK(*slot) ? *slot : NULL;
}

void
iss_croak(pTHX_ SV *message)
{
	dSP;

	PUSHMARK(SP);
	mXPUSHs(message);
	PUTBACK;
	call_pv("Carp::croak", G_VOID | G_DISCARD);
	croak_sv(message); /* not reached */
}

const char *
iss_utf8_text(pTHX_ SV *text, STRLEN *len)
{
	const char *bytes = SvPV(text, *len);

	if (SvUTF8(text) || is_utf8_string((const U8 *)bytes, *len))
		return bytes;
	return SvPVutf8(sv_mortalcopy(text), *len);
}

SV *
iss_new_handle(pTHX_ const void *pointer)
{
	return newSViv(PTR2IV(pointer));
}

/* Where there is no Net::SSLeay yet, one may come later. */
static bool
may_exchange(pTHX)
{
	dMY_CXT;
	CV *theirs;

	if (MY_CXT.may_exchange)
		return true;
	theirs = get_cvs("Net::SSLeay::SSLeay", 0);
	return theirs == NULL || !(CvROOT(theirs) || CvISXSUB(theirs));
}

/* Call a sub of Interop.pm with an address.  On a stack of its own, since an
 * XSUB that uses the current one is in progress. */
static SV *
ask(pTHX_ const char *sub, const void *pointer)
{
	SV *answer;
	dSP;

	PUSHSTACKi(PERLSI_MAGIC);
	ENTER;
	SAVETMPS;
	PUSHMARK(SP);
	mXPUSHi(PTR2IV(pointer));
	PUTBACK;
	call_pv(sub, G_SCALAR);
	SPAGAIN;
	answer = newSVsv(POPs);
	PUTBACK;
	FREETMPS;
	LEAVE;
	POPSTACK;
	return answer;
}

void
iss_check_exchange(pTHX)
{
	dMY_CXT;

	if (may_exchange(aTHX))
		return;
	SvREFCNT_dec(ask(aTHX_ "IO::Socket::SSL::Interop::check", NULL));
	MY_CXT.may_exchange = true;
}

SV *
iss_new_kept_handle(pTHX_ const void *pointer)
{
	if (may_exchange(aTHX))
		return iss_new_handle(aTHX_ pointer);
	return ask(aTHX_ "IO::Socket::SSL::Interop::to_be_kept", pointer);
}

SV *
iss_call_handle(pTHX_ struct iss_call *call, const void *pointer)
{
	if (!may_exchange(aTHX))
		iss_call_ask(aTHX_ call,
		    (SV *)get_cv("IO::Socket::SSL::Interop::check", 0), NULL,
		    0);
	return sv_2mortal(iss_new_handle(aTHX_ pointer));
}

/* Nothing lives in the first page of memory, and in the last one. */
enum { NOWHERE = 4096 };

static bool
is_integer(pTHX_ SV *value)
{
	const char *text;
	STRLEN len;
	UV number;

	if (!SvOK(value) || SvROK(value))
		return false;
	if (!SvPOK(value))
		return SvIOK(value) ||
		       (SvNOK(value) &&
			   SvNV_nomg(value) == (NV)SvIV_nomg(value));
	text = SvPV_nomg(value, len);
	return (grok_number(text, len, &number) & ~IS_NUMBER_NEG) ==
	       IS_NUMBER_IN_UV;
}

void *
iss_handle_address(pTHX_ SV *value)
{
	IV at;

	SvGETMAGIC(value);
	if (!is_integer(aTHX_ value))
		return NULL;
	at = SvIV_nomg(value);
	return at > -NOWHERE && at < NOWHERE ? NULL : INT2PTR(void *, at);
}

void *
iss_handle_pointer(pTHX_ SV *value, const char *option)
{
	void *pointer;

	iss_check_exchange(aTHX);
	pointer = iss_handle_address(aTHX_ value);
	if (pointer == NULL && is_integer(aTHX_ value) && !SvTRUE_nomg(value))
		Perl_croak(aTHX_ "%s: the handle is NULL", option);
	if (pointer == NULL)
		Perl_croak(aTHX_ "%s: '%" SVf "' is not a handle", option,
		    SVfARG(value));
	return pointer;
}
