#include "values.h"

enum { SHOWN_MAX = 60 }; /* characters of a value that a message shows */

SV *
iss_hash_value(pTHX_ HV *hash, const char *key)
{
	SV **slot = hash != NULL ? hv_fetch(hash, key, strlen(key), 0) : NULL;

	if (slot == NULL)
		return NULL;
	SvGETMAGIC(*slot);
	return SvOK(*slot) ? *slot : NULL;
}

SV *
iss_hash_next(pTHX_ HV *hash, SV **value)
{
	HE *entry = hv_iternext(hash);
	SV *key;

	if (entry == NULL)
		return NULL;
	key = sv_mortalcopy(hv_iterkeysv(entry));
	*value = SvREFCNT_inc(hv_iterval(hash, entry));
	*value = sv_mortalcopy(sv_2mortal(*value));
	return key;
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
iss_call_sub(pTHX_ SV *sub, I32 flags, SV **args, int count)
{
	SV *result;
	int i;
	dSP;

	PUSHSTACKi(PERLSI_MAGIC); /* so that "last" cannot see past us */
	PUSHMARK(SP);
	EXTEND(SP, count);
	for (i = 0; i < count; i++)
		PUSHs(args[i]);
	PUTBACK;
	count = call_sv(sub, flags | G_SCALAR);
	SPAGAIN;
	result = sv_mortalcopy(count > 0 ? POPs : &PL_sv_undef);
	PUTBACK;
	POPSTACK;
	return result;
}

SV *
iss_call_perl(pTHX_ const char *name, I32 flags, SV **args, int count)
{
	SV *sub = flags & G_METHOD
		      ? newSVpvn_flags(name, strlen(name), SVs_TEMP)
		      : (SV *)get_cv(name, GV_ADD);

	return iss_call_sub(aTHX_ sub, flags, args, count);
}

bool
iss_is_pem(pTHX_ SV *value)
{
	static const char begin[] = "-----BEGIN ";
	const char *text;
	STRLEN len;

	if (!SvPOK(value))
		return false;
	text = SvPV_nomg(value, len);
	return ninstr(text, text + len, begin, begin + sizeof(begin) - 1) !=
	       NULL;
}

SV *
iss_shown(pTHX_ SV *value)
{
	SV *text;

	if (!SvOK(value))
		return newSVpvs_flags("undef", SVs_TEMP);
	if (iss_is_pem(aTHX_ value))
		return newSVpvs_flags("PEM text", SVs_TEMP);
	text = sv_mortalcopy(value);
	(void)SvPV_force_nolen(text);
	if (sv_len_utf8(text) <= SHOWN_MAX)
		return text;
	if (SvUTF8(text))
		SvCUR_set(text,
		    utf8_hop((U8 *)SvPVX(text), SHOWN_MAX) - (U8 *)SvPVX(text));
	else
		SvCUR_set(text, SHOWN_MAX);
	sv_catpvs(text, "...");
	return text;
}

/* A program may have encoded the text already.  Whether it did must not depend
 * on how Perl stores it, so the bytes are looked at. */
const char *
iss_utf8_text(pTHX_ SV *text, STRLEN *len)
{
	SV *copy = sv_mortalcopy(text);
	const char *bytes = SvPV(copy, *len);

	if (SvUTF8(copy) && !sv_utf8_downgrade(copy, TRUE))
		return bytes;
	bytes = SvPV(copy, *len);
	if (is_utf8_string((const U8 *)bytes, *len))
		return bytes;
	return SvPVutf8(copy, *len);
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
