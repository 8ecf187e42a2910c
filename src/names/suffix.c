/*
 * libpsl, or its absence.  libpsl interprets the rules of a list; what holds
 * where no rule matches is decided here.
 */
#include "names/suffix.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#ifdef HAVE_LIBPSL
#	include <libpsl.h>
#endif

#include "base/refcount.h"

/* The rule where there is no list. */
static bool
is_single_label(void *list, const char *domain)
{
	(void)list;
	return strchr(domain, '.') == NULL;
}

static const struct iss_suffix_rules two_labels = { is_single_label, NULL };

#ifdef HAVE_LIBPSL

static const psl_ctx_t *builtin_list;
static CRYPTO_ONCE builtin_once = CRYPTO_ONCE_STATIC_INIT;

static void
open_builtin(void)
{
	builtin_list = psl_builtin();
}

/*
 * A private suffix (github.io) has one owner, who may use a wildcard.  A
 * top-level domain that the list lacks counts as a public suffix.
 */
static bool
is_public_in_builtin(void *list, const char *domain)
{
	(void)list;
	return psl_is_public_suffix2(builtin_list, domain, PSL_TYPE_ICANN);
}

const struct iss_suffix_rules *
iss_suffix_rules_default(void)
{
	static const struct iss_suffix_rules builtin = { is_public_in_builtin,
		NULL };

	/* A libpsl may have been built without a list. */
	if (!CRYPTO_THREAD_run_once(&builtin_once, open_builtin) ||
	    builtin_list == NULL)
		return &two_labels;
	return &builtin;
}

#else

const struct iss_suffix_rules *
iss_suffix_rules_default(void)
{
	return &two_labels;
}

#endif

struct iss_suffix_list {
	struct iss_refcount refs;
	size_t fallback;
	unsigned char digest[ISS_SUFFIX_DIGEST_LEN];
#ifdef HAVE_LIBPSL
	psl_ctx_t *own;         /* made from text; NULL: built in */
	psl_ctx_t *plain;       /* own without its wildcards; NULL: built in */
	const psl_ctx_t *rules; /* NULL: there are none */
	int type;               /* the sections that count */
#endif
};

#ifdef HAVE_LIBPSL

static int
load_text(struct iss_error *err, psl_ctx_t **out, const char *text, size_t len)
{
	FILE *in;

	/* opened for reading only, so the cast is safe */
	if ((in = fmemopen((void *)text, len, "r")) == NULL)
		return iss_error_set(err, "out of memory");
	*out = psl_load_fp(in);
	fclose(in);
	if (*out == NULL)
		return iss_error_set(
		    err, "libpsl cannot read the list of suffixes");
	return ISS_OK;
}

/* Load the rules of a text that are not wildcards. */
static int
load_plain(struct iss_error *err, psl_ctx_t **out, const char *text, size_t len)
{
	const char *end = text + len, *next;
	char *plain = malloc(len + 1);
	size_t used = 0;
	int rv;

	if (plain == NULL)
		return iss_error_set(err, "out of memory");
	plain[used++] = '\n'; /* fmemopen may refuse an empty text */
	for (; text < end; text = next) {
		next = memchr(text, '\n', (size_t)(end - text));
		next = next != NULL ? next + 1 : end;
		if (*text == '*')
			continue;
		memcpy(plain + used, text, (size_t)(next - text));
		used += (size_t)(next - text);
	}
	rv = load_text(err, out, plain, used);
	free(plain);
	return rv;
}

static int
load_rules(struct iss_error *err, struct iss_suffix_list *list,
    const char *text, size_t len)
{
	if (text == NULL) {
		list->rules = psl_builtin();
		list->type = PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE;
		return ISS_OK;
	}
	list->type = PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE;
	if (len == 0)
		return ISS_OK;
	if (len > ISS_SUFFIX_TEXT_MAX)
		return iss_error_set(err, "the list of suffixes is too long");
	if (load_text(err, &list->own, text, len) != ISS_OK)
		return ISS_ERROR;
	list->rules = list->own;
	return load_plain(err, &list->plain, text, len);
}

static void
free_rules(struct iss_suffix_list *list)
{
	psl_free(list->own);
	psl_free(list->plain);
}

/* Is there a rule for all of this name? */
static bool
is_listed(const struct iss_suffix_list *list, const char *name)
{
	return list->rules != NULL &&
	       psl_is_public_suffix2(list->rules, name, list->type);
}

/* Is there a rule "*.name"? */
static bool
has_wildcard(const struct iss_suffix_list *list, const char *name)
{
	char below[ISS_SUFFIX_NAME_MAX];

	return snprintf(below, sizeof(below), "*.%s", name) <
		   (int)sizeof(below) &&
	       is_listed(list, below);
}

/*
 * For libpsl "*.ck" also makes "ck" a suffix.  It is one for the names that
 * are excepted from the wildcard, but by itself only if it has a rule, which
 * in libpsl's own list no such name has.
 */
static bool
is_only_parent(const struct iss_suffix_list *list, const char *name)
{
	const char *dot = strchr(name, '.');

	if (!has_wildcard(list, name) ||
	    (dot != NULL && has_wildcard(list, dot + 1)))
		return false;
	return list->plain == NULL ||
	       !psl_is_public_suffix2(list->plain, name, list->type);
}

#else

static int
load_rules(struct iss_error *err, struct iss_suffix_list *list,
    const char *text, size_t len)
{
	(void)list, (void)len;
	if (text == NULL)
		return ISS_OK;
	return iss_error_set(err,
	    "lists of suffixes are not supported: IO::Socket::SSL was built "
	    "without libpsl");
}

static void
free_rules(struct iss_suffix_list *list)
{
	(void)list;
}

static bool
is_listed(const struct iss_suffix_list *list, const char *name)
{
	(void)list, (void)name;
	return false;
}

static bool
is_only_parent(const struct iss_suffix_list *list, const char *name)
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
		return iss_error_openssl(
		    err, "cannot hash the list of suffixes");
	}
	if (load_rules(err, list, text, len) != ISS_OK) {
		iss_suffix_list_free(list);
		return ISS_ERROR;
	}
	*out = list;
	return ISS_OK;
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
	free_rules(list);
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

/* The longest rule prevails; libpsl applies the exceptions. */
size_t
iss_suffix_list_count(const struct iss_suffix_list *list, const char *name)
{
	size_t all = count_labels(name), labels = all;

	for (; labels > 0; labels--) {
		if (is_listed(list, name) &&
		    (labels < all || !is_only_parent(list, name)))
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

/* The parent of a wildcard counts: a certificate for "*.ck" would be valid for
 * names that are all public suffixes. */
static bool
is_public(void *arg, const char *domain)
{
	return is_listed(arg, domain) ||
	       iss_suffix_list_count(arg, domain) == count_labels(domain);
}

struct iss_suffix_rules
iss_suffix_list_rules(struct iss_suffix_list *list)
{
	struct iss_suffix_rules rules = { is_public, list };

	return rules;
}
