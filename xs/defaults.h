/*
 * The options of a call and those that stand in for what it leaves out, as
 * plain hashes.  lib/IO/Socket/SSL/Defaults.pm says which names there are and
 * what they mean.
 */
#ifndef ISS_XS_DEFAULTS_H
#define ISS_XS_DEFAULTS_H

#include "perl_core.h"

/* The meaning of an option, bits of the values of a hash of names. */
enum {
	ISS_MEANING_KNOWN = 1,
	ISS_MEANING_NONE_IF_FALSE = 2, /* '' and 0 mean "not given" */
	ISS_MEANING_NONE_IF_0 = 4,     /* only 0 does */
	ISS_MEANING_SERVER_ONLY = 8,  /* a default, even undef, is ignored by */
	ISS_MEANING_CLIENT_ONLY = 16, /* the other side */
};

/* Push the names in args that begin with SSL_ and have no meaning. */
void iss_push_unknown_options(pTHX_ HV *args, HV *meanings);

/*
 * Remove what is not given: false values of options where these mean that, and
 * undef for an option of the other side.
 */
void iss_remove_not_given(pTHX_ HV *args, HV *meanings, bool server);

/* Copy the options of defaults that args has not or has as undef, except those
 * of the other side. */
void iss_add_defaults(pTHX_ HV *args, HV *meanings, bool server, HV *defaults);

/* Which of these options are defined?  The first one is bit 0. */
UV iss_which_are_defined(pTHX_ HV *args, AV *options);

/* The arguments that do not begin with SSL_, as a mortal hash.  args may be
 * tied. */
HV *iss_without_options(pTHX_ HV *args);

#endif
