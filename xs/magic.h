/*
 * Core objects on Perl scalars, by extension magic.  The object is freed with
 * its scalar, in whatever order global destruction goes; a new ithread gets a
 * hold of its own, a "local" value none.  Each kind of object is one static
 * const struct iss_magic, whose address tells the kinds apart.
 */
#ifndef ISS_XS_MAGIC_H
#define ISS_XS_MAGIC_H

#include "perl_core.h"

struct iss_magic {
	MGVTBL vtbl; /* ISS_MAGIC_VTBL; must be first */
	/*
	 * For a new ithread: one more hold on object, or a copy of it.  owner
	 * is the magic's mg_obj, cloned already, or NULL.
	 */
	void *(*dup)(pTHX_ void *object, SV *owner);
	void (*free)(pTHX_ void *object);
};

#define ISS_MAGIC_VTBL                                                         \
	{                                                                      \
		.svt_free = iss_magic_free, .svt_dup = iss_magic_dup,          \
		.svt_local = iss_magic_local                                   \
	}

/*
 * Define kind for objects of a type that counts its holders: take adds a
 * holder, drop removes one.
 */
#define ISS_MAGIC_COUNTED(kind, type, take, drop)                              \
	static void *kind##_dup(pTHX_ void *object, SV *owner)                 \
	{                                                                      \
		PERL_UNUSED_ARG(owner);                                        \
		(void)take((type *)object);                                    \
		return object;                                                 \
	}                                                                      \
	static void kind##_free(pTHX_ void *object)                            \
	{                                                                      \
		drop((type *)object);                                          \
	}                                                                      \
	static const struct iss_magic kind = { ISS_MAGIC_VTBL, kind##_dup,     \
		kind##_free }

/*
 * Hang object on sv, in place of an older one of this kind.  The magic takes
 * over the object, and its own reference to owner, which may be NULL.
 */
void iss_magic_attach(
    pTHX_ const struct iss_magic *kind, SV *sv, void *object, SV *owner);

/* The object of this kind on sv; NULL if there is none. */
void *iss_magic_find(pTHX_ const struct iss_magic *kind, const SV *sv);

/* The same for what a reference refers to; NULL also for anything else. */
void *iss_magic_find_behind(pTHX_ const struct iss_magic *kind, SV *ref);

/* Take the object off sv and free it; nothing if there is none. */
void iss_magic_detach(pTHX_ const struct iss_magic *kind, SV *sv);

/* For ISS_MAGIC_VTBL. */
int iss_magic_free(pTHX_ SV *sv, MAGIC *mg);
int iss_magic_dup(pTHX_ MAGIC *mg, CLONE_PARAMS *params);
int iss_magic_local(pTHX_ SV *sv, MAGIC *mg);

#endif
