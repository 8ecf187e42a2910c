/*
 * Public suffixes (publicsuffix.org): the suffixes under which anybody can
 * register a name, such as "com" and "co.uk".  No wildcard may match directly
 * below one.  The lists are read by libpsl, which is optional.
 */
#ifndef ISS_SUFFIX_H
#define ISS_SUFFIX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Answers whether a name is a public suffix; borrows the list behind it. */
struct iss_suffix_rules {
	/*
	 * Is domain (lower case, A-labels, no final dot) itself a public
	 * suffix?  When in doubt: true.
	 */
	bool (*is_public)(void *list, const char *domain);
	void *list; /* passed to is_public; may be NULL */
};

/*
 * The ICANN section of libpsl's built-in list, without its private section:
 * wildcards below a private suffix such as github.io are common and sound.
 * Without libpsl, or where libpsl has no list, every single label counts as a
 * public suffix, so a wildcard needs two labels after it.  Static, never NULL.
 */
const struct iss_suffix_rules *iss_suffix_rules_default(void);

enum {
	ISS_SUFFIX_TEXT_MAX = 16 * 1024 * 1024,
	ISS_SUFFIX_NAME_MAX = 1024, /* of names that a rule can match */
	ISS_SUFFIX_DIGEST_LEN = 33  /* SHA-256 of the text, and fallback */
};

/* A list, counted: connections and interpreters may hold it together. */
struct iss_suffix_list;

/*
 * Make a list from text, one rule per line, in UTF-8 or A-labels; all its
 * sections count.  With text NULL it is the ICANN section of libpsl's list.  A
 * name that no rule matches has a public suffix of fallback labels.
 *
 * Returns ISS_OK with *out for the caller to free, or ISS_ERROR.  Without
 * libpsl only text == NULL works, and the list then has no rules.
 */
int iss_suffix_list_new(struct iss_error *err, struct iss_suffix_list **out,
    const char *text, size_t len, size_t fallback);

/* Take one more reference; release one.  free(NULL) is fine. */
struct iss_suffix_list *iss_suffix_list_up_ref(struct iss_suffix_list *list);
void iss_suffix_list_free(struct iss_suffix_list *list);

/*
 * How many labels at the end of a name (lower case, A-labels, no final dot)
 * form its public suffix; at most all of them.  The parent of a wildcard ("ck"
 * for "*.ck") that has no rule of its own is like a name that the wildcard does
 * not concern; for the rules below it is nevertheless public.
 */
size_t iss_suffix_list_count(
    const struct iss_suffix_list *list, const char *name);

/* Equal for lists that give the same answers, so as to tell lists apart. */
void iss_suffix_list_digest(const struct iss_suffix_list *list,
    unsigned char digest[ISS_SUFFIX_DIGEST_LEN]);

/* The list as rules, which borrow it. */
struct iss_suffix_rules iss_suffix_list_rules(struct iss_suffix_list *list);

#endif
