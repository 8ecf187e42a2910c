/*
 * How a kind of application matches names in certificates: the predefined
 * schemes as a table, and the parser of the user's own.
 */
#ifndef ISS_SCHEME_H
#define ISS_SCHEME_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"

enum iss_check_cn {
	ISS_CN_NEVER,
	ISS_CN_WHEN_ONLY, /* when no subjectAltName of type DNS is there */
	ISS_CN_ALWAYS
};

enum iss_wildcards {
	ISS_WILDCARDS_NONE,
	ISS_WILDCARDS_FULL_LABEL, /* *.example.com */
	ISS_WILDCARDS_ANYWHERE    /* www*.example.com too */
};

/* How a kind of application matches names; zeroed is the strictest. */
struct iss_scheme {
	bool off; /* nothing is checked, everything matches */
	enum iss_check_cn check_cn;
	enum iss_wildcards wildcards_in_alt;
	enum iss_wildcards wildcards_in_cn;
	int ip_in_cn; /* 0: none, 4, 6: that family, 1: both */
};

/*
 * A scheme by its name ("http", "rfc4513"), case matters; NULL when unknown.
 * With _1_77 the names that the manual of 1.77 tells have the meaning they
 * have there, the rest is as always.
 */
const struct iss_scheme *iss_scheme_find(const char *name);
const struct iss_scheme *iss_scheme_find_1_77(const char *name);

/* Append all names that the two know, separated by ", ", for a message. */
void iss_scheme_names(struct iss_buf *out);

/*
 * Set one member of a scheme of the user's own: key is check_cn,
 * wildcards_in_alt, wildcards_in_cn or ip_in_cn, value its text; NULL, ""
 * and "0" are the strictest.  Of check_cn, any unknown value means never, as
 * the manual has it.  Fails on another key, and on a value that the others
 * do not know; err tells the valid ones.
 */
int iss_scheme_set(struct iss_error *err, struct iss_scheme *scheme,
    const char *key, const char *value);

#endif
