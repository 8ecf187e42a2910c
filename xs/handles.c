#include "handles.h"

#include "values.h"

#define MY_CXT_KEY "IO::Socket::SSL::handles" XS_VERSION

/* MY_CXT_INIT crashes for a struct of one byte, hence the int. */
typedef struct {
	int may_exchange; /* Net::SSLeay is loaded and uses our OpenSSL */
} my_cxt_t;

START_MY_CXT

void
iss_handles_init(pTHX_ bool in_new_thread)
{
	if (in_new_thread) {
		MY_CXT_CLONE;
	} else {
		MY_CXT_INIT;
		MY_CXT.may_exchange = 0;
	}
}

SV *
iss_new_handle(pTHX_ const void *pointer)
{
	return newSViv(PTR2IV(pointer));
}

/* If there is no Net::SSLeay now, one may still be loaded later. */
bool
iss_may_exchange(pTHX)
{
	dMY_CXT;
	CV *theirs;

	if (MY_CXT.may_exchange != 0)
		return true;
	theirs = get_cvs("Net::SSLeay::SSLeay", 0);
	return theirs == NULL || !(CvROOT(theirs) || CvISXSUB(theirs));
}

/* Call a sub of Interop.pm with an address.  On a stack of its own, since an
 * XSUB that uses the current one is in progress. */
static SV *
ask_interop(pTHX_ const char *sub, const void *pointer)
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

	if (iss_may_exchange(aTHX))
		return;
	SvREFCNT_dec(
	    ask_interop(aTHX_ "IO::Socket::SSL::Interop::check", NULL));
	MY_CXT.may_exchange = 1;
}

SV *
iss_new_kept_handle(pTHX_ const void *pointer)
{
	if (iss_may_exchange(aTHX))
		return iss_new_handle(aTHX_ pointer);
	return ask_interop(
	    aTHX_ "IO::Socket::SSL::Interop::to_be_kept", pointer);
}

/* No object is in the first or last page of memory. */
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

SV *
iss_handle_refusal(pTHX_ SV *value, const char *option)
{
	size_t len = strlen(option);

	if (len >= 3 && strcmp(option + len - 3, "key") == 0)
		return Perl_newSVpvf(
		    aTHX_ "%s: the value is not a handle", option);
	return Perl_newSVpvf(aTHX_ "%s: '%" SVf "' is not a handle", option,
	    SVfARG(iss_shown(aTHX_ value)));
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
		Perl_croak(aTHX_ "%" SVf, SVfARG(sv_2mortal(iss_handle_refusal(
					      aTHX_ value, option))));
	return pointer;
}
