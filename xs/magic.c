#include "magic.h"

/* A kind begins with its vtbl. */
static const struct iss_magic *
kind_of(const MAGIC *mg)
{
	return (const struct iss_magic *)mg->mg_virtual;
}

int
iss_magic_free(pTHX_ SV *sv, MAGIC *mg)
{
	void *object = mg->mg_ptr;

	PERL_UNUSED_ARG(sv);
	mg->mg_ptr = NULL;
	if (object != NULL)
		kind_of(mg)->free(aTHX_ object);
	return 0;
}

/* "local" would copy the pointer, and both scalars would free the object. */
int
iss_magic_local(pTHX_ SV *sv, MAGIC *mg)
{
	PERL_UNUSED_CONTEXT;
	PERL_UNUSED_ARG(sv);
	PERL_UNUSED_ARG(mg);
	return 0;
}

int
iss_magic_dup(pTHX_ MAGIC *mg, CLONE_PARAMS *params)
{
	PERL_UNUSED_ARG(params);
	mg->mg_ptr = kind_of(mg)->dup(aTHX_ mg->mg_ptr, mg->mg_obj);
	return 0;
}

void
iss_magic_attach(
    pTHX_ const struct iss_magic *kind, SV *sv, void *object, SV *owner)
{
	MAGIC *mg;

	iss_magic_detach(aTHX_ kind, sv);
	mg = sv_magicext(sv, owner, PERL_MAGIC_ext, &kind->vtbl, object, 0);
	mg->mg_flags |= MGf_DUP | MGf_LOCAL;
}

void *
iss_magic_find(pTHX_ const struct iss_magic *kind, const SV *sv)
{
	MAGIC *mg =
	    SvMAGICAL(sv) ? mg_findext(sv, PERL_MAGIC_ext, &kind->vtbl) : NULL;

	return mg != NULL ? mg->mg_ptr : NULL;
}

void *
iss_magic_find_behind(pTHX_ const struct iss_magic *kind, SV *ref)
{
	return SvROK(ref) ? iss_magic_find(aTHX_ kind, SvRV(ref)) : NULL;
}

void
iss_magic_detach(pTHX_ const struct iss_magic *kind, SV *sv)
{
	sv_unmagicext(sv, PERL_MAGIC_ext, (MGVTBL *)&kind->vtbl);
}
