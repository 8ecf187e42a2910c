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
