#include "override.h"

static const char *const names[ISS_METHOD_COUNT] = {
	[ISS_METHOD_READ] = "read",
	[ISS_METHOD_SYSREAD] = "sysread",
	[ISS_METHOD_READLINE] = "readline",
	[ISS_METHOD_GETC] = "getc",
	[ISS_METHOD_PRINT] = "print",
	[ISS_METHOD_PRINTF] = "printf",
	[ISS_METHOD_SAY] = "say",
	[ISS_METHOD_SYSWRITE] = "syswrite",
	[ISS_METHOD_WRITE] = "write",
	[ISS_METHOD_EOF] = "eof",
	[ISS_METHOD_PEEK] = "peek",
};

/* The methods of the tie, which share one XSUB. */
static const char *const tie_names[] = { "READ", "READLINE", "GETC", "PRINT",
	"PRINTF", "WRITE" };

#define TIE_CLASS "IO::Socket::SSL::SSL_HANDLE"

static XSUBADDR_t tie_xsub; /* the same in every interpreter */

const char *
iss_method_name(enum iss_method method)
{
	return names[method];
}

void
iss_overrides_remember(pTHX)
{
	SV *name = sv_newmortal();
	CV *cv;
	GV *gv;
	int i;

	tie_xsub = CvXSUB(get_cv(TIE_CLASS "::READ", 0));
	for (i = 0; i < ISS_METHOD_COUNT; i++) {
		sv_setpvf(name, "IO::Socket::SSL::%s", names[i]);
		cv = get_cv(SvPV_nolen(name), 0);
		sv_setpvf(name, "IO::Socket::SSL::XS::%s", names[i]);
		gv = gv_fetchsv(name, GV_ADDMULTI, SVt_PVCV);
		if (cv == NULL || GvCV(gv) == cv)
			continue;
		SvREFCNT_dec((SV *)GvCV(gv));
		GvCV_set(gv, (CV *)SvREFCNT_inc((SV *)cv));
	}
}

/*
 * A socket that was reblessed into a class without TLS keeps its connection.
 * That class's methods would only come back to the tie.
 */
static bool
is_stranger(pTHX_ HV *stash)
{
	SV *class = sv_2mortal(newSVpv(HvNAME(stash), 0));

	return !sv_derived_from(class, "IO::Socket::SSL");
}

static U32
find_ours(pTHX_ HV *stash)
{
	HV *our_stash = gv_stashpvs("IO::Socket::SSL::XS", GV_ADD);
	U32 ours = 0;
	GV *theirs, **own;
	int i;

	if (is_stranger(aTHX_ stash))
		return ~(U32)0;
	for (i = 0; i < ISS_METHOD_COUNT; i++) {
		const char *name = names[i];

		theirs = gv_fetchmethod_autoload(stash, name, FALSE);
		own = (GV **)hv_fetch(our_stash, name, strlen(name), 0);
		if (theirs != NULL && own != NULL && GvCV(theirs) != NULL &&
		    GvCV(theirs) == GvCV(*own))
			ours |= 1U << i;
	}
	return ours;
}

/* Perl's own method cache is valid as long as the same three numbers. */
bool
iss_is_ours(
    pTHX_ enum iss_method method, GV *glob, struct iss_method_cache *cache)
{
	HV *stash = SvOBJECT((SV *)glob) ? SvSTASH((SV *)glob) : NULL;
	struct mro_meta *meta;

	if (stash == NULL)
		return true;
	if (!SvOOK((SV *)stash) || (meta = HvAUX(stash)->xhv_mro_meta) == NULL)
		return (find_ours(aTHX_ stash) >> method & 1) != 0;
	if (cache->stash != stash ||
	    cache->sub_generation != PL_sub_generation ||
	    cache->class_generation != meta->cache_gen ||
	    cache->package_generation != meta->pkg_gen) {
		cache->ours = find_ours(aTHX_ stash);
		meta = HvAUX(stash)->xhv_mro_meta;
		cache->stash = stash;
		cache->sub_generation = PL_sub_generation;
		cache->class_generation = meta->cache_gen;
		cache->package_generation = meta->pkg_gen;
	}
	return (cache->ours >> method & 1) != 0;
}

static bool
has_our_methods(pTHX_ HV *tie_stash)
{
	size_t i;

	if (strNE(HvNAME(tie_stash), TIE_CLASS))
		return false;
	for (i = 0; i < sizeof(tie_names) / sizeof(*tie_names); i++) {
		GV *gv =
		    gv_fetchmethod_autoload(tie_stash, tie_names[i], FALSE);

		if (gv == NULL || GvCV(gv) == NULL || !CvISXSUB(GvCV(gv)) ||
		    CvXSUB(GvCV(gv)) != tie_xsub)
			return false;
	}
	return true;
}

bool
iss_tie_is_ours(pTHX_ SV *object, struct iss_method_cache *cache)
{
	struct mro_meta *meta;
	HV *stash;

	if (object == NULL || !SvROK(object) || !SvOBJECT(SvRV(object)))
		return false;
	stash = SvSTASH(SvRV(object));
	if (!SvOOK((SV *)stash) || (meta = HvAUX(stash)->xhv_mro_meta) == NULL)
		return false;
	if (cache->tie_stash != stash ||
	    cache->tie_generation != meta->pkg_gen) {
		cache->tie_is_ours = has_our_methods(aTHX_ stash);
		cache->tie_stash = stash;
		cache->tie_generation = meta->pkg_gen;
	}
	return cache->tie_is_ours;
}

bool
iss_is_overridden(pTHX_ enum iss_method method, GV *glob)
{
	struct iss_attachment *at = iss_attachment(aTHX_ glob);

	return at != NULL && !iss_is_ours(aTHX_ method, glob, &at->methods);
}
