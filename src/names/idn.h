/*
 * What names mean beyond ASCII and beyond DNS: Unicode and A-labels through
 * libidn2, public suffixes through libpsl.  Both are optional; without them
 * the functions say so, or follow a simpler and stricter rule.
 */
#ifndef ISS_IDN_H
#define ISS_IDN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"

enum { ISS_IDN_MAX = 1024 }; /* bytes of a name in UTF-8 that we look at */

/* Were we built with libidn2? */
bool iss_idn_is_available(void);

/*
 * Append the name with its Unicode labels as A-labels, in lower case (UTS
 * 46, non-transitional).  Input is UTF-8 with a length.  Fails on invalid
 * UTF-8, on a name that IDNA forbids, on an embedded NUL, and always without
 * libidn2.
 */
int iss_idn_to_ascii(
    struct iss_error *err, struct iss_buf *out, const char *name, size_t len);

/* The way back: append the name with its A-labels as Unicode, in UTF-8. */
int iss_idn_to_unicode(
    struct iss_error *err, struct iss_buf *out, const char *name, size_t len);

/*
 * Who knows public suffixes.  is_public is asked with a name in lower case,
 * A-labels, without final dot; it answers whether the name is itself one
 * (com, co.uk), below which no wildcard may match.  When in doubt: true.
 */
struct iss_suffixes {
	bool (*is_public)(void *list, const char *domain);
	void *list; /* lent to is_public; may be NULL */
};

/*
 * The list that libpsl brings, ICANN's part of it, opened once a process:
 * wildcards below a private suffix such as github.io are common and sound.
 * Without libpsl, every name of a single label counts as a public suffix: a
 * wildcard must have two labels after it.  Never NULL, never to be freed.
 */
const struct iss_suffixes *iss_suffixes_default(void);

#endif
