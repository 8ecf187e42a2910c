/*
 * Schemes: the rules by which a kind of application matches names in
 * certificates.  The predefined ones, and those that users make.
 */
#ifndef ISS_SCHEME_H
#define ISS_SCHEME_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"

enum iss_check_cn {
	ISS_CN_NEVER,
	ISS_CN_WHEN_ONLY, /* if there is no subjectAltName of type DNS */
	ISS_CN_ALWAYS
};

enum iss_wildcards {
	ISS_WILDCARDS_NONE,
	ISS_WILDCARDS_FULL_LABEL, /* *.example.com */
	ISS_WILDCARDS_ANYWHERE    /* www*.example.com as well */
};

/* Zeroed it is the strictest scheme. */
struct iss_scheme {
	bool off; /* every name matches */
	enum iss_check_cn check_cn;
	enum iss_wildcards wildcards_in_alt;
	enum iss_wildcards wildcards_in_cn;
	int ip_in_cn; /* 0: none, 4, 6: that family, 1: both */
	/* if a TLSA record names the very certificate, the name in that does
	 * not matter (RFC 7671, 5.1) */
	bool record_is_enough;
};

/*
 * The scheme of that name ("http", "rfc4513"); case matters.  NULL if there is
 * none.  _1_77 gives the names in the manual of 1.77 the meaning they have
 * there, and all others their usual one.
 */
const struct iss_scheme *iss_scheme_find(const char *name);
const struct iss_scheme *iss_scheme_find_1_77(const char *name);

/* Append all names, separated by ", ". */
void iss_scheme_names(struct iss_buf *out);

/*
 * Set a member of a user's scheme.  key is check_cn, wildcards_in_alt,
 * wildcards_in_cn or ip_in_cn; value is a word for it, and NULL, "" and "0" are
 * the strictest.  An unknown word for check_cn means never, as the manual says.
 * Returns ISS_OK, or ISS_ERROR for another key or an unknown word; err lists
 * the valid ones.
 */
int iss_scheme_set(struct iss_error *err, struct iss_scheme *scheme,
    const char *key, const char *value);

#endif
