/*
 * Public suffixes on libpsl.  Owns the list and what holds where no rule
 * does; the rules are libpsl's affair.
 */
#include "names/suffix.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#ifdef HAVE_LIBPSL
#	include <libpsl.h>
#endif

#include "base/refcount.h"

struct iss_suffix_list {
	struct iss_refcount refs;
	size_t fallback;
	unsigned char digest[ISS_SUFFIX_DIGEST_LEN];
#ifdef HAVE_LIBPSL
	psl_ctx_t *own;         /* made from text; NULL: libpsl's */
	const psl_ctx_t *rules; /* NULL: there are none */
	int type;               /* the sections that count */
#endif
};

#ifdef HAVE_LIBPSL

static int
load(struct iss_error *err, struct iss_suffix_list *list, const char *text,
    size_t len)
{
	FILE *in;

	if (text == NULL) {
		list->rules = psl_builtin();
		list->type = PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE;
		return 0;
	}
	list->type = PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE;
	if (len == 0)
		return 0;
	if (len > ISS_SUFFIX_TEXT_MAX)
		return iss_error_set(err, "the list of suffixes is too long");
	/* opened for reading, it is not written to */
	if ((in = fmemopen((void *)text, len, "r")) == NULL)
		return iss_error_set(err, "out of memory");
	list->rules = list->own = psl_load_fp(in);
	fclose(in);
	if (list->own == NULL)
		return iss_error_set(
		    err, "libpsl cannot read the list of suffixes");
	return 0;
}

static void
unload(struct iss_suffix_list *list)
{
	psl_free(list->own);
}

/* Is there a rule for all of this name? */
static bool
is_listed(const struct iss_suffix_list *list, const char *name)
{
	return list->rules != NULL &&
	       psl_is_public_suffix2(list->rules, name, list->type);
}

#else

static int
load(struct iss_error *err, struct iss_suffix_list *list, const char *text,
    size_t len)
{
	(void)list, (void)len;
	if (text == NULL)
		return 0;
	return iss_error_set(err,
	    "lists of suffixes are not supported, IO::Socket::SSL was built "
	    "without libpsl");
}

static void
unload(struct iss_suffix_list *list)
{
	(void)list;
}

static bool
is_listed(const struct iss_suffix_list *list, const char *name)
{
	(void)list, (void)name;
	return false;
}

#endif

int
iss_suffix_list_new(struct iss_error *err, struct iss_suffix_list **out,
    const char *text, size_t len, size_t fallback)
{
	struct iss_suffix_list *list = calloc(1, sizeof(*list));

	if (list == NULL)
		return iss_error_set(err, "out of memory");
	if (!iss_refcount_init(&list->refs)) {
		free(list);
		return iss_error_set(err, "out of memory");
	}
	list->fallback = fallback;
	list->digest[ISS_SUFFIX_DIGEST_LEN - 1] = (unsigned char)fallback;
	if (text != NULL &&
	    !EVP_Digest(text, len, list->digest, NULL, EVP_sha256(), NULL)) {
		iss_suffix_list_free(list);
		return iss_error_openssl(err, "the list of suffixes");
	}
	if (load(err, list, text, len) != 0) {
		iss_suffix_list_free(list);
		return ISS_ERROR;
	}
	*out = list;
	return 0;
}

struct iss_suffix_list *
iss_suffix_list_up_ref(struct iss_suffix_list *list)
{
	iss_refcount_up(&list->refs);
	return list;
}

void
iss_suffix_list_free(struct iss_suffix_list *list)
{
	if (list == NULL || !iss_refcount_down(&list->refs))
		return;
	unload(list);
	iss_refcount_release(&list->refs);
	free(list);
}

static size_t
count_labels(const char *name)
{
	size_t count = *name != '\0';

	while ((name = strchr(name, '.')) != NULL) {
		name++;
		count++;
	}
	return count;
}

/* The longest rule prevails; libpsl knows of exceptions. */
size_t
iss_suffix_list_count(const struct iss_suffix_list *list, const char *name)
{
	size_t all = count_labels(name), labels = all;

	for (; labels > 0; labels--) {
		if (is_listed(list, name))
			return labels;
		if (labels > 1)
			name = strchr(name, '.') + 1;
	}
	return list->fallback < all ? list->fallback : all;
}

void
iss_suffix_list_digest(const struct iss_suffix_list *list,
    unsigned char digest[ISS_SUFFIX_DIGEST_LEN])
{
	memcpy(digest, list->digest, ISS_SUFFIX_DIGEST_LEN);
}

static bool
is_public(void *arg, const char *domain)
{
	return iss_suffix_list_count(arg, domain) == count_labels(domain);
}

struct iss_suffixes
iss_suffix_list_rules(struct iss_suffix_list *list)
{
	struct iss_suffixes rules = { is_public, list };

	return rules;
}
