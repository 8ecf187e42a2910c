/*
 * Lists of public suffixes (publicsuffix.org): the one that libpsl brings, or
 * the user's own.  How much of a name is a public suffix.
 */
#ifndef ISS_SUFFIX_H
#define ISS_SUFFIX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "names/idn.h"

enum {
	ISS_SUFFIX_TEXT_MAX = 16 * 1024 * 1024,
	ISS_SUFFIX_DIGEST_LEN = 33 /* SHA-256 of the text, and fallback */
};

/* A list, counted: connections and interpreters may hold it together. */
struct iss_suffix_list;

/*
 * The list in text, a rule a line, in UTF-8 or A-labels; all its sections
 * count.  With text NULL that of libpsl, of which ICANN's part counts.  A name
 * that no rule matches has a suffix of fallback labels.  *out is the caller's.
 * Returns 0, or ISS_ERROR: without libpsl there is but its absence, by which
 * no rule matches anything.
 */
int iss_suffix_list_new(struct iss_error *err, struct iss_suffix_list **out,
    const char *text, size_t len, size_t fallback);

/* One more holder; each calls free, for which NULL is fine. */
struct iss_suffix_list *iss_suffix_list_up_ref(struct iss_suffix_list *list);
void iss_suffix_list_free(struct iss_suffix_list *list);

/*
 * How many labels at the end of a name are its public suffix; at most all.
 * The name is in lower case, A-labels, without final dot.
 */
size_t iss_suffix_list_count(
    const struct iss_suffix_list *list, const char *name);

/* Tells lists apart: equal for lists by which the same names are public. */
void iss_suffix_list_digest(const struct iss_suffix_list *list,
    unsigned char digest[ISS_SUFFIX_DIGEST_LEN]);

/* For iss_reference_id_match; what is returned borrows the list. */
struct iss_suffixes iss_suffix_list_rules(struct iss_suffix_list *list);

#endif
