#include "values.h"

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

void
iss_carp(pTHX_ SV *message)
{
	dSP;

	PUSHMARK(SP);
	mXPUSHs(message);
	PUTBACK;
	call_pv("Carp::carp", G_VOID | G_DISCARD);
}

SV *
iss_call_perl(pTHX_ const char *name, I32 flags, SV **args, int count)
{
	SV *result;
	int i;
	dSP;

	PUSHMARK(SP);
	EXTEND(SP, count);
	for (i = 0; i < count; i++)
		PUSHs(args[i]);
	PUTBACK;
	count = flags & G_METHOD ? call_method(name, G_SCALAR)
				 : call_pv(name, G_SCALAR);
	SPAGAIN;
	result = count > 0 ? POPs : &PL_sv_undef;
	PUTBACK;
	return sv_mortalcopy(result);
}

const char *
iss_utf8_text(pTHX_ SV *text, STRLEN *len)
{
	const char *bytes = SvPV(text, *len);

	if (SvUTF8(text) || is_utf8_string((const U8 *)bytes, *len))
		return bytes;
	return SvPVutf8(sv_mortalcopy(text), *len);
}

void
iss_unbless(pTHX_ SV *sv)
{
	HV *stash;

	if (!SvOBJECT(sv))
		return;
	stash = SvSTASH(sv);
	SvOBJECT_off(sv);
	SvSTASH_set(sv, NULL);
	SvREFCNT_dec((SV *)stash);
}
