#include "defaults.h"

static const char PREFIX[] = "SSL_";

static bool
has_prefix(const char *name, STRLEN len)
{
	return len >= sizeof(PREFIX) - 1 &&
	       memcmp(name, PREFIX, sizeof(PREFIX) - 1) == 0;
}

/* The slot of another hash's key, whose hash value is known; NULL if there is
 * none.  It is made if the action is HV_FETCH_LVALUE. */
static SV **
slot_of(pTHX_ HV *hash, HE *entry, int action)
{
	return (SV **)hv_common(hash, NULL, HeKEY(entry), (STRLEN)HeKLEN(entry),
	    HeKUTF8(entry) ? HVhek_UTF8 : 0, action | HV_FETCH_JUST_SV, NULL,
	    HeHASH(entry));
}

static IV
meaning_of(pTHX_ HV *meanings, HE *entry)
{
	SV **slot = slot_of(aTHX_ meanings, entry, 0);

	return slot != NULL ? SvIV(*slot) : 0;
}

static bool
is_foreign(IV meaning, bool server)
{
	return (meaning & (server ? ISS_MEANING_CLIENT_ONLY
				  : ISS_MEANING_SERVER_ONLY)) != 0;
}

void
iss_push_unknown_options(pTHX_ HV *args, HV *meanings)
{
	HE *entry;
	dSP;

	hv_iterinit(args);
	while ((entry = hv_iternext(args)) != NULL)
		if (has_prefix(HeKEY(entry), (STRLEN)HeKLEN(entry)) &&
		    meaning_of(aTHX_ meanings, entry) == 0)
			XPUSHs(hv_iterkeysv(entry));
	PUTBACK;
}

/* A value that is false and no reference. */
static bool
is_not_given(pTHX_ SV *value, IV meaning, bool server)
{
	STRLEN len;

	if (!SvOK(value))
		return is_foreign(meaning, server);
	if (meaning & ISS_MEANING_NONE_IF_FALSE)
		return true;
	(void)SvPV(value, len);
	return (meaning & ISS_MEANING_NONE_IF_0) != 0 && len > 0;
}

void
iss_remove_not_given(pTHX_ HV *args, HV *meanings, bool server)
{
	HE *entry;
	SV *value;

	hv_iterinit(args);
	while ((entry = hv_iternext(args)) != NULL) {
		value = HeVAL(entry);
		if (SvROK(value) || SvTRUE(value) ||
		    !is_not_given(
			aTHX_ value, meaning_of(aTHX_ meanings, entry), server))
			continue;
		(void)hv_common(args, NULL, HeKEY(entry), (STRLEN)HeKLEN(entry),
		    HeKUTF8(entry) ? HVhek_UTF8 : 0, HV_DELETE | G_DISCARD,
		    NULL, HeHASH(entry));
	}
}

void
iss_add_defaults(pTHX_ HV *args, HV *meanings, bool server, HV *defaults)
{
	HE *entry;
	SV **slot;

	if (HvUSEDKEYS(defaults) == 0)
		return;
	hv_iterinit(defaults);
	while ((entry = hv_iternext(defaults)) != NULL) {
		if (is_foreign(meaning_of(aTHX_ meanings, entry), server))
			continue;
		slot = slot_of(aTHX_ args, entry, HV_FETCH_LVALUE);
		if (slot != NULL && !SvOK(*slot))
			sv_setsv(*slot, HeVAL(entry));
	}
}

UV
iss_which_are_defined(pTHX_ HV *args, AV *options)
{
	UV which = 0;
	SSize_t i;
	SV **option;
	HE *entry;

	for (i = 0; i <= av_len(options); i++) {
		option = av_fetch(options, i, 0);
		entry =
		    option != NULL ? hv_fetch_ent(args, *option, 0, 0) : NULL;
		if (entry != NULL && SvOK(HeVAL(entry)))
			which |= (UV)1 << i;
	}
	return which;
}

/* The names first: to read a tied value runs code, which may change args. */
static AV *
other_names(pTHX_ HV *args)
{
	AV *names = (AV *)sv_2mortal((SV *)newAV());
	const char *name;
	STRLEN len;
	HE *entry;

	hv_iterinit(args);
	while ((entry = hv_iternext(args)) != NULL) {
		name = HePV(entry, len);
		if (!has_prefix(name, len))
			av_push(names, newSVsv(hv_iterkeysv(entry)));
	}
	return names;
}

HV *
iss_without_options(pTHX_ HV *args)
{
	HV *others = (HV *)sv_2mortal((SV *)newHV());
	AV *names = other_names(aTHX_ args);
	SV *name, *value;
	HE *entry;
	SSize_t i;

	for (i = 0; i <= av_len(names); i++) {
		name = *av_fetch(names, i, 0);
		entry = hv_fetch_ent(args, name, 0, 0);
		if (entry == NULL)
			continue;
		value = newSVsv(HeVAL(entry));
		if (hv_store_ent(others, name, value, 0) == NULL)
			SvREFCNT_dec(value);
	}
	return others;
}
